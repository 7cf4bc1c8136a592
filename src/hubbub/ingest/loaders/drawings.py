"""Read the charts and diagrams that Office draws into documents."""

from collections.abc import Iterator

from hubbub.ingest.blocks import Block, Paragraph, Table
from hubbub.ingest.loaders.xml import Element, attribute, child, name_of

MOST_POINTS = 100_000


def chart_blocks(root: Element, page: int | None = None) -> list[Block]:
    """Return a chart's title and the names of its axes, then its values as a table: a row for each category."""
    texts = [text for one in root.iter() if name_of(one) == "title" and (text := drawn_text(one))]
    blocks: list[Block] = [Paragraph("\n".join(texts), page)] if texts else []
    series = [one for one in root.iter() if name_of(one) == "ser"]
    categories: dict[int, str] = {}
    columns: list[tuple[str, dict[int, str]]] = []
    for one in series:
        for name in ("cat", "xVal"):
            if (found := child(one, name)) is not None:
                categories |= _points(found)
        values = next((found for name in ("val", "yVal") if (found := child(one, name)) is not None), None)
        title = child(one, "tx")
        columns.append((" ".join(_values(title)) if title is not None else "", _points(values)))
    numbers = sorted({number for _, points in columns for number in points} | categories.keys())[:MOST_POINTS]
    rows = [(categories.get(number, ""), *(points.get(number, "") for _, points in columns)) for number in numbers]
    if rows:
        blocks.append(Table((("", *(title for title, _ in columns)), *rows), page))
    return blocks


def drawn_text(element: Element) -> str:
    """Return the text of a drawing's element: a line for each paragraph."""
    lines: list[list[str]] = []
    for one in element.iter():
        name = name_of(one)
        if name == "p" or not lines:
            lines.append([])
        if name == "t" and one.text:
            lines[-1].append(one.text)
        elif name == "br":
            lines[-1].append(" ")
    return "\n".join(text for line in lines if (text := " ".join("".join(line).split())))


def diagram_blocks(root: Element, page: int | None = None) -> list[Block]:
    """Return what a diagram (SmartArt) says: a line for each of its points."""
    lines: list[str] = []
    for one in root.iter():
        if name_of(one) == "pt" and attribute(one, "type") not in ("pres", "parTrans", "sibTrans"):
            lines += [f"- {text}" for text in drawn_text(one).split("\n") if text]
    return [Paragraph("\n".join(lines), page)] if lines else []


def _points(element: Element | None) -> dict[int, str]:
    if element is None:
        return {}
    found: dict[int, str] = {}
    for one in element.iter():
        if name_of(one) == "pt" and (value := child(one, "v")) is not None and (index := one.get("idx", "")).isdigit():
            # Names of several levels have the same index: the inner one comes first.
            text = (value.text or "").strip()
            found[int(index)] = f"{text} {found[int(index)]}" if int(index) in found else text
    return found


def _values(element: Element) -> Iterator[str]:
    for one in element.iter():
        if name_of(one) in ("v", "t") and one.text:
            yield one.text.strip()
