"""Cut what a loader found into passages: whole sentences, whole tables, under their headings."""

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import msgspec

from hubbub.core.sentences import sentences
from hubbub.ingest.blocks import Block, Code, Heading, Paragraph, Table, row_line
from hubbub.ingest.forms import is_form

SEPARATOR = " › "
_Row: TypeAlias = tuple[str, ...]


_MOST_GROUPS = 3
"""So many rows that stand below each other name a group of rows: 2023, North."""


class Sizes(msgspec.Struct, frozen=True):
    """How long passages get, in characters."""

    usual: int = 900
    whole: int = 1800
    """Tables and code up to here are kept whole."""
    tiny: int = 200
    """Passages below this join their neighbour on the same page and below the same heading."""


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A passage that has no document yet."""

    text: str
    page: int | None = None
    heading: str = ""


def split(blocks: Sequence[Block], sizes: Sizes | None = None) -> list[Piece]:
    """Return the passages of a document in reading order, none empty.

    Every word of the blocks is in them, in order: a heading's in the `heading` of the passages
    below it, or in the text where it has none. Of a table that is cut some words come more than once: the short
    text above it, the names of its columns, what names a group of its rows, and what names the row of a wide one.
    """
    splitter = _Splitter(sizes or Sizes())
    for block in blocks:
        splitter.take(block)
    return splitter.end()


class _Splitter:
    """Fills one passage after the other."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._pieces: list[Piece] = []
        self._path: list[Heading] = []
        self._pending = False  # whether the path's last heading has nothing below it yet
        self._parts: list[str] = []
        self._length = 0
        self._is_heading_only = True  # whether the passage being filled holds nothing but headings
        self._begun: tuple[int | None, str] = (None, "")  # page and heading of the passage being filled
        self._title = ""  # the short text that the block before this one is

    def take(self, block: Block) -> None:
        title, self._title = self._title, ""
        match block:
            case Heading():
                self._take_heading(block)
            case Paragraph(text=text, page=page):
                self._take_text(text.strip(), page)
                self._title = text.strip() if len(text) <= self._sizes.tiny else ""
            case Code(text=text, page=page):
                self._take_whole(text.strip("\n"), page, _cut_lines(text.strip("\n"), self._sizes))
            case Table(page=page):
                names, rows = _named(block, self._sizes)
                whole = "\n".join(row_line(row) for row in (names, *rows) if row)
                self._take_whole(whole, page, _cut_table(names, rows, self._sizes), title)

    def end(self) -> list[Piece]:
        if self._pending:
            self._keep_pending()
        self._flush()
        return self._pieces

    def _take_heading(self, heading: Heading) -> None:
        text = " ".join(heading.text.split())
        if not text:
            return
        if self._pending and self._path[-1].level >= heading.level:
            self._keep_pending()
        # A passage lies below one heading and on one page, so that its citation names the right section.
        if not self._is_heading_only or heading.page != self._begun[0]:
            self._flush()
        while self._path and self._path[-1].level >= heading.level:
            self._path.pop()
        self._path.append(Heading(text, heading.level, heading.page))
        self._pending = True
        if self._parts:
            self._keep_pending()  # below headings that have nothing below them

    def _keep_pending(self) -> None:
        """Put the headings that no passage's path holds into the text."""
        if not self._parts and len(self._path) > 1:
            self._begun = (self._path[-1].page, _joined(self._path[:-1]))
        self._pending = False
        self._add(self._path[-1].text, self._path[-1].page, is_heading=True)

    def _take_text(self, text: str, page: int | None) -> None:
        if not text:
            return
        room = self._sizes.usual - self._length
        if len(text) > room and self._length >= self._sizes.usual // 2:
            self._flush()
        if len(text) <= self._sizes.usual - self._length:
            self._add(text, page)
            return
        for sentence_group in _grouped(text, self._sizes.usual, self._sizes.usual - self._length):
            if self._parts and self._length + len(sentence_group) > self._sizes.usual:
                self._flush()
            self._add(sentence_group, page)

    def _take_whole(self, text: str, page: int | None, cuts: Iterator[str], title: str = "") -> None:
        """Take what is not cut at sentences: whole where it may be, else as it was cut. Each passage has the title."""
        if not text.strip():
            return
        if len(text) <= self._sizes.usual - self._length:
            self._add(text, page)
            return
        if self._length >= self._sizes.tiny:
            self._flush()
        is_whole = len(text) <= self._sizes.whole
        most = self._sizes.whole if is_whole else self._sizes.usual
        for cut in [text] if is_whole else cuts:
            if self._parts and self._length + len(cut) > most:
                self._flush()
            self._add(f"{title}\n{cut}" if title and not self._parts else cut, page)

    def _add(self, text: str, page: int | None, *, is_heading: bool = False) -> None:
        if self._parts and page != self._begun[0]:
            self._flush()  # a passage lies on one page, so that its citation opens the right one
        if not self._parts and not (is_heading and self._begun[1]):
            path = self._path[:-1] if is_heading else self._path
            self._begun = (page, _joined(path))
        if not is_heading:
            self._pending = self._is_heading_only = False
        self._parts.append(text)
        self._length += len(text) + 2

    def _flush(self) -> None:
        if not self._parts:
            return
        text = "\n\n".join(self._parts)
        page, heading = self._begun
        self._parts, self._length, self._begun = [], 0, (None, "")
        self._is_heading_only = True
        last = self._pieces[-1] if self._pieces else None
        fits = last and len(last.text) + len(text) <= self._sizes.usual * 5 // 4
        if last and fits and len(text) < self._sizes.tiny and (last.page, last.heading) == (page, heading):
            self._pieces[-1] = Piece(f"{last.text}\n\n{text}", page, heading)
        else:
            self._pieces.append(Piece(text, page, heading))


