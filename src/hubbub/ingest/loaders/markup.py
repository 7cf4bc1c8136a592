"""Read XML of any kind, SVG among it: its text, each value led by the name of its element."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from msgspec.structs import replace

from hubbub.core.documents import Omission
from hubbub.core.errors import Invalid
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Code, Heading, Hidden, Loaded, Paragraph
from hubbub.ingest.loaders import flat_office, html, odf
from hubbub.ingest.loaders.encoding import decode
from hubbub.ingest.loaders.grids import flat
from hubbub.ingest.loaders.json import MOST_LEADS, NAMES, RECORD_LENGTH
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
            return replace(_workbook(root), omitted=omitted)
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


def _workbook(root: Element) -> Loaded:
    """Return the sheets of a workbook of Excel 2003."""
    blocks: list[Block] = []
    hidden: list[Hidden] = []
    for sheet in root.iter():
        if name_of(sheet) == "Worksheet":
            rows = [row for one in sheet.iter() if name_of(one) == "Row" and (row := _row(one))]
            title = attribute(sheet, "Name") or "Sheet"
            is_hidden = any(_text(one) != "SheetVisible" for one in sheet.iter() if name_of(one) == "Visible")
            if not (made := tables(rows)):
                continue
            if is_hidden:
                hidden.append(Hidden("sheet", 1, [Heading(f"{title} (hidden sheet)", 1), *made]))
            else:
                blocks += [Heading(title, 1), *made]
    return Loaded(blocks, hidden=tuple(hidden))


def _row(row: Element) -> Row:
    """Return the cells of a row that hold something; those that are left out are counted by an index."""
    cells: Row = []
    column = 0
    for cell in row:
        if name_of(cell) != "Cell":
            continue
        index = attribute(cell, "Index") or ""
        column = int(index) if index.isdigit() and len(index) < 6 else column + 1
        parts = [_text(part) for part in cell if name_of(part) == "Data"]
        notes = [_text(part) for part in cell if name_of(part) == "Comment"]
        said = [*parts, *(f"[Comment: {note}]" for note in notes if note)]
        if text := " ".join(filter(None, said)).removesuffix("T00:00:00.000"):
            cells.append((column, text))
        across = attribute(cell, "MergeAcross") or ""
        column += int(across) if across.isdigit() and len(across) < 6 else 0
    return cells


def _values(element: Element, above: tuple[str, ...] = ()) -> Iterator[Block]:
    """Yield what an element says: one block a record, of what does not fit into one its parts.

    `above` names the records that it is a part of, and leads each of the parts.
    """
    if (fitting := _fitting(element)) is None:
        yield from _parts(element, above)
    elif fitting:
        yield Code("\n".join((*above, *fitting)))


def _parts(element: Element, above: tuple[str, ...]) -> Iterator[Block]:
    """Yield what an element says that does not fit into one record."""
    parts = [] if _is_mixed(element) else [part for part in element if name_of(part)]
    lines = _attributes(element)
    if not parts:
        if lines:
            yield Code("\n".join((*above, *lines)))
        yield Paragraph(_said(element))
        return
    counts = Counter(part.tag for part in parts)
    are_rows = len(counts) == 1 < len(parts) and all(len(part.attrib) > 1 for part in parts)
    for part in parts:
        fitting = _fitting(part)
        if fitting is not None and not are_rows and not len(part):
            lines += fitting
            continue
        yield from _gathered(lines, above)
        lines = fitting or []
        if fitting is None:
            lead = _lead(part) if counts[part.tag] > 1 else ""
            yield from _parts(part, (*above[-MOST_LEADS:], lead) if lead else above)
        yield from _gathered(lines, above)
        lines = []
    yield from _gathered(lines, above)


def _gathered(lines: list[str], above: tuple[str, ...]) -> Iterator[Block]:
    """Yield the lines of a part below what names the records that it belongs to, each once."""
    if any(line not in above for line in lines):
        yield Code("\n".join((*(line for line in above if line not in lines), *lines)))


def _attributes(element: Element) -> list[str]:
    name = name_of(element)
    return [f"{name}.{key.rpartition('}')[2]}: {value}" for key, value in element.attrib.items() if value.strip()]


def _is_mixed(element: Element) -> bool:
    parts = [part for part in element if name_of(part)]
    return bool(parts) and any(text.strip() for text in (element.text or "", *(part.tail or "" for part in parts)))


def _said(element: Element) -> str:
    text = _text(element)
    return flat(html.read_page(text).blocks) if _HTML.search(text) else text


def _fitting(element: Element) -> list[str] | None:
    """Return an element's lines if they fit into one record: no long text, and no records of its own."""
    lines: list[str] = []
    length = 0
    left: list[Element] = [element]
    while left:
        one = left.pop()
        if not (name := name_of(one)):
            continue
        lines += _attributes(one)
        if len(one) and any(name_of(part) for part in one):
            if _is_mixed(one) or _has_records(one):
                return None
            left += reversed(one)
        elif text := _said(one):
            if len(text) > VALUE_LENGTH:
                return None
            lines.append(f"{name}: {text}")
        length += sum(map(len, lines[-len(one.attrib) - 1 :]))
        if length > RECORD_LENGTH:
            return None
    return lines


def _has_records(element: Element) -> bool:
    tags = [part.tag for part in element if len(part) or len(part.attrib) > 1]
    return len(set(tags)) < len(tags)


def _lead(record: Element) -> str:
    """Return the line that names a record: its name, or the first of its values."""
    values = _attributes(record)
    for part in record:
        if name_of(part) and not len(part) and 0 < len(text := _said(part)) <= VALUE_LENGTH:
            values.append(f"{name_of(part)}: {text}")
    named = (line for line in values if line.partition(":")[0].rpartition(".")[2].lower() in NAMES)
    return next(named, values[0] if values and len(values[0]) <= VALUE_LENGTH * 2 else "")
