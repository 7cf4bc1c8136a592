"""Read OpenDocument: texts, spreadsheets and presentations."""

import zipfile
import zlib
from bisect import bisect_right
from operator import itemgetter
from typing import BinaryIO

from hubbub.core.documents import Omission
from hubbub.core.errors import Invalid
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Heading, Hidden, Loaded, Paragraph, title_among
from hubbub.ingest.loaders.beside import sides
from hubbub.ingest.loaders.grids import MOST_COLUMNS, Cell, flat, table_blocks
from hubbub.ingest.loaders.inlaid import Inlaid
from hubbub.ingest.loaders.looks import SAYS_NOTHING, RunLook, Text, marked
from hubbub.ingest.loaders.odf_lists import Lists
from hubbub.ingest.loaders.odf_looks import UNSEEN, Looks
from hubbub.ingest.loaders.symbols import in_font
from hubbub.ingest.loaders.tables import Row, Wide, tables
from hubbub.ingest.loaders.xml import Element, attribute, child, name_of, parse

MOST_REPEATED_ROWS = 1000
_SKIPPED = frozenset(
    (
        "tracked-changes",
        "sequence-decls",
        "forms",
        "variable-decls",
        "automatic-styles",
        "scripts",
        "settings",
        "ruby-text",
        "hidden-text",
        "hidden-paragraph",
    )
)
_COLLAPSED = ("collapse", "filter")
NOT_CALCULATED = "(not calculated)"
_DAMAGED = because("damaged")


