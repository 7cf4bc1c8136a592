"""Workers are killed again and again while people read: nothing that was seen or acknowledged is lost.

`HUBBUB_KILLS=30 python -m pytest -s tests/chaos/test_kills.py` is the long form, `HUBBUB_SEED` repeats a run's choices.
"""

import asyncio
import os
import random
import signal
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hubbub.cli.restarts import QUICK_SECONDS
from tests.chaos.crowd import Crowd, check, check_database, new_connections, seed
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, through, workers_of
from tests.servers.model_server import ModelServer, Script

pytestmark = [
    pytest.mark.quiet,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by /proc"),
]

KILLS = int(os.environ.get("HUBBUB_KILLS") or 5)
PEOPLE = 60
GOES_ON_SECONDS = 10.0
ENDS_SECONDS = 15.0
TOKENS = [f"word{number} " for number in range(80)]
SCRIPT = Script(tokens=TOKENS, seconds_before_first=0.8, seconds_between=0.04)


class Victims:
    """Chooses whom to kill: any worker, but more often one that has lived long enough to be replaced at once."""

    def __init__(self, server: HubbubServer, chance: random.Random) -> None:
        self._server = server
        self._chance = chance
        self._seen_at: dict[int, float] = dict.fromkeys(workers_of(server), time.monotonic())

    async def next(self) -> int:
        while not (pids := workers_of(self._server)):  # all were killed, and are started again
            await asyncio.sleep(0.1)
        now = time.monotonic()
        self._seen_at = {pid: self._seen_at.get(pid, now) for pid in pids}
        grown = [pid for pid, at in self._seen_at.items() if now - at > QUICK_SECONDS]
        return self._chance.choice(grown if grown and self._chance.random() < 0.7 else pids)


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
        victims = Victims(server, chance)
        async with crowd.talking(PEOPLE) as talking:
            await asyncio.sleep(1.5)
            for _ in range(KILLS):
                os.kill(await victims.next(), signal.SIGKILL)
                kills.append(time.monotonic())
                await asyncio.sleep(chance.uniform(2.0, 5.0))
            crowd.is_over = True
            await asyncio.wait({talking}, timeout=kills[-1] + ENDS_SECONDS - time.monotonic())
            is_late = not talking.done()
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
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(ModelServer(SCRIPT))
        http = await stack.enter_async_context(new_connections())
        variables |= through(model.base_url)
        async with hubbub_serving(tmp_path, variables) as server:
            crowd = Crowd(http, server.url)
            talking = await stack.enter_async_context(crowd.talking(PEOPLE, come_in_seconds=3))
            await asyncio.sleep(3.5)  # some have read much, some have just asked
            crowd.is_over = True
            kill_all(server)
            killed = time.monotonic()
            await server.process.wait()
        variables["HUBBUB_SERVER__PORT"] = server.url.rsplit(":", 1)[1]
        async with hubbub_serving(tmp_path, variables) as server:
            started = time.monotonic()
            await asyncio.wait({talking}, timeout=GOES_ON_SECONDS + ENDS_SECONDS)
            assert talking.done()
            found = await check(crowd, "".join(TOKENS), model, [started], GOES_ON_SECONDS)
            print(f"started again after {started - killed:.1f} s: {found}")  # noqa: T201
            assert not found.faults, "\n".join(found.faults[:20])
            assert found.endings["interrupted"]
            assert found.begun_anew
            assert await server.terminate() == 0
    check_database(tmp_path)


def kill_all(server: HubbubServer) -> None:
    """End the parent and all its workers as a crash of the machine would."""
    workers = workers_of(server)
    server.process.send_signal(signal.SIGSTOP)  # so that it replaces none
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    server.process.kill()
