"""Find the tables on a grid of cells: the titles above them, and the rows that name their columns."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
MOST_LINES = 10
"""So many lines of names and values may stand right above a table."""
LOOK_ROWS = 50
"""How far a table's shape is looked at."""


class Wide(str):
    """The text of a cell that is merged across columns."""

    until: int
    """The last of them."""

    def __new__(cls, text: str, until: int) -> "Wide":
        """Make one of a text."""
        made = super().__new__(cls, text)
        made.until = until
        return made


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
        if lines and found is not None:
            blocks += found.blocks(page)
            found.body = []
        blocks += [Paragraph("\n".join(lines), page)] if lines else []
        if headers:
            if found is not None:
                blocks += found.blocks(page)
            header, body = named(joined(rows_together[titles : titles + headers]), body)
            found = _Found(header, [])
        elif found is None:
            if not body:
                continue
            found = _Found([], [])
        for above, part in begun_anew(found.header, body):
            if above is not None:
                blocks += found.blocks(page)
                said = "\n".join(" ".join(text for _, text in row) for row in above)
                blocks += [Paragraph(said, page)] if said else []
                found = _Found(part[0], part[1:])
            else:
                found.body += part
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
        return [Table(tuple(_dense(row, places) for row in rows), page, has_header=None if self.header else False)]


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
        return (len(rows), 0) if len(rows) <= MOST_HEADER_ROWS else (0, int(is_first and names_columns(rows[0])))
    least = max(2, -(-usual[0][0] * 3 // 5))
    top = next((place for place, width in enumerate(widths) if width >= least), 0)
    top = _below_lines(looked_at, widths, top, usual[0][0])
    if not names_columns(looked_at[top]) or (not top and not is_first and not _differs(looked_at)):
        return top, 0
    count = 1
    while top and _stands_over(looked_at[top - 1], looked_at[top]):
        top, count = top - 1, count + 1
    while count < MOST_HEADER_ROWS and _goes_on(looked_at[top + count - 1 :]):
        count += 1
    return top, count


def _below_lines(rows: Sequence[Row], widths: Sequence[int], top: int, usual: int) -> int:
    """Return the place of a header that stands over numbers, below narrower lines of names and values."""
    first = rows[top][0][0]
    for place in range(top, min(len(rows) - 1, MOST_LINES)):
        if rows[place][0][0] != first:
            break
        if widths[place] >= usual:
            return place if place > top and names_columns(rows[place]) and _differs(rows[place:]) else top
    return top


def begun_anew(header: Row, body: Sequence[Row]) -> Iterator[tuple[list[Row] | None, list[Row]]]:
    """Yield the parts of a table's body, and the lines above each that begins with a header of its own.

    Such a row has the first name of the header and names in its columns, as exports have that were put together.
    """
    part: list[Row] = []
    lines: list[Row] | None = None
    if len(header) > 1:
        first = header[0]
        for row in body:
            if row[0] == first and begins_anew(header, row):
                above: list[Row] = []
                while part and len(part[-1]) == 1:
                    above.insert(0, part.pop())
                yield lines, part
                lines, part = above, []
            part.append(row)
        yield lines, part
    else:
        yield None, list(body)


def begins_anew(header: Row, row: Row) -> bool:
    """Tell whether a row below a header is that of a table that follows: its columns, its first name, and names."""
    is_same = len(row) == len(header) > 1 and row[0] == header[0]
    return is_same and all(one[0] == other[0] for one, other in zip(row, header, strict=True)) and names_columns(row)


def named(header: Row, body: Sequence[Row]) -> tuple[Row, Sequence[Row]]:
    """Return a header and the rows below it, of which one of a single cell may name the column of the rows' names.

    pandas writes it so below the names of the other columns.
    """
    if len(body) < 2 or not header or len(body[0]) != 1 or body[0][0][0] >= header[0][0] or len(body[1]) < 2:
        return header, body
    return [body[0][0], *header], body[1:]


def is_number(text: str) -> bool:
    """Tell whether a cell is a number, as it is shown."""
    return _NUMBER.match(text) is not None


def names_columns(row: Row) -> bool:
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
    if len(rows) < 3 or not names_columns(rows[1]):
        return False
    if _repeats(rows[0], rows[1]) and rows[0][0][0] > min(row[0][0] for row in rows[2:]):
        return any(_NUMBER.match(text) for row in rows[2:6] for column, text in row if column > rows[1][0][0])
    upper, lower = ({column for column, _ in row} for row in rows[:2])
    gaps = {column for column in lower - upper if column > min(upper)}
    below = (text for row in rows[2:6] for column, text in row if column in gaps)
    return any(_NUMBER.match(text) for text in below)


def _repeats(upper: Row, lower: Row) -> bool:
    """Tell whether names that come again (2022 2022 2023 2023) have others below, which tell them apart."""
    if len(upper) < 2 or all(name != other for (_, name), (_, other) in itertools.pairwise(upper)):
        return False
    is_same = [column for column, _ in upper] == [column for column, _ in lower]
    pairs = {(name, other) for (_, name), (_, other) in zip(upper, lower, strict=False)}
    return is_same and len(pairs) == len(upper)


def _stands_over(upper: Row, lower: Row) -> bool:
    """Tell whether a row names groups of the columns below it: it has gaps, and they have names there."""
    columns = [column for column, _ in upper]
    if len(upper) == 1 and isinstance(upper[0][1], Wide) and columns[0] > lower[0][0]:
        return names_columns(upper) and {column for column, _ in lower}.issuperset(columns)
    has_gaps = any(after > before + 1 for before, after in itertools.pairwise(columns))
    return has_gaps and names_columns(upper) and {column for column, _ in lower}.issuperset(columns)


def joined(rows: Sequence[Row]) -> Row:
    """Return several rows of names as one; a name goes over the gap to its right, a merged one over its columns."""
    if len(rows) == 1:
        return rows[0]
    columns = sorted({column for row in rows for column, _ in row})
    parts: dict[int, list[str]] = {column: [] for column in columns}
    for row in rows[:-1]:
        for column, name in _over(row, rows[-1], columns):
            parts[column].append(name)
    for column, text in rows[-1]:
        parts[column].append(text)
    return [(column, " ".join(dict.fromkeys(names))) for column, names in parts.items() if names]


def _over(row: Row, last: Row, columns: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Yield the names of groups, each for the columns that it stands over."""
    names = dict(row)
    wide = {column: name for column, name in row if isinstance(name, Wide)}
    runs = {} if wide else _runs(row, last)
    until = name = None
    for column in columns:
        if column in names:
            name, until = names[column], wide[column].until if column in wide else column
        over = name if until is None or not wide or column <= until else None
        if over := runs.get(column, over):
            yield column, over


def _runs(row: Row, last: Row) -> dict[int, str]:
    """Return the names of groups by their columns where names come again below (Q1 Q2 Q1 Q2), one group for each time.

    The name of such a group may stand over its middle.
    """
    counts = Counter(text for _, text in last)
    runs: list[dict[int, str]] = []
    for column, text in last:
        if counts[text] > 1:
            if not runs or text in runs[-1].values():
                runs.append({})
            runs[-1][column] = text
    if len(runs) != len(row) or any(
        not min(run) <= column <= max(run) for run, (column, _) in zip(runs, row, strict=True)
    ):
        return {}
    return {column: name for run, (_, name) in zip(runs, row, strict=True) for column in run}
