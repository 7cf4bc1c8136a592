"""Make blocks of a page's text as its elements begin and end."""

import re
from collections.abc import Mapping

import msgspec

from hubbub.ingest.blocks import Block, Code, Heading, Paragraph
from hubbub.ingest.loaders.grids import MOST_COLUMNS, Cell, table_blocks
from hubbub.ingest.loaders.looks import STRUCK, begin_denominator, levelled, lowered, marked, raised
from hubbub.ingest.loaders.numerals import formatted

HEADINGS = {f"h{level}": level for level in range(1, 7)}
_FORMS = {"a": "lower-alpha", "A": "upper-alpha", "i": "lowerRoman", "I": "upperRoman", "1": "decimal"}
_STYLES = {
    **dict.fromkeys(("lower-alpha", "lower-latin"), "lower-alpha"),
    **dict.fromkeys(("upper-alpha", "upper-latin"), "upper-alpha"),
    **dict.fromkeys(("disc", "circle", "square"), "bullet"),
    **dict.fromkeys(("cjk-ideographic", "simp-chinese-informal", "trad-chinese-informal"), "chineseCounting"),
    **{one: one for one in ("decimal", "none", "lower-greek", "hiragana", "arabic-indic", "persian", "bengali")},
    "lower-roman": "lowerRoman",
    "upper-roman": "upperRoman",
    "decimal-leading-zero": "decimalZero",
    "katakana": "aiueoFullWidth",
    "katakana-iroha": "irohaFullWidth",
    "hebrew": "hebrew1",
    "thai": "thaiNumbers",
    "devanagari": "hindiNumbers",
    "cjk-decimal": "ideographDigital",
    "japanese-informal": "japaneseCounting",
    "korean-hangul-formal": "koreanCounting",
    "cjk-earthly-branch": "ideographZodiac",
    "cjk-heavenly-stem": "ideographTraditional",
}
"""Forms of lists' numbers, by what style sheets call them."""
_LIST_STYLE = re.compile(r"list-style(?:-type)?\s*:([^;]*)", re.IGNORECASE)
MOST_ROWS = 65534
MOST_DEPTH = 10
"""Lists within lists are indented up to here."""

Attributes = Mapping[str, str | None]


class _List(msgspec.Struct):
    """A list that is open."""

    tag: str
    number: int = 1
    step: int = 1
    form: str = "decimal"
    lead: str | None = None
    """What the next line of it begins with; None where that goes on with an item."""


