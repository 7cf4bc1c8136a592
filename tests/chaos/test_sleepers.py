"""Hundreds of clients never read what they asked for: it costs little memory, and nobody else's words or time."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from tests.servers.hubbub_server import HubbubServer, hubbub_serving
from tests.servers.metrics import check_loop, metrics_of
from tests.servers.model_server import ModelServer, Script, event
from tests.servers.reader import ask, read, read_all, text_of
from tests.servers.sleepers import kernel_bytes, resident_bytes, sleeping

SLEEPERS = 500
PEOPLE = 50
MOST_BYTES = 256 * 1024
STALL_SECONDS = 6.0
TOKENS = 90
RATE = 15.0
LOUD = ("x" * 4000 + " ",) * 480
LOUD_RATE = 80.0
ENDING = event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]) + b"data: [DONE]\n\n"

pytestmark = [
    pytest.mark.quiet,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc; the kernel's bound is Linux's"),
]


class Stamped:
    """The events of an answer of which each word says when it was sent."""

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(TOKENS):
            yield event(f"{time.monotonic():.4f} ")
        yield ENDING


def script() -> Script:
    return Script(raw=cast(Sequence[bytes], Stamped()), seconds_between=1 / RATE)


async def delays_of_many(http: aiohttp.ClientSession, url: str) -> list[float]:
    """Let people ask and read; returns how late each word came, sorted. Every word has to come."""
    delays: list[float] = []

    async def one() -> None:
        last: dict[str, Any] = {}
        answer_id = (await ask(http, url))["answer"]["id"]
        words = 0
        async for _, told in read(http, url, answer_id):
            if told["type"] == "text":
                now = time.monotonic()
                stamps = told["text"].split()
                words += len(stamps)
                delays.extend(now - float(stamp) for stamp in stamps)
            last = told
        assert (last["type"], words) == ("done", TOKENS)

    await asyncio.gather(*(one() for _ in range(PEOPLE)))
    assert len(delays) == PEOPLE * TOKENS
    return sorted(delays)


def p99(values: list[float]) -> float:
    return values[len(values) * 99 // 100]


@contextlib.asynccontextmanager
async def serving(folder: Path, model: ModelServer) -> AsyncIterator[tuple[HubbubServer, aiohttp.ClientSession]]:
    variables = {
        "HUBBUB_MODELS__UP__PROVIDER": "compatible",
        "HUBBUB_MODELS__UP__BASE_URL": model.base_url,
        "HUBBUB_MODELS__UP__MODEL": "scripted",
        "HUBBUB_CLIENTS__STALL_SECONDS": str(STALL_SECONDS),
        "HUBBUB_SERVER__LOG_LEVEL": "warning",
    }
    connector = aiohttp.TCPConnector(limit=0)
    async with hubbub_serving(folder, variables) as server, aiohttp.ClientSession(connector=connector) as http:
        yield server, http


async def begin_loud(http: aiohttp.ClientSession, server: HubbubServer, model: ModelServer) -> str:
    """Begin the answer that sleepers ask for; returns its id once it is under way."""
    model.scripts.append(Script(tokens=LOUD, seconds_between=1 / LOUD_RATE))
    answer_id = (await ask(http, server.url))["answer"]["id"]
    await anext(read(http, server.url, answer_id))
    return answer_id


async def test_five_hundred_that_never_read(tmp_path: Path) -> None:
    async with ModelServer(script()) as model, serving(tmp_path, model) as (server, http):
        pid, port = server.process.pid, int(server.url.rsplit(":", 1)[1])
        await begin_loud(http, server, model)  # once without sleepers: what the answer itself takes is no client's
        calm = await delays_of_many(http, server.url)
        answer_id = await begin_loud(http, server, model)
        before = resident_bytes(pid), kernel_bytes(port)
        async with sleeping(port, SLEEPERS, f"/api/answers/{answer_id}/events"):
            await asyncio.sleep(1)  # that so many ask at once is another matter
            measuring = asyncio.ensure_future(delays_of_many(http, server.url))
            taken: list[tuple[int, int]] = []
            figures: dict[str, float] = {}
            while figures.get('hubbub_connections_cut_total{reason="stalled"}') != SLEEPERS:
                await asyncio.sleep(0.5)
                taken.append((resident_bytes(pid) - before[0], kernel_bytes(port) - before[1]))
                figures = await metrics_of(http, server.url)
                assert len(taken) < 60, figures
            beside = await measuring
            resident, kernel = (max(column) for column in zip(*taken, strict=True))
            assert kernel > SLEEPERS * 4096, "they took part"
            assert (resident + kernel) / SLEEPERS < MOST_BYTES, (resident // SLEEPERS, kernel // SLEEPERS)
            # Other programs run here, too: what it costs others is measured apart (docs/why/bounded-clients.md).
            assert beside[len(beside) // 2] < 2 * calm[len(calm) // 2] + 0.1
            assert p99(beside) < 5 * p99(calm) + 0.5, (p99(calm), p99(beside))
        await check_loop(http, server.url)
        whole = await read_all(http, server.url, answer_id)  # one of them comes again, awake
        assert text_of(whole) == "".join(LOUD)
        assert await read_all(http, server.url, answer_id, after=10) == whole[10:]
        assert await server.terminate() == 0
