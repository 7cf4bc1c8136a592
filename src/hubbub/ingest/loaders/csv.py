"""Read CSV: a table, whatever separates its cells, and the lines above it."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from hubbub.core.errors import Invalid
from hubbub.ingest.blocks import Block, Loaded, Paragraph, Table
from hubbub.ingest.loaders.encoding import read_text
from hubbub.ingest.loaders.tables import LOOK_ROWS, MOST_LINES, Row, begins_anew, joined, named, top

SAMPLE_LENGTH = 32 * 1024
CELL_LENGTH = 4 * 1024 * 1024
SEPARATORS = ",;\t|"
RARE = "^~\x1f"
"""What separates cells where none of the usual ones does."""
_NONE = "\x1e"
"""No text holds it: each line is one cell."""
MOST_LINES_OF_A_CELL = 200
"""A cell of more lines is taken for one whose closing quote is missing."""

_EVEN = 0.8
_FEW = 3
_NAMED = re.compile(r"\ufeff?\"?sep=(.)\"?\n", re.IGNORECASE)
_SINGLE = re.compile(r"(?:^|[,;\t|])'[^'\n]{0,200}[,;\t|][^'\n]{0,200}'(?:$|[,;\t|\r\n])", re.MULTILINE)
"""A cell in single quotes that holds what separates cells."""
_OF_TEXT = re.compile(r'(^|[,;\t|])=("[^"\n]*")(?=[,;\t|\r\n]|$)', re.MULTILINE)
"""A cell that Excel takes for a text, as it does not take 00123."""
_SLASHED = re.compile(r'\\"')
_ESCAPED = re.compile(r'\\(["\\])')
_DECIMAL = re.compile(r"[-+(]?[\d.\s]*,\d+\s*[%€)]?$")


def load(file: BinaryIO) -> Loaded:
    """Return a CSV file's lines above the table, and its rows. Empty rows are left out.

    Raises:
        Invalid: it is no CSV, or a cell is too long.
    """
    text = read_text(file)
    if '="' in text:
        text = _OF_TEXT.sub(r"\1\2", text)
    separator = ""
    if named := _NAMED.match(text):
        separator, text = named[1], text[named.end() :]
    csv.field_size_limit(CELL_LENGTH)
    try:
        parts = _parts(_rows(text, separator or _separator(text)))
    except csv.Error as error:
        most = CELL_LENGTH // 1024**2
        raise Invalid(
            f"The file can't be read as CSV: a cell is longer than {most} MB. Save it anew.", code="corrupt"
        ) from error
    return Loaded([block for part in parts for one in _cut(part) for block in _blocks(one)])


def _parts(rows: list[tuple[str, ...]]) -> list[list[tuple[str, ...]]]:
    """Return the tables among rows: an empty row parts two where the second has a header of its own."""
    if all(map(any, rows)):
        return [rows] if rows else []
    parts: list[list[tuple[str, ...]]] = []
    usual = 0
    """How many cells a row of the last table holds; 0 where it has no header, and its rows may stand above a table."""
    together: list[tuple[str, ...]] = []
    for row in (*rows, ()):
        if any(row):
            together.append(row)
        elif together:
            if not parts or (usual and len(together) > 1 and _has_header(together, usual)):
                usual = _usual(together)
                parts.append([])
            parts[-1] += together
            together = []
    return parts


def _usual(rows: Sequence[tuple[str, ...]]) -> int:
    looked_at = [_held(row) for row in rows[:LOOK_ROWS]]
    return Counter(map(len, looked_at)).most_common(1)[0][0] if top(looked_at, is_first=True)[1] else 0


def _cut(part: list[tuple[str, ...]]) -> Iterator[list[tuple[str, ...]]]:
    """Yield the tables that stand right below each other in a part, each with the lines above it."""
    first = next((row for row in part[:MOST_LINES] if len(row) > 1 and row[0].strip()), ())
    start = 0
    if len(first) > 1:
        header = _held(first)
        for place, row in enumerate(part):
            if row[0] == first[0] and row is not first and begins_anew(header, _held(row)):
                while place > start + 1 and len(_held(part[place - 1])) == 1:
                    place -= 1
                yield part[start:place]
                start = place
    yield part[start:]


def _has_header(rows: Sequence[tuple[str, ...]], usual: int) -> bool:
    """Tell whether rows below an empty one name their columns, over numbers or in other places than the table above.

    `usual` is how many cells a row of the table above holds.
    """
    looked_at = [_held(row) for row in rows[:LOOK_ROWS]]
    titles, headers = top(looked_at, is_first=False)
    if headers:
        return titles + headers < len(rows)
    titles, headers = top(looked_at, is_first=True)
    return bool(headers) and titles + headers < len(rows) and len(looked_at[titles]) not in (1, usual)


def _held(row: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return a row's cells that hold something, by their places."""
    return [(place, text.strip()) for place, text in enumerate(row) if text.strip()]


