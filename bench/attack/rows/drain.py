"""Restarts under load, and a worker that hangs: nobody is refused, interrupted or left without a reply."""

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import cycle, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from bench.attack.base import Attack, Seen, Target
from tests.chaos.crowd import Crowd, Reading, check, new_connections
from tests.servers.hubbub_server import HubbubServer, scripted, through, workers_of
from tests.servers.model_server import ModelServer, Script

BETWEEN_TOKENS_SECONDS = 0.2
PROBE_SECONDS = 0.1
GAP_SECONDS = 2.0
REPLACED_SECONDS = 10.0
RESTART_SECONDS = 3.0


@dataclass(frozen=True)
class Size:
    """How much is tried: so many restarts while so many people read."""

    restarts: int
    people: int
    answer_seconds: float
    come_in_seconds: float
    pauses_seconds: tuple[float, ...]
    """How long a new server is left alone before the next restart, in turn; 0: it is told as soon as it is ready."""


SHORT = Size(restarts=2, people=20, answer_seconds=3.0, come_in_seconds=2.0, pauses_seconds=(0.0,))
LONG = Size(restarts=20, people=100, answer_seconds=20.0, come_in_seconds=8.0, pauses_seconds=(0.0, 0.5, 1.0, 1.5))

Serve = Callable[[], Awaitable[HubbubServer]]
Restart = Callable[[HubbubServer, Serve], Awaitable[HubbubServer]]
"""Restarts a server, with what starts one on its port, and returns the one that serves then."""