class Flow:
    """Text as it comes: of a page, or of a cell of a table."""

    __slots__ = ("_blocks", "_code", "_heading", "_items", "_level", "_lists", "_struck", "_struck_place", "_text")

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._text: list[str] = []
        self._items: list[str] = []
        self._lists: list[_List] = []
        self._heading = 0
        self._code = 0
        self._level = ""
        self._struck = 0
        self._struck_place = 0

    def add(self, text: str) -> None:
        """Add running text; white space is one space, except in code."""
        if self._level and text.strip():
            text = self._moved(text)
        begin_denominator(self._text, text)
        if not self._code:
            if not self._text and text.isspace():
                return
            if "\n" in text:
                text = text.replace("\n", " ")  # what is more than one space becomes one when the paragraph ends
        self._text.append(text)

    def raise_next(self) -> None:
        """Say that the next text stands higher."""
        self._level = "raised"

    def lower_next(self) -> None:
        """Say that the next text stands lower."""
        self._level = "lowered"

    def level_next(self) -> None:
        """Say that the next text stands on the line again."""
        self._level = "" if self._level else "level"  # nothing stood higher or lower

    def _moved(self, text: str) -> str:
        level, self._level = self._level, ""
        if level == "lowered":
            return lowered(self._text, text)
        before = next((piece.rstrip("\0") for piece in reversed(self._text) if piece), "")
        return raised(before, text) if level == "raised" else levelled(before, text)

    def begin_struck(self) -> None:
        """Begin text that is struck out."""
        if not self._struck:
            self._struck_place = len(self._text)
        self._struck += 1

    def end_struck(self) -> None:
        """End it."""
        if self._struck == 1:
            self._mark_struck()
        self._struck = max(self._struck - 1, 0)

    def _mark_struck(self) -> None:
        text = "".join(self._text[self._struck_place :])
        self._text[self._struck_place :] = [marked(text, STRUCK)] if text else []
        self._struck_place = 0  # where it goes on in the next paragraph

    def break_line(self) -> None:
        """Begin a new line within a paragraph."""
        self._text.append("\n")

    def add_blocks(self, blocks: list[Block]) -> None:
        """Add what is whole already."""
        self.end_paragraph()
        if blocks:
            self._end_items()
            self._blocks += blocks

    def end_paragraph(self) -> None:
        """End what text there is: a paragraph, a heading, or a line of a list."""
        if self._code:
            self._text.append("\n" if self._text and not self._text[-1].endswith("\n") else "")
            return
        if not self._text:
            return
        if self._struck:
            self._mark_struck()
        text = self._text[0] if len(self._text) == 1 else "".join(self._text)
        self._text.clear()
        if "\n" in text:
            lines = (" ".join(line.split()) for line in text.split("\n"))
            text = "\n".join(line for line in lines if line)
        else:
            text = " ".join(text.split())
        if not text:
            return
        if self._heading:
            self._end_items()
            self._blocks.append(Heading(" ".join(text.split()), self._heading))
        elif self._lists:
            indent = "  " * min(len(self._lists) - 1, MOST_DEPTH)
            lead, self._lists[-1].lead = self._lists[-1].lead, None
            self._items.append(indent + ("  " if lead is None else lead) + text.replace("\n", f"\n{indent}  "))
        else:
            self._end_items()
            self._blocks.append(Paragraph(text))

    def _end_items(self) -> None:
        if self._items:
            self._blocks.append(Paragraph("\n".join(self._items)))
            self._items = []

    def begin_heading(self, level: int) -> None:
        """Begin a heading."""
        self.end_paragraph()
        self._heading = level

    def end_heading(self) -> None:
        """End a heading."""
        self.end_paragraph()
        self._heading = 0

    def begin_code(self) -> None:
        """Begin text whose white space counts."""
        self.end_paragraph()
        self._code += 1

    def end_code(self) -> None:
        """End text whose white space counts."""
        self._code = max(self._code - 1, 0)
        if self._code:
            return
        if self._struck:
            self._mark_struck()
        code = "".join(self._text).strip("\n")
        self._text.clear()
        if code.strip():
            self._end_items()
            self._blocks.append(Code(code))

    def begin_list(self, tag: str, attributes: Attributes, items: int = 1) -> None:
        """Begin a list of so many items."""
        self.end_paragraph()
        start = _whole(attributes.get("start"), items if "reversed" in attributes else 1)
        form = _form(attributes, "decimal" if tag == "ol" else "bullet")
        self._lists.append(_List(tag, start, -1 if "reversed" in attributes else 1, form))

    def end_list(self) -> None:
        """End a list."""
        self.end_paragraph()
        if self._lists:
            self._lists.pop()
        if not self._lists:
            self._end_items()

    def begin_item(self, tag: str, attributes: Attributes) -> None:
        """Begin an item of a list, with its number where it has one."""
        self.end_paragraph()
        if not self._lists:
            return
        one = self._lists[-1]
        form = _form(attributes, one.form) if tag == "li" and attributes else one.form
        if tag == "li" and (one.tag == "ol" or form not in ("bullet", "none")):
            one.number = _whole(attributes.get("value"), one.number)
            shown = formatted(one.number, form) if form != "bullet" else "-"
            one.lead = f"{shown}. " if form not in ("bullet", "none") else f"{shown} ".lstrip()
            one.number += one.step
        else:
            one.lead = {"li": "- ", "dt": "", "dd": "  "}[tag]
        if tag == "dt":
            self._end_items()

    def end(self) -> list[Block]:
        """Return all blocks."""
        self._code = 0
        self.end_paragraph()
        self._end_items()
        return self._blocks


class TableFlow:
    """A table that is open."""

    def __init__(self) -> None:
        self._body: list[list[Cell]] = []
        self._foot: list[list[Cell]] = []
        self._rows = self._body
        self._next = Cell([])
        self.captions: list[Block] = []

    def begin_row(self) -> None:
        """Begin a row."""
        self._rows.append([])

    def add_row(self, cells: list[Cell]) -> None:
        """Add a row that is whole already."""
        self._rows.append(cells)

    def begin_foot(self) -> None:
        """Begin rows that are shown below all others, wherever they stand."""
        self._rows = self._foot

    def end_foot(self) -> None:
        """End them."""
        self._rows = self._body

    def begin_cell(self, attributes: Attributes, *, is_name: bool) -> None:
        """Begin a cell."""
        self._next = cell_of(attributes, is_name=is_name)
        if not self._rows:
            self._rows.append([])
        self._rows[-1].append(self._next)

    def end_cell(self, blocks: list[Block]) -> None:
        """End the cell that was begun last."""
        self._next.blocks = blocks

    def blocks(self) -> list[Block]:
        """Return what the table says, its caption first."""
        return [*self.captions, *table_blocks([*self._body, *self._foot])]


def _form(attributes: Attributes, usual: str) -> str:
    """Return in which form a list, or an item of it, is numbered."""
    if (style := attributes.get("style")) and (named := _LIST_STYLE.search(style)):
        usual = next((form for one in named[1].lower().split() if (form := _STYLES.get(one))), usual)
    elif kind := attributes.get("type"):
        usual = _FORMS.get(kind, _STYLES.get(kind, usual))
    return usual


def cell_of(attributes: Attributes, text: str = "", *, is_name: bool) -> Cell:
    """Return a cell, as wide and as high as its attributes say."""
    blocks: list[Block] = [Paragraph(text)] if text else []
    if not attributes:
        return Cell(blocks, is_name=is_name)
    columns = min(max(_whole(attributes.get("colspan"), 1), 1), MOST_COLUMNS)
    rows = _whole(attributes.get("rowspan"), 1)
    rows = MOST_ROWS if rows == 0 else min(max(rows, 1), MOST_ROWS)  # 0: to the table's end
    return Cell(blocks, columns, rows, is_name)


def _whole(text: str | None, default: int) -> int:
    if not text:
        return default
    found = re.match(r"\s*(-?\d{1,6})", text)
    return int(found.group(1)) if found else default
