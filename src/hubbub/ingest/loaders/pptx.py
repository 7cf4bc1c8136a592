"""Read PowerPoint presentations: a slide is a page, its title a heading; shapes in reading order and notes follow."""

import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from hubbub.core.documents import Omission
from hubbub.ingest.blocks import Block, Heading, Hidden, Loaded, Paragraph, Table
from hubbub.ingest.gauge import read_so_far
from hubbub.ingest.loaders import embedded
from hubbub.ingest.loaders.crude import held
from hubbub.ingest.loaders.drawings import drop_fallbacks, graphic, paragraph_text, paragraphs
from hubbub.ingest.loaders.grids import MOST_COLUMNS, Cell, table_blocks
from hubbub.ingest.loaders.inlaid import Inlaid
from hubbub.ingest.loaders.ooxml import Package, Relation, damaged, relation_id
from hubbub.ingest.loaders.slide_lists import items

_DAMAGE = (SyntaxError, zipfile.BadZipFile, zlib.error, EOFError)
_SHAPES = ("sp", "grpSp", "graphicFrame", "cxnSp", "pic")
_TITLES = ("title", "ctrTitle")
_SAME_ROW = 0.04
"""Shapes whose tops differ by less than this part of a slide's height stand in one row."""
_USUAL_HEIGHT = 6_858_000
"""Of a slide, in English Metric Units."""
MOST_DEPTH = 50


def load(file: BinaryIO) -> Loaded:
    """Return the slides' titles, texts, tables, charts, diagrams, notes and comments.

    Raises:
        Invalid: it is damaged.
    """
    package = Package(file)
    try:
        main = package.main()
        root = package.xml(main)
        relations = package.relations(main)
    except _DAMAGE as error:
        raise damaged() from error
    if root is None:
        raise damaged()
    size = root.find("{*}sldSz")
    height = _whole(size.get("cy")) if size is not None else 0
    blocks: list[Block] = []
    hidden: list[Hidden] = []
    pages = broken = 0
    objects: list[Relation] = []
    inlaid = Inlaid(package.data)
    behind: set[str] = set()
    slides = root.findall("{*}sldIdLst/{*}sldId")
    for pages, slide in enumerate(slides, start=1):
        read_so_far(pages - 1, len(slides))
        relation = relations.get(relation_id(slide))
        try:
            found = _Slide(package, relation.target, pages, height or _USUAL_HEIGHT, inlaid) if relation else None
        except _DAMAGE:
            found = None
        if found is not None:
            objects += found.relations() if not found.is_hidden else []
            hidden += found.hidden_shapes()
        if found is None:
            broken += 1
        elif found.is_hidden:
            hidden.append(Hidden("slide", 1, found.blocks))
        else:
            blocks += found.blocks
            new = [text for text in found.behind() if text not in behind]
            behind.update(new)
            blocks += [Paragraph("\n".join(f"[Behind the slide: {text}]" for text in new), pages)] if new else []
    if broken and broken == pages:
        raise damaged()
    inner, lost = embedded.inner(package, objects)
    parts = package.parts("ppt/slides/slide", "ppt/notesslides/notes", "ppt/charts/chart", "ppt/diagrams/data")
    return Loaded(
        [*blocks, *inner],
        title=package.title(),
        pages=pages,
        hidden=tuple(hidden),
        omitted=(*_omitted(broken, pages), *lost),
        held=held(package, parts),
    )


def _omitted(broken: int, pages: int) -> tuple[Omission, ...]:
    if not broken:
        return ()
    said = f"{broken} of {pages} slides {'is' if broken == 1 else 'are'} damaged"
    return (Omission("damaged_slides", said, broken, pages),)