def _joined(path: Sequence[Heading]) -> str:
    return SEPARATOR.join(heading.text for heading in path)


def _grouped(text: str, size: int, first_size: int) -> Iterator[str]:
    """Yield a text's sentences in groups of up to `size` characters, the first of up to `first_size`.

    A sentence that is longer is cut at white space, a word that is longer anywhere.
    """
    start = end = 0
    most = first_size
    for sentence_start, sentence_end in sentences(text):
        if end > start and sentence_end - start > most:
            yield text[start:end]
            start, most = sentence_start, size
        elif end == start:
            start = sentence_start
        end = sentence_end
        if end - start > most:
            *cuts, rest = _cut(text[start:end], size)
            yield from cuts
            start, most = end - len(rest), size
    if end > start:
        yield text[start:end]


def _cut(text: str, size: int) -> list[str]:
    """Cut a text at white space into parts of up to `size` characters."""
    cuts: list[str] = []
    start = 0
    while len(text) - start > size:
        space = _LAST_SPACE.match(text, start, start + size)
        stop = space.end() if space else start + size
        cuts.append(text[start:stop].strip())
        start = stop
    cuts.append(text[start:].lstrip())
    return [cut for cut in cuts[:-1] if cut] + cuts[-1:]


_LAST_SPACE = re.compile(r".*\s", re.DOTALL)


def _cut_lines(text: str, sizes: Sizes) -> Iterator[str]:
    """Yield code in parts of whole lines; a line that is too long is cut."""
    part: list[str] = []
    length = 0
    for line in text.split("\n"):
        if part and length + len(line) > sizes.whole:
            yield from _filled(part)
            part, length = [], 0
        if len(line) > sizes.whole:
            *cuts, line = _cut(line, sizes.whole)
            yield from cuts
        part.append(line)
        length += len(line) + 1
    yield from _filled(part)


def _filled(lines: list[str]) -> Iterator[str]:
    text = "\n".join(lines).strip("\n")
    if text.strip():
        yield text


def _named(table: Table, sizes: Sizes) -> tuple[_Row, Sequence[_Row]]:
    """Return the names of a table's columns, and its other rows. The names are empty where no row holds them.

    Of a table that is too wide to repeat empty ones there are none at all.
    """
    if table.rows and (table.has_header or (table.has_header is None and not is_form(table.rows))):
        return table.rows[0], table.rows[1:]
    names = ("",) * max(map(len, table.rows), default=0)
    return (names if len(row_line(names)) <= sizes.usual // 2 else ()), table.rows


def _cut_table(names: _Row, rows: Sequence[_Row], sizes: Sizes) -> Iterator[str]:
    """Yield a table in parts, in which each cell stands with the name of its column."""
    header = row_line(names) if names else ""
    if len(header) <= sizes.usual // 2:
        yield from _cut_rows(header, rows, sizes, has_groups=len(names) > 1 and any(names))
    else:
        yield from _cut_wide(names, rows, sizes)


def _cut_rows(header: str, rows: Sequence[_Row], sizes: Sizes, *, has_groups: bool) -> Iterator[str]:
    """Yield parts of whole rows, each led by the header and by what names the group of its first row."""
    most = sizes.usual - len(header)
    lead = head = [header] if header else []
    groups: list[str] = []
    was_group = False
    part: list[str] = []
    length = 0
    for row in rows:
        line = row_line(row)
        is_group = has_groups and _names_group(row, sizes)
        if part and length + len(line) > most:
            yield "\n".join([*lead, *part])
            part, length = [], 0
            lead = head if is_group and not was_group else [*head, *groups]
        if len(line) > sizes.whole:
            *cuts, line = _cut(line, sizes.usual)
            for cut in cuts:
                yield "\n".join([*lead, cut])
        if is_group:
            groups = [*groups, line] if was_group and len(groups) < _MOST_GROUPS else [line]
        was_group = is_group
        part.append(line)
        length += len(line) + 1
    if part or not rows:
        yield "\n".join([*lead, *part])


def _names_group(row: tuple[str, ...], sizes: Sizes) -> bool:
    """Tell whether a row holds a short text in its first cell alone, as what names the rows below it does."""
    if len(row) > 1 and row[1]:  # as most rows have, at no cost
        return False
    return bool(row) and 0 < len(row[0].strip()) <= sizes.tiny // 2 and not any(row[1:])


def _cut_wide(names: _Row, rows: Sequence[_Row], sizes: Sizes) -> Iterator[str]:
    """Yield the columns' names once, then the rows of a table that is too wide to repeat them: each cell with its own.

    A row that goes over several parts is named in each by its first cell.
    """
    flat = [" ".join(name.split()) for name in names]
    most = sizes.usual // 3
    yield from _cut(row_line(names), sizes.usual)
    for row in rows:
        cells = [(flat[place : place + 1], " ".join(cell.split())) for place, cell in enumerate(row)]
        named = [f"{name[0][:most]}: {cell}" if any(name) else cell for name, cell in cells if cell]
        part: list[str] = []
        length = 0
        for cut in (cut for cell in named for cut in _cut(cell, sizes.usual)):
            if part and length + len(cut) > sizes.usual:
                yield row_line(tuple(part))
                part = [named[0][:most]]
                length = len(part[0])
            part.append(cut)
            length += len(cut) + 3
        if part:
            yield row_line(tuple(part))
