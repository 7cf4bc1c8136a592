"""Fetch what people name by URL, and reach nothing by that but the public internet and what operators list."""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from hubbub import __version__
from hubbub.connections.addresses import Network, may_connect
from hubbub.connections.http import said
from hubbub.core.errors import Invalid, NotAllowed, TooLarge

USER_AGENT = f"hubbub/{__version__}"
CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
"""A server that sends nothing for so long is given up."""
MOST_REDIRECTS = 5
URL_CHARACTERS = 2000
HEAD_BYTES = 32 * 1024

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PORTS = {"http": 80, "https": 443}
_BAD = re.compile(r"[\x00-\x20\x7f-\x9f\\\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


class Arrived:
    """A server's reply, after all redirects: its head is there, its body may still be on the way."""

    def __init__(self, raw: aiohttp.ClientResponse, until: float) -> None:
        self._raw = raw
        self._until = until
        self.url = str(raw.url)
        self.status = raw.status
        self.headers: Mapping[str, str] = raw.headers
        """Names may be asked for in any case."""
        self.media_type = raw.content_type.lower() if "content-type" in raw.headers else ""
        self.charset = raw.charset or ""

    async def pieces(self, most_bytes: int) -> AsyncGenerator[bytes]:
        """Yield the body as it comes.

        Raises:
            TooLarge: it is longer than `most_bytes`, or says so.
            Invalid: it broke off, or did not come in time.
        """
        if (self._raw.content_length or 0) > most_bytes:
            raise _too_large(most_bytes)
        size = 0
        while True:
            try:
                until = min(self._until, asyncio.get_running_loop().time() + READ_SECONDS)
                async with asyncio.timeout_at(until):
                    piece = await self._raw.content.readany()
            except TimeoutError as error:
                raise _failed("it took too long") from error
            except (aiohttp.ClientError, OSError) as error:
                raise _failed(said(error)) from error
            if not piece:
                return
            size += len(piece)
            if size > most_bytes:
                raise _too_large(most_bytes)
            yield piece

    async def body(self, most_bytes: int) -> bytes:
        """Return the body. Raises as `pieces` does."""
        return b"".join([piece async for piece in self.pieces(most_bytes)])


class Guarded:
    """Fetches by GET without credentials, cookies or proxies. An async context manager.

    A name is looked up once for each connection, all its addresses are checked, and the connection goes to one of
    them: what the name leads to a moment later does not matter. Each redirect is checked like the first URL.
    """

    def __init__(
        self,
        *,
        listed: Sequence[Network] = (),
        ports: Sequence[int] = (80, 443),
        total_seconds: float = 120.0,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take the networks that may be reached although they are not public, and the ports."""
        self._listed = listed
        self._ports = frozenset(ports)
        self._total_seconds = total_seconds
        self._resolver = resolver
        self._tls = tls
        self._stack = AsyncExitStack()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        resolver = self._resolver
        if resolver is None:
            resolver = aiohttp.AsyncResolver()
            self._stack.push_async_callback(resolver.close)
        connector = aiohttp.TCPConnector(
            limit=0,
            force_close=True,
            use_dns_cache=False,
            ssl=self._tls or True,
            resolver=_Checked(resolver, self._listed),
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
            trust_env=False,
            auto_decompress=False,  # what is small on the wire and large in memory is refused below
            max_field_size=HEAD_BYTES,
        )
        self._session = await self._stack.enter_async_context(session)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @asynccontextmanager
    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, check: Callable[[str], None] = lambda _: None
    ) -> AsyncGenerator[Arrived]:
        """Give the reply for a URL, and for those that it is redirected to; each is given to `check` first, too.

        Statuses other than redirects are replies like others.

        Raises:
            Invalid: it is no URL that can be fetched, or its server can't be reached or does not answer.
            NotAllowed: it leads to an address or a port that may not be reached from here.
        """
        if self._session is None:
            raise RuntimeError("Guarded is used outside of its context")
        until = asyncio.get_running_loop().time() + self._total_seconds
        current = self._checked(url)
        for _ in range(MOST_REDIRECTS + 1):
            check(str(current))
            raw = await self._ask(self._session, current, headers, until)
            try:
                target = raw.headers.get("location") if raw.status in _REDIRECTS else None
                if target is None:
                    if raw.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                        raise _failed("it sends the document compressed although it was asked not to")
                    yield Arrived(raw, until)
                    return
                current = self._checked(target, current)
            finally:
                raw.close()
        raise _failed(f"it redirects more than {MOST_REDIRECTS} times")

    async def _ask(
        self, session: aiohttp.ClientSession, url: URL, headers: Mapping[str, str] | None, until: float
    ) -> aiohttp.ClientResponse:
        try:
            async with asyncio.timeout_at(min(until, asyncio.get_running_loop().time() + READ_SECONDS)):
                return await session.get(
                    url,
                    headers=headers,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
                )
        except TimeoutError as error:
            raise _failed("it did not answer in time") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failed(said(error)) from error

    def _checked(self, text: str, base: URL | None = None) -> URL:
        """Return a URL that may be asked for, as far as it can be told before its name is looked up.

        Raises:
            Invalid, NotAllowed: as `get` does.
        """
        if len(text) > URL_CHARACTERS or _BAD.search(text.strip()):
            raise Invalid("This is no URL that can be fetched. Copy it from the address bar of a browser.")
        try:
            url = URL(text.strip())
            url = base.join(url) if base is not None else url
            host, port = url.host, url.port
        except ValueError as error:
            raise Invalid("This is no URL that can be fetched. Copy it from the address bar of a browser.") from error
        if url.scheme not in _PORTS or not host:
            raise Invalid("Only URLs that begin with https:// or http:// can be fetched.")
        if url.user is not None or url.password is not None:
            raise Invalid("A URL with a user name or a password in it is not fetched. Take them out.")
        if port not in self._ports:
            raise NotAllowed(
                "This URL names a port that may not be fetched from here. Whoever runs the server can list it in "
                "ingest.urls.ports.",
                code="address_refused",
            )
        self._check_host(host)
        return url.with_fragment(None)

    def _check_host(self, host: str) -> None:
        try:
            ip_address(host.partition("%")[0])
        except ValueError:
            if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
                # 127.1, 0x7f.1, 2130706433: what these mean, libraries disagree on.
                raise Invalid("The address in this URL is written in an unusual way, so it is not fetched.") from None
        else:
            if not may_connect(host, self._listed):
                raise _refused()


class _Checked(AbstractResolver):
    """Looks names up, and refuses those of which one address may not be reached."""

    def __init__(self, resolver: AbstractResolver, listed: Sequence[Network]) -> None:
        self._resolver = resolver
        self._listed = listed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not all(may_connect(one["host"], self._listed) for one in found):
            raise _refused()
        return found

    async def close(self) -> None:
        """Leave the resolver to whoever made it."""


def _refused() -> NotAllowed:
    return NotAllowed(
        "This URL leads to an address that is not on the public internet, so it is not fetched. Whoever runs the "
        "server can list the network in ingest.urls.networks.",
        code="address_refused",
    )


def _failed(why: str) -> Invalid:
    return Invalid(f"The URL could not be fetched: {why}. Check it, and try again.", code="not_fetched")


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"What the URL leads to is larger than {max(most_bytes // 1024**2, 1)} MB.")
