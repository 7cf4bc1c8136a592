"""Tell what is drawn on a PDF's page, in its order: where, how, and in which colour."""

import ctypes
import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from hubbub.ingest.loaders.pdf_handles import FORM, quick

Box: TypeAlias = tuple[float, float, float, float]
"""Where something is, as (left, bottom, right, top)."""
Color: TypeAlias = tuple[int, int, int, int]
"""Red, green, blue and how opaque it is, each up to 255."""
_Matrix: TypeAlias = tuple[float, float, float, float, float, float]

PATH, IMAGE = 2, 3  # FPDF_PAGEOBJ_PATH, FPDF_PAGEOBJ_IMAGE
ALIKE = 6
"""Colours look the same that differ by so much of 255 in each of red, green and blue."""
AT_ONCE = 256
"""So many objects are asked for before the answers are taken out of the memory that pdfium writes them into."""
OPAQUE = 255
EVERYWHERE: Box = (-math.inf, -math.inf, math.inf, math.inf)
_DEEPEST = 8
_MOST_CORNERS = 6
_SLACK = 0.1


class Drawn:
    """What is drawn on a page and by the forms on it, in its order."""

    def __init__(self, page: Any) -> None:
        self.objects = _objects("FPDFPage", ctypes.byref(page.contents))
        self._matrices: dict[int, _Matrix] = {}
        """Of what is drawn within forms, by its place."""
        self._faint: set[int] = set()
        """What is drawn within forms that what is below shows through."""
        self._ask()
        if FORM in self.kinds.values():
            objects, self.objects = self.objects, []
            self._add(objects, self.kinds, None)
            self._ask()

    def _ask(self) -> None:
        modes = list(map(quick("FPDFTextObj_GetTextRenderMode"), self.objects))
        self.texts = [place for place, mode in enumerate(modes) if mode >= 0]
        """The places of all texts."""
        self.modes = modes if len(self.texts) == len(modes) else [mode for mode in modes if mode >= 0]
        """How each text is drawn."""
        others = [place for place, mode in enumerate(modes) if mode < 0] if len(self.texts) < len(modes) else []
        self.kinds = dict(zip(others, map(quick("FPDFPageObj_GetType"), self._at(others)), strict=True))
        """What all else is, by its place."""

    def boxes(self, places: Sequence[int]) -> list[Box]:
        """Return where each of these objects is; those are everywhere of which it can't be told."""
        boxes = _boxes(self._at(places))
        if not self._matrices:
            return boxes
        return [self._moved(box, place) for box, place in zip(boxes, places, strict=True)]

    def colors(self, places: Sequence[int]) -> list[Color | None]:
        """Return in which colour each object is filled; None where it is in none, as in a pattern."""
        return _asked("FPDFPageObj_GetFillColor", "I", self._at(places))

    def count_shown(self) -> int:
        """Return how much is drawn that was not taken out."""
        return sum(map(is_active, self.objects))

    def filled(self) -> list[int]:
        """Return the places of the paths that are filled in."""
        paths = (place for place, kind in self.kinds.items() if kind == PATH)
        return [place for place in paths if _is_filled(self.objects[place])]

    def clipped(self) -> list[int]:
        """Return which of the texts are clipped."""
        clip_of, count = quick("FPDFPageObj_GetClipPath", returns=_Handle), quick("FPDFClipPath_CountPaths")
        counted = list(map(count, map(clip_of, self._at(self.texts))))
        return [number for number, paths in enumerate(counted) if paths > 0] if max(counted, default=0) > 0 else []

    def clip(self, place: int) -> Box:
        """Return what an object is clipped to; of other shapes than rectangles, all that they reach to."""
        clip = quick("FPDFPageObj_GetClipPath", returns=_Handle)(self.objects[place])
        box = EVERYWHERE
        for path in range(quick("FPDFClipPath_CountPaths")(clip)):
            box = shared(box, self._moved(_reach(clip, path), place))
        return box

    def covers(self, place: int) -> bool:
        """Tell whether a path that is filled in an opaque colour is a rectangle that shows nothing of what is below."""
        one = self.objects[place]
        return _is_rectangle(one) and is_active(one) and not self.is_seen_through(place)

    def is_seen_through(self, place: int) -> bool:
        """Tell whether what is below an object alters how it looks."""
        return place in self._faint or quick("FPDFPageObj_HasTransparency")(self.objects[place]) != 0

    def _at(self, places: Sequence[int]) -> list[ctypes.c_void_p]:
        return list(map(self.objects.__getitem__, places))

    def _add(
        self,
        objects: Sequence[ctypes.c_void_p],
        kinds: Mapping[int, int],
        matrix: _Matrix | None,
        depth: int = 0,
        *,
        is_faint: bool = False,
    ) -> None:
        """Add what is drawn with what forms draw in their places, and how the latter is moved."""
        for number, one in enumerate(objects):
            if kinds.get(number) == FORM and depth < _DEEPEST:
                faint = is_faint or quick("FPDFPageObj_HasTransparency")(one) != 0
                held = _objects("FPDFFormObj", one)
                held_kinds = dict(enumerate(map(quick("FPDFPageObj_GetType"), held)))
                self._add(held, held_kinds, _product(_matrix_of(one), matrix), depth + 1, is_faint=faint)
                continue
            place = len(self.objects)
            if matrix is not None:
                self._matrices[place] = matrix
            if is_faint:
                self._faint.add(place)
            self.objects.append(one)

    def _moved(self, box: Box, place: int) -> Box:
        matrix = self._matrices.get(place)
        if matrix is None or box == EVERYWHERE:
            return box
        a, b, c, d, e, f = matrix
        corners = [(a * x + c * y + e, b * x + d * y + f) for x in box[::2] for y in box[1::2]]
        across, up = [x for x, _ in corners], [y for _, y in corners]
        return min(across), min(up), max(across), max(up)


