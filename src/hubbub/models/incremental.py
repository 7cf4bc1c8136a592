"""Put characters together again that a server cut in two between its events."""

import re

_UNITS = 0x10F000
_BYTES = 0x10F800
"""Halves are marked in a text by private characters: from here on surrogates of UTF-16, and bytes that are no UTF-8."""
_BYTE_MARKS = {0xDC00 + byte: _BYTES + byte for byte in range(0x80, 0x100)}
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: whole
    r"|\\u([dD][89a-fA-F][0-9a-fA-F]{2})"  # a half
    r"|\\.",
    re.DOTALL,
)
_UNIT_RUN = re.compile("[\U0010f000-\U0010f7ff]+")
_BYTE_RUN = re.compile("[\U0010f880-\U0010f8ff]+")
_BEGUN = re.compile(
    "(?:[\U0010f000-\U0010f3ff]"  # a high surrogate
    "|[\U0010f8c2-\U0010f8df]"  # the first byte of two
    "|[\U0010f8e0-\U0010f8ef][\U0010f880-\U0010f8bf]?"  # of three
    "|[\U0010f8f0-\U0010f8f4][\U0010f880-\U0010f8bf]{0,2})\\Z"  # of four
)


def marked(data: bytes) -> str:
    """Return JSON that strict decoders take, with a mark for each half of a character in it."""
    text = data.decode("utf-8", "surrogateescape").translate(_BYTE_MARKS)
    return _ESCAPE.sub(_mark, text)


def has_halves(text: str) -> bool:
    """Tell whether JSON escapes half a character somewhere."""
    return any(escape[1] for escape in _ESCAPE.finditer(text))


def unmarked(text: str) -> str:
    """Return a text with what its marks come to; halves without their others become U+FFFD."""
    return _BYTE_RUN.sub(_of_bytes, _UNIT_RUN.sub(_of_units, text))


class CharacterDecoder:
    """Takes a text in pieces with marks in them, and gives it back without."""

    def __init__(self) -> None:
        self._begun = ""

    def take(self, text: str) -> str:
        """Return what is whole now. A character that has begun at the end is held until its other half comes."""
        text = self._begun + text
        begun = _BEGUN.search(text)
        self._begun = begun[0] if begun else ""
        return unmarked(text[: begun.start()] if begun else text)

    def finish(self) -> str:
        """Return what was held."""
        begun, self._begun = self._begun, ""
        return unmarked(begun)


def _mark(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16) - 0xD800 + _UNITS) if escape[1] else escape[0]


def _of_units(run: re.Match[str]) -> str:
    units = "".join(chr(ord(mark) - _UNITS + 0xD800) for mark in run[0])
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _of_bytes(run: re.Match[str]) -> str:
    return bytes(ord(mark) - _BYTES for mark in run[0]).decode("utf-8", "replace")
