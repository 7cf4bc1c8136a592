"""Workbooks written part by part, as no library writes them."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def relations(**targets: str) -> str:
    """Return a part of relationships: kind="target", each with its kind as its id."""
    lines = "".join(
        f'<Relationship Id="{kind}" Type="{_RELATIONS}/{kind.rstrip("0123456789")}" Target="{target}"/>'
        for kind, target in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}">{lines}</Relationships>'


def workbook(path: Path, sheet: str, parts: Mapping[str, str] | None = None, *, styles: str = "") -> Path:
    """Write a workbook of one sheet; `sheet` is what stands in its worksheet, `parts` are written beside it."""
    book = (
        f'<workbook xmlns="{_SHEETS}" xmlns:r="{_RELATIONS}"><sheets>'
        '<sheet name="Sheet" sheetId="1" r:id="worksheet1"/></sheets></workbook>'
    )
    formats = f'<styleSheet xmlns="{_SHEETS}">{styles}</styleSheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", relations(officeDocument="xl/workbook.xml"))
        archive.writestr("xl/workbook.xml", book)
        archive.writestr(
            "xl/_rels/workbook.xml.rels", relations(worksheet1="worksheets/sheet1.xml", styles="styles.xml")
        )
        archive.writestr("xl/styles.xml", formats)
        archive.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{_SHEETS}">{sheet}</worksheet>')
        for name, text in (parts or {}).items():
            archive.writestr(name, text)
    return path


def rows(*texts: str) -> str:
    """Return rows of a sheet: cells parted by |, numbers as numbers, empty ones left out; "" is an empty row."""
    lines: list[str] = []
    for number, text in enumerate(texts, start=1):
        cells = [
            f'<c r="{chr(65 + place)}{number}"><v>{cell}</v></c>'
            if cell.replace(".", "").isdigit()
            else f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for place, cell in enumerate(text.split("|"))
            if cell
        ]
        lines += [f'<row r="{number}">{"".join(cells)}</row>'] if cells else []
    return f"<sheetData>{''.join(lines)}</sheetData>"
