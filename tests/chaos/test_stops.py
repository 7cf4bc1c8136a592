"""Answers are stopped at random moments, through any worker: what is upstream is closed, and each has its ending.

`HUBBUB_STOPS` changes how many, `HUBBUB_SEED` repeats a run's choices; `pytest -s` shows the figures.
"""

import asyncio
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from hubbub.core.identifiers import new_id
from tests.chaos.crowd import new_connections, question_of, seed, until_none_is_open
from tests.servers.hubbub_server import hubbub_serving, through
from tests.servers.metrics import slowness
from tests.servers.model_server import ModelServer, Script
from tests.servers.reader import ask, read_all, text_of

STOPS = int(os.environ.get("HUBBUB_STOPS") or 1000)
AT_ONCE = 50
CLOSED_SECONDS = 1.0
TOKENS = [f"word{number} " for number in range(60)]
PACE = Script(tokens=TOKENS, seconds_before_first=0.3, seconds_between=0.01)
STALLS = (Script(stall_before="headers"), Script(stall_before="first_token"))


@pytest.mark.quiet
@pytest.mark.slow
async def test_stops_at_random_moments(tmp_path: Path) -> None:
    begun_with = seed()
    print(f"HUBBUB_SEED={begun_with}")  # noqa: T201 (shown when the test fails)
    chance = random.Random(begun_with)
    moments = [chance.uniform(0.0, 1.0) for _ in range(STOPS)]
    acknowledged: dict[str, tuple[float, dict[str, Any]]] = {}
    waits: list[float] = []
    async with (
        ModelServer() as model,
        hubbub_serving(tmp_path, through(model.base_url) | {"HUBBUB_SERVER__WORKERS": "3"}) as server,
        new_connections() as http,
    ):
        model.scripts.extend(STALLS[number % 2] if number % 10 < 2 else PACE for number in range(STOPS * 2))

        async def one(pause_seconds: float) -> None:
            name = new_id()
            asked = await ask(http, server.url, f"What about {name}?")
            await asyncio.sleep(pause_seconds)
            began = time.monotonic()
            async with http.post(f"{server.url}/api/answers/{asked['answer']['id']}/stop") as response:
                assert response.status == 202
                answer = await response.json()
            acknowledged[name] = (time.monotonic(), answer)
            waits.append(time.monotonic() - began)
            events = await read_all(http, server.url, answer["id"])
            assert events[-1]["type"] == answer["state"]
            assert answer["text"] == text_of(events)
            assert "".join(TOKENS).startswith(answer["text"])

        async def some() -> None:
            while moments:
                await one(moments.pop())

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(some())
        await model.until(lambda model: model.open_requests == 0, CLOSED_SECONDS * slowness())
        await until_none_is_open(http, server.url, 5)
        assert await server.terminate() == 0
    states = [answer["state"] for _, answer in acknowledged.values()]
    left: list[float] = []
    for seen in model.seen:
        at, answer = acknowledged[question_of(seen)]
        if seen.client_left is None:
            assert seen.is_complete  # perhaps in the moment before the stop
        else:
            assert answer["state"] == "stopped"
            left.append(seen.client_left - at)
    print(  # noqa: T201
        f"{STOPS} stops: {states.count('stopped')} stopped, {states.count('done')} done; {len(model.seen)} upstream, "
        f"{sum(not seen.tokens_sent for seen in model.seen)} without a token; closed {max(left):.3f} s after the "
        f"acknowledgement at the latest; acknowledged after {max(waits):.2f} s at the latest, "
        f"{sorted(waits)[len(waits) // 2]:.3f} s in the middle"
    )
    assert set(states) <= {"stopped", "done"}
    assert states.count("stopped") > STOPS // 2
    assert max(left) < CLOSED_SECONDS * slowness()
    assert len(model.seen) == len({question_of(seen) for seen in model.seen})
