"""Say of any bytes that a client sends that our server's protocol bounds them, and takes no trailer for a header."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from starlette.types import Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from hubbub.web.clients import Bounds, Clients
from hubbub.web.protocol import Protocol

HEAD_BYTES = 400
"""Small, so that the fuzzer finds its way over it."""
TURNS = 12
"""Turns of the event loop after each piece: enough for a request to be served."""


@dataclass
class Heard:
    """What came of some bytes: the headers that the application saw, request by request, and what was sent back."""

    headers: list[list[tuple[bytes, bytes]]] = field(default_factory=list[list[tuple[bytes, bytes]]])
    sent: bytearray = field(default_factory=bytearray)
    is_closed: bool = False
    is_sound: bool = True
    """Whether no header came after a head; an assertion in the application would be the server's to log."""


class _Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self, heard: Heard) -> None:
        super().__init__({"peername": ("192.0.2.1", 1), "sockname": ("192.0.2.2", 80)})
        self._heard = heard

    def write(self, data: Any) -> None:
        self._heard.sent += data

    def close(self) -> None:
        self._heard.is_closed = True

    abort = close

    def is_closing(self) -> bool:
        return self._heard.is_closed

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def heard_of(pieces: Sequence[bytes]) -> Heard:
    """Return what comes of these pieces of a connection, after which the client leaves.

    Raises:
        AssertionError: more than the bound was taken that is no body.
    """
    return _loop().run_until_complete(_hear(pieces))


async def _hear(pieces: Sequence[bytes]) -> Heard:
    heard = Heard()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen = list(scope["headers"])
        message: Message = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
        if message["type"] == "http.disconnect":
            return
        heard.is_sound &= list(scope["headers"]) == seen
        heard.headers.append(seen)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    clients = Clients(Bounds(head_bytes=HEAD_BYTES))
    config = Config(cast(Any, application), lifespan="off", log_config=None, access_log=False, proxy_headers=False)
    protocol = Protocol(clients, config, ServerState(), {})
    protocol.connection_made(_Transport(heard))
    for piece in pieces:
        if heard.is_closed:
            break
        if piece:
            protocol.data_received(piece)
        assert protocol._refusal is not None or protocol._overhead_bytes <= HEAD_BYTES
        for _ in range(TURNS):
            await asyncio.sleep(0)
    protocol.connection_lost(None)
    for task in tuple(protocol.tasks):
        await asyncio.wait({task}, timeout=5)
        assert task.done(), "a request did not end when its client left"
        task.result()
    assert heard.is_sound, "headers came after the head"
    assert not clients.open
    assert not len(clients.shares)
    protocol._unset_keepalive_if_required()
    if clients.waiting._timer is not None:
        clients.waiting._timer.cancel()
    return heard


def check_requests(whole: bytes, pieces: Sequence[bytes]) -> None:
    """A request has the headers of its head and no others, however its bytes are cut; nothing grows without bound."""
    heard_of(pieces)
    first = heard_of([whole]).headers[:1]
    head, end, _ = whole.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if first and end and b"\n\n" not in head:
        said = {line.partition(b":")[0].strip().lower() for line in head.split(b"\n")[1:]}
        assert {name for name, _ in first[0]} <= said, "a trailer became a header"
