"""Read the first sheet of an Excel workbook as rows of texts, and write a workbook of one sheet."""

import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from hubbub.core.errors import Invalid

MOST_BYTES = 64 * 1024 * 1024
"""A part of a workbook is not longer, unpacked."""
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_TYPES = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LETTERS = re.compile("[A-Z]+")
Cell = str | float | None


def read_rows(path: Path) -> list[list[str]]:
    """Return the cells of the first sheet as texts, a row a list; empty cells are empty texts.

    Raises:
        Invalid: it is no workbook, or damaged.
        OSError: it can't be read.
    """
    try:
        with zipfile.ZipFile(path) as package:
            strings: list[str] = []
            if "xl/sharedStrings.xml" in package.namelist():
                strings = [_text(one) for one in _part(package, "xl/sharedStrings.xml").iter(f"{_MAIN}si")]
            sheet = _part(package, _first_sheet(package))
            return [_row(row, strings) for row in sheet.iter(f"{_MAIN}row")]
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, ValueError, IndexError) as error:
        raise Invalid(f"{path} is no Excel workbook that can be read: {error}.") from error


def write_rows(path: Path, rows: Iterable[Sequence[Cell]]) -> None:
    """Write a workbook of one sheet: texts as texts, never as formulas; numbers as numbers.

    Raises:
        OSError: it can't be written.
    """
    lines = "".join(f"<row>{''.join(map(_written, row))}</row>" for row in rows)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_TYPES}/relationships"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN[1:-1]}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Evaluation" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_TYPES}/relationships"><Relationship Id="r1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN[1:-1]}"><sheetData>{lines}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, _HEAD + content)


def _part(package: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if package.getinfo(name).file_size > MOST_BYTES:
        raise ValueError("it is too large")
    content = package.read(name)
    if b"<!DOCTYPE" in content:
        raise ValueError("it declares entities")
    return ElementTree.fromstring(content)  # noqa: S314 - the operator's own file; expat bounds what entities grow to


def _first_sheet(package: zipfile.ZipFile) -> str:
    first = next(_part(package, "xl/workbook.xml").iter(f"{_MAIN}sheet")).get(f"{{{_OFFICE}}}id")
    for link in _part(package, "xl/_rels/workbook.xml.rels"):
        if link.get("Id") == first:
            target = link.get("Target", "")
            return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError("it has no sheet")


def _row(row: ElementTree.Element, strings: Sequence[str]) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{_MAIN}c"):
        letters = _LETTERS.match(cell.get("r", ""))
        place = _column(letters[0]) if letters else len(cells)
        if place > 16_384:
            raise ValueError("a row is too long")
        cells += [""] * (place - len(cells))
        cells.append(_value(cell, strings))
    return cells


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _value(cell: ElementTree.Element, strings: Sequence[str]) -> str:
    kind, value = cell.get("t"), cell.findtext(f"{_MAIN}v") or ""
    match kind:
        case "s":
            return strings[int(value)]
        case "inlineStr":
            return _text(cell)
        case "b":
            return "true" if value == "1" else "false"
        case _:
            return value.removesuffix(".0")


def _text(element: ElementTree.Element) -> str:
    """Return an element's text, without what is only a reading aid."""
    aids = {id(text) for aid in element.iter(f"{_MAIN}rPh") for text in aid.iter(f"{_MAIN}t")}
    return "".join(text.text or "" for text in element.iter(f"{_MAIN}t") if id(text) not in aids)


def _written(cell: Cell) -> str:
    if cell is None:
        return "<c/>"
    if isinstance(cell, str):
        text = escape(_UNPRINTABLE.sub("", cell)[:32_767])
        return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    return f"<c><v>{cell:.12g}</v></c>"
