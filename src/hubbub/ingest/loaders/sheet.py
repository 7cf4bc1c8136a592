"""Read the cells of one sheet of a workbook."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import IO, Any

from hubbub.ingest.loaders.formats import Shown, around_text, format_of, show_general
from hubbub.ingest.loaders.looks import HIDDEN, PLAIN, STRUCK, Look, Text, marked
from hubbub.ingest.loaders.ooxml import SAFE, etree
from hubbub.ingest.loaders.symbols import in_font, symbol_font
from hubbub.ingest.loaders.tables import Row, Wide

MOST_CELLS = 2_000_000
MOST_MERGED = 100_000
"""Cells that a merged one's text is repeated in."""
MOST_KNOWN = 20_000
"""Numbers whose shown form is remembered: dates and rates come again and again."""
NOT_CALCULATED = "(not calculated)"
_MARGINS = frozenset(f"{when}{what}" for when in ("odd", "even", "first") for what in ("Header", "Footer"))
_TAGS = ("{*}row", "{*}col", "{*}mergeCell", *(f"{{*}}{name}" for name in sorted(_MARGINS)))
_MARGIN_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d+|[LCRPNDTFAZGBIUESXYOH+-])')
"""What stands in a margin for a font, a place, or what each page has of its own."""


class Styles:
    """The number formats of a workbook's cells, by the cells' styles."""

    def __init__(self, root: Any, is_1904: bool) -> None:
        codes: dict[int, str] = {}
        numbers: list[int] = []
        self.struck: frozenset[str] = frozenset()
        """The styles whose fonts strike out what is in a cell."""
        self.symbols: dict[str, str] = {}
        """The symbol fonts of styles that have one."""
        if root is not None:
            for one in root.iterfind("{*}numFmts/{*}numFmt"):
                codes[_whole(one.get("numFmtId"))] = one.get("formatCode", "")
            formatted = root.findall("{*}cellXfs/{*}xf")
            numbers = [_whole(one.get("numFmtId")) for one in formatted]
            fonts = root.findall("{*}fonts/{*}font")
            struck = [_is_on(font.find("{*}strike")) for font in fonts]
            symbols = [_symbol_font(font, "name") for font in fonts]
            by_style = {str(style): font for style, one in enumerate(formatted) if (font := _font(one)) < len(fonts)}
            self.struck = frozenset(style for style, font in by_style.items() if struck[font])
            self.symbols = {style: symbols[font] for style, font in by_style.items() if symbols[font]}
        around = {str(style): around_text(codes[number]) for style, number in enumerate(numbers) if number in codes}
        self.texts = {style: one for style, one in around.items() if one != ("", "")}
        """What stands around texts in the styles that show some; None where they show no texts."""
        formats = [format_of(number, codes.get(number, ""), is_1904) for number in numbers]
        self._by_style = {str(style): shown for style, shown in enumerate(formats) if shown is not None}
        self._known: dict[tuple[str, str], str] = {}

    def show(self, number: str, style: str) -> str:
        """Return a number, as the file writes it, in the format of a style."""
        shown = self._by_style.get(style)
        if shown is None:
            if number.isdigit() and len(number) < 16:
                return number
            return _converted(number, show_general)
        known = self._known.get((style, number))
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[style, number] = _converted(number, shown)
        return known


def _converted(number: str, show: Shown) -> str:
    try:
        return show(float(number))
    except (ValueError, OverflowError):
        return number.strip()


class _Rich(str):
    """A text whose parts name their fonts: that of their cell is only for what comes before."""

    before = 0
    """How many characters that are."""


def _in_cell(font: str, held: str, shown: str) -> str:
    """Return what a cell in a symbol font shows, by what it holds."""
    if isinstance(held, _Rich):
        return (in_font(font, held[: held.before]) + held[held.before :]).strip()
    return in_font(font, shown)


