"""Read the JSON that servers send where a strict decoder can't: glued, cut, with NaN or with raw control characters."""

import json
import re

import msgspec

from hubbub.models.faults import UNREADABLE
from hubbub.models.incremental import has_halves, marked

_strict = msgspec.json.Decoder()
_lenient = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"(?:\s|data:)*")
"""What may stand before a value: some gateways write the name of the field twice."""
_DONE = re.compile(r'"?\[DONE\]"?', re.IGNORECASE)
_NEXT = re.compile(r"\n(?=\{|\[\{)")
_UNREADABLE = (*UNREADABLE, ValueError)
CUT_BYTES = 64 * 1024
"""A longer beginning of a value is not kept for its rest to come."""


class JsonReader:
    """Reads events, one after the other. A value that was cut in two by their border is put together again."""

    def __init__(self) -> None:
        self.is_done = False
        """Whether the last event said that nothing follows."""
        self.has_marks = False
        """Whether halves of characters may be among what was read, as `halves` marks them."""
        self._cut = ""
        """The beginning of a value whose rest has not come."""

    def read(self, event: bytes) -> list[object]:
        """Return the values in an event, as a rule one; none where nothing of it can be read yet."""
        self.is_done = False
        try:
            value = _strict.decode(event)
        except UNREADABLE:
            pass
        else:
            self.is_done = isinstance(value, str) and _DONE.fullmatch(value) is not None
            return [] if self.is_done else [_unwrapped(value)]
        text = self._text(event)
        values, rest = self._values(text)
        if rest and self._cut:
            more, left = self._values(self._cut + text)
            if more and not left:
                values, rest = more, ""
        self._cut = rest if rest.startswith(("{", "[")) and len(rest) <= CUT_BYTES else ""
        return values

    def _text(self, event: bytes) -> str:
        try:
            text = event.decode()
        except UnicodeDecodeError:
            pass
        else:
            if not has_halves(text):
                return text
        self.has_marks = True
        return marked(event)

    def _values(self, text: str) -> tuple[list[object], str]:
        """Return the values that a text begins with, and what is left of it."""
        values: list[object] = []
        at = 0
        while True:
            at = _end(_SPACE.match(text, at), at)
            if (done := _DONE.match(text, at)) is not None:
                self.is_done = True
                at = done.end()
                continue
            if at == len(text):
                return values, ""
            try:
                value, at = _lenient.raw_decode(text, at)
            except _UNREADABLE:
                if (line := _NEXT.search(text, at)) is None:
                    return values, text[at:]
                at = line.end()  # of several lines another one may be whole
                continue
            values.append(_unwrapped(value))


def _end(match: re.Match[str] | None, at: int) -> int:
    return match.end() if match else at


def _unwrapped(value: object) -> object:
    """Return what a text says that is JSON itself: some servers encode twice."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return _strict.decode(value)
        except UNREADABLE:
            pass
    return value
