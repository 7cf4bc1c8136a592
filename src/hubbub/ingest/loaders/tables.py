"""Find the tables on a grid of cells: the titles above them, and the rows that name their columns."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from hubbub.ingest.blocks import Block, Paragraph, Table

Row: TypeAlias = Sequence[tuple[int, str]]
"""A row's cells that hold something, by their columns, in order."""

_CURRENCY = r"(?:[$€£¥]|EUR|USD|GBP|CHF)"
_NUMBER = re.compile(
    rf"(?:{_CURRENCY}\s*)?[(+\-]*{_CURRENCY}?\d[\d\s.,'’:/)\-]*(?:E[+-]?\d+)?\s*(?:%|{_CURRENCY})?$|TRUE$|FALSE$"
)
_TIME = re.compile(r"(?:(?:19|20)\d\d|\d{4}-\d\d(?:-\d\d)?|\d{1,2}[./]\d{1,2}[./]\d{4})$")
"""Years and days may name columns."""
MOST_HEADER_ROWS = 3
LOOK_ROWS = 50
"""How far a table's shape is looked at."""


def tables(rows: Iterable[Row], page: int | None = None) -> list[Block]:
    """Return the tables of a grid and the lines above and between them. An empty row may part two tables.

    A table of several header rows gets one, "2023 Plan" from 2023 over Plan; what goes on below an empty row
    without a header of its own keeps the header above it.
    """
    blocks: list[Block] = []
    found: _Found | None = None
    for rows_together in _parted(rows):
        if found is not None and found.is_lone(rows_together):
            blocks.append(Paragraph(" ".join(text for _, text in found.header), page))
            found = None
        titles, headers = top(rows_together, is_first=found is None)
        lines = [" ".join(text for _, text in row) for row in rows_together[:titles]]
        body = rows_together[titles + headers :]
        if found is not None and not headers and not titles:
            found.body += body
            continue
        if lines and found is not None:
            blocks += found.blocks(page)
            found.body = []
        blocks += [Paragraph("\n".join(lines), page)] if lines else []
        if headers:
            if found is not None:
                blocks += found.blocks(page)
            found = _Found(joined(rows_together[titles : titles + headers]), list(body))
        elif body:
            found = _Found([] if found is None else found.header, list(body))
    return blocks + (found.blocks(page) if found is not None else [])


class _Found:
    """A table that is being put together."""

    def __init__(self, header: Row, body: list[Row]) -> None:
        self.header = header
        self.body = body
        self._is_shown = False

    def is_lone(self, following: Sequence[Row]) -> bool:
        """Tell whether what was taken for a header is a line above the table that follows with a header of its own."""
        if self.body or self._is_shown or len(following) < 2:
            return False
        columns = [column for column, _ in self.header]
        return columns != [column for column, _ in following[0]] and top(following, is_first=True)[1] > 0

    def blocks(self, page: int | None) -> list[Block]:
        """Return it as a block, with those of its columns that hold something."""
        if not self.body and (not self.header or self._is_shown):
            return []
        self._is_shown = True
        rows = [self.header, *self.body] if self.header else self.body
        places = {column: place for place, column in enumerate(sorted({column for row in rows for column, _ in row}))}
        return [Table(tuple(_dense(row, places) for row in rows), page, has_header=bool(self.header))]


def _dense(row: Row, places: dict[int, int]) -> tuple[str, ...]:
    cells = [""] * (places[row[-1][0]] + 1)
    for column, text in row:
        cells[places[column]] = text
    return tuple(cells)


def _parted(rows: Iterable[Row]) -> Iterable[list[Row]]:
    together: list[Row] = []
    for row in rows:
        if row:
            together.append(row)
        elif together:
            yield together
            together = []
    if together:
        yield together


def top(rows: Sequence[Row], *, is_first: bool) -> tuple[int, int]:
    """Return how many lines stand above the table among these rows, and how many rows name its columns."""
    looked_at = rows[:LOOK_ROWS]
    widths = [len(row) for row in looked_at]
    usual = Counter(width for width in widths if width > 1).most_common(1)
    if not usual:
        return (len(rows), 0) if len(rows) <= MOST_HEADER_ROWS else (0, int(is_first and _is_text(rows[0])))
    least = max(2, -(-usual[0][0] * 3 // 5))
    top = next((place for place, width in enumerate(widths) if width >= least), 0)
    if not _is_text(looked_at[top]) or (not top and not is_first and not _differs(looked_at)):
        return top, 0
    count = 1
    while top and _stands_over(looked_at[top - 1], looked_at[top]):
        top, count = top - 1, count + 1
    while count < MOST_HEADER_ROWS and _goes_on(looked_at[top + count - 1 :]):
        count += 1
    return top, count


def _is_text(row: Row) -> bool:
    """Tell whether a row may name columns: no cell is a number, but for years, days, and a count (1, 2, 3)."""
    numbers = [text for _, text in row if _NUMBER.match(text) and not _TIME.match(text)]
    return not numbers or _is_count(numbers)


def _is_count(numbers: Sequence[str]) -> bool:
    if len(numbers) < MOST_HEADER_ROWS or not all(text.isdecimal() and len(text) < 5 for text in numbers):
        return False
    return all(int(after) == int(before) + 1 for before, after in itertools.pairwise(numbers))


def _differs(rows: Sequence[Row]) -> bool:
    """Tell whether a row of names stands over numbers."""
    names = {column for column, text in rows[0] if not _NUMBER.match(text) or _TIME.match(text)}
    numbers = Counter(column for row in rows[1:] for column, text in row if _NUMBER.match(text))
    return any(numbers[column] * 2 > len(rows) - 1 for column in names)


def _goes_on(rows: Sequence[Row]) -> bool:
    """Tell whether the row below a header names columns, too: those in the gaps of the header, over numbers."""
    if len(rows) < 3 or not _is_text(rows[1]):
        return False
    upper, lower = ({column for column, _ in row} for row in rows[:2])
    gaps = {column for column in lower - upper if column > min(upper)}
    below = (text for row in rows[2:6] for column, text in row if column in gaps)
    return any(_NUMBER.match(text) for text in below)


def _stands_over(upper: Row, lower: Row) -> bool:
    """Tell whether a row names groups of the columns below it: it has gaps, and they have names there."""
    columns = [column for column, _ in upper]
    has_gaps = any(after > before + 1 for before, after in itertools.pairwise(columns))
    return has_gaps and _is_text(upper) and {column for column, _ in lower}.issuperset(columns)


def joined(rows: Sequence[Row]) -> Row:
    """Return several rows of names as one; a name goes over the gap to its right."""
    if len(rows) == 1:
        return rows[0]
    columns = sorted({column for row in rows for column, _ in row})
    parts: dict[int, list[str]] = {column: [] for column in columns}
    for row in rows[:-1]:
        names = dict(row)
        name = ""
        for column in columns:
            name = names.get(column, name)
            if name:
                parts[column].append(name)
    for column, text in rows[-1]:
        parts[column].append(text)
    return [(column, " ".join(dict.fromkeys(names))) for column, names in parts.items() if names]
