"""Make requests whose replies are streams, many at once, plain and over TLS."""

import asyncio
import ipaddress
import socket
import ssl
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver

from hubbub import __version__
from hubbub.connections.arrivals import Arrivals
from hubbub.connections.outside import CONNECT_SECONDS, KEEP_ALIVE_SECONDS, BrokenOff, Unreachable
from hubbub.connections.replies import StreamReply
from hubbub.connections.sockets import Connection, connect

_Place = tuple[str, int, bool]  # host, port, whether TLS


class Streams:
    """Makes requests whose replies are streams. An async context manager.

    Trusts no proxy, follows no redirect, looks names up by c-ares on the event loop. Connections are
    kept for a moment and used again. Some servers close one after a streamed answer without having said so,
    as llama.cpp does: what was sent into the closing is sent once more, on a new connection.
    """

    def __init__(self, resolver: AbstractResolver, tls: ssl.SSLContext | None = None) -> None:
        self._arrivals: Arrivals[StreamReply] = Arrivals()
        self._tls = tls or _trusted_by_the_system()
        self._resolver = resolver
        self._kept: dict[_Place, deque[tuple[float, Connection]]] = {}
        """By where they lead to, with when they were last used; the last one used is the first one used again."""
        self._sweep: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        await self._arrivals.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._arrivals.__aexit__(kind, error, trace)
        if self._sweep is not None:
            self._sweep.cancel()
        self.close_idle()

    @property
    def poured(self) -> list[StreamReply]:
        """The replies that are read by the commit loop."""
        return self._arrivals.polled

    def attach(self, look_soon: Callable[[], None]) -> None:
        """Let somebody poll, who is told when there is something to poll for."""
        self._arrivals.attach(look_soon)

    def close_idle(self) -> None:
        """Close the connections that were kept to be used again."""
        self._close_kept(float("inf"))

    async def poll(self) -> int:
        """Read the poured replies for which something has arrived; returns how many are poured."""
        return await self._arrivals.poll()

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
        reply = StreamReply(self._arrivals, connection)
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
                reply = StreamReply(self._arrivals, connection)
                await connection.send(head + (body or b""))
                await reply.headers_arrived()
            del head, body  # it may be long, and so may the reply last
            yield reply
        finally:
            reply.forget()
            if reply.is_complete and reply.may_be_kept:
                self._keep(place, connection)
            else:
                connection.close()

    def _keep(self, place: _Place, connection: Connection) -> None:
        self._kept.setdefault(place, deque()).append((time.monotonic(), connection))
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(KEEP_ALIVE_SECONDS, self._sweep_kept)

    def _take_kept(self, place: _Place) -> Connection | None:
        kept = self._kept.get(place)
        while kept:
            since, connection = kept.pop()
            if time.monotonic() - since < KEEP_ALIVE_SECONDS and connection.is_quiet():
                return connection
            connection.close()
        return None

    def _sweep_kept(self) -> None:
        self._sweep = None
        self._close_kept(time.monotonic() - KEEP_ALIVE_SECONDS)
        if self._kept:
            self._sweep = asyncio.get_running_loop().call_later(KEEP_ALIVE_SECONDS, self._sweep_kept)

    def _close_kept(self, until: float) -> None:
        """Close what was not used since a time."""
        for place, kept in list(self._kept.items()):
            while kept and kept[0][0] <= until:
                kept.popleft()[1].close()
            if not kept:
                del self._kept[place]

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


@cache
def _trusted_by_the_system() -> ssl.SSLContext:
    """Return what trusts the authorities that the system does. To read them all takes 50 ms, so it is done once."""
    return ssl.create_default_context()


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
        "Connection: keep-alive",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    if any("\r" in line or "\n" in line for line in lines):
        raise Unreachable("the address or a header holds a line break")
    return (host, port, is_secure), ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
