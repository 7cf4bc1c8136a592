"""Say of any bytes that they come to the same however they are cut, and that nothing but a named error comes of them.

Each check takes the fuzzer's bytes: the first four decide where the rest is cut.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from msgspec.structs import replace

from bench.fuzz import requests
from hubbub.connections.arrivals import Arrivals
from hubbub.connections.replies import StreamReply
from hubbub.connections.sockets import Connection
from hubbub.core.events import Text, ToolCall, Usage, encode
from hubbub.models.base import Piece
from hubbub.models.faults import read_fault
from hubbub.models.sse import EventTooLarge, SseDecoder
from hubbub.models.wire import Transcript

Check: TypeAlias = Callable[[bytes], None]

LIMIT_BYTES = 300
"""Of an event: small, so that the fuzzer finds its way over it."""
CUT_BYTES = 4


def check_events(data: bytes) -> None:
    """The decoder gives the same events however its bytes are cut, and none beyond the limit."""
    whole, pieces = cut(data)
    expected = decoded([whole])
    assert decoded(pieces) == expected
    assert decoded([bytes([byte]) for byte in whole]) == expected
    assert all(len(event) <= LIMIT_BYTES for event in expected[0])


def check_texts(data: bytes) -> None:
    """A stream of chunks says the same and ends the same however its bytes are cut."""
    whole, pieces = cut(data)
    assert heard(pieces) == heard([whole])


def check_refusals(data: bytes) -> None:
    """The body of a refusal says something that can be stored, or nothing."""
    (read_fault(data).message or "").encode()


def check_replies(data: bytes) -> None:
    """A reply has the same status, headers, body and end however its bytes are cut."""
    whole, pieces = cut(data)
    assert read(pieces) == read([whole])


def check_all(data: bytes) -> None:
    """A whole reply of a model server comes to the same text and the same end however its bytes are cut."""
    whole, pieces = cut(data)
    assert heard(read(pieces).chunks) == heard(read([whole]).chunks)


def check_requests(data: bytes) -> None:
    """The protocol of our server bounds what a client sends, and takes no trailer for a header."""
    requests.check_requests(*cut(data))


CHECKS: Mapping[str, Check] = {
    "events": check_events,
    "texts": check_texts,
    "refusals": check_refusals,
    "replies": check_replies,
    "all": check_all,
    "requests": check_requests,
}


@dataclass(frozen=True)
class Said:
    """What a stream came to."""

    pieces: tuple[Piece, ...]
    end: str


@dataclass(frozen=True)
class Read:
    """What was read of a reply."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_complete: bool
    fault: str | None
    chunks: "Chunks"


class Chunks(list[bytes]):
    """The body as it came; equal to any other that it is cut into."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Chunks) and b"".join(self) == b"".join(other)

    __hash__ = None  # type: ignore[assignment]


def cut(data: bytes) -> tuple[bytes, list[bytes]]:
    """Return the bytes that are checked, whole and in pieces."""
    places, whole = random.Random(data[:CUT_BYTES]), data[CUT_BYTES:]
    bounds = sorted(places.randrange(len(whole) + 1) for _ in range(places.choice((1, 2, 5, 30))))
    return whole, [whole[start:end] for start, end in pairwise([0, *bounds, len(whole)])]


def decoded(pieces: Sequence[bytes], limit_bytes: int = LIMIT_BYTES) -> tuple[list[bytes], bool]:
    """Return the events in these bytes, and whether one was over the limit."""
    decoder = SseDecoder(limit_bytes)
    events: list[bytes] = []
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        return events + decoder.finish(), False
    except EventTooLarge as error:
        return [*events, *error.events], True


def heard(pieces: Sequence[bytes], limit_bytes: int = LIMIT_BYTES) -> Said:
    """Return what a person hears of a stream of chunks, and how it ended."""
    decoder, transcript = SseDecoder(limit_bytes), Transcript()
    said: list[Piece] = []
    is_too_large = False
    try:
        for piece in pieces:
            said += transcript.take(decoder.feed(piece))
        said += transcript.take(decoder.finish())
    except EventTooLarge as error:
        said += transcript.take(error.events)
        is_too_large = not transcript.has_ended
    said += transcript.finish()
    for piece in said:
        assert piece
        encode(Text(piece) if isinstance(piece, str) else piece)  # what can't be could be neither stored nor sent
    end = f"{transcript.finish_reason} {transcript.is_done} {transcript.fault} {transcript.is_nonsense} {is_too_large}"
    completion = transcript.completion()
    if completion is not None:
        encode(Usage(completion.prompt_tokens, completion.completion_tokens, completion.reasoning_tokens))
    return Said(tuple(_joined(said)), end)


def read(pieces: Sequence[bytes]) -> Read:
    """Return what a reply comes to that arrives in these pieces, after which the connection is closed."""
    reply = StreamReply(_arrivals, _Wire(pieces))
    chunks = Chunks()
    while not reply.is_complete and reply._fault is None:
        reply.read()
        chunks += reply._body
        reply._body.clear()
    assert reply.is_complete or not reply.may_be_kept
    headers = reply.headers if reply._has_headers else {}  # nobody sees half of a head
    return Read(reply.status, headers, b"".join(chunks), reply.is_complete, reply._fault, chunks)


class _Wire(Connection):
    """A connection on which these pieces arrive, and then the end."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece][::-1]

    def receive(self) -> bytes | None:
        return self._pieces.pop() if self._pieces else b""


_arrivals: Arrivals[StreamReply] = Arrivals()


def _joined(said: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with texts that follow each other as one, and without ids that were made up."""
    joined: list[Piece] = []
    for piece in said:
        if isinstance(piece, ToolCall):
            joined.append(replace(piece, id="call_…") if piece.id.startswith("call_") else piece)
        elif isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined
