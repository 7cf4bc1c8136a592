"""Leave out text that a PDF holds and its page does not show: outside, clipped, covered, or in its ground's colour."""

import bisect
import ctypes
import importlib
import re
from collections.abc import Sequence
from typing import Any

from hubbub.ingest.blocks import Block, Heading, Hidden, Paragraph
from hubbub.ingest.loaders.pdf_drawn import (
    ALIKE,
    IMAGE,
    OPAQUE,
    PATH,
    Box,
    Color,
    Drawn,
    are_alike,
    is_active,
    is_within,
    meet,
    shared,
)
from hubbub.ingest.loaders.pdf_handles import opened_text, quick, switch, take_out, text_of
from hubbub.ingest.loaders.pdf_text import with_simple_ends

MOST_LOOKED_AT = 20_000
"""On a page with more objects nothing is looked for: it takes too long to tell what they cover."""
MOST_DRAWN = 12
"""So often a page is drawn at most to see which of its texts don't show."""
MOST_DOTS = 1500
"""Of the longer side of such a drawing."""
MOST_OF_A_RULE = 2
"""Points: what is filled in and no wider or higher is a rule, no ground for text."""
MOST_OF_A_GAP = 0.5
"""Between two texts of a line that belong together: of the height of the higher one."""
_FILL, _INVISIBLE = 0, 3  # FPDF_TEXTRENDERMODE_FILL, FPDF_TEXTRENDERMODE_INVISIBLE
_WHITE: Color = (255, 255, 255, OPAQUE)


class Unseen:
    """Collects what the pages of a document hold and do not show."""

    def __init__(self) -> None:
        self._texts: list[Block] = []

    def leave_out(self, page: Any, number: int) -> None:
        """Take the text that a page does not show out of it, and keep it."""
        drawn = Drawn(page)
        doubtful = Doubts(page, drawn).all()
        texts = [drawn.objects[place] for place in drawn.texts]
        candidates = [texts[one] for one in sorted(doubtful) if is_active(texts[one])]
        unseen = _Drawings(page).unseen(candidates) if candidates else []
        if not unseen:
            return
        left_out = {one.value for one in unseen}
        shown = [one for one in texts if one.value not in left_out and is_active(one)]
        switch(shown, on=False)
        lines = _lines(page)
        switch(shown, on=True)
        take_out(unseen)
        seen = set(_lines(page))
        if text := "\n".join(line for line in lines if line not in seen).strip():
            self._texts.append(Paragraph(text, number))

    def hidden(self) -> tuple[Hidden, ...]:
        """Return what no page shows."""
        return (Hidden("text", len(self._texts), [Heading("Hidden text", 1), *self._texts]),) if self._texts else ()


def _lines(page: Any) -> list[str]:
    with opened_text(page) as text_page:
        return with_simple_ends(text_of(text_page)).split("\n")