class Grid:
    """The cells of a sheet that hold something, and what of them is hidden."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, bool, list[tuple[int, str]]]] = []
        self._hidden_columns: list[tuple[int, int]] = []
        self.cells = 0
        self.not_calculated = 0
        self.is_damaged = False
        """Whether cells name texts that the workbook does not hold."""
        self.margins: list[str] = []
        """What stands above and below each page when the sheet is printed."""

    def margin(self, what: str, text: str) -> None:
        """Add a header or a footer, unless it holds nothing but page numbers and the like."""
        shown = " ".join(_MARGIN_CODE.sub(" ", text).replace("&&", "&").split())
        if any(map(str.isalnum, shown)) and f"[{what}: {shown}]" not in self.margins:
            self.margins.append(f"[{what}: {shown}]")

    def add(self, number: int, is_hidden: bool, cells: list[tuple[int, str]]) -> None:
        """Add a row's cells."""
        self._rows.append((number, is_hidden, cells))
        self.cells += len(cells)

    def hide_columns(self, first: int, last: int) -> None:
        """Note that columns are hidden."""
        self._hidden_columns.append((first, last))

    def merge(self, top: int, left: int, bottom: int) -> None:
        """Repeat a merged cell's text in the rows that it goes over: each may stand in another passage."""
        place = bisect_left(self._rows, top, key=lambda row: row[0])
        if place == len(self._rows) or self._rows[place][0] != top:
            return
        text = next((text for column, text in self._rows[place][2] if column == left), "")
        while text and (place := place + 1) < len(self._rows) and self._rows[place][0] <= bottom:
            cells = self._rows[place][2]
            if all(column != left for column, _ in cells):
                cells.append((left, text))
                cells.sort()

    def widen(self, top: int, left: int, right: int) -> None:
        """Note that a cell is merged across columns."""
        place = bisect_left(self._rows, top, key=lambda row: row[0])
        if place < len(self._rows) and self._rows[place][0] == top:
            cells = self._rows[place][2]
            cells[:] = [(column, Wide(text, right) if column == left else text) for column, text in cells]

    def shown(self) -> Iterator[Row]:
        """Yield the rows that are shown; an empty one where rows are left empty."""
        last = 0
        for number, is_hidden, cells in self._rows:
            if is_hidden:
                last = number if number == last + 1 else last
                continue
            if last and number > last + 1:
                yield []
            last = number
            if self._hidden_columns:
                cells = [cell for cell in cells if not self._is_hidden(cell[0])]
            if cells:
                yield cells

    def hidden_rows(self) -> tuple[int, list[Row]]:
        """Return how many rows are hidden, and these rows."""
        rows: list[Row] = [cells for _, is_hidden, cells in self._rows if is_hidden]
        return len(rows), rows

    def hidden_columns(self) -> tuple[int, list[Row]]:
        """Return how many hidden columns hold something, and their cells, each row led by its first cell."""
        found: set[int] = set()
        rows: list[Row] = []
        for _, is_hidden, cells in self._rows if self._hidden_columns else ():
            inside = [cell for cell in cells if self._is_hidden(cell[0])]
            if inside and not is_hidden:
                found.update(column for column, _ in inside)
                first = next((cell for cell in cells if not self._is_hidden(cell[0])), None)
                rows.append(sorted({*inside, first} if first else inside))
        return len(found), rows

    def _is_hidden(self, column: int) -> bool:
        return any(first <= column <= last for first, last in self._hidden_columns)


def read_grid(file: IO[bytes], grid: Grid, strings: list[str], styles: Styles, most_cells: int) -> None:
    """Read a sheet's rows into a grid; stop when it holds more than so many cells.

    Raises:
        SyntaxError: it is damaged; what came before is in the grid.
    """
    columns: dict[str, int] = {}
    number = 0
    merges: list[str] = []
    for _, element in etree.iterparse(file, tag=_TAGS, **SAFE):
        name = element.tag.rpartition("}")[2]
        if name == "row":
            number = _whole(element.get("r")) or number + 1
            cells = _cells(element, grid, columns, strings, styles)
            if cells:
                grid.add(number, _is_hidden(element, "ht"), cells)
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
            if grid.cells > most_cells:
                return
        elif name == "col" and _is_hidden(element, "width"):
            grid.hide_columns(_whole(element.get("min")), _whole(element.get("max")))
        elif name in _MARGINS:
            grid.margin(name.removeprefix("odd").removeprefix("even").removeprefix("first"), element.text or "")
        elif name == "mergeCell" and len(merges) < MOST_MERGED:
            merges.append(element.get("ref", ""))
    ends: dict[int, int] = {}
    """By column, the last row of a merged cell. Of those that overlap, which no program writes, the first counts."""
    for left, top, bottom, right in sorted(_merged(one, columns) for one in merges):
        if right > left:
            grid.widen(top, left, right)
        if ends.get(left, 0) < top < bottom:
            grid.merge(top, left, bottom)
            ends[left] = bottom


