"""Speak HTTP with clients, within bounds; and reach the transport behind an ASGI response, where the server is ours."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import httptools
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from hubbub.core.errors import HeadTooLarge, HubbubError, Malformed, Overloaded, TooSlow
from hubbub.web.address import counted
from hubbub.web.bodies import problem
from hubbub.web.clients import Clients, Holder, Kind, bound_socket, take_off, wake_for
from hubbub.web.guards import HEADERS

EXTENSION = "hubbub.direct"
CLIENTS = "hubbub.clients"
MOST_BUFFERED_BYTES = 32 * 1024
"""What may wait for a client in this process before it is taken out of the commit loop; the kernel holds some more."""
SPREAD = 32
HIGH_WATER_BYTES = 16 * 1024
"""Above it `send` waits. What it was given before, and what waits in it, come on top: 16 KiB each of an answer."""
MOST_PIPELINED = 20
"""So many requests may wait on a connection for the one before them. One read may hold thousands of small ones."""
FULL_RETRY_SECONDS = 5
CHUNK_BYTES = 12
"""So much around a chunk of some size is taken for its frame (its length and two line ends), and not for overhead."""
FRAMED = 4
"""But at most the body's bytes over this: chunks of a few bytes each are mostly overhead."""
WAKE_BYTES = 32 * 1024
"""The application is woken for so much of a body, or for its end: bytes that trickle in cost it nothing."""
UNWANTED_BYTES = 256 * 1024
"""So much is still taken, and dropped, from a client that was refused, so that it gets to read why."""
_UPGRADES = frozenset({b"upgrade", b"http2-settings"})


class Direct:
    """Writes to the transport of a response that has begun, past the application's coroutine."""

    def __init__(self, cycle: RequestResponseCycle, clients: Clients, holder: Holder) -> None:
        self._cycle = cycle
        self._holder = holder
        self._clients = clients
        self.on_left: Callable[[], None] | None = None
        """Called when the client has gone."""
        # Each has a limit of its own: hundreds of sleeping readers of one answer must not all leave at once.
        self._most_bytes = MOST_BUFFERED_BYTES - (id(cycle) >> 6) % SPREAD * 512

    @property
    def has_left(self) -> bool:
        """Whether the client has gone."""
        return self._cycle.disconnected

    @property
    def is_free(self) -> bool:
        """Whether what is sent now would not have to wait."""
        return not self._cycle.flow.write_paused

    def has_room(self) -> bool:
        """Tell whether there is room for another piece; there is for a client that has gone, which takes none."""
        return self.has_left or self._cycle.transport.get_write_buffer_size() <= self._most_bytes

    def write(self, body: bytes) -> None:
        """Write a piece of the body; nothing is written where the client has gone, which `on_left` tells."""
        cycle = self._cycle
        if body and not (cycle.disconnected or cycle.response_complete):
            cycle.transport.write(b"%x\r\n%b\r\n" % (len(body), body) if cycle.chunked_encoding else body)

    def reading(self, answer_id: str) -> AbstractContextManager[None]:
        """Count this connection as one over which an answer is read.

        Raises:
            TooBusy: as many read it already as may.
        """
        return self._clients.reading(answer_id, self._holder)

    def abort(self) -> None:
        """Cut the connection off because it takes nothing, with whatever still waits to be sent."""
        cycle = self._cycle
        self._clients.stalled += not cycle.transport.is_closing()
        cycle.disconnected = True  # or uvicorn would log, as the application's error, that the response has no end
        cycle.transport.abort()


def direct_of(scope: Scope) -> Direct | None:
    """Return the way to the transport, if the server gives one."""
    return scope.get("extensions", {}).get(EXTENSION)


def clients_of(scope: Scope) -> Clients | None:
    """Return what is known of all clients, if the server is ours."""
    return scope.get("extensions", {}).get(CLIENTS)