class Doubts:
    """Tells which texts a page may not show, by what is known of all that is drawn on it."""

    def __init__(self, page: Any, drawn: Drawn) -> None:
        self._page = page
        self.drawn = drawn
        self._boxes: dict[int, Box] = {}
        """Where what is filled in is, and all else that is neither text nor a line, by their places."""
        self._filled: dict[int, Color | None] = {}
        self._opaques: dict[int, Color | None] = {}

    def all(self) -> set[int]:
        """Return the numbers of the texts that may not show."""
        drawn = self.drawn
        if not drawn.texts or len(drawn.objects) > MOST_LOOKED_AT:
            return set()
        boxes = drawn.boxes(drawn.texts)
        filled = drawn.filled()
        self._filled = dict(zip(filled, drawn.colors(filled), strict=True))
        grounds = [place for place, kind in drawn.kinds.items() if kind != PATH or place in self._filled]
        self._boxes = dict(zip(grounds, drawn.boxes(grounds), strict=True))
        cut = _without_ends(self._outside(boxes) | self._clipped(boxes), boxes)
        return cut | self._of_no_color(boxes) | self._covered(boxes)

    def _outside(self, boxes: Sequence[Box]) -> set[int]:
        numbers = (ctypes.c_float * 4)()
        if not quick("FPDF_GetPageBoundingBox")(self._page, ctypes.byref(numbers)):
            return set()
        left, top, right, bottom = numbers
        return {
            number
            for number, (start, low, end, high) in enumerate(boxes)
            if not (start < right and left < end and low < top and bottom < high)
        }

    def _clipped(self, boxes: Sequence[Box]) -> set[int]:
        drawn = self.drawn
        return {number for number in drawn.clipped() if not meet(boxes[number], drawn.clip(drawn.texts[number]))}

    def _of_no_color(self, boxes: Sequence[Box]) -> set[int]:
        """Return the texts that are not drawn, or in the colour of what they stand on.

        Those stay that tell what a picture shows, as where a scan was recognised, and all where a page draws no others.
        """
        drawn = self.drawn
        colors, modes = drawn.colors(drawn.texts), drawn.modes
        distinct = set(colors)
        clear: set[int] = set()
        if _INVISIBLE in modes or any(one and one[3] == 0 for one in distinct):
            clear = {number for number, mode in enumerate(modes) if _is_clear(mode, colors[number])}
        doubtful = distinct.intersection(self._grounds()) | {one for one in distinct if _is_white(one)}
        found = self._without_pictures(clear, boxes) if 0 < len(clear) < len(boxes) else set[int]()
        if doubtful:
            found.update(
                number
                for number, color in enumerate(colors)
                if color in doubtful
                and color is not None
                and modes[number] == _FILL
                and number not in clear
                and self._is_on_its_color(color, boxes[number], drawn.texts[number])
            )
        return found

    def _grounds(self) -> set[Color | None]:
        """Return the colours of what is filled in and is no rule."""
        sizes = ((place, self._boxes[place]) for place in self._filled)
        return {
            self._filled[place]
            for place, (left, bottom, right, top) in sizes
            if min(right - left, top - bottom) > MOST_OF_A_RULE
        }

    def _without_pictures(self, numbers: set[int], boxes: Sequence[Box]) -> set[int]:
        """Return those texts that stand where nothing else is drawn."""
        drawn = self.drawn
        shapes = drawn.boxes(list(drawn.kinds))
        return {number for number in numbers if not any(meet(boxes[number], shape) for shape in shapes)}

    def _is_on_its_color(self, color: Color, box: Box, place: int) -> bool:
        if self.drawn.is_seen_through(place):  # it may be drawn in another colour than its own
            return False
        for below, below_box in reversed(self._boxes.items()):
            if not meet(box, below_box):
                continue
            if below < place:
                fill = self._filled.get(below)
                if fill is None or not are_alike(color, fill):
                    return False
                shown = shared(below_box, self.drawn.clip(below))
                if meet(box, shown):
                    return self._opaque(below) is not None and is_within(box, shown)
            elif self.drawn.kinds[below] == IMAGE:
                return False
        return _is_white(color)

    def _covered(self, boxes: Sequence[Box]) -> set[int]:
        """Return the texts over which a rectangle is filled in later, and no picture of them is drawn."""
        drawn = self.drawn
        found: set[int] = set()
        middles: list[tuple[float, int]] = []
        """How high each text so far is, the lowest first."""
        passed = 0
        for place in self._filled:
            while passed < len(boxes) and drawn.texts[passed] < place:
                bisect.insort(middles, ((boxes[passed][1] + boxes[passed][3]) / 2, passed))
                passed += 1
            if not passed:
                continue
            cover = self._boxes[place]
            if min(cover[2] - cover[0], cover[3] - cover[1]) <= MOST_OF_A_RULE:
                continue
            start, end = bisect.bisect(middles, (cover[1], 0)), bisect.bisect(middles, (cover[3], 0))
            within = [one for _, one in middles[start:end] if one not in found and is_within(boxes[one], cover)]
            if within and self._opaque(place) is not None:
                shown = shared(cover, drawn.clip(place))
                found.update(one for one in within if is_within(boxes[one], shown))
        pictures = [(place, box) for place, box in self._boxes.items() if found and drawn.kinds[place] == IMAGE]
        return {
            number
            for number in found
            if not any(place > drawn.texts[number] and meet(boxes[number], box) for place, box in pictures)
        }

    def _opaque(self, place: int) -> Color | None:
        """Return the colour of a rectangle; None where it is another shape, or not of one opaque colour."""
        if place not in self._opaques:
            color = self._filled.get(place)
            is_opaque = color is not None and color[3] == OPAQUE and self.drawn.covers(place)
            self._opaques[place] = color if is_opaque else None
        return self._opaques[place]


