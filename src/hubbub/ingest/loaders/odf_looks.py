"""Tell how the styles of OpenDocument make text look: hidden, struck out, raised."""

from collections.abc import Mapping
from typing import Any

from hubbub.ingest.loaders.looks import PLAIN, SAYS_NOTHING, RunLook
from hubbub.ingest.loaders.symbols import symbol_font
from hubbub.ingest.loaders.xml import Element, attribute, name_of

UNSEEN = RunLook(is_hidden=True)
MOST_PARENTS = 50


class Looks:
    """The looks of a document's styles for paragraphs and for text."""

    def __init__(self, *roots: Element | None) -> None:
        self._own: dict[tuple[str, str], RunLook] = {}
        fonts = {
            attribute(face, "name") or "": symbol_font(attribute(face, "font-family") or "")
            for root in roots
            for face in (root.iter("{*}font-face") if root is not None else ())
        }
        for root in roots:
            for style in root.iter("{*}style") if root is not None else ():
                look = _look(style, fonts)
                self._own[attribute(style, "family") or "", attribute(style, "name") or ""] = look
        if all(look.shown() == PLAIN and not look.font for look in self._own.values()):
            self._own = {}

    def of(self, family: str, element: Element) -> RunLook:
        """Return what the style that an element names says, with the styles that this one is based on."""
        look, name = SAYS_NOTHING, attribute(element, "style-name") if self._own else None
        for _ in range(MOST_PARENTS):
            own = self._own.get((family, name)) if name else None
            if own is None:
                break
            look, name = look.over(own), own.style
        return look


def _look(style: Element, fonts: Mapping[str, str]) -> RunLook:
    found: dict[str, Any] = {"style": attribute(style, "parent-style-name") or ""}
    for properties in style:
        if name_of(properties) != "text-properties":
            continue
        if (display := attribute(properties, "display")) is not None:
            found["is_hidden"] = display == "none"
        lines = [attribute(properties, f"text-line-through-{what}") for what in ("style", "type")]
        if any(line is not None for line in lines):
            found["is_struck"] = any(line not in (None, "none") for line in lines)
        if (position := attribute(properties, "text-position")) is not None:
            place = position.split()[0] if position.split() else ""
            found["is_lowered"] = place == "sub" or place.startswith("-")
            found["is_raised"] = place == "super" or (place[:1].isdigit() and place.strip("0%") != "")
        font = attribute(properties, "font-name") or attribute(properties, "font-family")
        if font is not None:
            found["font"] = fonts.get(font) or symbol_font(font)
    return RunLook(**found)
