"""Workers are killed again and again while people read: nothing that was seen or acknowledged is lost.

`HUBBUB_KILLS=30 python -m pytest -s tests/chaos/test_kills.py` is the long form, `HUBBUB_SEED` repeats a run's choices.
"""

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.chaos.crowd import Crowd, check, check_database, new_connections, seed
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, through, workers_of
from tests.servers.model_server import ModelServer, Script

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by /proc")

KILLS = int(os.environ.get("HUBBUB_KILLS") or 5)
PEOPLE = 60
GOES_ON_SECONDS = 10.0
ENDS_SECONDS = 15.0
TOKENS = [f"word{number} " for number in range(80)]
SCRIPT = Script(tokens=TOKENS, seconds_before_first=0.8, seconds_between=0.04)


async def test_workers_are_killed_at_random(tmp_path: Path) -> None:
    begun_with = seed()
    print(f"HUBBUB_SEED={begun_with}")  # noqa: T201 (shown when the test fails)
    chance = random.Random(begun_with)
    kills: list[float] = []
    async with (
        ModelServer(SCRIPT) as model,
        hubbub_serving(tmp_path, through(model.base_url) | {"HUBBUB_SERVER__WORKERS": "3"}) as server,
        new_connections() as http,
    ):
        crowd = Crowd(http, server.url)
        running = asyncio.create_task(crowd.run(PEOPLE))
        await asyncio.sleep(1.5)
        for _ in range(KILLS):
            os.kill(chance.choice(workers_of(server)), signal.SIGKILL)
            kills.append(time.monotonic())
            await asyncio.sleep(chance.uniform(2.0, 5.0))
        crowd.is_over = True
        await asyncio.wait({running}, timeout=kills[-1] + ENDS_SECONDS - time.monotonic())
        is_late = not running.done()
        running.cancel()
        found = await check(crowd, "".join(TOKENS), model, kills, GOES_ON_SECONDS)
        print(f"{KILLS} kills: {found}")  # noqa: T201
        assert not found.faults, "\n".join(found.faults[:20])
        assert not is_late
        assert found.endings["done"]
        assert found.endings["interrupted"]
        assert await server.terminate() == 0
    check_database(tmp_path)


async def test_the_whole_server_is_killed_and_started_again(tmp_path: Path) -> None:
    variables = {"HUBBUB_SERVER__WORKERS": "3"}
    async with ModelServer(SCRIPT) as model, new_connections() as http:
        async with hubbub_serving(tmp_path, through(model.base_url) | variables) as server:
            crowd = Crowd(http, server.url)
            running = asyncio.create_task(crowd.run(PEOPLE))
            await asyncio.sleep(3)
            crowd.is_over = True
            kill_all(server)
            await server.process.wait()
        port = server.url.rsplit(":", 1)[1]
        variables["HUBBUB_SERVER__PORT"] = port
        async with hubbub_serving(tmp_path, through(model.base_url) | variables) as server:
            started = time.monotonic()
            await asyncio.wait({running}, timeout=GOES_ON_SECONDS + ENDS_SECONDS)
            assert running.done()
            found = await check(crowd, "".join(TOKENS), model, [started], GOES_ON_SECONDS)
            print(found)  # noqa: T201
            assert not found.faults, "\n".join(found.faults[:20])
            assert found.endings["interrupted"]
            assert await server.terminate() == 0
    check_database(tmp_path)


def kill_all(server: HubbubServer) -> None:
    """End the parent and all its workers as a crash of the machine would."""
    workers = workers_of(server)
    server.process.send_signal(signal.SIGSTOP)  # so that it replaces none
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    server.process.kill()
