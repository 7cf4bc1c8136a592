"""Read many streamed replies at once: after their beginning on the caller's beat, not one wake-up an arrival."""

import asyncio
import ipaddress
import selectors
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import urlsplit

import httptools  # pyright: ignore[reportMissingTypeStubs]
from aiohttp.abc import AbstractResolver

from hubbub import __version__
from hubbub.connections.outside import CONNECT_SECONDS, KEEP_ALIVE_SECONDS, Body, BrokenOff, Unreachable
from hubbub.connections.sockets import Connection, connect

SLICE = 200
"""So many replies are read before others have their turn: about 4 ms."""
DEADLINES_SECONDS = 0.25
"""How often the deadlines of poured replies are looked at."""

_Place = tuple[str, int, bool]  # host, port, whether TLS

Take: TypeAlias = Callable[[bytes], bool]
"""Takes what has arrived of a body, empty at its end, and says whether it wants more."""


class Deadline:
    """Until when something may take, in the loop's time. Who waits may put it off."""

    __slots__ = ("at",)

    def __init__(self, at: float) -> None:
        self.at = at


class StreamReply(Body):
    """A server's reply, of the same shape as that of `Http`: status and headers are there, the body is on the way.

    A chunk is awaited one by one, or all that follows is poured into a function on the beat.
    """

    def __init__(self, streams: "Streams", connection: Connection) -> None:
        self.status = 0
        self.reason = ""
        self.headers: dict[str, str] = {}
        """By names in lower case."""
        self.is_complete = False
        self.may_be_kept = False
        self._streams = streams
        self._connection = connection
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._has_headers = False
        self._fault: str | None = None
        self.selector: selectors.BaseSelector | None = None
        """Where the socket is waited for; `Streams` keeps it."""
        self._waiter: asyncio.Future[None] | None = None
        self._take: Take | None = None
        self._deadline: Deadline | None = None

    async def chunk(self) -> bytes:
        """Return what has arrived of the body, at least one byte; empty once it is complete.

        Raises:
            BrokenOff: the connection ended first.
        """
        while not self._body:
            if self.is_complete:
                return b""
            if self._fault is not None:
                raise BrokenOff(self._fault)
            await self._arrival()
        return self._taken()

    async def pour(self, take: Take, deadline: Deadline) -> None:
        """Hand over what is left of the body, a call a beat, until `take` wants no more or the body is complete.

        `take` is called by whoever polls, without waking this task. Without anybody who polls it is
        called here, as the bytes arrive.

        Raises:
            BrokenOff: the connection ended first.
            TimeoutError: the deadline, as it stands at that time, has passed.
            Exception: whatever `take` raised.
        """
        if self._body and not take(self._taken()):
            return
        if self.is_complete or self._fault is not None or not self._streams.has_beat:
            await self._poured_here(take, deadline)
            return
        self._take, self._deadline = take, deadline
        self._waiter = asyncio.get_running_loop().create_future()
        self._streams.put_on_beat(self)
        try:
            await self._waiter
        finally:
            self._waiter = self._take = None
            self._streams.let_go(self)

    async def headers_arrived(self) -> None:
        """Return when status and headers are there.

        Raises:
            BrokenOff: the connection ended first, or what came is not HTTP.
        """
        while not self._has_headers:
            if self._fault is not None:
                raise BrokenOff(self._fault)
            await self._arrival()

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._connection.fileno()

    def read(self) -> None:
        """Take what has arrived from the socket, and tell whoever wants it."""
        try:
            data = self._connection.receive()
            if data is None:
                return
            if data:
                self._parser.feed_data(data)  # pyright: ignore[reportUnknownMemberType]
            else:
                self._end()
        except httptools.HttpParserError:
            self._fault = "it does not answer in HTTP as it should"
        except OSError as error:
            self._fault = error.strerror or type(error).__name__
        if self.is_complete or self._fault is not None:
            self._streams.let_go(self)  # an end that stays readable would be read again and again
        if self._take is not None:
            self._hand_over(self._take)
        else:
            self._wake(None)

    def check_deadline(self, now: float) -> None:
        """End the pouring if its time is over."""
        if self._deadline is not None and now > self._deadline.at:
            self._wake(TimeoutError())

    def forget(self) -> None:
        """Read no more."""
        self._streams.let_go(self)

    def _hand_over(self, take: Take) -> None:
        if self._waiter is None or self._waiter.done():
            return
        try:
            wants_more = take(self._taken()) if self._body else True
            if wants_more and self.is_complete:
                take(b"")
                wants_more = False
        except Exception as error:  # noqa: BLE001 (it is raised where the pouring is awaited)
            self._wake(error)
            return
        if not wants_more:
            self._wake(None)
        elif self._fault is not None:
            self._wake(BrokenOff(self._fault))

    async def _poured_here(self, take: Take, deadline: Deadline) -> None:
        wants_more = True
        while wants_more:
            async with asyncio.timeout_at(deadline.at):
                chunk = await self.chunk()
            wants_more = take(chunk) and bool(chunk)

    def _taken(self) -> bytes:
        chunk = b"".join(self._body) if len(self._body) > 1 else self._body[0]
        self._body.clear()
        return chunk

    async def _arrival(self) -> None:
        self._streams.watch(self)
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self, error: Exception | None) -> None:
        if self._waiter is not None and not self._waiter.done():
            if error is None:
                self._waiter.set_result(None)
            else:
                self._waiter.set_exception(error)

    def _end(self) -> None:
        """The server has closed the connection: that ends a body whose length it did not tell."""
        is_told = "content-length" in self.headers or "chunked" in self.headers.get("transfer-encoding", "")
        if not self._has_headers:
            self._fault = "it closed the connection without a reply"
        elif is_told and not self.is_complete:
            self._fault = "it closed the connection in the middle"
        else:
            self.is_complete = True

    # What the parser calls:

    def on_status(self, status: bytes) -> None:
        self.reason = status.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.status = int(self._parser.get_status_code())
        self._has_headers = self.status >= 200

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._has_headers:
            self.is_complete = True
            self.may_be_kept = bool(self._parser.should_keep_alive())
        else:
            self.headers.clear()  # 100 Continue and the like: the reply itself follows