class _Drawings:
    """Draws a page with some texts and without them, and tells which of them make no difference."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._raw: Any = importlib.import_module("pypdfium2.raw")
        width, height = self._raw.FPDF_GetPageWidthF(page), self._raw.FPDF_GetPageHeightF(page)
        scale = min(1.0, MOST_DOTS / max(width, height, 1.0))
        self._width, self._height = max(1, round(width * scale)), max(1, round(height * scale))
        self._left = MOST_DRAWN - 1
        self._whole = self._draw()

    def unseen(self, texts: Sequence[ctypes.c_void_p]) -> list[ctypes.c_void_p]:
        """Return those of the texts that the page does not show: it looks the same without them."""
        if not texts or not self._left:
            return []
        self._left -= 1
        switch(texts, on=False)
        without = self._draw()
        switch(texts, on=True)
        if _look_alike(self._whole, without):
            return list(texts)
        half = len(texts) // 2
        return [*self.unseen(texts[:half]), *self.unseen(texts[half:])] if half else []

    def _draw(self) -> bytes:
        bitmap = self._raw.FPDFBitmap_Create(self._width, self._height, 0)
        if not bitmap:
            return b""
        try:
            self._raw.FPDFBitmap_FillRect(bitmap, 0, 0, self._width, self._height, 0xFFFFFFFF)
            self._raw.FPDF_RenderPageBitmap(bitmap, self._page, 0, 0, self._width, self._height, 0, 0)
            size = self._raw.FPDFBitmap_GetStride(bitmap) * self._height
            return ctypes.string_at(self._raw.FPDFBitmap_GetBuffer(bitmap), size)
        finally:
            self._raw.FPDFBitmap_Destroy(bitmap)


def _without_ends(cut: set[int], boxes: Sequence[Box]) -> set[int]:
    """Return the texts that are cut off without those that continue one that shows: half a number is another number."""
    left = set(cut)
    for step, order in ((-1, sorted(cut)), (1, sorted(cut, reverse=True))):
        for number in order:
            beside = number + step
            if 0 <= beside < len(boxes) and beside not in left and _are_joined(boxes[beside], boxes[number]):
                left.discard(number)
    return left


def _are_joined(one: Box, other: Box) -> bool:
    gap = max(one[0], other[0]) - min(one[2], other[2])
    return one[1] < other[3] and other[1] < one[3] and gap < MOST_OF_A_GAP * max(one[3] - one[1], other[3] - other[1])


_OTHER = re.compile(rb"[^\0]")


def _look_alike(one: bytes, other: bytes) -> bool:
    if one == other:
        return one != b""
    differing = (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))
    places = (found.start() for found in _OTHER.finditer(differing))
    return all(abs(one[place] - other[place]) <= ALIKE for place in places)


def _is_clear(mode: int, color: Color | None) -> bool:
    return mode == _INVISIBLE or (mode == _FILL and color is not None and color[3] == 0)


def _is_white(color: Color | None) -> bool:
    return color is not None and are_alike(color, _WHITE)
