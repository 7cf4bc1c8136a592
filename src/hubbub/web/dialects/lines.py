"""Render events as lines of JSON: each line is a whole JSON value, whatever texts hold, and nothing else is a line.

Readers of such streams split at line breaks; some take for one what JSON leaves as it is (U+2028, U+2029, U+0085).
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from hubbub.answers.base import Record
from hubbub.core.errors import HubbubError
from hubbub.core.events import Event, decode
from hubbub.web.dialects.sample_errors import in_words

JSON_LINES = "application/json-lines"
NDJSON = "application/x-ndjson"

_TEXT = b'{"type":"text","text":'
_THOUGHT = b'{"type":"reasoning"'
TAKEN_BACK = "</think>\n\n"
"""What stands behind a text that turned out to be a thought, where a stream has no word for that: as the model put it.
What was sent can't be taken back, but it can be told from the answer."""
_BREAKS = ((b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"), (b"\xc2\x85", b"\\u0085"))


def line(content: object) -> bytes:
    """Return a JSON value as a line."""
    return msgspec.json.encode(content) + b"\n"


def lines_of(
    records: Sequence[Record], said: Callable[[bytes], bytes], happened: Callable[[Event], Iterable[bytes]]
) -> bytes:
    """Return the lines of records: `said` makes those of a piece of text, which it is given as a JSON string.

    What the model thinks is not told. `happened` makes the lines of everything else.
    """
    lines: list[bytes] = []
    for record in records:
        data = record.data
        if data.startswith(_TEXT):
            lines.append(said(data[len(_TEXT) : -1]))
        elif not data.startswith(_THOUGHT):
            lines += happened(decode(data))
    return _unbroken(b"".join(lines))


def error_line(error: HubbubError) -> bytes:
    """Return the line that says why a stream breaks off."""
    return _unbroken(line(in_words(error.code, error.message)))


def _unbroken(body: bytes) -> bytes:
    if b"\xe2\x80" in body or b"\xc2\x85" in body:
        for found, escaped in _BREAKS:  # where they can stand, in strings, they may be escaped
            body = body.replace(found, escaped)
    return body
