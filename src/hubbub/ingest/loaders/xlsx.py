"""Read Excel workbooks: a sheet is a heading over a table."""

import datetime
import importlib
import mimetypes
import sys
from typing import Any, BinaryIO
from zipfile import BadZipFile

from hubbub.core.errors import Invalid, TooLarge
from hubbub.ingest.blocks import Block, Heading, Loaded, Table

MOST_CELLS = 2_000_000


def load(file: BinaryIO) -> Loaded:
    """Return each sheet's rows that are not empty, as shown: results of formulas, dates in ISO form.

    Raises:
        Invalid: it is damaged.
        TooLarge: it has too many cells.
    """
    # openpyxl would load both, at 100 ms and 120 MB of address space, for kinds of cells that files don't have.
    sys.modules.setdefault("numpy", None)  # pyright: ignore[reportArgumentType] (None forbids the import)
    sys.modules.setdefault("PIL", None)  # pyright: ignore[reportArgumentType]
    mimetypes.knownfiles.clear()  # openpyxl would read the machine's lists of media types, which a sandbox hides
    openpyxl: Any = importlib.import_module("openpyxl")
    try:
        workbook = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except (BadZipFile, KeyError, ValueError) as error:
        raise Invalid("The file is damaged. Save it anew and add it again.", code="corrupt") from error
    blocks: list[Block] = []
    cells = 0
    for sheet in workbook.worksheets:
        rows = _rows(sheet, MOST_CELLS - cells)
        cells += sum(len(row) for row in rows)
        if rows:
            blocks += [Heading(sheet.title, 1), Table(rows)]
    return Loaded(blocks, title=(workbook.properties.title or "").strip())


def _rows(sheet: Any, most_cells: int) -> tuple[tuple[str, ...], ...]:
    sheet.reset_dimensions()  # what a sheet says of its own size may be wrong, and rows would be filled up to it
    rows: list[tuple[str, ...]] = []
    for row in sheet.iter_rows(values_only=True):
        cells = [_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            rows.append(tuple(cells))
        most_cells -= len(cells)
        if most_cells < 0:
            raise TooLarge(f"The workbook has more than {MOST_CELLS} cells. Split it into smaller ones.")
    return tuple(rows)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "minutes")
    return str(value).strip()
