"""Read many streamed replies at once: after their beginning on the caller's beat, not one wake-up an arrival."""

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httptools  # pyright: ignore[reportMissingTypeStubs]
from aiohttp.abc import AbstractResolver

from hubbub import __version__
from hubbub.connections.outside import CONNECT_SECONDS, KEEP_ALIVE_SECONDS, Body, BrokenOff, Unreachable
from hubbub.connections.sockets import Connection, connect

SWEEP_SECONDS = 0.1

_Place = tuple[str, int, bool]  # host, port, whether TLS


class StreamReply(Body):
    """A server's reply, of the same shape as that of `Http`: status and headers are there, the body is on the way.

    A chunk is awaited one by one until `relax`; from then on bytes are taken from the socket when
    the beat polls, and whoever waits is woken once a beat.
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
        self._is_listening = False
        self._fault: str | None = None
        self._waiter: asyncio.Future[None] | None = None

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
        chunk = b"".join(self._body) if len(self._body) > 1 else self._body[0]
        self._body.clear()
        return chunk

    def relax(self) -> None:
        """Say that from now on a chunk may come a beat later. Without a beat nothing changes."""
        streams = self._streams
        if streams.look_soon and self not in streams.relaxed and not self.is_complete and self._fault is None:
            self._stop_listening()
            streams.relaxed[self] = None
            streams.look_soon()

    async def headers_arrived(self) -> None:
        """Return when status and headers are there.

        Raises:
            BrokenOff: the connection ended first, or what came is not HTTP.
        """
        while not self._has_headers:
            if self._fault is not None:
                raise BrokenOff(self._fault)
            await self._arrival()

    def read(self) -> None:
        """Take what has arrived from the socket, and wake who waits for it."""
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
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def forget(self) -> None:
        """Read no more."""
        self._stop_listening()
        self._streams.relaxed.pop(self, None)

    async def _arrival(self) -> None:
        if self not in self._streams.relaxed and not self._is_listening:
            asyncio.get_running_loop().add_reader(self._connection.fileno(), self.read)
            self._is_listening = True
            self._streams.watch(self)
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _stop_listening(self) -> None:
        if self._is_listening:
            asyncio.get_running_loop().remove_reader(self._connection.fileno())
            self._is_listening = False
            self._streams.awaited.pop(self, None)

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
    """

    def __init__(self, resolver: AbstractResolver, tls: ssl.SSLContext | None = None) -> None:
        self.look_soon: Callable[[], None] | None = None
        """Wakes who calls `poll` again and again, if somebody does."""
        self.relaxed: dict[StreamReply, None] = {}
        """The replies that are read by `poll`, in order."""
        self.awaited: dict[StreamReply, None] = {}
        """The replies that are read as they arrive."""
        self._sweeping: asyncio.TimerHandle | None = None
        self._tls = tls or ssl.create_default_context()
        self._resolver = resolver
        self._kept: dict[_Place, list[tuple[float, Connection]]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
        for connections in self._kept.values():
            for _, connection in connections:
                connection.close()
        self._kept.clear()

    def attach(self, look_soon: Callable[[], None]) -> None:
        """Let somebody poll, who is told when there is something to poll for."""
        self.look_soon = look_soon

    def watch(self, reply: StreamReply) -> None:
        """Look after a reply that is read as it arrives.

        uvloop 0.23 does not call a reader again for a reset that comes right behind bytes (0 of 20 tries; after a
        millisecond, and on asyncio's own loop, 20 of 20). So all of them are read now and then as well, which
        costs a system call each.
        """
        self.awaited[reply] = None
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        self._sweeping = None
        for reply in list(self.awaited):
            reply.read()
        if self.awaited:
            self._sweeping = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)

    def poll(self) -> int:
        """Read all relaxed replies once; returns how many there are."""
        for reply in list(self.relaxed):
            reply.read()
        return len(self.relaxed)

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
