"""Read XML of any kind, SVG among it: its text, each value led by the name of its element."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from hubbub.core.documents import Omission
from hubbub.core.errors import Invalid
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Code, Heading, Loaded, Paragraph
from hubbub.ingest.loaders import flat_office, html, odf
from hubbub.ingest.loaders.encoding import decode
from hubbub.ingest.loaders.grids import flat
from hubbub.ingest.loaders.tables import Row, tables
from hubbub.ingest.loaders.xml import Element, attribute, name_of, parse

VALUE_LENGTH = 100
"""A longer text stands for itself; a shorter one is a value, and needs its element's name."""
_HTML = re.compile(r"<(?:p|br|div|a|b|i|ul|li|span|img|table)\b[^>]*>", re.IGNORECASE)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")


def load(file: BinaryIO) -> Loaded:
    """Return a document's text, in the order in which it stands.

    Raises:
        Invalid: it is damaged.
    """
    data = file.read()
    root, omitted = _root(data)
    try:
        name = name_of(root)
        if name == "html":
            return html.read_page(html.decode_page(data))
        if name == "package" or name == "wordDocument":
            return flat_office.read(root)
        if name == "document" and attribute(root, "mimetype"):
            return odf.read(root)
        if name == "svg":
            return Loaded(_drawing(root), omitted=omitted)
        if name == "Workbook":
            return Loaded(list(_workbook(root)), omitted=omitted)
        return Loaded(list(_values(root)), omitted=omitted)
    except RecursionError as error:
        raise Invalid(because("nested_too_deeply"), code="corrupt") from error


def _root(data: bytes) -> tuple[Element, tuple[Omission, ...]]:
    """Return a document's root, and what is said of one that is damaged: as much of it as can be told is read."""
    try:
        return parse(data, resolves=True), ()
    except Invalid as error:
        fault = error
    # It may not be in the encoding that it names.
    text = _DECLARATION.sub("", decode(data)).encode()
    try:
        return parse(text, resolves=True), ()
    except Invalid:
        root = parse(text, resolves=True, recovers=True)
    if not _text(root):
        raise fault
    return root, (Omission("xml", "its XML is damaged, and it was read as far as it can be told"),)


def _text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _drawing(root: Element) -> list[Block]:
    lines: list[str] = []
    left: list[Element] = [root]
    while left:
        one = left.pop()
        name = name_of(one)
        is_hidden = one.get("display") == "none" or one.get("visibility") == "hidden" if name else True
        if is_hidden or name in ("defs", "symbol", "style", "script", "metadata"):
            continue
        if name == "text":
            for part in one.iterdescendants():
                if _is_placed(part):
                    part.text = f" {part.text or ''}"
            lines.append(_text(one))
        elif name in ("title", "desc", "foreignObject"):
            lines.append(_text(one))
        else:
            left += reversed(list(one))
    return [Paragraph("\n".join(filter(None, lines)))] if any(lines) else []


def _is_placed(piece: Element) -> bool:
    """Tell whether a piece of text begins a line or a word; single letters are placed for looks."""
    names = set(piece.keys())
    return bool(names & {"y", "dy"}) or ("x" in names and len(piece.text or "") > 1)


def _workbook(root: Element) -> Iterator[Block]:
    """Yield the sheets of a workbook of Excel 2003."""
    for sheet in root.iter():
        if name_of(sheet) == "Worksheet":
            rows = [row for one in sheet.iter() if name_of(one) == "Row" and (row := _row(one))]
            if made := tables(rows):
                yield Heading(attribute(sheet, "Name") or "Sheet", 1)
                yield from made


def _row(row: Element) -> Row:
    """Return the cells of a row that hold something; those that are left out are counted by an index."""
    cells: Row = []
    column = 0
    for cell in row:
        if name_of(cell) != "Cell":
            continue
        index = attribute(cell, "Index") or ""
        column = int(index) if index.isdigit() and len(index) < 6 else column + 1
        if text := _text(cell):
            cells.append((column, text))
        across = attribute(cell, "MergeAcross") or ""
        column += int(across) if across.isdigit() and len(across) < 6 else 0
    return cells


def _values(root: Element) -> Iterator[Block]:
    lines: list[str] = []
    left: list[Element] = [root]
    while left:
        one = left.pop()
        name = name_of(one)
        if not name:
            continue
        parts = [part for part in one if name_of(part)]
        lines += [f"{name}.{key.rpartition('}')[2]}: {value}" for key, value in one.attrib.items() if value.strip()]
        is_mixed = bool(parts) and any(text.strip() for text in (one.text or "", *(part.tail or "" for part in parts)))
        if parts and not is_mixed:
            if lines:
                yield Code("\n".join(lines))
            lines = []
            left += reversed(parts)
            continue
        text = _text(one)
        if _HTML.search(text):
            text = flat(html.read_page(text).blocks)
        if len(text) > VALUE_LENGTH or is_mixed:
            if lines:
                yield Code("\n".join(lines))
            lines = []
            yield Paragraph(text)
        elif text:
            lines.append(f"{name}: {text}")
    if lines:
        yield Code("\n".join(lines))
