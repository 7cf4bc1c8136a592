"""Find the parts of a Word document: its body, notes, comments, headers, charts, and what lies in its folder."""

import zlib
from collections.abc import Iterator, Sequence
from zipfile import BadZipFile

import msgspec

from hubbub.core.documents import Omission
from hubbub.ingest.blocks import Block
from hubbub.ingest.loaders.drawings import graphic
from hubbub.ingest.loaders.ooxml import Package, Relation, damaged, parsed
from hubbub.ingest.loaders.symbols import may_name_symbols
from hubbub.ingest.loaders.word_styles import Numbering, Styles, is_on
from hubbub.ingest.loaders.xml import Element, attribute, child, name_of

_BROKEN = (SyntaxError, BadZipFile, zlib.error, OSError, EOFError, ValueError)
_REMOVED = frozenset(("del", "moveFrom"))


class Section(msgspec.Struct):
    """A part of a document with headers and footers of its own."""

    references: list[tuple[str, str, str]]
    """Of each: header or footer, when it is shown (default, first, even), and its part's name."""
    has_title_page: bool
    has_even_pages: bool

    def margins(self, kind: str) -> Iterator[tuple[str, bool]]:
        """Yield the names of its headers or footers, and whether each is shown."""
        order = {"first": 0, "even": 2}
        for one, when, name in sorted(self.references, key=lambda reference: order.get(reference[1], 1)):
            if one == kind:
                yield name, {"first": self.has_title_page, "even": self.has_even_pages}.get(when, True)


class Parts:
    """A Word document's parts.

    Raises:
        Invalid: it is damaged, or no Word document.
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        self.name = package.main()
        self._symbolic: set[str] = set()  # the parts that may name symbol fonts
        document = self._xml(self.name)
        if document is None:
            raise damaged()
        self.document = document
        self._roots: dict[str, Element | None] = {self.name: document}
        self._relations: dict[str, dict[str, Relation]] = {}
        self._lost: dict[tuple[str, str, str], int] = {}
        by_kind = {one.kind: one.target for one in self.related(self.name).values()}
        self._styles_part = by_kind.get("styles", "")
        styles = self.root(self._styles_part)
        self.styles = Styles(styles, has_symbols=self._styles_part in self._symbolic)
        self.numbering = Numbering(self.root(by_kind.get("numbering", "")))
        self.comments, self.comments_part = self._by_id(by_kind.get("comments", ""))
        self.footnotes, self.footnotes_part = self._by_id(by_kind.get("footnotes", ""))
        self.endnotes, self.endnotes_part = self._by_id(by_kind.get("endnotes", ""))
        settings = self.root(by_kind.get("settings", ""))
        self._has_even_pages = settings is not None and bool(is_on(child(settings, "evenAndOddHeaders")))
        self.held = sum(
            _held(root)
            for name in (self.name, self.footnotes_part, self.endnotes_part)
            if (root := self.root(name)) is not None
        )

    def root(self, name: str) -> Element | None:
        """Return a part's root, None where there is none. One that is damaged is noted as lost."""
        if name not in self._roots:
            try:
                self._roots[name] = self._xml(name) if name else None
            except _BROKEN:
                self.lose("damaged_parts", "part of the file is damaged", "parts of the file are damaged")
                self._roots[name] = None
        return self._roots[name]

    def _xml(self, name: str) -> Element | None:
        data = self.package.read(name)
        if data is None:
            return None
        if may_name_symbols(data):
            self._symbolic.add(name)
        return parsed(data)

    def has_symbols(self, name: str) -> bool:
        """Tell whether text of a part that was read may be set in a symbol font."""
        return name in self._symbolic or self._styles_part in self._symbolic

    def related(self, name: str) -> dict[str, Relation]:
        """Return what a part refers to, by the ids that it uses."""
        if name not in self._relations:
            try:
                self._relations[name] = self.package.relations(name)
            except _BROKEN:
                self._relations[name] = {}
        return self._relations[name]

    def graphic(self, relation: Relation) -> list[Block]:
        """Return what a chart or a diagram says; one that is damaged is noted as lost."""
        try:
            return graphic(self.package, relation.kind, relation.target)
        except _BROKEN:
            self.lose("damaged_parts", "part of the file is damaged", "parts of the file are damaged")
            return []

    def _by_id(self, name: str) -> tuple[dict[str, Element], str]:
        root = self.root(name)
        notes: dict[str, Element] = {}
        for one in root if root is not None else ():
            # What parts notes from the text has a type, and is no note.
            if attribute(one, "type") in (None, "normal") and name_of(one) in ("comment", "footnote", "endnote"):
                notes.setdefault(attribute(one, "id") or "", one)
        return notes, name

    def sections(self, body: Element) -> list[tuple[Section, Sequence[Element]]]:
        """Return the body's sections, each with the elements in it."""
        found: list[tuple[Section, Sequence[Element]]] = []
        elements: list[Element] = []
        for one in body:
            if name_of(one) == "sectPr":
                found.append((self._section(one), elements))
                elements = []
                continue
            elements.append(one)
            end = child(one, "pPr", "sectPr") if name_of(one) == "p" else None
            if end is not None:
                found.append((self._section(end), elements))
                elements = []
        if elements or not found:
            found.append((Section([], False, False), elements))
        return found

    def _section(self, properties: Element) -> Section:
        related = self.related(self.name)
        references: list[tuple[str, str, str]] = []
        for one in properties:
            name = name_of(one)
            if name in ("headerReference", "footerReference") and (relation := related.get(_relation_id(one))):
                references.append(
                    (name.removesuffix("Reference"), attribute(one, "type") or "default", relation.target)
                )
        return Section(references, bool(is_on(child(properties, "titlePg"))), self._has_even_pages)

    def lose(self, kind: str, one: str, many: str) -> None:
        """Note that something was left out, in the words for one and for many."""
        self._lost[kind, one, many] = self._lost.get((kind, one, many), 0) + 1

    def lose_pictures(self, count: int) -> None:
        """Note that a document says what it says in pictures."""
        words = ("picture was not read", "pictures were not read")
        self._lost["pictures", *words] = count

    def lose_fields(self, count: int) -> None:
        """Note that fields have no result."""
        words = ("field is not calculated in the file", "fields are not calculated in the file")
        self._lost["fields_not_calculated", *words] = count

    def omissions(self) -> tuple[Omission, ...]:
        """Return what was noted."""
        return tuple(
            Omission(kind, f"1 {one}" if count == 1 else f"{count} {many}", count)
            for (kind, one, many), count in self._lost.items()
        )


def _relation_id(element: Element) -> str:
    return attribute(element, "id") or ""


def _held(root: Element) -> int:
    """Count the characters of a part's text crudely, white space and what was deleted aside."""
    count = 0
    left = [root]
    while left:
        for one in left.pop():
            name = name_of(one)
            if name == "t":
                count += len("".join((one.text or "").split()))
            elif name == "AlternateContent":
                left += [part for part in one if name_of(part) == "Choice"][:1] or list(one)[:1]
            elif name not in _REMOVED:
                left.append(one)
    return count
