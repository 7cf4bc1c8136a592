"""Read the text of what is drawn in Office's files: shapes, charts and diagrams."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from hubbub.ingest.blocks import Block, Paragraph
from hubbub.ingest.loaders.charts import chart
from hubbub.ingest.loaders.inlaid import Inlaid
from hubbub.ingest.loaders.looks import PLAIN, STRUCK, Look, Text
from hubbub.ingest.loaders.ooxml import Package, relation_id
from hubbub.ingest.loaders.symbols import in_font, symbol_font, with_symbols


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
    drop_fallbacks(root)
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
        lines = list(_diagram(root))
        return [Paragraph("\n".join(lines), page)] if lines else []
    return chart(root, list(paragraphs(root)), page)


def _diagram(root: Any) -> Iterator[str]:
    """Yield a diagram's texts in the order in which it shows them, each below what it belongs to."""
    numbers = count()
    points = {one.get("modelId") or str(next(numbers)): one for one in root.iter("{*}pt")}
    below: dict[str, list[tuple[int, str]]] = {}
    for link in root.iter("{*}cxn"):
        if link.get("type", "parOf") == "parOf":
            order = link.get("srcOrd", "")
            below.setdefault(link.get("srcId"), []).append((int(order) if order.isdigit() else 0, link.get("destId")))
    tops = [one for one, point in points.items() if point.get("type") == "doc"]
    others = [one for one in points if one not in tops]
    left = [(one, 0) for one in (*reversed(others), *reversed(tops))]
    while left:
        name, depth = left.pop()
        if (point := points.pop(name, None)) is None:
            continue
        lines = list(paragraphs(point))
        yield from (f"{'  ' * depth}- {line}" for line in lines)
        left += [(one, depth + bool(lines)) for _, one in sorted(below.get(name, ()), reverse=True)]


def drop_fallbacks(root: Any) -> None:
    """Drop what stands for programs that don't know a newer element, where that element says something itself."""
    for alternative in list(root.iter("{*}AlternateContent")):
        choice = alternative.find("{*}Choice")
        if choice is not None and any(True for _ in choice.iter(*_SAYING)):
            for fallback in alternative.findall("{*}Fallback"):
                alternative.remove(fallback)
        for inner in list(alternative):  # the shapes inside stand in the tree themselves
            for shape in list(inner):
                alternative.addprevious(shape)


_SAYING = ("{*}t", "{*}chart", "{*}relIds", "{*}slicer", "{*}timeslicer")
