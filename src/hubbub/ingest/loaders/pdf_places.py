"""Find where text stands on a PDF's page: each word at once, or its letters where a word's box does not tell enough."""

import ctypes
import functools
import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

GAP = 1.5
"""A gap between two columns is at least so many times as wide as the letters are high; a space has half of that."""
_LETTER = "0-9A-Za-z\u00c0-\u02af\u0370-\u0482\u048a-\u052f\u1e00-\u1fff"
_SIGN = r"[!-/:-@\[-`{-~\u00a1-\u00ac\u00ae-\u00bf\u2010-\u2027\u2030-\u205e\u20a0-\u20bf]"
_WORDS = re.compile(rf"(?:{_SIGN}?[{_LETTER}]++)++(?:{_SIGN}(?![^\s\0\ufffe]))?|[^\r\0]")
"""A word, or a character for itself. Signs that follow each other are low, so that small gaps between them count."""
_LETTERS = re.compile(r"[^\r\0]")


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
def quick(name: str, *, returns: Any = ctypes.c_int) -> Callable[..., Any]:
    """Return a function of pdfium that returns a number (or else what is named), and takes its arguments as they are.

    As pypdfium2 declares them, the check of each argument's type takes four times as long as the call.
    """
    raw: Any = importlib.import_module("pypdfium2.raw")
    return ctypes.PYFUNCTYPE(returns)(ctypes.cast(getattr(raw, name), ctypes.c_void_p).value or 0)


class Places:
    """Tells where the text of a page stands."""

    def __init__(self, text_page: Any) -> None:
        self._text_page = text_page
        self._handle = ctypes.byref(text_page.raw.contents)
        self._numbers = (ctypes.c_double * 4)()
        self._corners = [ctypes.byref(self._numbers, 8 * number) for number in range(4)]

    def drawn(self) -> Iterator[tuple[float, ...]]:
        """Return where each text is that is drawn at once, as (left, top, right, bottom), in this order."""
        count, get, handle = quick("FPDFText_CountRects"), quick("FPDFText_GetRect"), self._handle
        found: list[bytes] = []
        for number in range(count(handle, 0, -1)):
            get(handle, number, *self._corners)
            found.append(bytes(self._numbers))
        values = memoryview(b"".join(found)).cast("d").tolist()
        return zip(values[::4], values[1::4], values[2::4], values[3::4], strict=True)

    def letter(self, text: str, place: int) -> Run:
        """Return a letter where it stands."""
        quick("FPDFText_GetCharBox")(self._handle, place, *self._corners)
        left, right, bottom, top = self._numbers[:]
        return Run(text, left, right, bottom, top, place)

    def characters(self) -> str:
        """Return the characters of a page, each at its place."""
        text = str(self._text_page.get_text_range())
        count = self._text_page.count_chars()
        code_of = quick("FPDFText_GetUnicode")
        if len(text) != count:  # those of control are left out of it
            return "".join(_character(code_of(self._handle, place)) for place in range(count))
        if "\ufffe" not in text:
            return text
        return "".join(
            _character(code_of(self._handle, place)) if character == "\ufffe" else character
            for place, character in enumerate(text)
        )

    def runs(self, characters: str, *, by_letter: bool) -> Iterator[Run]:
        """Yield a page's words as they are drawn, and each space and line end between them at no place.

        A word has no wide gap in it: pdfium has a space there, unless its letters are all spaced out, and it is wide.
        """
        count, get, box = quick("FPDFText_CountRects"), quick("FPDFText_GetRect"), quick("FPDFText_GetCharBox")
        handle, corners, numbers = self._handle, self._corners, self._numbers
        for found in (_LETTERS if by_letter else _WORDS).finditer(characters):
            text = found[0]
            if text == " ":
                yield SPACE
                continue
            start = found.start()
            if len(text) == 1:
                if text == "\n":
                    yield LINE_END
                    continue
                box(handle, start, *corners)
                left, right, bottom, top = numbers[:]
                yield Run(text, left, right, bottom, top, start)
                continue
            if count(handle, start, len(text)) == 1:
                get(handle, 0, *corners)
                left, top, right, bottom = numbers[:]
                if right - left < (len(text) - 1) * GAP * (top - bottom) and top - bottom < GAP * (right - left):
                    yield Run(text, left, right, bottom, top, start)
                    continue
            for place, letter in enumerate(text, start):
                box(handle, place, *corners)
                left, right, bottom, top = numbers[:]
                yield Run(letter, left, right, bottom, top, place)

    def is_on_another_line(self, last: int, place: int) -> bool:
        """Tell whether a letter that is not turned stands on another line than the last one, whatever their shapes."""
        raw: Any = importlib.import_module("pypdfium2.raw")
        if abs(raw.FPDFText_GetCharAngle(self._text_page, place)) > 0.1:
            return False
        origin_of = quick("FPDFText_GetCharOrigin")
        origin_of(self._handle, last, *self._corners[:2])
        last_y = self._numbers[1]
        origin_of(self._handle, place, *self._corners[:2])
        return abs(self._numbers[1] - last_y) > 0.5 * raw.FPDFText_GetFontSize(self._text_page, place)


SPACE = Run(" ", 0.0, 0.0, 0.0, 0.0)
LINE_END = Run("\n", 0.0, 0.0, 0.0, 0.0)


def _character(code: int) -> str:
    return "\ufffe" if code == 2 else chr(code & 0xFFFFFFFF) if code & 0xFFFFFFFF < 0x110000 else "\ufffd"
