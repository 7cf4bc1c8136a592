"""Reach the transport behind an ASGI response, where the server is ours."""

import socket
from asyncio import BaseTransport
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

EXTENSION = "hubbub.direct"
MOST_BUFFERED_BYTES = 128 * 1024
SEND_BUFFER_BYTES = 64 * 1024
"""What the kernel may hold for a client (it takes twice that); by itself it takes megabytes for a sleeping one."""


class Direct:
    """Writes to the transport of a response that has begun, past the application's coroutine."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def write(self, body: bytes) -> bool:
        """Write a piece of the body and return True; False, and nothing is written, where too much waits already."""
        cycle = self._cycle
        if cycle.disconnected or cycle.response_complete:
            return True  # who watches for that will end the reading
        transport = cycle.transport
        if transport.get_write_buffer_size() > MOST_BUFFERED_BYTES:
            return False
        transport.write(b"%x\r\n%b\r\n" % (len(body), body) if cycle.chunked_encoding else body)
        return True

    def abort(self) -> None:
        """Cut the connection off, with whatever still waits to be sent."""
        self._cycle.transport.abort()


def direct_of(scope: Scope) -> Direct | None:
    """Return the way to the transport, if the server gives one."""
    return scope.get("extensions", {}).get(EXTENSION)


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, which tells the application how to reach the transport."""

    def connection_made(self, transport: BaseTransport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Take a connection, and bound what the kernel holds for it."""
        super().connection_made(cast(Any, transport))
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    def on_headers_complete(self) -> None:
        """Begin a request. Its task runs later, so that it finds the extension."""
        super().on_headers_complete()
        extensions = cast(dict[str, Any], self.scope.setdefault("extensions", {}))
        extensions[EXTENSION] = Direct(self.cycle)


def is_silent(connection: object) -> bool:
    """Return whether a connection has made no request yet."""
    return isinstance(connection, Protocol) and cast(Any, connection).cycle is None
