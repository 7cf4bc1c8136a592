"""Number the paragraphs of a shape on a slide as PowerPoint does."""

from collections.abc import Iterator
from typing import Any

from hubbub.ingest.loaders.drawings import paragraph_text
from hubbub.ingest.loaders.numerals import formatted

_FORMS = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}
_AROUND = {"Period": ("", "."), "ParenR": ("", ")"), "ParenBoth": ("(", ")"), "Minus": ("- ", " -")}
_MARKS = ("buNone", "buAutoNum", "buChar", "buBlip")


def items(shape: Any) -> Iterator[tuple[str, str]]:
    """Yield the paragraphs of a shape that hold text, each with its number; "" where it has none."""
    is_numbered = next(shape.iter("{*}buAutoNum"), None) is not None
    levels = _levels(shape) if is_numbered else {}
    counts: dict[int, tuple[str, int]] = {}  # by level: how it is numbered, and the last number
    for paragraph in shape.iter("{*}p"):
        if text := paragraph_text(paragraph):
            yield _number(paragraph.find("{*}pPr"), levels, counts) if is_numbered else "", text


def _levels(shape: Any) -> dict[int, Any]:
    """Return the shape's own styles of lists by their levels."""
    style = shape.find("{*}txBody/{*}lstStyle")
    found = {number: style.find(f"{{*}}lvl{number + 1}pPr") for number in range(9)} if style is not None else {}
    return {number: one for number, one in found.items() if one is not None}


def _number(properties: Any, levels: dict[int, Any], counts: dict[int, tuple[str, int]]) -> str:
    """Count one paragraph, and return its number."""
    named = properties.get("lvl", "0") if properties is not None else "0"
    level = int(named) if named in tuple("012345678") else 0
    for deeper in [one for one in counts if one > level]:
        del counts[deeper]
    numbering = _numbering(properties, levels.get(level))
    if numbering is None:
        counts.pop(level, None)
        return ""
    form, start = numbering.get("type", "arabicPeriod"), numbering.get("startAt", "1")
    first = int(start) if start.isdigit() and len(start) < 6 else 1
    key = f"{form} {start}"
    before, last = counts.get(level, ("", 0))
    number = last + 1 if before == key else first
    counts[level] = key, number
    return _shown(form, number)


def _numbering(*properties: Any) -> Any:
    """Return what numbers a paragraph by the first properties that say how it is marked, None where nothing does."""
    for one in properties:
        for mark in one if one is not None else ():
            if (name := mark.tag.rpartition("}")[2]) in _MARKS:
                return mark if name == "buAutoNum" else None
    return None


def _shown(form: str, number: int) -> str:
    script = next((one for one in _FORMS if form.startswith(one)), "")
    before, after = _AROUND.get(form.removeprefix(script), ("", "")) if script else ("", ".")
    return f"{before}{formatted(number, _FORMS.get(script, 'decimal'))}{after}"