class _Handle(ctypes.c_void_p):
    """What pdfium knows an object by; of a type of its own, ctypes does not make a number of it."""


def _objects(holder: str, handle: Any) -> list[ctypes.c_void_p]:
    get = quick(f"{holder}_GetObject", returns=_Handle)
    count = quick(f"{holder}_CountObjects")(handle)
    return list(map(get, itertools.repeat(handle, count), range(count)))


def _matrix_of(form: ctypes.c_void_p) -> _Matrix:
    numbers = (ctypes.c_float * 6)()
    quick("FPDFPageObj_GetMatrix")(form, ctypes.byref(numbers))
    a, b, c, d, e, f = numbers
    return a, b, c, d, e, f


def _product(first: _Matrix, then: _Matrix | None) -> _Matrix:
    if then is None:
        return first
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


@functools.cache
def _memory() -> tuple[memoryview, list[list[Any]]]:
    """Return memory for four numbers of each object that is asked for at once, and where each of them goes."""
    buffer = (ctypes.c_uint32 * (4 * AT_ONCE))()
    corners = [[ctypes.byref(buffer, 16 * one + 4 * number) for one in range(AT_ONCE)] for number in range(4)]
    return memoryview(buffer).cast("B"), corners


def _boxes(objects: Sequence[ctypes.c_void_p]) -> list[Box]:
    boxes = _asked("FPDFPageObj_GetBounds", "f", objects)
    return [box or EVERYWHERE for box in boxes] if None in boxes else boxes


def _asked(name: str, form: Literal["f", "I"], objects: Sequence[ctypes.c_void_p]) -> list[Any]:
    """Return the four numbers that pdfium tells of each object; None where it tells nothing."""
    get = quick(name)
    data, corners = _memory()
    found: list[Any] = []
    for start in range(0, len(objects), AT_ONCE):
        asked = objects[start : start + AT_ONCE]
        are_known = list(map(get, asked, *corners))
        numbers: list[Any] = data[: 16 * len(asked)].cast(form).tolist()
        answers = zip(numbers[::4], numbers[1::4], numbers[2::4], numbers[3::4], strict=True)
        if all(are_known):
            found += answers
        else:
            found += [one if known else None for known, one in zip(are_known, answers, strict=True)]
    return found


_MODES = (ctypes.c_int * 2)()
_MODE_PLACES = [ctypes.byref(_MODES, 0), ctypes.byref(_MODES, ctypes.sizeof(ctypes.c_int))]


def _is_filled(path: ctypes.c_void_p) -> bool:
    return quick("FPDFPath_GetDrawMode")(path, *_MODE_PLACES) != 0 and _MODES[0] != 0


def is_active(drawn: ctypes.c_void_p) -> bool:
    """Tell whether an object was not taken out of its page."""
    switched = ctypes.c_int(1)
    quick("FPDFPageObj_GetIsActive")(drawn, ctypes.byref(switched))
    return switched.value != 0


def _is_rectangle(path: ctypes.c_void_p) -> bool:
    count = quick("FPDFPath_CountSegments")(path)
    if not 4 <= count <= _MOST_CORNERS:
        return False
    get = quick("FPDFPath_GetPathSegment", returns=ctypes.c_void_p)
    points = [_point(get(path, number)) for number in range(count)]
    sides = itertools.pairwise(points)
    return all(one[0] == other[0] or one[1] == other[1] for one, other in sides) and len(set(points)) == 4


def _reach(clip: ctypes.c_void_p, path: int) -> Box:
    """Return how far a path reaches to which something is clipped."""
    get = quick("FPDFClipPath_GetPathSegment", returns=ctypes.c_void_p)
    count = quick("FPDFClipPath_CountPathSegments")(clip, path)
    points = [_point(get(clip, path, number)) for number in range(count)]
    across, up = [x for x, _ in points], [y for _, y in points]
    return (min(across), min(up), max(across), max(up)) if points else EVERYWHERE


def _point(segment: int) -> tuple[float, float]:
    x, y = ctypes.c_float(), ctypes.c_float()
    quick("FPDFPathSegment_GetPoint")(ctypes.c_void_p(segment), ctypes.byref(x), ctypes.byref(y))
    return round(x.value, 2), round(y.value, 2)


def meet(one: Box, other: Box) -> bool:
    """Tell whether two boxes have some of their insides in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def is_within(box: Box, other: Box) -> bool:
    """Tell whether nearly all of a box is within another one: what a letter has room for, it need not fill."""
    width, height = _SLACK * (box[2] - box[0]), _SLACK * (box[3] - box[1])
    return (
        box[0] >= other[0] - width
        and box[2] <= other[2] + width
        and box[1] >= other[1] - height
        and box[3] <= other[3] + height
    )


def shared(one: Box, other: Box) -> Box:
    """Return what two boxes have in common; if that is nothing, its sides are the wrong way round."""
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def are_alike(one: Color, other: Color) -> bool:
    """Tell whether two colours look the same, however opaque they are."""
    return all(abs(first - second) <= ALIKE for first, second in zip(one[:3], other[:3], strict=True))
