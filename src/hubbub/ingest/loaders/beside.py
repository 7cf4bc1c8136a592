"""Part a sheet where tables stand beside each other: each has rows of its own, and no names of the other's.

A column that is left empty alone parts nothing: many leave one to keep the columns of one table apart.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from hubbub.ingest.loaders.tables import Row, is_number, names_columns

MUCH_LONGER = 2
"""By so many rows the left table is longer where each row has a part of its own."""


def sides(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the rows of a sheet, those of the tables to the left before those of the tables to their right."""
    found: list[list[Row]] = [[]]
    starts: tuple[int, ...] = ()
    """The first column of each table but the first."""
    for together in _parted(rows):
        now = _starts(together) or (starts if _fits(together, starts) else ())
        if now != starts:
            yield from found
            found, starts = [[] for _ in range(len(now) + 1)], now
        for side, part in zip(found, _cut(together, starts), strict=True):
            side += part
    yield from found


def _parted(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield rows that stand together, each time with the empty one behind them."""
    together: list[Row] = []
    for row in rows:
        together.append(row)
        if not row:
            yield together
            together = []
    if together:
        yield together


def _starts(rows: Sequence[Row]) -> tuple[int, ...]:
    begin = min((row[0][0] for row in rows if row), default=0)
    last = max((row[-1][0] for row in rows if row), default=0)
    if any(len(row) > last - begin for row in rows):  # as most tables have, a row without a gap
        return ()
    columns = sorted({column for row in rows for column, _ in row})
    gaps = [right for left, right in pairwise(columns) if right > left + 1]
    found: list[int] = []
    for start, end in pairwise([*gaps, last + 1]):
        if _are_apart(_between(rows, begin, start), _between(rows, start, end)):
            found.append(start)
            begin = start
    return tuple(found)


def _between(rows: Sequence[Row], begin: int, end: int) -> list[Row]:
    return [[cell for cell in row if begin <= cell[0] < end] for row in rows]


def _cut(rows: Sequence[Row], starts: Sequence[int]) -> list[list[Row]]:
    if not starts:
        return [list(rows)]
    edges = [0, *starts, max(starts) + 1_000_000]
    return [_between(rows, begin, end) for begin, end in pairwise(edges)]


def _fits(rows: Sequence[Row], starts: Sequence[int]) -> bool:
    """Tell whether rows leave the columns before these empty, as those above do."""
    before = {start - 1 for start in starts}
    return all(column not in before for row in rows for column, _ in row)


def _are_apart(left: Sequence[Row], right: Sequence[Row]) -> bool:
    """Tell whether what stands beside a table is no part of its rows."""
    ours, theirs = ([place for place, row in enumerate(rows) if row] for rows in (left, right))
    wide = [row for row in right if len(row) > 1]
    header = next((place for place in ours if len(left[place]) > 1), None)
    if header is None or len(ours) < 2 or len(wide) < 2:
        return False
    names = right[header]
    is_same = bool(names) and names[0][1] == left[header][0][1]  # "Item" here and there
    labels = [row[0][1] for row in wide if row[0][0] == wide[0][0][0] and not is_number(row[0][1])]
    if 3 * len(set(labels)) < 2 * len(wide):  # its rows have no names of their own
        return is_same
    if not names or not names_columns(names) or theirs[0] < header:  # it is not below the names of our columns
        return True
    if is_same or theirs[-1] > ours[-1]:
        return True
    is_full = len({len(row) for row in wide}) == 1 and theirs[-1] - theirs[0] == len(theirs) - 1
    return is_full and ours[-1] - theirs[-1] >= MUCH_LONGER
