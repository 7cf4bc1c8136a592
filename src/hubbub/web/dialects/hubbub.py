"""Our own stream: server-sent events, each with its number as `id` and its name as `event`.

The form of the stream: html.spec.whatwg.org/multipage/server-sent-events.html
"""

import random
from collections.abc import Sequence

from hubbub.answers.base import Record
from hubbub.core.errors import HubbubError

MEDIA_TYPE = "text/event-stream"
RETRY_MILLISECONDS = (1000, 3000)
"""Sent first: after how long a reader comes again that lost its connection. Each gets another time in between, so that
those who lost it together don't come together."""
PING = b": ping\n\n"
"""Sent when nothing happened for a while, so that everybody on the way sees that the stream lives."""

PAGE_RECORDS = 16
"""So many records are a page of the past, whose frames are kept for a while: thousands may come back for it at once."""
MOST_PAGES = 32
_pages: dict[tuple[str, int, int], bytes] = {}

_TYPE = b'{"type":"'


class HubbubEvents:
    """Our own stream. All readers share what is rendered, from whatever number they read on."""

    media_type = MEDIA_TYPE

    def __init__(self, asked: bytes | None = None) -> None:
        """Begin, where a question is answered with its answer, with what was stored, as JSON."""
        self._asked = asked

    def opening(self) -> bytes:
        opening = b"retry: %d\n\n" % random.randint(*RETRY_MILLISECONDS)  # noqa: S311 (no secret)
        return opening if self._asked is None else opening + b"event: asked\ndata: " + self._asked + b"\n\n"

    @staticmethod
    def frames(records: Sequence[Record]) -> bytes:
        if len(records) < PAGE_RECORDS:
            return _frames(records) if records else PING
        key = (records[0].answer_id, records[0].number, records[-1].number)
        page = _pages.get(key)
        if page is None:
            if len(_pages) >= MOST_PAGES:
                del _pages[next(iter(_pages))]
            page = _pages[key] = _frames(records)
        return page

    @staticmethod
    def trouble(error: HubbubError) -> bytes:
        """Return the frame that says why the stream breaks off. It has no number: the answer itself goes on."""
        return b"event: trouble\ndata: " + error.code.encode() + b"\n\n"


def _frames(records: Sequence[Record]) -> bytes:
    return b"".join([b"id: %d\nevent: %b\ndata: %b\n\n" % (one.number, _name(one.data), one.data) for one in records])


def _name(data: bytes) -> bytes:
    if not data.startswith(_TYPE):
        raise ValueError("a record does not begin with its type")
    return data[len(_TYPE) : data.index(b'"', len(_TYPE))]
