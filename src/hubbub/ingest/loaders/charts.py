"""Read what a chart in Office's files says: its titles, and its series over its categories."""

from collections.abc import Iterator
from typing import Any

import msgspec

from hubbub.ingest.blocks import Block, Paragraph, Table
from hubbub.ingest.loaders.formats import Shown, format_of

MOST_POINTS = 10_000


def chart(root: Any, lines: list[str], page: int | None) -> list[Block]:
    """Return a chart's titles and a table of its series. `lines` are the paragraphs of text in it."""
    lines = [*_titles_from_cells(root), *lines]
    blocks: list[Block] = [Paragraph("Chart: " + "\n".join(lines), page)] if lines else []
    found = [*_series(root), *_newer_series(root)]
    if not found:
        words = [" ".join((node.text or "").split()) for node in root.iter("{*}pt")]
        return blocks + ([Paragraph("\n".join(filter(None, words)), page)] if any(words) else [])
    if not any(one.values for one in found):
        names = ", ".join(one.name for one in found)
        return [*blocks, Paragraph(f"[Chart whose values are not in the file: {names}]", page)]
    by_categories: dict[tuple[tuple[int, str], ...], list[_Series]] = {}
    categories = next((one.categories for one in reversed(found) if one.categories), found[-1].categories)
    for one in found:
        # Those that name none, before the first that does, share its names.
        by_categories.setdefault(tuple((one.categories or categories).items()), []).append(one)
    return [*blocks, *(_table(dict(names), series, page) for names, series in by_categories.items())]


class _Series(msgspec.Struct):
    """What a chart shows of one kind: numbers over categories, or over other numbers."""

    name: str
    categories: dict[int, str]
    values: dict[int, str]


def _titles_from_cells(root: Any) -> Iterator[str]:
    """Yield the titles of the chart and of its axes that are those of cells."""
    for title in root.iter("{*}title"):
        cells = title.find("{*}tx/{*}strRef")
        said = _points(cells).values() if cells is not None else [title.findtext("{*}tx/{*}txData/{*}v") or ""]
        if text := " ".join(" ".join(said).split()):
            yield text


def _series(root: Any) -> list[_Series]:
    is_1904 = (began := root.find("{*}date1904")) is not None and began.get("val", "1") in ("1", "true")
    found: list[_Series] = []
    categories: dict[int, str] = {}
    for number, series in enumerate(root.iter("{*}ser"), start=1):
        name = " ".join(_points(series.find("{*}tx")).values()) or f"Series {number}"
        categories = _points(_first(series, "{*}cat", "{*}xVal"), is_1904) or categories
        name = f"{name} ({number})" if any(name == one.name for one in found) else name
        if "}filtered" in series.getparent().tag:
            name = f"{name} (hidden in the chart)"
        found.append(_Series(name, categories, _points(_first(series, "{*}val", "{*}yVal"), is_1904)))
        if sizes := _points(series.find("{*}bubbleSize"), is_1904):
            found.append(_Series(f"{name} (size)", categories, sizes))
        if labels := _points(series.find(".//{*}dlblRangeCache")):
            found.append(_Series(f"{name} (label)", categories, labels))
    return found


def _newer_series(root: Any) -> Iterator[_Series]:
    """Yield the series of a chart of the kinds that came with Office 2016, such as waterfalls and treemaps."""
    data = {one.get("id"): one for one in root.iterfind("{*}chartData/{*}data")}
    for number, series in enumerate(root.iter("{*}series"), start=1):
        name = series.findtext("{*}tx/{*}txData/{*}v") or f"Series {number}"
        held = data.get(identifier.get("val")) if (identifier := series.find("{*}dataId")) is not None else None
        if held is None:
            continue
        categories = _points(held.find("{*}strDim"))
        for place, numbers in enumerate(held.iterfind("{*}numDim")):
            yield _Series(f"{name} ({numbers.get('type')})" if place else name, categories, _points(numbers))


def _table(categories: dict[int, str], series: list[_Series], page: int | None) -> Table:
    places = sorted({place for points in (categories, *(one.values for one in series)) for place in points})
    header = ("", *(one.name for one in series))
    rows = [(categories.get(place, ""), *(one.values.get(place, "") for one in series)) for place in places]
    return Table((header, *rows), page)


def _first(element: Any, *names: str) -> Any:
    return next((found for name in names if (found := element.find(name)) is not None), None)


def _format(code: str | None, is_1904: bool) -> Shown | None:
    return format_of(0, code, is_1904) if code and code != "General" else None


def _shown(text: str, shown: Shown | None) -> str:
    if shown is None:
        return text
    try:
        return shown(float(text)) or text
    except (ValueError, OverflowError):
        return text


def _points(element: Any, is_1904: bool = False) -> dict[int, str]:
    """Return the values that a chart keeps of the cells that it shows, by their places.

    Those of several levels, the innermost first, are joined; what stands at an outer level goes for all places up to
    the next one there.
    """
    if element is None:
        return {}
    inner, *outer = [_level(one, is_1904) for one in element.findall(".//{*}lvl")] or [_level(element, is_1904)]
    for level in outer:
        last = ""
        for place in sorted(inner.keys() | level.keys()):
            last = level.get(place, last)
            inner[place] = f"{last} {inner.get(place, '')}".strip()
    if not inner and (text := " ".join((element.findtext("{*}v") or "").split())):
        inner[0] = text
    return inner


def _level(element: Any, is_1904: bool) -> dict[int, str]:
    found: dict[int, str] = {}
    formatted = _format(element.findtext(".//{*}formatCode") or element.get("formatCode"), is_1904)
    for point in element.iter("{*}pt"):
        index = point.get("idx", "")
        text = " ".join((point.findtext("{*}v") or point.text or "").split())
        code = point.get("formatCode")
        text = _shown(text, _format(code, is_1904) if code else formatted)
        if text and index.isdigit() and int(index) < MOST_POINTS:
            found[int(index)] = text
    return found
