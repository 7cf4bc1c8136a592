"""Reach a PDF's pages by pdfium's own handles: its library's objects for them cost as much as a small page does."""

import ctypes
import functools
import importlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from hubbub.core.errors import Invalid
from hubbub.core.reasons import because

MOST_LABEL = 128
"""Bytes of a page's label; a longer one is asked for twice."""
USUAL_UNITS = 16384
"""Of UTF-16, which the text of a page has room in; for a longer one there is as much again, or more."""
FAR = 1e6
"""Points: nothing of a page that is shown is so far from it."""
FORM = 5  # FPDF_PAGEOBJ_FORM


@functools.cache
def quick(name: str, *, returns: Any = ctypes.c_int) -> Callable[..., Any]:
    """Return a function of pdfium that returns a number (or else what is named), and takes its arguments as they are.

    As pypdfium2 declares them, the check of each argument's type takes four times as long as the call.
    """
    raw: Any = importlib.import_module("pypdfium2.raw")
    return ctypes.PYFUNCTYPE(returns)(ctypes.cast(getattr(raw, name), ctypes.c_void_p).value or 0)


class Opened(msgspec.Struct, frozen=True, gc=False):
    """A page's handles: of its objects, and of its text."""

    page: Any
    text_page: Any


@contextmanager
def opened(document: Any, index: int, prepare: Callable[[Any], None] | None = None) -> Generator[Opened]:
    """Open a page of a document that pypdfium2 opened, and then its text, when the page is prepared.

    Raises:
        Invalid: it is damaged.
    """
    raw: Any = importlib.import_module("pypdfium2.raw")
    page = raw.FPDF_LoadPage(document, index)
    if not page:
        raise Invalid(because("damaged"), code="corrupt")
    try:
        if prepare is not None:
            prepare(page)
        with opened_text(page) as text_page:
            yield Opened(page, text_page)
    finally:
        raw.FPDF_ClosePage(page)


@contextmanager
def opened_text(page: Any) -> Generator[Any]:
    """Open the text of a page as it is now.

    Raises:
        Invalid: it is damaged.
    """
    raw: Any = importlib.import_module("pypdfium2.raw")
    text_page = raw.FPDFText_LoadPage(page)
    if not text_page:
        raise Invalid(because("damaged"), code="corrupt")
    try:
        yield text_page
    finally:
        raw.FPDFText_ClosePage(text_page)


def text_of(text_page: Any) -> str:
    """Return a page's text as pdfium makes it, without those of its characters that are none of the text."""
    index_of, handle = quick("FPDFText_GetTextIndexFromCharIndex"), ctypes.byref(text_page.contents)
    first, last = 0, quick("FPDFText_CountChars")(handle) - 1
    while first <= last and index_of(handle, first) < 0:
        first += 1
    while first <= last and index_of(handle, last) < 0:
        last -= 1
    if first > last:
        return ""
    length = index_of(handle, last) + 1 - index_of(handle, first)
    room, units = _room_for(length + 1)
    written = quick("FPDFText_GetText")(handle, first, last + 1 - first, room)
    return str(units[: max(0, written - 1)], "utf-16-le", "ignore")  # 0 written: it holds another page's


def _room_for(units: int) -> tuple[Any, memoryview]:
    """Return memory for so many units of UTF-16 at least, and what shows it: the same for pages of about a length."""
    return _room(max(USUAL_UNITS, 1 << (units - 1).bit_length()))


@functools.lru_cache(maxsize=1)
def _room(units: int) -> tuple[Any, memoryview]:
    # ctypes makes a type of its own for each length, which costs more than to read a page's text.
    room = (ctypes.c_ushort * units)()
    return room, memoryview(room)


def rotation_of(page: Any) -> int:
    """Return by how many quarters a page is turned clockwise to be shown."""
    return quick("FPDFPage_GetRotation")(page)


def objects_of(page: Any, kind: int) -> Iterator[ctypes.c_void_p]:
    """Yield what is drawn of a kind on a page, also by the forms on it, but not by forms within those."""
    for drawn, its_kind in drawn_by("FPDFPage", page):
        if its_kind == kind:
            yield drawn
        if its_kind == FORM:
            yield from (inner for inner, inner_kind in drawn_by("FPDFFormObj", drawn) if inner_kind == kind)


def drawn_by(holder: str, handle: Any) -> Iterator[tuple[ctypes.c_void_p, int]]:
    """Yield what a page ("FPDFPage") or a form ("FPDFFormObj") draws, each with its kind."""
    get, kind_of = quick(f"{holder}_GetObject", returns=ctypes.c_void_p), quick("FPDFPageObj_GetType")
    for number in range(quick(f"{holder}_CountObjects")(handle)):
        if address := get(handle, number):
            drawn = ctypes.c_void_p(address)
            yield drawn, kind_of(drawn)


def bounds_of(drawn: ctypes.c_void_p) -> tuple[float, float, float, float] | None:
    """Return where something is drawn, as (left, bottom, right, top); None where that can't be told."""
    numbers = (ctypes.c_float * 4)()
    corners = [ctypes.byref(numbers, 4 * number) for number in range(4)]
    if not quick("FPDFPageObj_GetBounds")(drawn, *corners):
        return None
    left, bottom, right, top = numbers
    return left, bottom, right, top


def switch(objects: Iterable[ctypes.c_void_p], *, on: bool) -> None:
    """Draw objects of a page and read their text, or don't."""
    set_active = quick("FPDFPageObj_SetIsActive")
    for one in objects:
        set_active(one, int(on))


def take_out(objects: Sequence[ctypes.c_void_p]) -> None:
    """Take objects out of a page for good.

    They are moved far away, too: pdfium leaves out text that stands where the same one does that it doesn't read.
    """
    switch(objects, on=False)
    move, far = quick("FPDFPageObj_Transform"), [ctypes.c_double(one) for one in (1, 0, 0, 1, FAR, FAR)]
    for one in objects:
        move(one, *far)


def labels_of(document: Any, pages: int) -> list[str]:
    """Return the pages' labels; none, if the document says nothing of them."""
    get, handle = quick("FPDF_GetPageLabel", returns=ctypes.c_ulong), ctypes.byref(document.raw.contents)
    buffer = ctypes.create_string_buffer(MOST_LABEL)
    labels: list[str] = []
    for index in range(pages):
        length = get(handle, index, buffer, ctypes.c_ulong(len(buffer)))
        if not length:  # there is nothing of it for any page
            return []
        if length > len(buffer):
            buffer = ctypes.create_string_buffer(length)
            get(handle, index, buffer, ctypes.c_ulong(length))
        labels.append(" ".join(str(buffer.raw[: length - 2], "utf-16-le").split()))
    return labels
