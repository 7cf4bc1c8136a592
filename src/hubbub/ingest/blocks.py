"""What a loader finds in a file: headings, paragraphs, code and tables, in reading order."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from hubbub.core.documents import Omission


class Heading(msgspec.Struct, frozen=True, gc=False):
    """The title of what follows. Level 1 is the outermost."""

    text: str
    level: int
    page: int | None = None


class Paragraph(msgspec.Struct, frozen=True, gc=False):
    """Running text, or a list with one item a line."""

    text: str
    page: int | None = None


class Code(msgspec.Struct, frozen=True, gc=False):
    """Text whose lines belong together as they stand."""

    text: str
    page: int | None = None


class Table(msgspec.Struct, frozen=True, gc=False):
    """Rows of cells."""

    rows: tuple[tuple[str, ...], ...]
    page: int | None = None
    has_header: bool | None = None
    """Whether the first row names the columns. None: the file does not say; it does where the rows are no form's."""


Block: TypeAlias = Heading | Paragraph | Code | Table


class Hidden(msgspec.Struct, frozen=True):
    """What a reader of the file doesn't see unless they unhide it. It is left out, unless it is asked for."""

    what: str
    """One of them, for a person: "sheet", "row", "column", "slide"."""
    count: int
    blocks: list[Block]
    """Their text, under a heading that says that they are hidden."""


class Loaded(msgspec.Struct, frozen=True):
    """What a file holds."""

    blocks: list[Block]
    title: str = ""
    pages: int = 0
    """How many pages (or slides) it has; 0 where the format has none."""
    omitted: tuple[Omission, ...] = ()
    """What the loader left out, or could not read."""
    hidden: tuple[Hidden, ...] = ()
    """Hidden parts, in their order."""
    held: int = 0
    """How many characters a cruder count finds in the file, white space aside; 0 where none was made."""


def title_among(blocks: Sequence[Block]) -> str:
    """Return the first heading, where no other is as high: it stands above the whole text. Empty: none does.

    Of several chapters none names the others' contents.
    """
    headings = [block for block in blocks if isinstance(block, Heading)]
    if not headings or any(other.level <= headings[0].level for other in headings[1:]):
        return ""
    return headings[0].text


def row_line(cells: tuple[str, ...]) -> str:
    """Return a table's row as one line of text."""
    return "| " + " | ".join(" ".join(cell.split()) for cell in cells) + " |"


def without_hidden(loaded: Loaded) -> Loaded:
    """Return what a file shows, and say how much of it is hidden."""
    counts: Counter[str] = Counter()
    for one in loaded.hidden:
        counts[one.what] += one.count
    said = tuple(
        Omission(f"hidden_{what}s", f"1 hidden {what} was left out", 1)
        if count == 1
        else Omission(f"hidden_{what}s", f"{count} hidden {what}s were left out", count)
        for what, count in counts.items()
    )
    return replace(loaded, omitted=loaded.omitted + said)
