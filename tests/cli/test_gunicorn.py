"""The same application under gunicorn, with the settings of our example."""

import asyncio
import importlib.util
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.chaos.crowd import new_connections
from tests.servers.hubbub_server import START_SECONDS, HubbubServer, environment, scripted
from tests.servers.processes import command_of, descendants_of
from tests.servers.reader import ask, begin_reading, read_all, text_of

CONFIG = Path(__file__).resolve().parents[2] / "examples" / "server" / "gunicorn.conf.py"
MISSING = [name for name in ("gunicorn", "uvicorn_worker") if importlib.util.find_spec(name) is None]

pytestmark = pytest.mark.skipif(
    bool(MISSING) and os.environ.get("CI") != "true", reason=f"not installed: {', '.join(MISSING)}"
)


@asynccontextmanager
async def gunicorn(folder: Path, workers: int, variables: dict[str, str]) -> AsyncIterator[HubbubServer]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gunicorn", "--config", str(CONFIG), "--workers", str(workers), "hubbub.asgi:app"),
        env=environment(folder, variables) | {"BIND": "127.0.0.1:0"},
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
    )
    assert process.stderr is not None
    lines = process.stderr
    url, ready = "", 0
    try:
        async with asyncio.timeout(START_SECONDS):
            while ready < workers:
                line = (await lines.readline()).decode()
                assert line, "gunicorn ended before its workers served"
                if found := re.search(r"Listening at: (http://\S+)", line):
                    url = found[1]
                ready += "Application startup complete" in line
        reading = asyncio.create_task(lines.read())  # a full pipe would hold it up
        yield HubbubServer(process, url)
        await reading
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def answered(http: aiohttp.ClientSession, url: str) -> list[dict[str, Any]]:
    """Ask over one connection and read over two others: each reaches any worker."""
    asked = await ask(http, url)
    one, other = await asyncio.gather(*(read_all(http, url, asked["answer"]["id"]) for _ in range(2)))
    assert one == other
    return one


async def test_it_answers_replaces_a_dead_worker_and_ends_in_order(tmp_path: Path) -> None:
    variables = scripted(words=20) | scripted("long", words=2000)
    variables["HUBBUB_SERVER__DRAIN_SECONDS"] = "1"
    async with gunicorn(tmp_path, 3, variables) as server, new_connections() as http:
        for events in await asyncio.gather(*(answered(http, server.url) for _ in range(9))):
            assert events[-1]["type"] == "done"
            assert len(text_of(events).split()) == 20
        before = descendants_of(server.process.pid)
        os.kill(before[0], signal.SIGKILL)
        async with asyncio.timeout(START_SECONDS):
            while not set(descendants_of(server.process.pid)) - set(before):
                await asyncio.sleep(0.05)
        assert (await answered(http, server.url))[-1]["type"] == "done"
        asked = await ask(http, server.url, model="long")
        reading = [await begin_reading(http, server.url, asked["answer"]["id"]) for _ in range(6)]
        left = descendants_of(server.process.pid)
        assert await server.terminate() == 0
        for events in await asyncio.gather(*reading):
            assert events[-1]["code"] == "interrupted"
        assert not any(command_of(pid) for pid in left)