class _Slide:
    """A slide and what it says."""

    def __init__(self, package: Package, part: str, page: int, height: int, inlaid: Inlaid) -> None:
        root = package.xml(part)
        if root is None:
            raise SyntaxError(part)
        drop_fallbacks(root)
        self._package = package
        self._inlaid = inlaid
        self._relations = package.relations(part)
        self._page = page
        self._height = height
        self._places = self._inherited_places()
        self.is_hidden = root.get("show") in ("0", "false")
        self._shows_master = root.get("showMasterSp") not in ("0", "false")
        self._unseen: list[Any] = []
        tree = root.find("{*}cSld/{*}spTree")
        shapes = [] if tree is None else list(tree)
        title = next((shape for shape in shapes if _placeholder(shape)[0] in _TITLES), None)
        name = " ".join(paragraphs(title)) if title is not None else ""
        # A slide without a title ends the section of the one before, too.
        mark = " (hidden slide)" if self.is_hidden else ""
        self.blocks: list[Block] = [Heading(f"{name or f'Slide {page}'}{mark}", 1, page)]
        self.blocks += self._read_all((shape for shape in shapes if shape is not title), 0)
        self.blocks += self._said_beside()

    def _inherited_places(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return where the layout puts placeholders, by their type and by their index."""
        found: dict[tuple[str, str], tuple[int, int]] = {}
        layouts = [one.target for one in self._relations.values() if one.kind == "slideLayout"]
        masters = [part for layout in layouts for part in self._package.related(layout, "slideMaster")]
        for part in (*masters, *layouts):  # what the layout says goes before what the master says
            root = self._package.xml(part)
            for shape in () if root is None else root.iter("{*}sp"):
                kind, index = _placeholder(shape)
                if (place := _place(shape)) is not None:
                    found["type", kind] = place
                    if part in layouts:
                        found["index", index] = place
        return found

    def behind(self) -> list[str]:
        """Return what the layout and the master show on each of their slides, placeholders aside."""
        layouts = [one.target for one in self._relations.values() if one.kind == "slideLayout"]
        parts = layouts if self._shows_master else []
        for layout in parts[:]:
            root = self._package.xml(layout)
            if root is not None and root.get("showMasterSp") not in ("0", "false"):
                parts = [*parts, *self._package.related(layout, "slideMaster")]
        roots = [root for part in parts if (root := self._package.xml(part)) is not None]
        shapes = [shape for root in roots for shape in root.iter("{*}sp") if not _placeholder(shape)[0]]
        return [text for shape in shapes if (text := " ".join(paragraphs(shape)))]

    def _inherited(self, kind: str, index: str) -> tuple[int, int] | None:
        """Return where a placeholder stands that doesn't say it: the master has one body for all kinds of content."""
        if not kind:
            return None
        wanted = (("index", index), ("type", kind), ("type", "body"))
        return next((self._places[one] for one in wanted if one in self._places), None)

    def _ordered(self, shapes: Iterator[Any]) -> list[Any]:
        """Return shapes row by row, each row from the left; those without a place come where they are drawn."""
        placed: list[tuple[int, int, Any]] = []
        top = left = 0
        for shape in shapes:
            if shape.tag.rpartition("}")[2] not in _SHAPES:
                continue
            left, top = _place(shape) or self._inherited(*_placeholder(shape)) or (left, top)
            placed.append((top, left, shape))
        placed.sort(key=lambda one: one[0])
        rows: list[list[tuple[int, int, Any]]] = []
        for one in placed:
            if rows and one[0] - rows[-1][0][0] <= self._height * _SAME_ROW:
                rows[-1].append(one)
            else:
                rows.append([one])
        return [shape for row in rows for _, _, shape in sorted(row, key=lambda one: one[1])]

    def relations(self) -> list[Relation]:
        """Return what it leads to."""
        return list(self._relations.values())

    def hidden_shapes(self) -> list[Hidden]:
        """Return the shapes that are hidden on the slide."""
        found = [(shape, self._read(shape, 0)) for shape in self._unseen]
        heading = Heading(f"Slide {self._page} (hidden shapes)", 1, self._page)
        return [Hidden("shape", 1, [heading, *blocks]) for _, blocks in found if blocks]

    def _read_all(self, shapes: Iterator[Any], depth: int) -> list[Block]:
        """Return what shapes say; those that are hidden are noted."""
        blocks: list[Block] = []
        for shape in self._ordered(shapes):
            if any(one.get("hidden") in ("1", "true") for one in shape.iterfind("{*}*/{*}cNvPr")):
                self._unseen.append(shape)
            else:
                blocks += self._read(shape, depth)
        return blocks

    def _read(self, shape: Any, depth: int) -> list[Block]:
        name = shape.tag.rpartition("}")[2]
        if name == "grpSp":
            if depth > MOST_DEPTH:
                return []
            return self._read_all(iter(shape), depth + 1)
        if name == "graphicFrame":
            return self._graphic(shape)
        if name == "pic":
            said = (" ".join(one.get("descr", "").split()) for one in shape.iterfind("{*}nvPicPr/{*}cNvPr"))
            told: list[Block] = [Paragraph(f"[Image: {text}]", self._page) for text in said if text]
            return told + self._inlaid_in(shape)
        lines = list(items(shape))
        mark = "- " if len(lines) > 1 else ""
        texts = [f"{number} {line}" if number else mark + line for number, line in lines]
        return [Paragraph("\n".join(texts), self._page)] if texts else []

    def _inlaid_in(self, shape: Any) -> list[Block]:
        """Return what pictures say that a shape shows."""
        named = [self._relations.get(relation_id(one, "embed")) for one in shape.iterfind("{*}blipFill/{*}blip")]
        return [block for one in named if one is not None for block in self._inlaid.read(one.target, self._page)]

    def _graphic(self, frame: Any) -> list[Block]:
        blocks: list[Block] = []
        for table in frame.iter("{*}tbl"):
            rows = [row.findall("{*}tc") for row in table.iter("{*}tr")]
            if any(_is_covered(cell) for row in rows for cell in row):
                cells = [[_cell(one) for one in row if not _is_covered(one)] for row in rows]
                blocks += table_blocks([row for row in cells if any(cell.blocks for cell in row)], self._page)
                continue
            texts = (tuple(" ".join(paragraphs(cell)) for cell in row) for row in rows)
            filled = tuple(row for row in texts if any(row))
            blocks += [Table(filled, self._page)] if filled else []
        for element in frame.iter("{*}chart", "{*}relIds"):
            relation = self._relations.get(relation_id(element) or relation_id(element, "dm"))
            if relation is not None:
                blocks += graphic(self._package, relation.kind, relation.target, self._page)
        return blocks

    def _said_beside(self) -> list[Block]:
        """Return the speaker's notes and the comments."""
        blocks: list[Block] = []
        for relation in self._relations.values():
            if relation.kind not in ("notesSlide", "comments"):
                continue
            root = self._package.xml(relation.target)
            if root is None:
                continue
            if relation.kind == "notesSlide":
                blocks += [Paragraph(text, self._page) for text in _notes(root)]
            else:
                lines = [f"Comment: {text}" for comment in root.iter("{*}cm") if (text := _comment(comment))]
                blocks += [Paragraph("\n".join(lines), self._page)] if lines else []
        return blocks


def _cell(cell: Any) -> Cell:
    text = " ".join(paragraphs(cell))
    columns, rows = (min(max(_whole(cell.get(name, "1")), 1), MOST_COLUMNS) for name in ("gridSpan", "rowSpan"))
    return Cell([Paragraph(text)] if text else [], columns, rows)


def _is_covered(cell: Any) -> bool:
    """Tell whether a cell lies below one that goes over it."""
    return any(cell.get(name) in ("1", "true") for name in ("hMerge", "vMerge"))


def _notes(root: Any) -> Iterator[str]:
    """Yield the notes of a page of notes, then what else is written there but the slide's number."""
    notes: list[str] = []
    others: list[str] = []
    for shape in root.iter("{*}sp", "{*}graphicFrame"):
        kind = _placeholder(shape)[0]
        if kind != "sldNum":
            (notes if kind == "body" else others).extend(paragraphs(shape))
    if notes:
        yield "Notes: " + "\n".join(notes)
    if others:
        yield "Beside the notes: " + "\n".join(others)


def _comment(comment: Any) -> str:
    old = " ".join((comment.findtext("{*}text") or "").split())
    return old or " ".join(filter(None, (paragraph_text(one) for one in comment.iter("{*}p"))))


def _placeholder(shape: Any) -> tuple[str, str]:
    """Return a placeholder's type and its index; "" for a shape that is none."""
    for found in shape.iterfind("{*}nvSpPr/{*}nvPr/{*}ph"):
        return found.get("type", "obj"), found.get("idx", "")
    return "", ""


def _place(shape: Any) -> tuple[int, int] | None:
    """Return where a shape stands, from the left and from the top; None where it doesn't say."""
    for path in ("{*}spPr/{*}xfrm/{*}off", "{*}grpSpPr/{*}xfrm/{*}off", "{*}xfrm/{*}off"):
        found = shape.find(path)
        if found is not None:
            return _whole(found.get("x")), _whole(found.get("y"))
    return None


def _whole(text: str | None) -> int:
    digits = (text or "").lstrip("-")
    number = int(digits) if digits.isdigit() and len(digits) < 12 else 0
    return -number if (text or "").startswith("-") else number
