"""Hundreds of connections that say nothing, or never all of it: each is closed in time, and others are served."""

import asyncio
import contextlib
import time
from collections.abc import Iterable
from pathlib import Path

import aiohttp
import pytest

from tests.patience import patience
from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.metrics import check_loop, metrics_of
from tests.servers.reader import ask, read_all

IDLE, HEADS, BODIES = 200, 200, 100
HEAD_SECONDS, BODY_SECONDS, KEPT_SECONDS = 2.0, 4.0, 2.0
LATE_SECONDS = 1.5
"""What a busy machine may add, and the wait for the reply's last byte."""
VARIABLES = {
    "HUBBUB_CLIENTS__HEAD_SECONDS": str(HEAD_SECONDS),
    "HUBBUB_CLIENTS__BODY_SECONDS": str(BODY_SECONDS),
    "HUBBUB_CLIENTS__IDLE_SECONDS": str(KEPT_SECONDS),
    "HUBBUB_SERVER__LOG_LEVEL": "warning",
}
HEAD = b"POST /api/questions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


async def open_until_closed(port: int, pieces: Iterable[bytes]) -> tuple[float, bytes]:
    """Send pieces, ten a second; returns after how many seconds the server closed the connection, and what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()

    async def trickle() -> None:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.1)

    trickling = asyncio.ensure_future(trickle())
    said = b""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(4096):
            said += piece
    trickling.cancel()
    writer.close()
    return time.monotonic() - began, said


@pytest.mark.quiet
@pytest.mark.slow
async def test_hundreds_that_trickle(tmp_path: Path) -> None:
    variables = {**VARIABLES, **scripted(words=20, pause_seconds=0.02)}
    async with hubbub_serving(tmp_path, variables) as server, aiohttp.ClientSession() as http:
        port = int(server.url.rsplit(":", 1)[1])
        body = [HEAD + b"Content-Length: 1000\r\n\r\n", *[b" "] * 200]
        everything = asyncio.gather(
            *(open_until_closed(port, ()) for _ in range(IDLE)),
            *(open_until_closed(port, (bytes([byte]) for byte in HEAD * 10)) for _ in range(HEADS)),
            *(open_until_closed(port, body) for _ in range(BODIES)),
        )
        async with patience():
            while (await metrics_of(http, server.url))["hubbub_connections"] <= 0.9 * (IDLE + HEADS + BODIES):
                await asyncio.sleep(0.02)
        served: list[float] = []
        async with asyncio.timeout(20):
            while not everything.done():
                began = time.monotonic()
                async with http.get(f"{server.url}/api/me") as response:
                    assert response.status == 200
                served.append(time.monotonic() - began)
                await asyncio.sleep(0.02)
        answer_id = (await ask(http, server.url))["answer"]["id"]
        assert (await read_all(http, server.url, answer_id))[-1]["type"] == "done"

        ended = everything.result()
        idle, heads, bodies = ended[:IDLE], ended[IDLE : IDLE + HEADS], ended[IDLE + HEADS :]
        assert {said for _, said in idle} == {b""}
        assert all(said.startswith(b"HTTP/1.1 408 ") for _, said in heads)
        assert all(said.startswith(b"HTTP/1.1 408 ") for _, said in bodies)
        assert max(seconds for seconds, _ in [*idle, *heads]) < HEAD_SECONDS + LATE_SECONDS
        assert max(seconds for seconds, _ in bodies) < BODY_SECONDS + KEPT_SECONDS + LATE_SECONDS
        assert min(seconds for seconds, _ in bodies) > BODY_SECONDS
        assert len(served) > 50
        assert sorted(served)[len(served) * 99 // 100] < 0.5
        figures = await metrics_of(http, server.url)
        assert figures["hubbub_connections"] == 1
        await check_loop(http, server.url)
        assert await server.terminate() == 0
