"""Send requests to other servers through the one outgoing HTTP client."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver

from hubbub import __version__
from hubbub.connections.outside import CONNECT_SECONDS, KEEP_ALIVE_SECONDS, Body, BrokenOff, Unreachable
from hubbub.connections.streams import Streams


class Reply(Body):
    """A server's answer: its status and headers are there, its body may still be on the way."""

    def __init__(self, raw: aiohttp.ClientResponse) -> None:
        self._raw = raw
        self.status = raw.status
        self.reason = raw.reason or ""
        self.headers: Mapping[str, str] = raw.headers
        """Names may be asked for in any case."""

    async def chunk(self) -> bytes:
        """Return what has arrived of the body, at least one byte; empty once it is complete.

        What arrives in one moment with a break may be lost.

        Raises:
            BrokenOff: the connection ended first.
        """
        try:
            return await self._raw.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise BrokenOff(said(error)) from error


class Http:
    """Makes requests. An async context manager.

    Connections over TLS are kept for a moment and used again; plain ones only for replies that stream
    (see `Streams`): they cost next to nothing to make. It trusts no proxy of the environment, keeps
    no cookies and sets no limit to the number of connections: admission is the caller's. Names are
    looked up by c-ares on the event loop, so that a look-up which hangs holds up nobody else.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, resolver: AbstractResolver | None = None) -> None:
        self._tls = tls
        self._resolver = resolver
        self._stack = AsyncExitStack()
        self._streams: Streams | None = None
        self._plain: aiohttp.ClientSession | None = None
        self._secure: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        resolver = self._resolver
        if resolver is None:
            resolver = aiohttp.AsyncResolver()
            self._stack.push_async_callback(resolver.close)
        for_once = aiohttp.TCPConnector(limit=0, force_close=True, resolver=resolver)
        kept = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS, resolver=resolver, ssl=self._tls or True
        )
        self._streams = await self._stack.enter_async_context(Streams(resolver, self._tls))
        self._plain = await self._stack.enter_async_context(_session(for_once))
        self._secure = await self._stack.enter_async_context(_session(kept))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def streams(self) -> Streams:
        """What makes requests whose replies are streams."""
        if self._streams is None:
            raise RuntimeError("Http is used outside of its context")
        return self._streams

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        follow_redirects: bool = False,
    ) -> AsyncGenerator[Reply]:
        """Send a request and give its reply as soon as the headers are there.

        `connect_seconds` covers name, connection and TLS; all later waiting is for the caller to bound.
        Leaving the context before the body is complete closes the connection at once. Redirects
        are replies like others unless followed; never follow with a key in the headers.

        Raises:
            Unreachable: no connection came about.
            BrokenOff: it ended before the headers were there, or they were not HTTP.
        """
        session = self._secure if url.lower().startswith("https:") else self._plain
        if session is None:
            raise RuntimeError("Http is used outside of its context")
        try:
            raw = await session.request(
                method,
                url,
                headers=headers,
                data=body,
                allow_redirects=follow_redirects,
                timeout=aiohttp.ClientTimeout(total=None, connect=connect_seconds),
            )
        except aiohttp.ConnectionTimeoutError as error:
            raise Unreachable(f"no connection within {connect_seconds:g} s") from error
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise Unreachable(said(error)) from error
        except aiohttp.ClientResponseError as error:  # TooManyRedirects, or headers that make no sense
            raise BrokenOff(f"it does not answer in HTTP as it should ({type(error).__name__})") from error
        except (aiohttp.ClientError, OSError) as error:
            raise BrokenOff(said(error)) from error
        try:
            yield Reply(raw)
        finally:
            raw.close()  # without effect once the body is complete: the connection is back in the pool by then

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = 10.0,
        limit_bytes: int = 1024 * 1024,
    ) -> tuple[int, bytes]:
        """Return status and body of a small page.

        Raises:
            Unreachable: no connection came about, or not all was there within `seconds`.
            BrokenOff: the connection ended first.
        """
        try:
            async with (
                asyncio.timeout(seconds),
                self.request("GET", url, headers=headers, connect_seconds=seconds) as reply,
            ):
                return reply.status, await reply.body(limit_bytes)
        except TimeoutError as error:
            raise Unreachable(f"no answer within {seconds:g} s") from error


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        # A compressed stream arrives in bursts, and a range of a compressed file is of no use.
        headers={"User-Agent": f"hubbub/{__version__}", "Accept-Encoding": "identity"},
        trust_env=False,
    )


def said(error: BaseException) -> str:
    """Say for a person what went wrong with a connection."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"the name {error.host} can't be looked up"
        case aiohttp.ClientConnectorCertificateError():
            return f"its certificate is not trusted ({error.certificate_error})"
        case aiohttp.ClientConnectorError(os_error=cause):
            return cause.strerror or type(cause).__name__
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return "the address is not a valid URL"
        case aiohttp.ServerDisconnectedError():
            return "it closed the connection without a reply"
        case OSError(strerror=str(text)):
            return text
        case _:
            return type(error).__name__