def _cells(row: Any, grid: Grid, columns: dict[str, int], strings: list[str], styles: Styles) -> list[tuple[int, str]]:
    show, struck, symbols = styles.show, styles.struck, styles.symbols
    cells: list[tuple[int, str]] = []
    is_in_order = True
    column = last = 0
    for cell in row:
        get = cell.get
        reference = get("r")
        if reference:
            letters = reference.rstrip("0123456789")
            column = columns.get(letters) or _column(letters, columns)
        else:
            column += 1
        kind = get("t")
        value = formula = None
        for part in cell:
            end = part.tag[-2:]
            if end == "}v":
                value = part.text
            elif end == "}f":
                formula = part
            elif end == "is":
                value = plain_text(part)
        if value is None or value == "":
            if formula is None or kind == "str":  # which is calculated, and shows nothing
                continue
            grid.not_calculated += 1
            text = f"{NOT_CALCULATED} ={formula.text}" if formula.text else NOT_CALCULATED
        elif kind is None or kind == "n":
            text = show(value, get("s", ""))
        elif kind == "s":
            index = int(value) if value.isdigit() else len(strings)
            text = strings[index].strip() if index < len(strings) else ""
            grid.is_damaged |= index >= len(strings)
        elif kind == "b":
            text = "TRUE" if value.strip() in ("1", "true") else "FALSE"
        elif kind == "d":
            text = value.replace("T", " ").removesuffix(" 00:00:00").strip()
        else:
            text = value.strip()
        if text:
            if column <= last:
                is_in_order = False
            last = column
            if symbols and value and (font := symbols.get(get("s", ""))):
                is_shared = kind == "s" and value.isdigit() and int(value) < len(strings)
                text = _in_cell(font, strings[int(value)] if is_shared else value, text)
            if styles.texts and kind in _TEXTS and (style := get("s", "")) in styles.texts:
                around = styles.texts[style]
                text = marked(text, HIDDEN) if around is None else text.join(around)
            if struck and get("s") in struck:
                text = marked(text, STRUCK)
            cells.append((column, text))
    return cells if is_in_order else sorted(dict(cells).items())


def plain_text(element: Any) -> str:
    """Return the text of a string's runs, without the readings that stand above Chinese characters."""
    if element is None:
        return ""
    children = list(element)
    if len(children) == 1 and children[0].tag.endswith("}t"):
        text = children[0].text or ""
    else:
        said = Text()
        before: int | None = None
        for run in children:
            if not run.tag.endswith("}rPh"):
                properties = run.find("{*}rPr")
                look, font = _look(properties), _symbol_font(properties, "rFont")
                if before is None and properties is not None and properties.find("{*}rFont") is not None:
                    before = sum(map(len, said.pieces))
                for one in run.iter("{*}t"):
                    said.add(in_font(font, one.text or ""), look)
        text = said.take() or (element.text or "" if not children else "")
        if before is not None:
            rich = _Rich(_unescaped(text))
            rich.before = before
            return rich
    return _unescaped(text)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _look(properties: Any) -> Look:
    """Return how a run of a string looks."""
    if properties is None:
        return PLAIN
    above = properties.find("{*}vertAlign")
    is_struck = _is_on(properties.find("{*}strike"))
    return Look(STRUCK if is_struck else "", above is not None and above.get("val") == "superscript")


def _is_hidden(element: Any, size: str) -> bool:
    """Tell whether a row or a column is hidden, or of no size."""
    return element.get("hidden") in ("1", "true") or element.get(size) in _NO_SIZE


def _symbol_font(properties: Any, name: str) -> str:
    """Return the symbol font that a font's properties name, "" for any other."""
    named = properties.find(f"{{*}}{name}") if properties is not None else None
    return symbol_font(named.get("val", "")) if named is not None else ""


def _font(style: Any) -> int:
    return _whole(style.get("fontId"))


def _is_on(element: Any) -> bool:
    return element is not None and element.get("val", "1") not in ("0", "false")


_TEXTS = ("s", "str", "inlineStr")
_NO_SIZE = ("0", "0.0")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
"""How Excel writes characters that XML has no place for, and line breaks."""


def _column(letters: str, columns: dict[str, int]) -> int:
    number = 0
    for letter in letters.upper()[:3]:
        number = number * 26 + max(ord(letter) - 64, 0)
    columns[letters] = number
    return number


def _merged(reference: str, columns: dict[str, int]) -> tuple[int, int, int, int]:
    """Return the column of a merged cell, its first and last row, and its last column."""
    first, _, last = reference.partition(":")
    (left, top), (right, bottom) = _place(first, columns), _place(last, columns)
    return left, top, bottom, right


def _place(reference: str, columns: dict[str, int]) -> tuple[int, int]:
    letters = reference.rstrip("0123456789")
    return _column(letters, columns), _whole(reference[len(letters) :])


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 10 else 0
