"""Make blocks of a table's cells: one table where it holds data, its parts in order where it only lays out."""

from collections.abc import Sequence

import msgspec

from hubbub.ingest.blocks import Block, Code, Heading, Paragraph, Table
from hubbub.ingest.loaders.tables import names_columns

MOST_COLUMNS = 1000
MOST_CELLS = 2_000_000
NAME_LENGTH = 80
"""A column's name in a header of several rows is no longer."""
REPEATED_LENGTH = 200
"""A cell that spans rows comes again in each of them if it is no longer."""
SMALL_LENGTH = 400
"""A table within a cell stays in that cell if it is no longer."""


class Cell(msgspec.Struct, gc=False):
    """A cell, and how far it spans."""

    blocks: list[Block]
    columns: int = 1
    rows: int = 1
    is_name: bool = False
    """Whether the file marks it as the name of its column or its row."""

    @property
    def text(self) -> str:
        """All its text on one line."""
        return flat(self.blocks)


def flat(blocks: Sequence[Block]) -> str:
    """Return the text of blocks on one line; a table's rows are parted by semicolons."""
    if len(blocks) == 1 and not isinstance(blocks[0], Table):
        return " ".join(blocks[0].text.split())
    parts: list[str] = []
    for block in blocks:
        if isinstance(block, Table):
            rows = (", ".join(cell for cell in row if cell) for row in block.rows)
            parts.append("; ".join(row for row in rows if row))
        else:
            parts.append(block.text)
    return " ".join(" ".join(parts).split())


def table_blocks(rows: Sequence[Sequence[Cell]], page: int | None = None) -> list[Block]:
    """Return a table's blocks, its text once. Rows of cells that hold headings or pages of text lay out.

    A title that spans the whole first row stands above the table, and headers of several rows become one.
    """
    rows = [row for row in rows if row]
    if not any(cell.blocks for row in rows for cell in row):
        return []
    if _lays_out(rows):
        return [block for row in rows for cell in row for block in cell.blocks]
    width = max(sum(cell.columns for cell in row) for row in rows)
    if any(cell.is_name for row in rows for cell in row):
        parts = _parted(rows)
        if len(parts) > 1:
            return [block for part in parts for block in table_blocks(part, page)]
        rows = parts[0]
    titles: list[Block] = []
    while len(rows) > 1 and width > 1 and len(rows[0]) == 1 and rows[0][0].columns == width and rows[0][0].rows == 1:
        titles += rows[0][0].blocks
        rows = rows[1:]
    depth = _header_depth(rows)
    lines = _grid(rows)
    if depth > 1:
        lines = [_one_header(lines[:depth], rows[:depth]), *lines[depth:]]
    filled = tuple(tuple(line) for line in map(_trimmed, lines) if line)
    return [*titles, Table(filled, page, _has_header(rows))] if filled else titles


def _has_header(rows: Sequence[Sequence[Cell]]) -> bool | None:
    """Return whether the first row names the columns, where the file says which cells are names; else None."""
    first = [cell.is_name for cell in rows[0] if cell.blocks]
    if first and all(first):
        return True
    return False if any(first) and all(row[0].is_name for row in rows if row[0].blocks) else None


def _lays_out(rows: Sequence[Sequence[Cell]]) -> bool:
    cells = [cell for row in rows for cell in row]
    if not any(len(cell.blocks) != 1 or not isinstance(cell.blocks[0], Paragraph) for cell in cells):
        return len(rows) == 1 and len(cells) == 1
    is_column = all(len(row) == 1 for row in rows)
    if is_column and (len(rows) == 1 or any(len(cell.blocks) > 1 for cell in cells)):
        return True
    if any(isinstance(block, Code) and "\n" in block.text for cell in cells for block in cell.blocks):
        return True
    if any(isinstance(block, Heading) for cell in cells for block in cell.blocks):
        return True
    tables = [block for cell in cells for block in cell.blocks if isinstance(block, Table)]
    return bool(tables) and (len(rows) == 1 or any(len(flat([table])) > SMALL_LENGTH for table in tables))


