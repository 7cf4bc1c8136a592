"""Tell where text stands on a page whose lines run upwards, downwards or upside down, as if they ran to the right."""

import ctypes
import math
import re
from collections.abc import Iterator
from typing import Any

from hubbub.ingest.loaders.pdf_handles import quick
from hubbub.ingest.loaders.pdf_places import LINE_END, SPACE, Places, Run

_ASKED = 16
"""So many letters of a page are asked how they are turned, if the one in its middle is."""
_LETTER = re.compile(r"\w")
_NEARLY = 0.1


def places_on(text_page: Any, text: str) -> tuple[Places, int]:
    """Return what tells where a page's text stands, and by how many quarters the text is turned clockwise.

    `text` is what pdfium makes of the page, with its line ends.
    """
    quarters = _quarters_of(text_page, text)
    return (TurnedPlaces(text_page, text, quarters) if quarters else Places(text_page, text)), quarters


def _quarters_of(text_page: Any, text: str) -> int:
    """Return by how many quarters most of a page's text is turned clockwise."""
    angle_of, handle = quick("FPDFText_GetCharAngle", returns=ctypes.c_float), ctypes.byref(text_page.contents)

    def quarters_at(place: int) -> int:
        found = _LETTER.search(text, place)
        quarters = angle_of(handle, found.start()) / (math.pi / 2) if found else 0.0
        return round(quarters) % 4 if abs(quarters - round(quarters)) < _NEARLY else 0

    quarters = quarters_at(len(text) // 2)
    if not quarters:
        return 0
    asked = range(0, len(text), max(len(text) // _ASKED, 1))
    return quarters if sum(quarters_at(place) == quarters for place in asked) * 3 > len(asked) * 2 else 0


class TurnedPlaces(Places):
    """Tells where the text of a page stands that is turned."""

    def __init__(self, text_page: Any, text: str, quarters: int) -> None:
        """`quarters` is by how many quarters the text is turned clockwise: 1, 2 or 3."""
        super().__init__(text_page, text)
        self._quarters = quarters

    def drawn(self) -> Iterator[tuple[float, float, float, float]]:
        """Return where each text is that is drawn at once, as (left, top, right, bottom), in this order."""
        for left, top, right, bottom in super().drawn():
            yield self._turned(left, top, right, bottom)

    def letter(self, text: str, place: int) -> Run:
        """Return a letter where it stands."""
        return self._turned_run(super().letter(text, place))

    def baseline(self, place: int) -> float:
        """Return how high the line is on which a letter stands, whatever its shape."""
        y = super().baseline(place)
        x = self._numbers[0]
        return self._turned(x, y, x, y)[3]

    def runs(self, characters: str, *, by_letter: bool) -> Iterator[Run]:
        """Yield a page's letters as they are drawn, and each space and line end between them at no place."""
        for run in super().runs(characters, by_letter=True):
            yield run if run is SPACE or run is LINE_END else self._turned_run(run)

    def _turned_run(self, run: Run) -> Run:
        left, top, right, bottom = self._turned(run.left, run.top, run.right, run.bottom)
        return Run(run.text, left, right, bottom, top, run.start)

    def _turned(self, left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        match self._quarters:
            case 1:
                return -top, right, -bottom, left
            case 2:
                return -right, -bottom, -left, -top
            case _:
                return bottom, -left, top, -right