def protocol_for(clients: Clients) -> type[asyncio.Protocol]:
    """Return what uvicorn takes as its `http`: it makes the protocol of each connection to a server."""
    return cast(type[asyncio.Protocol], partial(Protocol, clients))


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, which bounds what a client may take, and tells the application how to reach the transport.

    uvicorn alone keeps a connection for ever on which nothing, or never a whole head, arrives; it takes
    trailers for headers, without bound; and it drops the body of a request that offers another protocol.
    """

    # Not in its dict: that would be over 30 names then, and take four times the memory.
    __slots__ = (
        "_active",
        "_address",
        "_body_bytes",
        "_clients",
        "_fresh_bytes",
        "_is_counted",
        "_is_in_head",
        "_is_let_in",
        "_overhead_bytes",
        "_refusal",
        "_unsent_bytes",
        "_unwanted_bytes",
        "_waiting",
        "_wakes_for",
    )

    def __init__(
        self,
        clients: Clients,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._clients = clients
        self._waiting = clients.waiting
        self._is_in_head = False
        self._active: RequestResponseCycle | None = None
        """The request that is served, or was last; others may wait in the pipeline behind it."""
        self._overhead_bytes = 0
        """What came that is no body: heads, trailers, frames of chunks, empty lines; of requests not served yet."""
        self._fresh_bytes = 0
        """What of it came with the last read."""
        self._body_bytes = 0
        """What came of the body that comes now."""
        self._wakes_for = 0
        """The kernel wakes us for so many bytes; 0: for each."""
        self._unsent_bytes = 0
        self._unwanted_bytes = 0
        self._refusal: HubbubError | None = None
        self._address: str | None = None
        """Whose connection it is, as limits count it; None where a proxy has not said so yet."""
        self._is_counted = True
        self._is_let_in = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Take a connection, and bound what the kernel holds for it."""
        super().connection_made(cast(Any, transport))
        clients, bounds = self._clients, self._clients.bounds
        clients.open += 1
        self.transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        raw = transport.get_extra_info("socket")
        if raw is not None:
            bound_socket(raw, bounds.stall_seconds)
        peer = self.client[0] if self.client else ""
        if not clients.proxies.trusts(peer):
            self._belong_to(counted(peer))
        is_full = clients.open > bounds.connections and not self._has_room()
        if is_full and clients.open > bounds.connections + bounds.spare_connections:
            clients.refuse()
            self._refusal = _full()
            self.transport.write(_plain(self._refusal))
            self.transport.close()
            return
        self._waiting.begin(self, "head")
        self._is_let_in = not is_full

    def connection_lost(self, exc: Exception | None) -> None:
        """Let a connection go."""
        self._count_no_more()
        self._clients.stalled += isinstance(exc, TimeoutError)  # the kernel's TCP_USER_TIMEOUT
        self._waiting.end(self)
        super().connection_lost(exc)
        self._leave()

    def make_room(self) -> None:
        """Close, and count no more from now on."""
        self._count_no_more()
        self._waiting.end(self)
        self._clients.cut += 1
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes in; what is no body is refused once it is over the limit of a head."""
        if self._refusal is not None:
            self._unwanted_bytes += len(data)
            if self._unwanted_bytes > UNWANTED_BYTES:
                self.transport.abort()
            return
        self._unset_keepalive_if_required()
        self._fresh_bytes = len(data)
        self._overhead_bytes += len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError:
            self._refuse(self._refusal or Malformed("This is no request in HTTP/1.1 that can be read."))
            return
        if self._overhead_bytes > self._clients.bounds.head_bytes:
            self._refuse(self._too_large())
        elif self._wakes_for or (self._body_bytes and self.cycle.more_body):
            self._wake_for_body()

    def on_message_begin(self) -> None:
        """Note the first byte of a head. The first head's time runs from the connection's opening."""
        super().on_message_begin()
        self._is_in_head = True
        if self._is_quiet():
            self._overhead_bytes = self._fresh_bytes
            if self.cycle:
                self._waiting.begin(self, "head")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. A trailer is none (RFC 9110, 6.5.1): it is dropped, whatever it says."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin a request. Its task runs later, so that it finds the extensions."""
        bounds = self._clients.bounds
        if len(self.headers) > bounds.headers or (
            self._overhead_bytes > bounds.head_bytes and _size(self.url, self.headers) > bounds.head_bytes
        ):
            self._refusal = self._too_large()
        elif len(self.pipeline) >= MOST_PIPELINED:
            self._refusal = Malformed(f"More than {MOST_PIPELINED} requests were sent without waiting for a response.")
        elif self.parser.should_upgrade():
            if self.parser.get_method() != b"CONNECT":
                return  # `_parse` begins again, without the offer
            self._refusal = Malformed("This server is no proxy: it does not know CONNECT.")
        if self._refusal is not None:
            raise httptools.HttpParserError  # stops the parser
        self._is_in_head = False
        self._body_bytes = 0
        self._waiting.end(self)
        app = self.app
        if not self._is_welcome():
            self.app = cast(Any, _say_full)
        super().on_headers_complete()
        self.app = app
        extensions = cast(dict[str, Any], self.scope.setdefault("extensions", {}))
        extensions[EXTENSION] = Direct(self.cycle, self._clients, self)
        extensions[CLIENTS] = self._clients
        if not self.pipeline:
            self._active = self.cycle

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        size = len(body)
        self._body_bytes += size
        self._fresh_bytes -= size
        self._overhead_bytes -= size + min(CHUNK_BYTES, size // FRAMED)
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) >= WAKE_BYTES:
            cycle.message_event.set()
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()

    def on_message_complete(self) -> None:
        """Tell the application that the body is whole."""
        if not self._is_in_head:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, unless it is there already."""
        served, following = self._active, self.pipeline[-1][0] if self.pipeline else None
        self._wake_for_each()
        super().on_response_complete()
        if following is not None:
            self._active = following
        if served is not None and (following is not None or self._is_in_head):
            headers = cast(list[tuple[bytes, bytes]], served.scope["headers"])
            size = _size(served.scope["raw_path"] + served.scope["query_string"], headers)
            self._overhead_bytes = max(0, self._overhead_bytes - size)
        else:
            self._overhead_bytes = 0
        if self._is_quiet():
            self._waiting.begin(self, "head" if self._is_in_head else "idle")

    def on_late(self, kind: Kind) -> None:
        """Close a connection on which nothing goes on."""
        if self._refusal is None and not self._is_quiet():
            return  # a request is being served; the line is entered again after it
        unsent_bytes = self.transport.get_write_buffer_size()
        if kind == "ending" and unsent_bytes >= self._unsent_bytes:
            self._clients.stalled += 1
            self.transport.abort()
        elif unsent_bytes:  # it has its response, but has not taken all of it yet
            self._unsent_bytes = unsent_bytes
            self._waiting.begin(self, "ending")
            self.transport.close()
        elif kind == "head" and self._is_in_head and self._refusal is None:
            seconds = self._clients.bounds.head_seconds
            self.transport.write(_plain(TooSlow(f"The request's head did not arrive within {seconds:g} s.")))
            self.transport.close()
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """End the connection, after the request that is served."""
        if self._refusal is not None:
            self.transport.close()
        super().shutdown()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        start = super()._start_asgi_task

        def begin() -> None:
            if not cycle.disconnected:
                start(cycle, app)

        self._clients.turns.begin(begin)

    def _belong_to(self, address: str) -> None:
        if self._address is not None:
            self._clients.shares.remove(self._address, self)
        self._address = address
        self._clients.shares.add(address, self)

    def _count_no_more(self) -> None:
        if self._is_counted:
            self._is_counted = False
            self._clients.open -= 1
            if self._address is not None:
                self._clients.shares.remove(self._address, self)

    def _has_room(self) -> bool:
        return (self._address is None or self._clients.is_within_share(self._address)) and self._clients.make_room(
            self._address
        )

    def _is_welcome(self) -> bool:
        """Say whether a request is served, now that it is known whose it is."""
        clients, peer = self._clients, self.client[0] if self.client else ""
        if clients.proxies.trusts(peer):
            address = counted(clients.proxies.read(peer, self.headers).client or peer)
            if address != self._address:
                self._belong_to(address)
        if clients.open > clients.bounds.connections and not self._is_let_in:
            self._is_let_in = self._has_room()
        is_welcome = self._is_let_in and (self._address is None or clients.is_within_share(self._address))
        if not is_welcome:
            clients.refuse()
        return is_welcome

    def _parse(self, data: bytes) -> None:
        """Feed the parser. Where it stops at the offer of another protocol, begin again without it (RFC 9110, 7.8)."""
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as stop:
                head = self._head_without_upgrade()
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
                data = head + data[stop.args[0] :]
            else:
                return

    def _head_without_upgrade(self) -> bytes:
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (method, self.url, version)]
        for name, value in self.headers:
            if name == b"connection":
                tokens = [token.strip() for token in value.split(b",")]
                value = b", ".join(token for token in tokens if token.lower() not in _UPGRADES)
            if name not in _UPGRADES and (value or name != b"connection"):
                lines.append(b"%b: %b" % (name, value))
        return b"\r\n".join([*lines, b"", b""])

    def _wake_for_body(self) -> None:
        """Let what trickles in wake nobody: the kernel keeps a part of a body until the application is woken for it."""
        wanted, raw = 0, self.transport.get_extra_info("socket")
        if self.cycle.more_body and not self.cycle.response_complete and raw is not None and not self._is_encrypted():
            declared = next((int(value) for name, value in self.headers if name == b"content-length"), 0)
            wanted = min(WAKE_BYTES, declared - self._body_bytes)  # of chunks it is not known how much comes
        if wanted <= 1:
            self._wake_for_each()
        elif wanted != self._wakes_for:
            self._wakes_for = wanted
            wake_for(raw, wanted)

    def _wake_for_each(self) -> None:
        """Take what comes from now on at once, and what the kernel kept."""
        if not self._wakes_for:
            return
        self._wakes_for = 0
        raw = self.transport.get_extra_info("socket")
        wake_for(raw, 1)
        if self.transport.is_closing():  # what is not taken would make it a reset, which takes the response away
            take_off(raw, WAKE_BYTES)

    def _is_encrypted(self) -> bool:
        return self.transport.get_extra_info("sslcontext") is not None

    def _is_quiet(self) -> bool:
        return not self.cycle or self.cycle.response_complete

    def _too_large(self) -> HeadTooLarge:
        bounds = self._clients.bounds
        return HeadTooLarge(
            f"The request's address and headers, with all else that is no body, are over the limit of "
            f"{bounds.head_bytes:,} bytes in {bounds.headers} headers."
        )

    def _refuse(self, refusal: HubbubError) -> None:
        """Say why nothing more is taken from this client, where a response can begin, and end the connection."""
        self._refusal = refusal
        self._wake_for_each()
        if self.transport.is_closing():
            return
        active = self._active
        if active is not None and active.response_started and not active.response_complete:
            self.transport.close()  # in the middle of a response nothing else can be said
        else:
            self.transport.write(_plain(refusal))
            if self.transport.can_write_eof():
                self.transport.write_eof()  # closing now could take the words from the client that still sends
                self.flow.resume_reading()
                self._waiting.begin(self, "idle")
            else:
                self.transport.close()
        self._leave()

    def _leave(self) -> None:
        """Tell all requests of this connection that their client has gone, or counts as gone."""
        for cycle in (self._active, *(cycle for cycle, _ in self.pipeline)):
            if cycle is None or cycle.response_complete:
                continue
            cycle.disconnected = True
            cycle.message_event.set()
            direct = direct_of(cast(Scope, cycle.scope))
            if direct is not None and direct.on_left is not None:
                direct.on_left()


def _size(url: bytes, headers: Sequence[tuple[bytes, bytes]]) -> int:
    """Return about how long a head is."""
    return len(url) + sum(len(name) + len(value) + 4 for name, value in headers)


def _plain(error: HubbubError) -> bytes:
    """Return a whole response, for where no application is asked."""
    response = problem(error)
    response.headers.update({**HEADERS, "connection": "close"})
    lines = [b"HTTP/1.1 %d %b" % (response.status_code, HTTPStatus(response.status_code).phrase.encode())]
    lines += [b"%b: %b" % header for header in response.raw_headers]
    return b"\r\n".join([*lines, b"", bytes(response.body)])


def _full() -> Overloaded:
    return Overloaded(
        "As many clients are connected as this server takes. Try again soon.", retry_after_seconds=FULL_RETRY_SECONDS
    )


async def _say_full(scope: Scope, receive: Receive, send: Send) -> None:
    response = problem(_full())
    response.headers.update({**HEADERS, "connection": "close"})
    await response(scope, receive, send)


def full_response() -> bytes:
    """Return the whole response to a connection that can't be served, whatever it asks."""
    return _plain(_full())


def is_silent(connection: object) -> bool:
    """Return whether a connection has made no request yet."""
    return isinstance(connection, Protocol) and cast(Any, connection).cycle is None