def _parted(rows: Sequence[Sequence[Cell]]) -> list[list[Sequence[Cell]]]:
    """Return tables that stand in one, each with the rows that name its columns, which are not repeated in it.

    Rows of names begin a table if there is data above and below them. What spans both is not parted.
    """
    parts: list[list[Sequence[Cell]]] = [[]]
    names: list[list[str]] = []
    number = spanned = 0
    while number < len(rows):
        end = number
        while end < len(rows) and _names_all(rows[end]):
            end += 1
        found = [[cell.text for cell in row] for row in rows[number:end]]
        is_parted = bool(found) and number >= spanned and end < len(rows) and bool(names)
        if is_parted and found == names:
            number = end
            continue
        if is_parted and any(all(row[1:]) and names_columns(list(enumerate(row))) for row in found):
            parts.append([])
        if found and (is_parted or number == 0):
            names = found
        end = max(end, number + 1)
        spanned = max([spanned, *(at + cell.rows for at in range(number, end) for cell in rows[at])])
        parts[-1] += rows[number:end]
        number = end
    return parts


def _names_all(row: Sequence[Cell]) -> bool:
    return sum(bool(cell.blocks) for cell in row) > 1 and all(cell.is_name or not cell.blocks for cell in row)


def _header_depth(rows: Sequence[Sequence[Cell]]) -> int:
    """Return how many rows name the columns: more than one where wide names stand over narrow ones.

    The rows below have to be regular; a form whose cells span as they need to has no such header.
    """
    depth = next((number for number, row in enumerate(rows, start=1) if all(cell.columns == 1 for cell in row)), 0)
    if depth < 2 or depth >= len(rows) or any(len(cell.text) > NAME_LENGTH for row in rows[:depth] for cell in row):
        return 1
    is_regular = all(cell.columns == 1 for row in rows[depth:] for cell in row)
    return depth if is_regular else 1


def _one_header(lines: Sequence[list[str]], rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Join several rows of names into one. A name that spans columns comes in each of them."""
    spread = [_spread(line, row) for line, row in zip(lines, rows, strict=True)]
    width = max(len(line) for line in spread)
    columns = ([line[number] for line in spread if number < len(line)] for number in range(width))
    return [" ".join(dict.fromkeys(name for name in names if name)) for names in columns]


def _spread(line: list[str], row: Sequence[Cell]) -> list[str]:
    wide = {cell.text for cell in row if cell.columns > 1}
    spread: list[str] = []
    for text in line:
        spread.append(spread[-1] if not text and spread and spread[-1] in wide else text)
    return spread


def _grid(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """Return the cells' texts, each in its column; one that spans rows comes in each of them."""
    if all(cell.rows == 1 and cell.columns == 1 for row in rows for cell in row):
        return [[cell.text for cell in row] for row in rows]
    lines: list[list[str]] = []
    above: dict[int, tuple[int, str]] = {}  # by column: for how many rows more, and what
    count = 0
    for row in rows:
        line: list[str] = []
        for cell in row:
            _fill(line, above)
            text = cell.text
            if cell.rows > 1:
                repeated = text if len(text) <= REPEATED_LENGTH else ""
                for number in range(cell.columns):
                    above[len(line) + number] = (cell.rows, "" if number else repeated)
            line += [text, *[""] * (cell.columns - 1)]
        _fill(line, above)
        above = {column: (left - 1, text) for column, (left, text) in above.items() if left > 1}
        count += len(line)
        lines.append(line if count <= MOST_CELLS else [text for text in line if text])
    return lines


def _fill(line: list[str], above: dict[int, tuple[int, str]]) -> None:
    while len(line) in above and len(line) < MOST_COLUMNS:
        line.append(above[len(line)][1])


def _trimmed(line: list[str]) -> list[str]:
    end = len(line)
    while end and not line[end - 1]:
        end -= 1
    return line[:end]