class Streams:
    """Makes requests whose replies are streams. An async context manager.

    Trusts no proxy, follows no redirect, looks names up by c-ares on the event loop. Connections
    over TLS are kept for a moment and used again; plain ones are not (see `Http`).

    The sockets stand in one of two selectors of our own. The loop watches the one of those that are
    awaited, as a single descriptor: that is cheaper than a watcher each, and uvloop 0.23 does not
    call a reader again for a reset that comes right behind bytes (0 of 20 tries). The other one is
    looked at by `poll` alone, so that an arrival wakes nobody.
    """

    def __init__(self, resolver: AbstractResolver, tls: ssl.SSLContext | None = None) -> None:
        self._look_soon: Callable[[], None] | None = None
        self._awaited = selectors.DefaultSelector()
        self._on_beat = selectors.DefaultSelector()
        self._deadlines_looked_at = 0.0
        self._tls = tls or ssl.create_default_context()
        self._resolver = resolver
        self._kept: dict[_Place, list[tuple[float, Connection]]] = {}

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._awaited, self._read_awaited)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._awaited)
        self._awaited.close()
        self._on_beat.close()
        for connections in self._kept.values():
            for _, connection in connections:
                connection.close()
        self._kept.clear()

    @property
    def has_beat(self) -> bool:
        """Whether somebody polls."""
        return self._look_soon is not None

    @property
    def poured(self) -> list[StreamReply]:
        """The replies that are read by `poll`."""
        return [key.data for key in self._on_beat.get_map().values()]

    def attach(self, look_soon: Callable[[], None]) -> None:
        """Let somebody poll, who is told when there is something to poll for."""
        self._look_soon = look_soon

    def watch(self, reply: StreamReply) -> None:
        """Read a reply as it arrives, from now on."""
        self._put(reply, self._awaited)

    def put_on_beat(self, reply: StreamReply) -> None:
        """Read a reply by `poll` alone, from now on."""
        self._put(reply, self._on_beat)
        if self._look_soon is not None:
            self._look_soon()

    def let_go(self, reply: StreamReply) -> None:
        """Read a reply no more."""
        if reply.selector is not None:
            reply.selector.unregister(reply.fileno())
            reply.selector = None

    def _put(self, reply: StreamReply, selector: selectors.BaseSelector) -> None:
        if reply.selector is not selector:
            self.let_go(reply)
            selector.register(reply.fileno(), selectors.EVENT_READ, reply)
            reply.selector = selector

    async def poll(self) -> int:
        """Read those on the beat for which something has arrived; returns how many are on it.

        After a slice of them, others have their turn on the loop.
        """
        for place, (key, _) in enumerate(self._on_beat.select(0), start=1):
            if key.data.selector is self._on_beat:  # it may have been let go in between
                key.data.read()
            if place % SLICE == 0:
                await asyncio.sleep(0)
        now = asyncio.get_running_loop().time()
        if now - self._deadlines_looked_at >= DEADLINES_SECONDS:
            self._deadlines_looked_at = now
            for reply in self.poured:
                reply.check_deadline(now)
        return len(self._on_beat.get_map())

    def _read_awaited(self) -> None:
        for key, _ in self._awaited.select(0):
            key.data.read()

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        connect_seconds: float = CONNECT_SECONDS,
    ) -> AsyncGenerator[StreamReply]:
        """Send a request and give its reply as soon as the headers are there.

        `connect_seconds` covers name, connection and TLS; all later waiting is for the caller to bound.
        Leaving the context before the body is complete closes the connection at once.

        Raises:
            Unreachable: no connection came about.
            BrokenOff: it ended before the headers were there, or they were not HTTP.
        """
        place, head = _parsed(method, url, headers or {}, body)
        connection, is_used = self._take_kept(place), True
        if connection is None:
            connection, is_used = await self._connect(place, connect_seconds), False
        reply = StreamReply(self, connection)
        try:
            try:
                await connection.send(head + (body or b""))
                await reply.headers_arrived()
            except (BrokenOff, OSError) as error:
                if not is_used:
                    raise error if isinstance(error, BrokenOff) else BrokenOff(str(error)) from error
                # The server had closed the connection that was kept: once more on a new one.
                reply.forget()
                connection.close()
                connection = await self._connect(place, connect_seconds)
                reply = StreamReply(self, connection)
                await connection.send(head + (body or b""))
                await reply.headers_arrived()
            yield reply
        finally:
            reply.forget()
            if reply.is_complete and reply.may_be_kept and place[2]:
                self._kept.setdefault(place, []).append((time.monotonic(), connection))
            else:
                connection.close()

    def _take_kept(self, place: _Place) -> Connection | None:
        kept = self._kept.get(place, [])
        while kept:
            since, connection = kept.pop()
            if time.monotonic() - since < KEEP_ALIVE_SECONDS and connection.is_quiet():
                return connection
            connection.close()
        return None

    async def _connect(self, place: _Place, seconds: float) -> Connection:
        host, port, is_secure = place
        try:
            async with asyncio.timeout(seconds):
                addresses = await self._addresses(host, port)
                return await connect(addresses, self._tls if is_secure else None, host)
        except TimeoutError as error:
            raise Unreachable(f"no connection within {seconds:g} s") from error
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(f"its certificate is not trusted ({error.verify_message})") from error
        except OSError as error:
            raise Unreachable(error.strerror or str(error) or type(error).__name__) from error

    async def _addresses(self, host: str, port: int) -> list[tuple[socket.AddressFamily, str, int]]:
        try:
            version = ipaddress.ip_address(host).version
            return [(socket.AF_INET if version == 4 else socket.AF_INET6, host, port)]
        except ValueError:
            pass
        try:
            found = await self._resolver.resolve(host, port, socket.AF_UNSPEC)
        except OSError as error:
            raise Unreachable(f"the name {host} can't be looked up") from error
        return [(socket.AddressFamily(one["family"]), one["host"], one["port"]) for one in found]


def _parsed(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[_Place, bytes]:
    try:
        parts = urlsplit(url)
        is_secure = {"https": True, "http": False}[parts.scheme.lower()]
        host, port = parts.hostname or "", parts.port or (443 if is_secure else 80)
    except (KeyError, ValueError) as error:
        raise Unreachable("the address is not a valid URL") from error
    if not host:
        raise Unreachable("the address is not a valid URL")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {parts.netloc.rpartition('@')[2]}",
        f"User-Agent: hubbub/{__version__}",
        "Accept-Encoding: identity",  # a compressed stream arrives in bursts
        f"Connection: {'keep-alive' if is_secure else 'close'}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    if any("\r" in line or "\n" in line for line in lines):
        raise Unreachable("the address or a header holds a line break")
    return (host, port, is_secure), ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
