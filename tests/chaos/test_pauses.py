"""Workers stand still for a while and go on: one of them loses its answers to the others, all of them lose none."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.chaos.crowd import Crowd, check, check_database, new_connections
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, through, workers_of
from tests.servers.model_server import ModelServer, Script

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by /proc")

PAUSE_SECONDS = 8.0
TOKENS = [f"word{number} " for number in range(150)]
SCRIPT = Script(tokens=TOKENS, seconds_before_first=0.5, seconds_between=0.05)
WORKERS = {
    "HUBBUB_SERVER__WORKERS": "3",
    "HUBBUB_SERVER__SILENT_SECONDS": "60",
}  # the parent is to leave it to the leases


async def test_one_stands_still_and_is_given_up(tmp_path: Path) -> None:
    async with (
        ModelServer(SCRIPT) as model,
        hubbub_serving(tmp_path, through(model.base_url) | WORKERS) as server,
        new_connections() as http,
    ):
        crowd = Crowd(http, server.url)
        async with crowd.talking(30) as talking:
            await asyncio.sleep(2)
            stopped = await stop_one(server, crowd)
            await asyncio.sleep(PAUSE_SECONDS)
            os.kill(stopped, signal.SIGCONT)
            went_on = time.monotonic()
            await asyncio.sleep(2)
            assert stopped in workers_of(server)
            crowd.is_over = True
            async with asyncio.timeout(20):
                await talking
        found = await check(crowd, "".join(TOKENS), model, [went_on], 5)
        print(found)  # noqa: T201
        assert not found.faults, "\n".join(found.faults[:20])
        assert 0 < found.endings["interrupted"] < 30
        assert found.endings["done"]
        assert await server.terminate() == 0
    check_database(tmp_path)


async def test_all_stand_still_and_give_nobody_up(tmp_path: Path) -> None:
    async with (
        ModelServer(SCRIPT) as model,
        hubbub_serving(tmp_path, through(model.base_url) | WORKERS) as server,
        new_connections() as http,
    ):
        crowd = Crowd(http, server.url)
        async with crowd.talking(30) as talking:
            await asyncio.sleep(2)
            pids = workers_of(server)
            signal_all(pids, signal.SIGSTOP)
            crowd.is_over = True
            await asyncio.sleep(PAUSE_SECONDS)
            signal_all(pids, signal.SIGCONT)
            async with asyncio.timeout(20):
                await talking
        found = await check(crowd, "".join(TOKENS), model, [], 0)
        assert not found.faults, "\n".join(found.faults[:20])
        assert set(found.endings) == {"done"}
        assert await server.terminate() == 0
    check_database(tmp_path)


async def stop_one(server: HubbubServer, crowd: Crowd) -> int:
    """Let a worker stand still, but not while it writes to the file: then none could write, and none be given up."""
    for pid in workers_of(server) * 3:
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(0.5)  # what was on the way has come
        before = events_of(crowd)
        await asyncio.sleep(0.5)
        if events_of(crowd) > before:
            return pid
        os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(1)
    raise AssertionError("the others never went on")


def events_of(crowd: Crowd) -> int:
    return sum(len(reading.seen) for reading in crowd.readings)


def signal_all(pids: Sequence[int], number: int) -> None:
    for pid in pids:
        os.kill(pid, number)