class Strict(Crowd):
    """People who count each time that their question was not taken at once, or their connection broke."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        super().__init__(http, url)
        self.refusals: list[str] = []
        self.probes = 0

    async def ask(self, reading: Reading) -> None:
        body = {"text": f"What about {reading.question_id}?", "question_id": reading.question_id}
        while not self.is_over:
            try:
                async with self.http.post(f"{self.url}/api/questions", json=body) as response:
                    told: dict[str, Any] = await response.json()
                    if response.status == 202:
                        reading.asked = told
                        return
                    self.refusals.append(f"{response.status} {told.get('code')}")
            except (aiohttp.ClientError, TimeoutError) as error:
                self.refusals.append(type(error).__name__)
            await asyncio.sleep(0.5)

    async def probe(self) -> None:
        """Connect anew ten times a second, as a probe or one more visitor does, until nobody asks anything more."""
        async with asyncio.TaskGroup() as group:
            while not self.is_over:
                group.create_task(self._visit())
                await asyncio.sleep(PROBE_SECONDS)

    async def _visit(self) -> None:
        self.probes += 1
        try:
            async with self.http.get(f"{self.url}/api/health") as response:
                await response.read()
                if response.status != 200:
                    self.refusals.append(f"probe: {response.status}")
        except (aiohttp.ClientError, TimeoutError) as error:
            self.refusals.append(f"probe: {type(error).__name__}")

    @property
    def gap_seconds(self) -> float:
        """The longest time between two events that one reader saw."""
        times = [[at for at, _, _ in reading.seen] for reading in self.readings]
        return max((later - at for one in times for at, later in pairwise(one)), default=0.0)

    @property
    def interrupted(self) -> int:
        return sum(reading.has_ended and reading.ending["type"] != "done" for reading in self.readings)


async def _restarted(target: Target, workers: int, *restarts: Restart) -> Seen:
    """Let a crowd ask and read while a server is restarted in turn by each of these ways."""
    size = SHORT if target.is_short else LONG
    words = [f"word{number} " for number in range(int(size.answer_seconds / BETWEEN_TOKENS_SECONDS))]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)))
        script = Script(tokens=words, seconds_between=BETWEEN_TOKENS_SECONDS)
        model = await stack.enter_async_context(ModelServer(script))
        http = await stack.enter_async_context(new_connections())
        variables = through(model.base_url) | {"HUBBUB_SERVER__WORKERS": str(workers)}

        async def serve() -> HubbubServer:
            return await stack.enter_async_context(target.serving(variables, folder=folder))

        server = await serve()
        variables["HUBBUB_SERVER__PORT"] = server.url.rsplit(":", 1)[1]
        crowd = Strict(http, server.url)
        done = 0
        async with (
            crowd.talking(size.people, come_in_seconds=size.come_in_seconds) as talking,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(crowd.probe())
            await asyncio.sleep(size.come_in_seconds)
            pauses = cycle(size.pauses_seconds)
            for done in range(1, size.restarts + 1):
                server = await restarts[done % len(restarts)](server, serve)
                await asyncio.sleep(next(pauses))
                if crowd.refusals or crowd.interrupted:
                    break  # it has fallen
            crowd.is_over = True
            await asyncio.wait({talking}, timeout=size.answer_seconds + 10)
        return await judged(crowd, "".join(words), model, done, size)


async def judged(crowd: Strict, whole: str, model: ModelServer, done: int, size: Size) -> Seen:
    """Say what came to people of so many restarts, and whether that holds."""
    found = await check(crowd, whole, model, [], 0)
    lost = [fault for fault in found.faults if "has not ended" not in fault]
    unread = len(found.faults) - len(lost)
    why = f" {dict(Counter(crowd.refusals))}" if crowd.refusals else ""
    figures = (
        f"{done} restarts asked for, {found.questions} answers, {crowd.probes} probes: "
        f"{len(crowd.refusals)} refused{why}, {crowd.interrupted} interrupted, "
        f"{unread} without an end, {len(lost)} with lost or doubled tokens, longest gap {crowd.gap_seconds:.1f} s"
    )
    holds = not (crowd.refusals or crowd.interrupted or found.faults) and crowd.gap_seconds <= GAP_SECONDS
    return Seen(figures, holds and done == size.restarts and found.questions >= size.people)


async def _hang_up(server: HubbubServer, serve: Serve) -> HubbubServer:
    before = set(workers_of(server))
    server.process.send_signal(signal.SIGHUP)
    # A server bounds how many generations of itself drain at once: the next signal doesn't wait for a restart.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(RESTART_SECONDS):
            while server.process.returncode is None and not set(workers_of(server)) - before:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    return server


async def end_and_start(server: HubbubServer, serve: Serve) -> HubbubServer:
    """Tell a server to end, and start the next one at once."""
    server.process.send_signal(signal.SIGTERM)
    try:
        return await serve()
    except AssertionError:  # the port is not free before the old one has gone
        await server.process.wait()
        return await serve()


async def _hung_worker(target: Target) -> Seen:
    waits: list[float] = []
    failures: list[str] = []
    async with (
        target.serving(scripted() | {"HUBBUB_SERVER__WORKERS": "3"}) as server,
        new_connections() as http,
        asyncio.timeout(90),
    ):
        before = workers_of(server)

        async def visit() -> None:
            began = time.monotonic()
            try:
                async with http.get(f"{server.url}/api/health", timeout=aiohttp.ClientTimeout(20)) as response:
                    await response.read()
            except (aiohttp.ClientError, TimeoutError) as error:
                failures.append(type(error).__name__)
            waits.append(time.monotonic() - began)

        os.kill(before[0], signal.SIGSTOP)
        stopped = time.monotonic()
        replaced_seconds = float("inf")
        async with asyncio.TaskGroup() as group:
            while time.monotonic() - stopped < REPLACED_SECONDS + 1:
                group.create_task(visit())
                await asyncio.sleep(0.1)
                now = workers_of(server)
                if before[0] not in now and len(now) == len(before):
                    replaced_seconds = time.monotonic() - stopped
                    break
        if before[0] in workers_of(server):
            os.kill(before[0], signal.SIGKILL)
    figures = (
        f"replaced after {replaced_seconds:.1f} s; {len(failures)} of {len(waits)} connections without a reply, "
        f"the longest wait {max(waits):.1f} s"
    )
    return Seen(figures, replaced_seconds <= REPLACED_SECONDS and not failures)


_BOUND = f"0 refused, 0 interrupted, 0 seen tokens lost or doubled, a reader's gap ≤ {GAP_SECONDS:g} s"

HANG_UPS = Attack("SIGHUPs of one process under load", _BOUND, lambda one: _restarted(one, 1, _hang_up), is_quiet=True)
STARTS = Attack(
    "SIGTERM and start of one process under load", _BOUND, lambda one: _restarted(one, 1, end_and_start), is_quiet=True
)
WORKERS = Attack(
    "SIGHUP, SIGTERM and start of two workers under load",
    _BOUND,
    lambda target: _restarted(target, 2, _hang_up, end_and_start),
    is_quiet=True,
)
HUNG = Attack(
    "a worker hangs (SIGSTOP)",
    f"replaced within {REPLACED_SECONDS:g} s, every connection gets a reply",
    _hung_worker,
)
