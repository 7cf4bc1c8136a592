"""Find where text stands on a PDF's page: each word at once, or its letters where a word's box does not tell enough."""

import collections
import ctypes
import functools
import importlib
import itertools
import re
import struct
from collections.abc import Iterator
from typing import Any

import msgspec

from hubbub.ingest.loaders.pdf_handles import quick

GAP = 1.5
"""A gap between two columns is at least so many times as wide as the letters are high; a space has half of that."""
_LETTER = "0-9A-Za-z\u00c0-\u02af\u0370-\u0482\u048a-\u052f\u1e00-\u1fff"
_SIGN = r"[!-/:-@\[-`{-~\u00a1-\u00ac\u00ae-\u00bf\u2010-\u2027\u2030-\u205e\u20a0-\u20bf]"
_WORDS = re.compile(rf"(?:{_SIGN}?[{_LETTER}]++)++(?:{_SIGN}(?![^\s\0\ufffe]))?|.", re.DOTALL)
"""A word, or a character for itself. Signs that follow each other are low, so that small gaps between them count."""
_BROKEN = re.compile("\ufffe")
AT_ONCE = 256
"""So many places are asked for before they are taken out of the memory that pdfium writes them into."""


class Run(msgspec.Struct, gc=False):
    """Letters that stand together on a line: a word, or one letter."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    start: int = 0
    """Its first letter's place on the page."""


@functools.cache
def _many() -> tuple[Any, list[Any], list[Any], list[Any], list[Any]]:
    """Return memory for the places that are asked for at once, and where each one's four numbers go."""
    buffer = (ctypes.c_double * (4 * AT_ONCE))()
    corners = [[ctypes.byref(buffer, 32 * place + 8 * number) for place in range(AT_ONCE)] for number in range(4)]
    return memoryview(buffer).cast("B").cast("d"), corners[0], corners[1], corners[2], corners[3]


class Places:
    """Tells where the text of a page stands."""

    def __init__(self, text_page: Any, text: str) -> None:
        """`text` is what pdfium makes of the page, with its line ends."""
        self._text_page = text_page
        self._text = text
        self._handle = ctypes.byref(text_page.contents)
        self._numbers = (ctypes.c_double * 4)()
        self._corners = [ctypes.byref(self._numbers, 8 * number) for number in range(4)]

    def drawn(self) -> Iterator[tuple[float, float, float, float]]:
        """Return where each text is that is drawn at once, as (left, top, right, bottom), in this order."""
        get, handle, (numbers, *corners) = quick("FPDFText_GetRect"), itertools.repeat(self._handle), _many()
        count = quick("FPDFText_CountRects")(self._handle, 0, -1)
        values: list[float] = []
        for start in range(0, count, AT_ONCE):
            asked = range(start, min(start + AT_ONCE, count))
            collections.deque(map(get, handle, asked, *corners), maxlen=0)  # without a step of Python for each
            values += numbers[: 4 * len(asked)].tolist()
        return zip(values[::4], values[1::4], values[2::4], values[3::4], strict=True)

    def letter(self, text: str, place: int) -> Run:
        """Return a letter where it stands."""
        quick("FPDFText_GetCharBox")(self._handle, place, *self._corners)
        left, right, bottom, top = self._numbers[:]
        return Run(text, left, right, bottom, top, place)

    def first_letter(self, run: Run) -> Run:
        """Return the first letter of a word where it stands."""
        return run if len(run.text) == 1 else self.letter(run.text[0], run.start)

    def last_letter(self, run: Run) -> Run:
        """Return the last letter of a word where it stands."""
        return run if len(run.text) == 1 else self.letter(run.text[-1], run.start + len(run.text) - 1)

    def characters(self) -> str:
        """Return the characters of a page, each at its place."""
        text = self._text
        count = quick("FPDFText_CountChars")(self._handle)
        code_of = quick("FPDFText_GetUnicode")
        if len(text) != count:  # those of control are left out of it
            return "".join(_character(code_of(self._handle, place)) for place in range(count))
        return _BROKEN.sub(lambda broken: _character(code_of(self._handle, broken.start())), text)

    def runs(self, characters: str, *, by_letter: bool) -> Iterator[Run]:
        """Yield a page's words as they are drawn, and each space and line end between them at no place.

        A word has no wide gap in it: pdfium has a space there, unless its letters are all spaced out, and it is wide.
        """
        count, get, box = quick("FPDFText_CountRects"), quick("FPDFText_GetRect"), quick("FPDFText_GetCharBox")
        handle, (one, two, three, four), numbers = self._handle, self._corners, _FOUR.unpack
        buffer = self._numbers
        end = 0
        for text in characters if by_letter else _WORDS.findall(characters):
            if text == " ":
                end += 1
                yield SPACE
                continue
            start = end
            length = len(text)
            end += length
            if length == 1:
                if text == "\n":
                    yield LINE_END
                elif text not in "\r\0":
                    box(handle, start, one, two, three, four)
                    left, right, bottom, top = numbers(buffer)
                    yield Run(text, left, right, bottom, top, start)
                continue
            if count(handle, start, length) == 1:
                get(handle, 0, one, two, three, four)
                left, top, right, bottom = numbers(buffer)
                height = top - bottom
                if right - left < (length - 1) * GAP * height and height < GAP * (right - left):
                    yield Run(text, left, right, bottom, top, start)
                    continue
            for place, letter in enumerate(text, start):
                box(handle, place, one, two, three, four)
                left, right, bottom, top = numbers(buffer)
                yield Run(letter, left, right, bottom, top, place)

    def pieces(self, start: int, length: int) -> int:
        """Return how often something new is drawn among so many letters."""
        return quick("FPDFText_CountRects")(self._handle, start, length)

    def baseline(self, place: int) -> float:
        """Return how high the line is on which a letter stands, whatever its shape."""
        quick("FPDFText_GetCharOrigin")(self._handle, place, *self._corners[:2])
        return self._numbers[1]

    def is_on_another_line(self, last: int, place: int) -> bool:
        """Tell whether a letter that is not turned stands on another line than the last one, whatever their shapes."""
        raw: Any = importlib.import_module("pypdfium2.raw")
        if abs(raw.FPDFText_GetCharAngle(self._text_page, place)) > 0.1:
            return False
        moved = abs(Places.baseline(self, place) - Places.baseline(self, last))
        return moved > 0.5 * raw.FPDFText_GetFontSize(self._text_page, place)


SPACE = Run(" ", 0.0, 0.0, 0.0, 0.0)
LINE_END = Run("\n", 0.0, 0.0, 0.0, 0.0)
_FOUR = struct.Struct("=4d")


def _character(code: int) -> str:
    return "\ufffe" if code == 2 else chr(code & 0xFFFFFFFF) if code & 0xFFFFFFFF < 0x110000 else "\ufffd"
