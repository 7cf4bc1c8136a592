"""Tell what the styles and the numbering of a Word document make of a paragraph."""

import re
from typing import Any

import msgspec

from hubbub.ingest.loaders.looks import OTHER_FONT, SAYS_NOTHING, RunLook
from hubbub.ingest.loaders.numerals import formatted
from hubbub.ingest.loaders.symbols import symbol_font
from hubbub.ingest.loaders.xml import Element, attribute, child, name_of

_HEADING = re.compile(r"heading ([1-9])$", re.IGNORECASE)
OFF = frozenset(("0", "false", "off"))
MOST_LEVELS = 9
_RAISED = 4
"""Text that is moved up by so many half points stands above the line; less only sets it straight."""


class Style(msgspec.Struct):
    """What of a style matters here, with what it inherits."""

    name: str = ""
    based_on: str = ""
    outline: int | None = None
    """The level of its headings, from 0."""
    numbering: tuple[str, int] | None = None
    """A list's id and the level in it."""
    look: RunLook = SAYS_NOTHING


def is_on(element: Element | None) -> bool | None:
    """Return whether a property that is on or off is on, None where it is not there."""
    if element is None:
        return None
    return (attribute(element, "val") or "1").lower() not in OFF


def run_look(properties: Element | None, *, has_symbols: bool) -> RunLook:
    """Return what properties of a run say of how its text looks; fonts only where some are symbol fonts."""
    found: dict[str, Any] = {}
    font: str | None = None
    for one in properties if properties is not None else ():
        match name_of(one):
            case "rFonts" if has_symbols:
                font = _symbol_font(one)
            case "vanish":
                found["is_hidden"] = is_on(one)
            case "strike" | "dstrike":
                found["is_struck"] = found.get("is_struck") or is_on(one)
            case "vertAlign":
                found["is_raised"] = attribute(one, "val") == "superscript"
                found["is_lowered"] = attribute(one, "val") == "subscript"
            case "position" if _whole(attribute(one, "val")) >= _RAISED:
                found.setdefault("is_raised", True)
            case "rStyle":
                found["style"] = attribute(one, "val") or ""
            case _:
                pass
    if found:
        return RunLook(**found, font=font)
    return SAYS_NOTHING if font is None else RunLook(font=font) if font else OTHER_FONT


def _symbol_font(fonts: Element) -> str | None:
    """Return the symbol font that is named for letters, "" where that is another font, None where none is named."""
    space = fonts.tag[: -len("rFonts")]
    named = fonts.get(space + "ascii") or fonts.get(space + "hAnsi")
    return None if named is None else symbol_font(named)


def numbering_of(properties: Element | None) -> tuple[str, int | None] | None:
    """Return the list's id and the level that a paragraph's properties name."""
    number = child(properties, "numPr") if properties is not None else None
    if number is None:
        return None
    level = attribute(child(number, "ilvl"), "val")
    return attribute(child(number, "numId"), "val") or "", _whole(level) if level is not None else None


class Styles:
    """A document's styles by their ids."""

    def __init__(self, root: Element | None, *, has_symbols: bool) -> None:
        self._styles: dict[str, Style] = {}
        self._resolved: dict[str, Style] = {}
        self.default = ""
        for one in root if root is not None else ():
            if name_of(one) != "style":
                continue
            style_id = attribute(one, "styleId") or ""
            self._styles[style_id] = _style(one, has_symbols=has_symbols)
            is_default = (attribute(one, "default") or "0").lower() not in OFF
            if attribute(one, "type") == "paragraph" and is_default:
                self.default = style_id

    def resolved(self, style_id: str) -> Style:
        """Return a style with all that it inherits; an empty one where there is none."""
        if style_id in self._resolved:
            return self._resolved[style_id]
        merged = Style()
        seen: set[str] = set()
        next_id = style_id
        while next_id in self._styles and next_id not in seen:
            seen.add(next_id)
            style = self._styles[next_id]
            outline = style.outline
            if outline is None and (named := _HEADING.match(style.name)):
                outline = int(named.group(1)) - 1
            merged.name = merged.name or style.name
            merged.outline = outline if merged.outline is None else merged.outline
            merged.numbering = style.numbering if merged.numbering is None else merged.numbering
            merged.look = merged.look.over(style.look)
            next_id = style.based_on
        self._resolved[style_id] = merged
        return merged

    def is_named(self, style_id: str, name: str) -> bool:
        """Whether a style, or one that it is based on, has this name (Word keeps its own in English)."""
        seen: set[str] = set()
        while style_id in self._styles and style_id not in seen:
            seen.add(style_id)
            if self._styles[style_id].name.lower() == name:
                return True
            style_id = self._styles[style_id].based_on
        return False


