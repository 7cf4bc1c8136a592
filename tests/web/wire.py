"""Speak HTTP/1.1 by hand, for requests that no client would send and readers that no client would be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect, and break the connection off at last."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=64 * 1024)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def exchange(port: int, request: bytes, seconds: float = 10.0) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are; returns status, headers and body. Status 0: closed without a reply."""
    async with asyncio.timeout(seconds), connection(port) as (reader, writer):
        writer.write(request)
        return await reply(reader)


async def reply(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Read a reply, with its body where Content-Length tells how long it is."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0, {}, b""
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return int(first.split(" ")[1]), headers, body


def request(method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """Return a request; Host and Content-Length are added where they are not given."""
    given = {"Host": "127.0.0.1", **(headers or {})}
    if body and "Content-Length" not in given and "Transfer-Encoding" not in given:
        given["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
