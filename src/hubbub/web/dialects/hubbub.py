"""Our own stream: server-sent events, each with its number as `id` and its name as `event`.

The form of the stream: html.spec.whatwg.org/multipage/server-sent-events.html
"""

from collections.abc import Sequence

from hubbub.answers.base import Record
from hubbub.core.errors import HubbubError

MEDIA_TYPE = "text/event-stream"
OPENING = b"retry: 1000\n\n"
"""Sent first: a reader that lost its connection comes again after a second."""
PING = b": ping\n\n"
"""Sent when nothing happened for a while, so that everybody on the way sees that the stream lives."""

_TYPE = b'{"type":"'


def frames(records: Sequence[Record]) -> bytes:
    """Return the frames of some events; the ping where there are none."""
    if not records:
        return PING
    return b"".join(
        [b"id: %d\nevent: %b\ndata: %b\n\n" % (record.number, _name(record.data), record.data) for record in records]
    )


def asking(asked: bytes) -> bytes:
    """Return the frame that begins a stream that a question is answered with: what was stored, as JSON."""
    return OPENING + b"event: asked\ndata: " + asked + b"\n\n"


def trouble(error: HubbubError) -> bytes:
    """Return the frame that says why the stream breaks off. It has no number: the answer itself goes on."""
    return b"event: trouble\ndata: " + error.code.encode() + b"\n\n"


def _name(data: bytes) -> bytes:
    if not data.startswith(_TYPE):
        raise ValueError("a record does not begin with its type")
    return data[len(_TYPE) : data.index(b'"', len(_TYPE))]
