"""Walk through the XML of a Word document in the order in which it is read."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec

from hubbub.ingest.blocks import Block, Heading, Paragraph
from hubbub.ingest.loaders import embedded
from hubbub.ingest.loaders.equations import equation
from hubbub.ingest.loaders.grids import MOST_COLUMNS, Cell, flat, table_blocks
from hubbub.ingest.loaders.inlaid import Inlaid
from hubbub.ingest.loaders.looks import RunLook, Text
from hubbub.ingest.loaders.ooxml import Relation
from hubbub.ingest.loaders.symbols import in_font, symbol
from hubbub.ingest.loaders.word_fields import Fields, is_balanced
from hubbub.ingest.loaders.word_parts import Parts
from hubbub.ingest.loaders.word_styles import OFF, numbering_of, run_look
from hubbub.ingest.loaders.xml import Element, attribute, child, name_of

_REMOVED = frozenset(("del", "moveFrom", "cellDel"))
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_NOTES = {"footnoteReference": "Footnote", "endnoteReference": "Endnote"}


class _Line(Text):
    """A paragraph that is being read."""

    after: list[Block] = msgspec.field(default_factory=list[Block])
    """What is anchored in it and stands beside it: text boxes, charts."""
    notes: list[str] = msgspec.field(default_factory=list[str])

    def text(self) -> str:
        """Its text, each of its lines on a line."""
        lines = (" ".join(line.split()) for line in self.take().split("\n"))
        return "\n".join(line for line in lines if line)


class _Flow(msgspec.Struct):
    """Blocks as they come; the items of a list become one block."""

    blocks: list[Block] = msgspec.field(default_factory=list[Block])
    items: list[str] = msgspec.field(default_factory=list[str])
    carried: _Line | None = None
    """A paragraph whose end was deleted: the next one goes on with it."""

    def add(self, *blocks: Block) -> None:
        if blocks:
            self.end_list()
            self.blocks += blocks

    def end_list(self) -> None:
        if self.items:
            self.blocks.append(Paragraph("\n".join(self.items)))
            self.items = []


class Walk:
    """Reads the elements of one document. Its lists and notes are counted on from call to call."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._part = parts.name
        self._has_symbols = parts.has_symbols(parts.name)
        self._fields = Fields(is_trusted=is_balanced(parts.document))
        self._noted: dict[str, list[str]] = {"Footnote": [], "Endnote": [], "Comment": []}
        self._marked = Counter[str]()
        self._look = RunLook()  # by the style of the paragraph
        self.pictures = 0
        self._inlaid = Inlaid(parts.package.data)
        self.embedded: list[Relation] = []
        """Where to find the documents within the document."""
        self._readers: dict[str, Callable[[Element, _Line], None]] = {
            "footnoteReference": self._note,
            "endnoteReference": self._note,
            "commentReference": self._comment,
            "fldChar": self._field,
            "instrText": self._field_code,
            "fldSimple": self._simple_field,
            "sym": self._symbol,
            "oMath": self._equation,
            "txbxContent": self._beside,
            "p": self._beside,
            "tbl": self._beside,
            "textpath": self._word_art,
            "ruby": self._ruby,
            "chart": self._graphic,
            "relIds": self._graphic,
            "blip": self._picture,
            "imagedata": self._picture,
            "OLEObject": self._object,
            "subDoc": self._subdocument,
            "AlternateContent": self._alternative,
        }

    def blocks(self, elements: Iterable[Element]) -> list[Block]:
        """Return the blocks of a body, a cell, a text box or a note."""
        flow = _Flow()
        for element in elements:
            self._block(element, flow)
        if flow.carried is not None:
            self._end_paragraph(flow.carried, None, flow)
        flow.end_list()
        return flow.blocks

    def text_of(self, root: Element, part: str) -> str:
        """Return the text of another part, such as a header, on one line."""
        outer, outer_fields = self._part, self._fields
        self._part, self._fields = part, Fields(is_trusted=is_balanced(root))
        self._has_symbols = self._parts.has_symbols(part)
        text = flat(self.blocks(root))
        self._part, self._fields = outer, self._back_to(outer_fields)
        self._has_symbols = self._parts.has_symbols(outer)
        return text

    def _block(self, element: Element, flow: _Flow) -> None:
        name = name_of(element)
        if name == "p":
            self._paragraph(element, flow)
        elif name == "tbl":
            flow.add(*self._table(element))
        elif name == "AlternateContent":
            for one in self._alternatives(element):
                before = len(flow.blocks), len(flow.items)
                for part in one:
                    self._block(part, flow)
                if (len(flow.blocks), len(flow.items)) != before:
                    return
        elif name == "altChunk":
            self._inserted(element, flow)
        elif name in ("r", "t", "oMath", "oMathPara", "hyperlink"):  # without a paragraph, as no Word writes it
            line = _Line()
            self._inline(element, line, RunLook())
            self._end_paragraph(line, None, flow)
        elif name not in _REMOVED and not name.endswith("Pr"):
            for one in element:
                self._block(one, flow)

    def _inserted(self, element: Element, flow: _Flow) -> None:
        """Read a file that Word shows as a part of the text."""
        relation = self._parts.related(self._part).get(attribute(element, "id") or "")
        blocks, omitted = embedded.inner(self._parts.package, [relation] if relation else [])
        flow.add(*blocks[1:])  # without the file's name
        if omitted or not relation:
            self._parts.lose("inserted_files", "inserted file was not read", "inserted files were not read")

    # Paragraphs

    def _paragraph(self, element: Element, flow: _Flow) -> None:
        line, flow.carried = flow.carried or _Line(), None
        properties = child(element, "pPr")
        outer = self._look
        self._look = self._parts.styles.resolved(self._style(properties)).look
        for one in element:
            self._inline(one, line, self._look)
        self._look = outer
        mark = child(properties, "rPr") if properties is not None else None
        frame = child(properties, "framePr") if properties is not None else None
        if attribute(frame, "dropCap") in ("drop", "margin"):
            flow.carried = line  # a large letter, with which the next paragraph begins
        elif mark is not None and any(name_of(one) in _REMOVED for one in mark):
            flow.carried = line
        else:
            self._end_paragraph(line, properties, flow)

    def _style(self, properties: Element | None) -> str:
        named = attribute(child(properties, "pStyle"), "val") if properties is not None else None
        return named or self._parts.styles.default

    def _end_paragraph(self, line: _Line, properties: Element | None, flow: _Flow) -> None:
        text = line.text()
        style_id = self._style(properties)
        number, depth = self._number(properties, style_id) if text else (None, 0)
        level = self._level(properties, style_id)
        if text and level is not None:
            numbered = f"{number} {text}" if number and number != "-" else text
            flow.add(Heading(" ".join(numbered.split()), level))
            flow.add(*(Paragraph(note) for note in line.notes))
        elif text and number is not None:
            lines = [f"{number} {text}".strip().replace("\n", "\n  "), *line.notes]
            flow.items.append("\n".join("  " * depth + one for one in lines))
        elif text or line.notes:
            flow.add(Paragraph("\n".join(part for part in (text, *line.notes) if part)))
        flow.add(*line.after)

    def _level(self, properties: Element | None, style_id: str) -> int | None:
        """Return a heading's level, from 1; 0 is that of the document's title."""
        outline = attribute(child(properties, "outlineLvl"), "val") if properties is not None else None
        level = int(outline) if outline is not None and outline.isdigit() else None
        if level is None:
            if self._parts.styles.is_named(style_id, "title"):
                return 0
            level = self._parts.styles.resolved(style_id).outline
        return level + 1 if level is not None and level < 9 else None

    def _number(self, properties: Element | None, style_id: str) -> tuple[str | None, int]:
        own = numbering_of(properties)
        inherited = self._parts.styles.resolved(style_id).numbering
        list_id = own[0] if own and own[0] else inherited[0] if inherited else ""
        level = own[1] if own else None
        if level is None:
            by_style = self._parts.numbering.level_of_style(list_id, style_id)
            level = by_style if by_style is not None else inherited[1] if inherited else 0
        return self._parts.numbering.next(list_id, level), level

    # Within a paragraph

    def _inline(self, element: Element, line: _Line, look: RunLook) -> None:
        name = name_of(element)
        if name == "t":
            text = element.text or ""
            if not self._fields.open or self._fields.takes(text):
                line.add(in_font(look.font, text) if look.font else text, look.shown())
        elif name in _SIGNS:
            line.add(_SIGNS[name])
        elif name == "docPr":
            self._describe(element, line)
        elif name in _REMOVED or name == "ffData" or name.endswith("Pr"):
            return
        elif name == "r":
            look = self._look_of(element, look)
            for one in element:
                self._inline(one, line, look)
        elif (read := self._readers.get(name)) is not None:
            read(element, line)
        else:
            for one in element:
                self._inline(one, line, look)

    def _look_of(self, run: Element, outer: RunLook) -> RunLook:
        own = run_look(child(run, "rPr"), has_symbols=self._has_symbols)
        return own.over(self._parts.styles.resolved(own.style).look.over(outer) if own.style else outer)

    def _describe(self, element: Element, line: _Line) -> None:
        if description := " ".join((attribute(element, "descr") or "").split()):
            line.notes.append(f"[Image: {description}]")

    def _note(self, element: Element, line: _Line) -> None:
        kind = _NOTES[name_of(element)]
        notes, part = (
            (self._parts.footnotes, self._parts.footnotes_part)
            if kind == "Footnote"
            else (self._parts.endnotes, self._parts.endnotes_part)
        )
        note_id = attribute(element, "id") or ""
        if note_id in notes and note_id not in self._noted[kind]:
            self._noted[kind].append(note_id)
            # A note with a mark of its own, such as an asterisk, has no number.
            has_mark = attribute(element, "customMarkFollows") not in (None, *OFF)
            self._marked[kind] += has_mark
            number = "" if has_mark else f" {len(self._noted[kind]) - self._marked[kind]}"
            if text := self.text_of(notes[note_id], part):
                line.notes.append(f"[{kind}{number}: {text}]")

    def _comment(self, element: Element, line: _Line) -> None:
        comment_id = attribute(element, "id") or ""
        comment = self._parts.comments.get(comment_id)
        if comment is None or comment_id in self._noted["Comment"]:
            return
        self._noted["Comment"].append(comment_id)
        line.notes += self._comment_text(comment)

    def _comment_text(self, comment: Element) -> list[str]:
        author = " ".join((attribute(comment, "author") or "").split())
        text = self.text_of(comment, self._parts.comments_part)
        return [f"[Comment{f' by {author}' if author else ''}: {text}]"] if text else []

    def comments_without_place(self) -> list[Block]:
        """Return the comments that no place in the document names; those of deleted text have one."""
        placed = {attribute(one, "id") for one in self._parts.document.iter("{*}commentReference")}
        lost = [comment for comment_id, comment in self._parts.comments.items() if comment_id not in placed]
        return [Paragraph(text) for comment in lost for text in self._comment_text(comment)]

    def _symbol(self, element: Element, line: _Line) -> None:
        line.add(symbol(attribute(element, "font") or "", attribute(element, "char") or ""))

    def _field(self, element: Element, line: _Line) -> None:
        line.add(self._fields.step(element))

    def _field_code(self, element: Element, line: _Line) -> None:
        self._fields.add_code(element.text or "")

    def _simple_field(self, element: Element, line: _Line) -> None:
        before = len(line.pieces)
        for one in element:
            self._inline(one, line, self._look)
        if not "".join(line.pieces[before:]).strip():
            line.add(self._fields.of_code(attribute(element, "instr") or ""))

    def _equation(self, element: Element, line: _Line) -> None:
        line.add(f" {' '.join(equation(element).split())} ")

    def _beside(self, element: Element, line: _Line) -> None:
        # A text box lies outside the field that it is anchored in.
        outer, self._fields = self._fields, Fields(is_trusted=is_balanced(element))
        line.after += self.blocks([element] if name_of(element) in ("p", "tbl") else element)
        self._fields = self._back_to(outer)

    def _back_to(self, outer: Fields) -> Fields:
        """Return the fields around a part whose own have ended, with its count."""
        outer.not_calculated += self._fields.not_calculated
        return outer

    @property
    def not_calculated(self) -> int:
        """How many fields have no result."""
        return self._fields.not_calculated

    def _word_art(self, element: Element, line: _Line) -> None:
        if text := " ".join((attribute(element, "string") or "").split()):
            line.after.append(Paragraph(text))

    def _ruby(self, element: Element, line: _Line) -> None:
        base, above = child(element, "rubyBase"), _Line()
        for one in base if base is not None else ():
            self._inline(one, line, self._look)
        for one in () if (reading := child(element, "rt")) is None else reading:
            self._inline(one, above, RunLook())
        if text := above.text():
            line.add(f"({text})")

    def _graphic(self, element: Element, line: _Line) -> None:
        """Read a chart or a diagram, which is a part of its own."""
        related = self._parts.related(self._part)
        for key in ("id", "dm"):
            relation = related.get(attribute(element, key) or "")
            if relation is not None:
                line.after += self._parts.graphic(relation)

    def _picture(self, element: Element, line: _Line) -> None:
        named = attribute(element, "embed") or attribute(element, "id") or ""
        relation = self._parts.related(self._part).get(named)
        if relation is None:
            self.pictures += 1
        elif not any(name_of(above) == "object" for above in element.iterancestors()):  # else it stands for a document
            line.after += self._inlaid.read(relation.target)

    def _object(self, element: Element, line: _Line) -> None:
        relation = self._parts.related(self._part).get(attribute(element, "id") or "")
        if relation is not None:
            self.embedded.append(relation)
        else:
            self._parts.lose("embedded_objects", "linked object was not read", "linked objects were not read")

    def _subdocument(self, element: Element, line: _Line) -> None:
        self._parts.lose("linked_documents", "linked document was not read", "linked documents were not read")

    def _alternative(self, element: Element, line: _Line) -> None:
        for one in self._alternatives(element):
            before = len(line.pieces), len(line.after), len(line.notes)
            for part in one:
                self._inline(part, line, self._look)
            if (len(line.pieces), len(line.after), len(line.notes)) != before:
                return

    @staticmethod
    def _alternatives(element: Element) -> Iterator[Element]:
        """Yield the ways to show the same thing, the newest first. One of them is to be read."""
        yield from (one for one in element if name_of(one) == "Choice")
        yield from (one for one in element if name_of(one) == "Fallback")

    # Tables

    def _table(self, element: Element) -> list[Block]:
        rows: list[list[Cell]] = []
        merged: dict[int, Cell] = {}  # the cells that may go on below, by column
        for row in _within(element, "tr"):
            properties = child(row, "trPr")
            if properties is not None and any(name_of(one) in _REMOVED for one in properties):
                continue
            skipped = _count(child(properties, "gridBefore")) if properties is not None else 0
            cells: list[Cell] = [Cell([], skipped)] if skipped else []
            column = skipped
            below: dict[int, Cell] = {}
            for one in _within(row, "tc"):
                span = child(one, "tcPr")
                width = max(_count(child(span, "gridSpan")) if span is not None else 1, 1)
                merge = child(span, "vMerge") if span is not None else None
                above = merged.get(column)
                if merge is not None and attribute(merge, "val") != "restart" and above is not None:
                    above.rows += 1
                    above.blocks += self.blocks(one)  # as a rule there is nothing
                    below[column] = above
                elif span is not None and any(name_of(part) in _REMOVED for part in span):
                    cells.append(Cell([], width))
                else:
                    cell = Cell(self.blocks(one), width, is_name=not (rows and column) and _is_bold(one))
                    cells.append(cell)
                    if merge is not None:
                        below[column] = cell
                column += width
            merged = below
            rows.append(cells)
        return table_blocks(rows)


def _within(element: Element, name: str) -> Iterator[Element]:
    """Yield the rows of a table, or the cells of a row, whatever wraps them."""
    for one in element:
        if (found := name_of(one)) == name:
            yield one
        elif found not in _REMOVED and found not in ("tr", "tc") and not found.endswith("Pr"):
            yield from _within(one, name)


def _is_bold(cell: Element) -> bool:
    """Tell whether all text of a cell is bold, as its runs say, as names of columns or rows are."""
    runs = [one for one in cell.iter() if name_of(one) == "r" and any(name_of(part) == "t" for part in one)]
    marks = [child(run, "rPr", "b") for run in runs]
    return bool(runs) and all(mark is not None and attribute(mark, "val") not in OFF for mark in marks)


def _count(element: Element | None) -> int:
    text = attribute(element, "val") or ""
    return min(int(text), MOST_COLUMNS) if text.isdigit() else 0
