"""Read OpenDocument: texts, spreadsheets and presentations."""

import zipfile
import zlib
from typing import BinaryIO

from hubbub.core.errors import Invalid
from hubbub.ingest.blocks import Block, Heading, Loaded, Paragraph
from hubbub.ingest.loaders.grids import MOST_COLUMNS, Cell, flat, table_blocks
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
    )
)
_DAMAGED = "The file is damaged. Save it anew and add it again."


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
                raise Invalid("The file is encrypted: remove its password and add it again.", code="encrypted")
            content = parse(archive.read("content.xml"))
            meta = parse(archive.read("meta.xml")) if "meta.xml" in names else None
            styles = parse(archive.read("styles.xml")) if "styles.xml" in names else None
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, zlib.error, OSError, NotImplementedError) as error:
        raise Invalid(_DAMAGED, code="corrupt") from error
    body = child(content, "body")
    if body is None:
        raise Invalid(_DAMAGED, code="corrupt")
    walk = _Walk()
    try:
        blocks = [*_margins(walk, styles, "header"), *walk.blocks(body), *_margins(walk, styles, "footer")]
    except RecursionError as error:
        raise Invalid("The file is nested too deeply to be read.", code="corrupt") from error
    title = ""
    if meta is not None:
        title = next((one.text or "" for one in meta.iter() if name_of(one) == "title"), "").strip()
    return Loaded(blocks, title=title, pages=walk.page or 0)


def _margins(walk: "_Walk", styles: Element | None, kind: str) -> list[Block]:
    found = [one for one in styles.iter() if name_of(one) == kind] if styles is not None else []
    texts = dict.fromkeys(text for one in found if (text := flat(walk.blocks(one))))
    return [Paragraph(f"[{kind.capitalize()}: {text}]") for text in texts]


class _Walk:
    def __init__(self) -> None:
        self.page: int | None = None
        self._after: list[str] = []
        self._beside: list[Block] = []

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
                lines = self._items(one, 0)
                blocks += [Paragraph("\n".join(lines), self.page)] if lines else []
            elif name == "table":
                if root.tag.endswith("}spreadsheet") and (title := attribute(one, "name")):
                    made = self._table(one)
                    blocks += [Heading(title, 1), *made] if made else []
                else:
                    blocks += self._table(one)
            elif name == "page":
                self.page = (self.page or 0) + 1
                blocks.append(Heading(attribute(one, "name") or f"Slide {self.page}", 1, self.page))
                blocks += self.blocks(one)
            elif name == "notes" and (text := flat(self.blocks(one))):
                blocks.append(Paragraph(f"[Notes: {text}]", self.page))
            elif name and name not in _SKIPPED and name != "notes":
                blocks += self.blocks(one)
        return blocks

    def _line(self, element: Element) -> tuple[str, list[Block]]:
        outer_after, outer_beside = self._after, self._beside
        self._after, self._beside = [], []
        text = "".join(self._pieces(element))
        lines = [line for one in text.split("\n") if (line := " ".join(one.split()))]
        made, beside = "\n".join([*lines, *self._after]), self._beside
        self._after, self._beside = outer_after, outer_beside
        return made, beside

    def _pieces(self, element: Element) -> list[str]:
        pieces = [element.text or ""]
        for one in element:
            name = name_of(one)
            if name in ("s", "tab"):
                pieces.append(" ")
            elif name == "line-break":
                pieces.append("\n")
            elif name == "note":
                body, kind = child(one, "note-body"), attribute(one, "note-class") or "footnote"
                citation = child(one, "note-citation")
                mark = (citation.text or "").strip() if citation is not None else ""
                if body is not None and (text := flat(self.blocks(body))):
                    self._after.append(f"[{kind.capitalize()} {mark}: {text}]".replace(" :", ":"))
            elif name == "annotation":
                author = child(one, "creator")
                by = f" by {author.text}" if author is not None and author.text else ""
                if text := flat(self.blocks(one)):
                    self._after.append(f"[Comment{by}: {text}]")
            elif name in ("text-box", "table"):
                self._beside += self.blocks(one) if name == "text-box" else self._table(one)
            elif name == "ruby-text" and one.text:
                pieces.append(f"({one.text})")
            elif name and name not in _SKIPPED:
                pieces += self._pieces(one)
            pieces.append(one.tail or "")
        return pieces

    def _items(self, element: Element, depth: int) -> list[str]:
        lines: list[str] = []
        for item in element:
            lead = "- "
            for one in item:
                if name_of(one) == "list":
                    lines += self._items(one, depth + 1)
                    continue
                if text := flat(self.blocks([one])):
                    lines.append("  " * min(depth, 10) + lead + text)
                    lead = "  "
        return lines

    def _table(self, element: Element) -> list[Block]:
        rows: list[list[Cell]] = []
        for row in _rows(element):
            cells: list[Cell] = []
            for one in row:
                if name_of(one) == "covered-table-cell":
                    continue
                repeated = min(_count(one, "number-columns-repeated"), MOST_COLUMNS)
                blocks = self.blocks(one)
                columns = min(_count(one, "number-columns-spanned"), MOST_COLUMNS)
                spanned = _count(one, "number-rows-spanned")
                cells += [Cell(blocks, columns, spanned) for _ in range(repeated)]
                if len(cells) > MOST_COLUMNS:
                    break
            while cells and not cells[-1].blocks:
                cells.pop()
            times = min(_count(row, "number-rows-repeated"), MOST_REPEATED_ROWS) if cells else 0
            rows += [cells] * times
        return table_blocks(rows, self.page)


def _rows(element: Element) -> list[Element]:
    rows: list[Element] = []
    for one in element:
        name = name_of(one)
        if name == "table-row":
            rows.append(one)
        elif name in ("table-header-rows", "table-rows", "table-row-group"):
            rows += _rows(one)
    return rows


def _count(element: Element, name: str) -> int:
    text = attribute(element, name) or "1"
    return max(int(text), 1) if text.isdigit() and len(text) < 8 else 1
