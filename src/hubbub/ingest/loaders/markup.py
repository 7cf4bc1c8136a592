"""Read XML of any kind, SVG among it: its text, each value led by the name of its element."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from hubbub.core.errors import Invalid
from hubbub.ingest.blocks import Block, Code, Heading, Loaded, Paragraph, Table
from hubbub.ingest.loaders import html
from hubbub.ingest.loaders.encoding import decode
from hubbub.ingest.loaders.grids import flat
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
    try:
        root = parse(data, resolves=True)
    except Invalid:
        # It may not be in the encoding that it names.
        root = parse(_DECLARATION.sub("", decode(data)).encode(), resolves=True)
    try:
        name = name_of(root)
        if name == "html":
            return html.read_page(html.decode_page(data))
        if name == "svg":
            return Loaded(_drawing(root))
        if name == "Workbook":
            return Loaded(list(_workbook(root)))
        return Loaded(list(_values(root)))
    except RecursionError as error:
        raise Invalid("The file is nested too deeply to be read.", code="corrupt") from error


def _text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _drawing(root: Element) -> list[Block]:
    lines = [_text(one) for one in root.iter() if name_of(one) in ("title", "desc", "text", "foreignObject")]
    return [Paragraph("\n".join(filter(None, lines)))] if any(lines) else []


def _workbook(root: Element) -> Iterator[Block]:
    """Yield the sheets of a workbook of Excel 2003."""
    for sheet in root.iter():
        if name_of(sheet) == "Worksheet":
            rows = [
                tuple(_text(cell) for cell in row if name_of(cell) == "Cell")
                for row in sheet.iter()
                if name_of(row) == "Row"
            ]
            filled = tuple(row for row in rows if any(row))
            if filled:
                yield Heading(attribute(sheet, "Name") or "Sheet", 1)
                yield Table(filled)


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
