"""Read the text of what is drawn in Office's files: shapes, charts and diagrams."""

from collections.abc import Iterator
from typing import Any

import msgspec

from hubbub.ingest.blocks import Block, Paragraph, Table
from hubbub.ingest.loaders.formats import Shown, format_of
from hubbub.ingest.loaders.inlaid import Inlaid
from hubbub.ingest.loaders.looks import PLAIN, STRUCK, Look, Text
from hubbub.ingest.loaders.ooxml import Package, relation_id
from hubbub.ingest.loaders.symbols import in_font, symbol_font, with_symbols

MOST_POINTS = 10_000


def paragraphs(element: Any) -> Iterator[str]:
    """Yield the paragraphs of DrawingML below an element that hold text."""
    for paragraph in element.iter("{*}p"):
        text = paragraph_text(paragraph)
        if text:
            yield text


def paragraph_text(paragraph: Any) -> str:
    """Return the text of a paragraph of DrawingML."""
    text = Text()
    for node in paragraph.iter("{*}t", "{*}br", "{*}tab"):
        if node.tag.endswith("}t"):
            properties = node.getprevious()
            text.add(_in_its_font(node.text or "", properties), _look(properties))
        else:
            text.add(" ")
    return " ".join(text.take().split())


def _in_its_font(text: str, properties: Any) -> str:
    """Return what a run's text shows: its symbol font is for what is of private use, unless all is set in one."""
    if properties is None or not len(properties):
        return text
    for one in properties:
        if one.tag.endswith("}latin"):
            text = in_font(symbol_font(one.get("typeface", "")), text)
        elif one.tag.endswith("}sym"):
            text = with_symbols(symbol_font(one.get("typeface", "")), text)
    return text


def _look(properties: Any) -> Look:
    """Return how text looks that follows its properties in a run of DrawingML."""
    if properties is None or not properties.attrib:
        return PLAIN
    is_struck = properties.get("strike", "noStrike") != "noStrike"
    return Look(STRUCK if is_struck else "", _is_above(properties.get("baseline", "")))


def _is_above(baseline: str) -> bool:
    return bool(baseline.strip("0%")) and not baseline.startswith("-")


def drawn(package: Package, part: str, inlaid: Inlaid, page: int | None = None) -> list[Block]:
    """Return what the shapes, charts, diagrams and pictures of a drawing say."""
    root = package.xml(part)
    if root is None:
        return []
    lines = list(paragraphs(root))
    blocks: list[Block] = [Paragraph("\n".join(lines), page)] if lines else []
    relations = package.relations(part)
    for blip in root.iter("{*}blip"):
        if (relation := relations.get(relation_id(blip, "embed"))) is not None:
            blocks += inlaid.read(relation.target, page)
    for relation in relations.values():
        blocks += graphic(package, relation.kind, relation.target, page)
    return blocks


def graphic(package: Package, kind: str, part: str, page: int | None = None) -> list[Block]:
    """Return what a chart or a diagram says, which a relationship of this kind leads to."""
    if kind not in ("chart", "chartEx", "diagramData"):
        return []
    root = package.xml(part)
    if root is None:
        return []
    if kind == "diagramData":
        lines = [f"- {line}" for line in paragraphs(root)]
        return [Paragraph("\n".join(lines), page)] if lines else []
    return _chart(root, page)


def _chart(root: Any, page: int | None) -> list[Block]:
    """Return a chart's titles, and a table of its series over its categories."""
    lines = list(paragraphs(root))
    blocks: list[Block] = [Paragraph("Chart: " + "\n".join(lines), page)] if lines else []
    found: list[_Series] = []
    categories: dict[int, str] = {}
    for number, series in enumerate(root.iter("{*}ser"), start=1):
        name = " ".join(_points(series.find("{*}tx")).values()) or f"Series {number}"
        categories = _points(_first(series, "{*}cat", "{*}xVal")) or categories
        name = f"{name} ({number})" if any(name == one.name for one in found) else name
        found.append(_Series(name, categories, _points(_first(series, "{*}val", "{*}yVal"))))
        if sizes := _points(series.find("{*}bubbleSize")):
            found.append(_Series(f"{name} (size)", categories, sizes))
    if not found:
        words = [" ".join((node.text or "").split()) for node in root.iter("{*}pt")]
        return blocks + ([Paragraph("\n".join(filter(None, words)), page)] if any(words) else [])
    by_categories: dict[tuple[tuple[int, str], ...], list[_Series]] = {}
    for one in found:
        # Those that name none, before the first that does, share its names.
        by_categories.setdefault(tuple((one.categories or categories).items()), []).append(one)
    return [*blocks, *(_series_table(dict(names), series, page) for names, series in by_categories.items())]


class _Series(msgspec.Struct):
    """What a chart shows of one kind: numbers over categories, or over other numbers."""

    name: str
    categories: dict[int, str]
    values: dict[int, str]


def _series_table(categories: dict[int, str], series: list[_Series], page: int | None) -> Table:
    places = sorted({place for points in (categories, *(one.values for one in series)) for place in points})
    header = ("", *(one.name for one in series))
    rows = [(categories.get(place, ""), *(one.values.get(place, "") for one in series)) for place in places]
    return Table((header, *rows), page)


def _first(element: Any, *names: str) -> Any:
    return next((found for name in names if (found := element.find(name)) is not None), None)


def _format(code: str | None) -> Shown | None:
    return format_of(0, code, False) if code and code != "General" else None


def _shown(text: str, shown: Shown | None) -> str:
    if shown is None:
        return text
    try:
        return shown(float(text)) or text
    except (ValueError, OverflowError):
        return text


def _points(element: Any) -> dict[int, str]:
    """Return the values that a chart keeps of the cells that it shows, by their places; parts of a category joined."""
    found: dict[int, str] = {}
    if element is None:
        return found
    formatted = _format(element.findtext(".//{*}formatCode"))
    for point in element.iter("{*}pt"):
        index = point.get("idx", "")
        text = " ".join((point.findtext("{*}v") or "").split())
        code = point.get("formatCode")
        text = _shown(text, _format(code) if code else formatted)
        if text and index.isdigit() and int(index) < MOST_POINTS:
            found[int(index)] = f"{text} {found[int(index)]}" if int(index) in found else text
    if not found and (text := " ".join((element.findtext("{*}v") or "").split())):
        found[0] = text
    return found