def _blocks(rows: list[tuple[str, ...]]) -> list[Block]:
    comments = next((place for place, row in enumerate(rows) if not _is_comment(row, rows)), len(rows))
    blocks: list[Block] = []
    lines = [", ".join(filter(None, row)).lstrip("# ") for row in rows[:comments]]
    rows = rows[comments:]
    looked_at = [_held(row) for row in rows[:LOOK_ROWS]]
    titles, headers = top(looked_at, is_first=True) if looked_at else (0, 0)
    if not titles and (above := _above(rows)):
        titles, headers = above, top(looked_at[above:], is_first=False)[1]
    lines += [" ".join(text for _, text in row) for row in looked_at[:titles]]
    blocks += [Paragraph("\n".join(filter(None, lines)))] if any(lines) else []
    rows = rows[titles:]
    if headers > 1:
        header, below = named(joined(looked_at[titles : titles + headers]), looked_at[titles + headers :])
        names = dict(header)
        rows[: len(looked_at) - titles - len(below)] = [tuple(names.get(place, "") for place in range(max(names) + 1))]
    elif headers and _lacks_first(rows):
        rows[0] = ("", *rows[0])
    return [*blocks, Table(tuple(rows), has_header=None if headers else False)] if rows else blocks


def _above(rows: Sequence[tuple[str, ...]]) -> int:
    """Return how many lines of another length stand above a header that stands over numbers."""
    usual = Counter(map(len, rows[:LOOK_ROWS])).most_common(1)[0][0] if rows else 0
    place = next((place for place, row in enumerate(rows[: MOST_LINES + 1]) if len(row) == usual), 0)
    held: list[Row] = [_held(row) for row in rows[place : place + LOOK_ROWS]]
    titles, headers = top(held, is_first=False) if place and usual > 1 else (1, 0)
    return place if headers and not titles else 0


def _lacks_first(rows: Sequence[tuple[str, ...]]) -> bool:
    """Tell whether a header has no name for the rows' names, as R writes it: each row is one cell longer."""
    body = rows[1 : LOOK_ROWS + 1]
    length = len(rows[0]) + 1
    if len(body) < 2 or not rows[0][-1].strip() or any(len(row) != length for row in body):
        return False
    return any(row[-1].strip() for row in body) and len({row[0] for row in body}) == len(body)


def _is_comment(row: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> bool:
    """Tell whether a row begins as a comment does, and is not the header of the table below it."""
    usual = Counter(len(one) for one in rows[:LOOK_ROWS]).most_common(1)[0][0]
    return row[0].startswith("#") and (usual == 1 or len(row) != usual)


def _rows(text: str, separator: str) -> list[tuple[str, ...]]:
    rows = list(_parsed(text, separator, quotes='"' in text or _is_single_quoted(text)))
    if '"' in text and any(cell.count("\n") > MOST_LINES_OF_A_CELL for row in rows for cell in row):
        rows = list(_parsed(text, separator, quotes=False))
    return rows


def _is_single_quoted(text: str) -> bool:
    return "'" in text and '"' not in text and _SINGLE.search(text[:SAMPLE_LENGTH]) is not None


def _parsed(text: str, separator: str, *, quotes: bool) -> Iterator[tuple[str, ...]]:
    is_spaced = quotes and f'{separator} "' in text
    sign = "'" if _is_single_quoted(text) else '"'
    if quotes and _is_escaped(text, separator):
        text = _ESCAPED.sub(lambda found: '""' if found[1] == '"' else "\\", text)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        quotechar=sign,
        skipinitialspace=is_spaced,
        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
    )
    return (tuple(row) for row in reader)


def _is_escaped(text: str, separator: str) -> bool:
    """Tell whether a backslash makes a quote a part of its cell, as in dumps of MySQL; in others it ends a path."""
    if '\\"' not in text or '""' in text.replace(f'{separator}""', ""):
        return False
    return any(
        text[found.end() : found.end() + 1] not in (separator, "\r", "\n", "") for found in _SLASHED.finditer(text)
    )


def _separator(text: str) -> str:
    """Return what separates the cells: what cuts most lines into the same number of them, quotes obeyed."""
    sample = text[:SAMPLE_LENGTH]
    if len(text) > SAMPLE_LENGTH:
        sample = sample.rpartition("\n")[0] or sample
    worths = {separator: _worth(sample, separator) for separator in SEPARATORS}
    best = max(SEPARATORS, key=lambda separator: worths[separator])
    if worths[best] == (0.0, 0.0):
        rare = {separator: _worth(sample, separator) for separator in RARE}
        best_rare = max(RARE, key=lambda separator: rare[separator])
        return best_rare if rare[best_rare][0] >= _EVEN else best
    return _NONE if best == "," and _is_one_column(sample) else best


def _is_one_column(sample: str) -> bool:
    """Tell whether commas only stand within the cells: as decimal signs, or in few lines and not in the first."""
    lines = [line for line in sample.split("\n")[: LOOK_ROWS + 1] if line.strip()]
    if len(lines) < _FEW or "," in lines[0] or '"' in sample:
        return False
    cut = [line for line in lines[1:] if "," in line]
    return all(_DECIMAL.match(line.strip()) for line in lines[1:]) or len(cut) * 2 < len(lines)


def _worth(sample: str, separator: str) -> tuple[float, float]:
    """Return how evenly a separator cuts lines, and how few of the cells hold what would be another one's."""
    parsed = filter(any, _parsed(sample, separator, quotes=True))
    rows = [row for _, row in zip(range(LOOK_ROWS), parsed, strict=False)]
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0.0, 0.0
    width, count = widths.most_common(1)[0]
    cells = [cell for row in rows if len(row) == width for cell in row]
    others = set(SEPARATORS) - {separator}
    odd = sum((cell[:1] == " ") + (bool(others.intersection(cell)) and not _DECIMAL.match(cell)) for cell in cells)
    return round(count / len(rows), 1), -odd / len(cells)
