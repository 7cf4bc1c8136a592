"""Streamed replies are read as they arrive, or by the commit loop: the same bytes, plain and over TLS."""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
import trustme
import uvloop

from hubbub.connections.outside import BrokenOff, Unreachable
from hubbub.connections.replies import Deadline, StreamReply
from hubbub.connections.streams import Streams, trusting_the_system
from tests.patience import patience
from tests.servers.model_server import ModelServer, Script

TOKENS = [f"word{number} " for number in range(200)]


@pytest.fixture(params=["plain", "tls"])
async def ends(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Streams, ModelServer]]:
    """A server and a client that trusts it."""
    theirs = ours = None
    if request.param == "tls":
        authority = trustme.CA()
        theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(theirs)
        ours = ssl.create_default_context()
        authority.configure_trust(ours)
    resolver = aiohttp.AsyncResolver()
    async with ModelServer(tls=theirs) as server, Streams(resolver, ours) as streams:
        yield streams, server
    await resolver.close()


async def test_the_systems_certificates_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are opened: it takes longer than all else in a start."""
    read: list[ssl.SSLContext] = []
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda self, _purpose: read.append(self))
    trusting_the_system.cache_clear()
    resolver = aiohttp.AsyncResolver()
    try:
        async with Streams(resolver), Streams(resolver):
            assert len(read) == 1
    finally:
        trusting_the_system.cache_clear()  # what it read here was nothing
        await resolver.close()


@asynccontextmanager
async def polling(streams: Streams, seconds: float = 0.01) -> AsyncIterator[None]:
    """Look at the streams again and again, as the commit loop does."""
    streams.attach(lambda: None)

    async def look() -> None:
        while True:
            await streams.poll()
            await asyncio.sleep(seconds)

    task = asyncio.create_task(look())
    yield
    task.cancel()
    await asyncio.wait({task})


async def rest_of(reply: StreamReply) -> bytes:
    parts: list[bytes] = []
    while chunk := await reply.chunk():
        parts.append(chunk)
    return b"".join(parts)


def ask(streams: Streams, server: ModelServer) -> AbstractAsyncContextManager[StreamReply]:
    return streams.request("POST", f"{server.base_url}/chat/completions", body=b"{}")


class Poured(bytearray):
    """Takes a body and notes how many replies were poured at the same time; may have enough, or fail."""

    def __init__(self, streams: Streams, *, enough_bytes: int = 1_000_000) -> None:
        super().__init__()
        self._streams = streams
        self._enough_bytes = enough_bytes
        self.most_at_once = 0
        self.calls = 0

    def take(self, chunk: bytes) -> bool:
        self += chunk
        self.calls += 1
        self.most_at_once = max(self.most_at_once, len(self._streams.poured))
        return len(self) < self._enough_bytes


def in_seconds(seconds: float) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)


async def test_the_bytes_are_the_same_awaited_or_poured(ends: tuple[Streams, ModelServer]) -> None:
    streams, server = ends
    server.script = Script(tokens=TOKENS, seconds_between=0.001)
    async with ask(streams, server) as reply:
        assert reply.status == 200
        awaited = await rest_of(reply)
    poured = Poured(streams)
    async with polling(streams), ask(streams, server) as reply:
        poured += await reply.chunk()
        await reply.pour(poured.take, in_seconds(30))
    assert poured.most_at_once == 1
    assert 1 < poured.calls < len(TOKENS)
    assert not streams.poured
    for said in (awaited, bytes(poured)):
        assert [token for token in TOKENS if token.encode() not in said] == []
        assert said.rstrip().endswith(b"data: [DONE]")


async def test_many_at_once_in_one_round(ends: tuple[Streams, ModelServer]) -> None:
    streams, server = ends
    server.script = Script(tokens=TOKENS, seconds_between=0.002)

    async def one() -> Poured:
        poured = Poured(streams)
        async with ask(streams, server) as reply:
            await reply.pour(poured.take, in_seconds(30))
        return poured

    async with polling(streams, 0.02), asyncio.timeout(30):
        said = await asyncio.gather(*(one() for _ in range(20)))
    assert all(b"word199 " in one and b"[DONE]" in one for one in said)
    assert max(one.most_at_once for one in said) == 20
    assert not streams.poured


async def test_leaving_closes_a_poured_connection_too(ends: tuple[Streams, ModelServer]) -> None:
    streams, server = ends
    server.script = Script(tokens=TOKENS * 50, seconds_between=0.01)
    async with polling(streams):
        async with ask(streams, server) as reply:
            await reply.pour(Poured(streams, enough_bytes=1000).take, in_seconds(30))
        await server.until(lambda server: server.open_requests == 0)


async def test_a_break_while_pouring_is_told(ends: tuple[Streams, ModelServer]) -> None:
    streams, server = ends
    server.script = Script(tokens=TOKENS, seconds_between=0.001, reset_before="tokens")
    async with polling(streams), asyncio.timeout(10):
        with pytest.raises(BrokenOff):
            async with ask(streams, server) as reply:
                await reply.pour(Poured(streams).take, in_seconds(30))
    assert not streams.poured


async def test_what_the_taker_raises_comes_out_where_it_is_awaited(ends: tuple[Streams, ModelServer]) -> None:
    streams, server = ends
    server.script = Script(tokens=TOKENS, seconds_between=0.001)

    def take(chunk: bytes) -> bool:
        raise LookupError

    async with polling(streams), asyncio.timeout(10), ask(streams, server) as reply:
        with pytest.raises(LookupError):
            await reply.pour(take, in_seconds(30))
    assert not streams.poured


@pytest.mark.parametrize("has_poller", [False, True])
async def test_a_deadline_can_be_put_off_and_holds(ends: tuple[Streams, ModelServer], has_poller: bool) -> None:
    streams, server = ends
    server.script = Script(tokens=TOKENS[:5], seconds_between=0.1, stall_before="tokens")
    poured = Poured(streams)
    deadline = in_seconds(0.3)

    def take(chunk: bytes) -> bool:
        deadline.at += 0.1
        return poured.take(chunk)

    async with AsyncExitStack() as stack:
        if has_poller:
            await stack.enter_async_context(polling(streams))
        reply = await stack.enter_async_context(ask(streams, server))
        with pytest.raises(TimeoutError):
            await reply.pour(take, deadline)
    assert b"word4 " in poured


async def test_without_a_commit_loop_it_is_poured_as_it_arrives(ends: tuple[Streams, ModelServer]) -> None:
    streams, server = ends
    server.script = Script(tokens=TOKENS)
    poured = Poured(streams)
    async with ask(streams, server) as reply:
        await reply.pour(poured.take, in_seconds(30))
    assert poured.most_at_once == 0
    assert b"[DONE]" in poured


async def test_connections_are_used_again(ends: tuple[Streams, ModelServer]) -> None:
    streams, server = ends
    for _ in range(3):
        async with ask(streams, server) as reply:
            assert b"[DONE]" in await rest_of(reply)
    assert server.connections == 1


async def test_connections_that_nobody_uses_are_closed(
    ends: tuple[Streams, ModelServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.connections.streams.KEEP_ALIVE_SECONDS", 0.05)
    streams, server = ends
    async with AsyncExitStack() as stack:
        replies = [await stack.enter_async_context(ask(streams, server)) for _ in range(3)]
        for reply in replies:
            await rest_of(reply)
    await server.until(lambda server: server.open_connections == 0)


async def test_a_connection_that_the_server_closes_without_a_word_is_made_anew() -> None:
    asked: list[int] = []
    ended = asyncio.Semaphore(0)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer; to the second request close without a reply, as if the two had met on the way."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                asked.append(1)
                if len(asked) == 2:
                    break
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                await writer.drain()
        writer.close()
        await writer.wait_closed()
        ended.release()

    resolver = aiohttp.AsyncResolver()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with Streams(resolver) as streams:
        for _ in range(2):
            async with streams.request("POST", url) as reply:
                assert await rest_of(reply) == b"ok"
    assert len(asked) == 3
    for _ in range(2):  # both connections
        await ended.acquire()
    server.close()
    await resolver.close()


async def test_a_connection_on_which_more_came_than_was_asked_for_is_not_used_again(
    ends: tuple[Streams, ModelServer],
) -> None:
    streams, server = ends
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    for behind in (reply, b"HT", b"nonsense"):
        server.connections = 0
        server.script = Script(wire=reply + behind, stall_before="tokens")
        for _ in range(2):
            async with ask(streams, server) as answer:
                assert await rest_of(answer) == b"ok"
        assert server.connections == 2


async def test_a_certificate_that_is_not_trusted_is_refused() -> None:
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(theirs)
    resolver = aiohttp.AsyncResolver()
    async with ModelServer(tls=theirs) as server, Streams(resolver) as streams:
        with pytest.raises(Unreachable, match="certificate is not trusted"):
            async with ask(streams, server):
                pass
    await resolver.close()


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/", "http://127.0.0.1:1/"])
async def test_addresses_that_lead_nowhere(url: str) -> None:
    resolver = aiohttp.AsyncResolver()
    async with Streams(resolver) as streams:
        with pytest.raises(Unreachable):
            async with streams.request("POST", url, body=b"{}"):
                pass
    await resolver.close()


async def test_a_header_cannot_smuggle_another() -> None:
    resolver = aiohttp.AsyncResolver()
    async with Streams(resolver) as streams:
        with pytest.raises(Unreachable, match="line break"):
            async with streams.request("POST", "http://127.0.0.1:1/", headers={"X": "a\r\nY: b"}):
                pass
    await resolver.close()


def test_on_uvloop_too_a_reset_right_behind_bytes_is_noticed() -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def reset() -> None:
        peer, _ = server.accept()
        peer.recv(65536)
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()

    async def read() -> None:
        resolver = aiohttp.AsyncResolver()
        async with patience(), Streams(resolver) as streams:
            port = server.getsockname()[1]
            async with streams.request("POST", f"http://127.0.0.1:{port}/", body=b"{}") as reply:
                await rest_of(reply)

    for _ in range(5):
        thread = threading.Thread(target=reset)
        thread.start()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, pytest.raises(BrokenOff):
            runner.run(read())
        thread.join()
    server.close()