def _style(element: Element, *, has_symbols: bool) -> Style:
    properties = child(element, "pPr")
    outline = attribute(child(properties, "outlineLvl"), "val") if properties is not None else None
    numbering = numbering_of(properties)
    return Style(
        name=attribute(child(element, "name"), "val") or "",
        based_on=attribute(child(element, "basedOn"), "val") or "",
        outline=_whole(outline) if outline is not None else None,
        numbering=(numbering[0], numbering[1] or 0) if numbering else None,
        look=run_look(child(element, "rPr"), has_symbols=has_symbols),
    )


class _Level(msgspec.Struct):
    start: int = 1
    form: str = "decimal"
    text: str = ""
    is_legal: bool = False
    restarts_after: int | None = None


class Numbering:
    """Counts a document's lists, so that each item has the number that Word shows."""

    def __init__(self, root: Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}  # by list
        self._abstract: dict[str, str] = {}
        self._of_style: dict[str, dict[str, int]] = {}
        self._counts: dict[str, list[int | None]] = {}
        self._fresh: dict[str, dict[int, int]] = {}  # what a list begins anew with, by list
        if root is not None:
            self._read(root)

    def _read(self, root: Element) -> None:
        abstract: dict[str, dict[int, _Level]] = {}
        for one in root:
            if name_of(one) == "abstractNum":
                number = attribute(one, "abstractNumId") or ""
                abstract[number] = dict(_level(level) for level in one if name_of(level) == "lvl")
                self._of_style[number] = {
                    attribute(style, "val") or "": _whole(attribute(level, "ilvl"))
                    for level in one
                    if name_of(level) == "lvl" and (style := child(level, "pStyle")) is not None
                }
        for one in root:
            if name_of(one) != "num":
                continue
            list_id = attribute(one, "numId") or ""
            self._abstract[list_id] = attribute(child(one, "abstractNumId"), "val") or ""
            levels = dict(abstract.get(self._abstract[list_id], {}))
            for change in one:
                if name_of(change) != "lvlOverride":
                    continue
                if (level := child(change, "lvl")) is not None:
                    levels.update([_level(level)])
                if (start := child(change, "startOverride")) is not None:
                    number = _whole(attribute(change, "ilvl"))
                    self._fresh.setdefault(list_id, {})[number] = _whole(attribute(start, "val"))
            self._levels[list_id] = levels

    def level_of_style(self, list_id: str, style_id: str) -> int | None:
        """Return the level of a list that a style stands for."""
        return self._of_style.get(self._abstract.get(list_id, ""), {}).get(style_id)

    def next(self, list_id: str, level: int) -> str | None:
        """Count one item more; return its number, "-" for a bullet, None where the list is none."""
        levels = self._levels.get(list_id)
        if levels is None or not 0 <= level < MOST_LEVELS:
            return None if list_id in ("", "0") else "-"
        counts = self._counts.setdefault(self._abstract[list_id], [None] * MOST_LEVELS)
        for number, start in self._fresh.pop(list_id, {}).items():
            if 0 <= number < MOST_LEVELS:
                counts[number] = start - 1
        for number in range(level):
            if counts[number] is None:
                counts[number] = levels.get(number, _Level()).start
        own = levels.get(level, _Level())
        last = counts[level]
        counts[level] = own.start if last is None else last + 1
        for number in range(level + 1, MOST_LEVELS):
            after = levels.get(number, _Level()).restarts_after
            if after is None or level < after:
                counts[number] = None
        return "-" if own.form == "bullet" else self._shown(own, levels, counts)

    @staticmethod
    def _shown(own: _Level, levels: dict[int, _Level], counts: list[int | None]) -> str:
        def number(found: re.Match[str]) -> str:
            level = int(found.group(1)) - 1
            form = "decimal" if own.is_legal else levels.get(level, _Level()).form
            return formatted(counts[level] or 0, form)

        return re.sub(r"%([1-9])", number, own.text).strip()


def _level(element: Element) -> tuple[int, _Level]:
    start = attribute(child(element, "start"), "val")
    restart = attribute(child(element, "lvlRestart"), "val")
    level = _Level(
        start=_whole(start) if start is not None else 0,
        form=attribute(child(element, "numFmt"), "val") or "decimal",
        text=attribute(child(element, "lvlText"), "val") or "",
        is_legal=bool(is_on(child(element, "isLgl"))),
        restarts_after=_whole(restart) if restart is not None else None,
    )
    return _whole(attribute(element, "ilvl")), level


def _whole(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0