def load(file: BinaryIO) -> Loaded:
    """Return a document's headings, paragraphs, lists and tables; a slide is a page. Notes follow their paragraph.

    Raises:
        Invalid: it is encrypted or damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if b"encryption-data" in (
                archive.read("META-INF/manifest.xml") if "META-INF/manifest.xml" in names else b""
            ):
                raise Invalid(because("encrypted"), code="encrypted")
            content = parse(archive.read("content.xml"))
            meta = parse(archive.read("meta.xml")) if "meta.xml" in names else None
            styles = parse(archive.read("styles.xml")) if "styles.xml" in names else None
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, zlib.error, OSError, NotImplementedError) as error:
        raise Invalid(_DAMAGED, code="corrupt") from error
    return _read(content, styles, meta, Inlaid(lambda name: _picture(file, name)))


def _picture(file: BinaryIO, name: str) -> bytes:
    name = name.removeprefix("./")
    if name.startswith("ObjectReplacements/"):
        return b""  # it shows a chart or a document that is read itself
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, NotImplementedError):
        return b""


def read(root: Element) -> Loaded:
    """Return what a document says that is one XML file (.fodt, .fods, .fodp).

    Raises:
        Invalid: it is damaged.
    """
    return _read(root, root, child(root, "meta"), Inlaid(lambda name: b""))


def _read(content: Element, styles: Element | None, meta: Element | None, inlaid: Inlaid) -> Loaded:
    body = child(content, "body")
    if body is None:
        raise Invalid(_DAMAGED, code="corrupt")
    walk = _Walk(_unseen_styles(content), Looks(content, styles), Lists(content, styles), inlaid)
    try:
        blocks = [*_margins(walk, styles, "header"), *walk.blocks(body), *_margins(walk, styles, "footer")]
    except RecursionError as error:
        raise Invalid(because("nested_too_deeply"), code="corrupt") from error
    title = ""
    if meta is not None:
        title = next((one.text or "" for one in meta.iter() if name_of(one) == "title"), "").strip()
    if child(body, "text") is not None:
        title = title or title_among(blocks)
    count = walk.not_calculated
    said = f"{count} formula{' is' if count == 1 else 's are'} not calculated in the file"
    omitted = (Omission("formulas_not_calculated", said, count),) if count else ()
    return Loaded(blocks, title=title, pages=walk.page or 0, omitted=omitted, hidden=tuple(walk.hidden))


def _margins(walk: "_Walk", styles: Element | None, kind: str) -> list[Block]:
    found = [one for one in styles.iter() if name_of(one) == kind] if styles is not None else []
    texts = dict.fromkeys(text for one in found if (text := flat(walk.blocks(one))))
    return [Paragraph(f"[{kind.capitalize()}: {text}]") for text in texts]


def _unseen_styles(content: Element) -> frozenset[str]:
    """Return the styles of sheets that are hidden."""
    automatic = child(content, "automatic-styles")
    return frozenset(
        attribute(style, "name") or ""
        for style in (automatic if automatic is not None else ())
        if any(attribute(one, "display") == "false" for one in style if name_of(one) == "table-properties")
    )


def _is_unseen(section: Element) -> bool:
    display = attribute(section, "display")
    return display == "none" or (display == "condition" and attribute(section, "is-hidden") == "true")


class _Walk:
    def __init__(self, unseen_styles: frozenset[str], looks: Looks, lists: Lists, inlaid: Inlaid) -> None:
        self._inlaid = inlaid
        self._lists = lists
        self._comments: list[str] | None = None
        """The comments on the cells of the sheet that is being read; None where comments stand in the text."""
        self._looks = looks
        self._outer = SAYS_NOTHING
        """How all looks in the section that is being read."""
        self.page: int | None = None
        self.hidden: list[Hidden] = []
        self.not_calculated = 0
        self._unseen_styles = unseen_styles
        self._after: list[str] = []
        self._beside: list[Block] = []
        self._is_in_table = False

    def blocks(self, root: Element) -> list[Block]:
        """Return what stands below an element."""
        blocks: list[Block] = []
        for one in root:
            name = name_of(one)
            if name == "h":
                level = attribute(one, "outline-level") or "1"
                text, after = self._line(one)
                blocks += [Heading(text, int(level) if level.isdigit() else 1, self.page)] if text else []
                blocks += after
            elif name == "p":
                text, after = self._line(one)
                blocks += [Paragraph(text, self.page)] if text else []
                blocks += after
            elif name == "list":
                lines = self._items(one, attribute(one, "style-name") or "", ())
                blocks += [Paragraph("\n".join(lines), self.page)] if lines else []
            elif name == "table":
                if root.tag.endswith("}spreadsheet") and (title := attribute(one, "name")):
                    blocks += self._sheet(one, title)
                else:
                    blocks += self._table(one)
            elif name == "page":
                self.page = (self.page or 0) + 1
                blocks.append(Heading(attribute(one, "name") or f"Slide {self.page}", 1, self.page))
                blocks += self.blocks(one)
            elif name == "annotation" and self._comments is not None:
                self._comments += [text] if (text := flat(self.blocks(one))) else []
            elif name == "notes" and (text := flat(self.blocks(one))):
                blocks.append(Paragraph(f"[Notes: {text}]", self.page))
            elif name == "image":
                blocks += self._inlaid.read(attribute(one, "href") or "", self.page)
            elif name == "section" and _is_unseen(one):
                outer, self._outer = self._outer, UNSEEN
                blocks += self.blocks(one)
                self._outer = outer
            elif name and name not in _SKIPPED and name != "notes":
                blocks += self.blocks(one)
        return blocks

    def _line(self, element: Element) -> tuple[str, list[Block]]:
        outer_after, outer_beside = self._after, self._beside
        self._after, self._beside = [], []
        text = Text()
        self._read(element, self._looks.of("paragraph", element).over(self._outer), text)
        lines = [line for one in text.take().split("\n") if (line := " ".join(one.split()))]
        made, beside = "\n".join([*lines, *self._after]), self._beside
        self._after, self._beside = outer_after, outer_beside
        return made, beside

    def _read(self, element: Element, outer: RunLook, text: Text) -> None:
        """Read what stands in a line, of which `outer` says how it looks."""
        look, font = outer.shown(), outer.font or ""
        text.add(in_font(font, element.text or ""), look)
        for one in element:
            name = name_of(one)
            if name in ("s", "tab"):
                text.add(" ")
            elif name == "line-break":
                text.add("\n")
            elif name == "note":
                body, kind = child(one, "note-body"), attribute(one, "note-class") or "footnote"
                citation = child(one, "note-citation")
                mark = (citation.text or "").strip() if citation is not None else ""
                if body is not None and (said := flat(self.blocks(body))):
                    self._after.append(f"[{kind.capitalize()} {mark}: {said}]".replace(" :", ":"))
            elif name == "annotation":
                author = child(one, "creator")
                by = f" by {author.text}" if author is not None and author.text else ""
                if said := flat(self.blocks(one)):
                    self._after.append(f"[Comment{by}: {said}]")
            elif name in ("text-box", "table"):
                self._beside += self.blocks(one) if name == "text-box" else self._table(one)
            elif name == "image":
                self._beside += self._inlaid.read(attribute(one, "href") or "", self.page)
            elif name == "number":
                text.add(f"{one.text or ''} ", look)
            elif name == "ruby-text" and one.text:
                text.add(f"({one.text})", look)
            elif name and name not in _SKIPPED:
                self._read(one, self._looks.of("text", one).over(outer) if name == "span" else outer, text)
            text.add(in_font(font, one.tail or ""), look)

    def _items(self, element: Element, style: str, outer: tuple[int, ...]) -> list[str]:
        """Return the lines of a list of a style, which stands in items of these numbers."""
        lines: list[str] = []
        numbers = self._lists.numbers(element, style, outer)
        for item in element:
            lead, places = numbers.next(item)
            for one in item:
                if name_of(one) == "list":
                    lines += self._items(one, attribute(one, "style-name") or style, places)
                elif name_of(one) != "number" and (text := flat(self.blocks([one]))):
                    lines.append("  " * min(len(outer), 10) + f"{lead or ' '} {text}")
                    lead = ""
        return lines

    def _sheet(self, element: Element, title: str) -> list[Block]:
        """Return what a sheet shows. What of it is hidden is kept apart."""
        if attribute(element, "style-name") in self._unseen_styles:
            made = self._table(element)
            self.hidden.append(Hidden("sheet", 1, [Heading(f"{title} (hidden sheet)", 1), *made]))
            return []
        columns = _hidden_columns(element)
        shown: list[Row] = []
        apart: dict[str, list[Row]] = {"row": [], "column": []}
        comments: list[str] = []
        number = 1
        above: dict[int, tuple[int, str]] = {}  # by column: for how many rows more a merged cell goes on
        for row, times in _rows(element):
            cells = self._cells(row, number, above, comments)
            number += times
            inside = [cell for cell in cells if columns[bisect_right(columns, cell[0], key=itemgetter(0)) - 1][1]]
            if attribute(row, "visibility") in _COLLAPSED:
                apart["row"] += [cells] if cells else []
                continue
            apart["column"] += [inside] if inside else []
            seen = [cell for cell in cells if cell not in inside] if inside else cells
            shown += [seen] * (min(times, MOST_REPEATED_ROWS) if seen else 1)
        said: list[Block] = [Paragraph("\n".join(comments))] if comments else []
        made = [*(block for part in sides(shown) for block in tables(part)), *said, *self._shapes(element)]
        for what, rows in apart.items():
            count = len({column for row in rows for column, _ in row}) if what == "column" else len(rows)
            if count:
                self.hidden.append(Hidden(what, count, [Heading(title, 1), *tables(rows)]))
        return [Heading(title, 1), *made] if made else []

    def _cells(self, row: Element, number: int, above: dict[int, tuple[int, str]], comments: list[str]) -> Row:
        """Return the cells of a sheet's row that hold something, each in its column; a merged one in each of its rows.

        Comments on them are added to `comments`.
        """
        cells: list[tuple[int, str]] = []
        column = 1
        for one in row:
            if name_of(one) not in ("table-cell", "covered-table-cell"):
                continue
            repeated = _count(one, "number-columns-repeated")
            self._comments = []
            text = flat(self.blocks(one)) or self._value(one)
            comments += [f"Comment on {_letters(column)}{number}: {said}" for said in self._comments]
            self._comments = None
            look = self._looks.of("table-cell", one)
            text = marked(in_font(look.font or "", text), look.shown().mark)
            if text and name_of(one) == "table-cell":
                if (wide := _count(one, "number-columns-spanned")) > 1:
                    text = Wide(text, column + wide - 1)
                cells += [(column + further, text) for further in range(min(repeated, MOST_COLUMNS))]
                if (spanned := _count(one, "number-rows-spanned")) > 1:
                    above[column] = spanned, text
            elif column in above:
                cells.append((column, above[column][1]))
            column += repeated
        for merged, (left, text) in list(above.items()):
            if left > 1:
                above[merged] = left - 1, text
            else:
                del above[merged]
        return cells

    def _value(self, cell: Element) -> str:
        """Return the value of a cell that does not say how it is shown."""
        for name in ("string-value", "date-value", "time-value", "boolean-value", "value"):
            if value := attribute(cell, name):
                return value
        if attribute(cell, "formula") and attribute(cell, "value-type") is None:
            self.not_calculated += 1
            return NOT_CALCULATED
        return ""

    def _shapes(self, element: Element) -> list[Block]:
        return [block for one in element if name_of(one) == "shapes" for block in self.blocks(one)]

    def _table(self, element: Element) -> list[Block]:
        rows: list[list[Cell]] = []
        is_inner, self._is_in_table = self._is_in_table, True
        most = 1 if is_inner else MOST_COLUMNS  # what is repeated in what is repeated would have no end
        for row, row_times in _rows(element):
            cells: list[Cell] = []
            for one in row:
                if name_of(one) == "covered-table-cell":
                    continue
                repeated = min(_count(one, "number-columns-repeated"), most)
                blocks = self.blocks(one)
                columns = min(_count(one, "number-columns-spanned"), MOST_COLUMNS)
                spanned = _count(one, "number-rows-spanned")
                cells += [Cell(blocks, columns, spanned) for _ in range(repeated)]
                if len(cells) > MOST_COLUMNS:
                    break
            while cells and not cells[-1].blocks:
                cells.pop()
            rows += [cells] * (min(row_times, 1 if is_inner else MOST_REPEATED_ROWS) if cells else 0)
        self._is_in_table = is_inner
        return table_blocks(rows, self.page)


def _letters(column: int) -> str:
    """Return a column's name: A to Z, then AA."""
    name = ""
    while column > 0:
        column, letter = divmod(column - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _hidden_columns(table: Element) -> list[tuple[int, bool]]:
    """Return from which column on columns are hidden or shown again."""
    found = [(0, False)]
    column = 1
    for one in table.iter():
        if name_of(one) == "table-column":
            is_hidden = attribute(one, "visibility") in _COLLAPSED
            if is_hidden != found[-1][1]:
                found.append((column, is_hidden))
            column += _count(one, "number-columns-repeated")
    if found[-1][1]:
        found.append((column, False))
    return found


def _rows(element: Element) -> list[tuple[Element, int]]:
    """Return a table's rows, and how often each is repeated."""
    rows: list[tuple[Element, int]] = []
    for one in element:
        name = name_of(one)
        if name == "table-row":
            rows.append((one, _count(one, "number-rows-repeated")))
        elif name in ("table-header-rows", "table-rows", "table-row-group"):
            rows += _rows(one)
    return rows


def _count(element: Element, name: str) -> int:
    text = attribute(element, name) or "1"
    return max(int(text), 1) if text.isdigit() and len(text) < 8 else 1
