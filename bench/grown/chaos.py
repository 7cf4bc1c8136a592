"""Faults in an order that a seed draws, on two machines with one PostgreSQL, under people who ask and read."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import asyncpg

from bench.attack.base import Target
from bench.attack.kills import KINDS, TIMEOUT, Asked, Fault, People, faults_of, type_of
from bench.attack.rows.kills import kill
from bench.grown.connections import connections_of
from bench.grown.stored import open_answers, stored_in
from tests.servers.hubbub_server import HubbubServer, through, workers_of
from tests.servers.model_server import ModelServer, Script
from tests.servers.network import Network
from tests.servers.postgres_pair import PostgresPair

TOKENS = [f"word{number} " for number in range(60)]
SCRIPT = Script(tokens=TOKENS, seconds_before_first=0.3, seconds_between=0.06)
TOLD_SECONDS = 10.0
"""So soon a reader goes on, or is told that it can't."""
ENDED_SECONDS = 15.0
"""So soon after the last fault the last answer has its ending."""
CONNECTIONS = 8
"""What a worker may have, by its settings."""
LOOK_SECONDS = 0.1
PAUSE_SECONDS = (1.5, 4.0)
"""Between two faults."""


@dataclass(frozen=True)
class Size:
    """How much is tried."""

    people: int = 60
    kills: int = 60
    times: int = 2
    """How often each other fault comes."""
    cut_seconds: float = 8.0
    stopped_seconds: float = 30.0
    frozen_seconds: float = 20.0


SERVED = Target()
SHORT = Size(people=20, kills=2, times=1, cut_seconds=8.0, stopped_seconds=4.0, frozen_seconds=6.0)


@dataclass
class Outcome:
    """What a run came to."""

    seed: int
    faults: list[Fault] = field(default_factory=list[Fault])
    made: Counter[str] = field(default_factory=Counter[str])
    """The faults that were made, by their kind."""
    acknowledged: int = 0
    events: int = 0
    endings: Counter[str] = field(default_factory=Counter[str])
    silences: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    """The longest times in which readers got nothing and were told nothing, each with the fault before it."""
    most_connections: int = 0
    ended_seconds: float = 0.0
    """From the end of the last fault to the last ending."""

    @property
    def silent(self) -> int:
        """How many readers heard nothing for too long."""
        return sum(seconds > TOLD_SECONDS for seconds, _ in self.silences)

    @property
    def holds(self) -> bool:
        return (
            not (self.faults or self.silent)
            and self.most_connections <= CONNECTIONS
            and self.ended_seconds <= ENDED_SECONDS
            and self.endings["done"] > 0
        )

    def __str__(self) -> str:
        times = Counter(kind for kind, _ in self.faults)
        longest = max(self.silences, default=(0.0, ""))
        lines = [
            f"seed {self.seed}; {dict(self.made)}; {self.acknowledged} acknowledged, {self.events} events seen, "
            f"endings {dict(self.endings)}",
            *(f"  {times[kind]:>5}  {kind}" for kind in KINDS),
            f"  {self.silent:>5}  readers that heard nothing for over {TOLD_SECONDS:g} s "
            f"(the longest {longest[0]:.1f} s, {longest[1]})",
            f"  {self.most_connections:>5}  connections of a worker at most, of {CONNECTIONS}",
            f"  {self.ended_seconds:>5.1f}  seconds to the last ending, of {ENDED_SECONDS:g}",
        ]
        return "\n".join([*lines, *(f"  {kind}: {what[:300]}" for kind, what in self.faults[:5])])


class Around(People):
    """People whose every connection reaches any of the machines, as behind a load balancer that knows nothing."""

    def __init__(self, http: aiohttp.ClientSession, servers: list[HubbubServer], chance: random.Random) -> None:
        self._servers = servers
        super().__init__(http, "", chance)

    @property
    def url(self) -> str:
        return self._chance.choice(self._servers).url

    @url.setter
    def url(self, url: str) -> None:
        """It is one of several."""


@dataclass
class Grown:
    """Two machines, the network of each to the database, and the database."""

    servers: list[HubbubServer]
    networks: list[Network]
    pair: PostgresPair
    chance: random.Random
    size: Size
    alive_since: dict[int, float] = field(default_factory=dict[int, float])

    async def kill_worker(self) -> None:
        """Kill one, as a rule one that serves already."""
        pids = [pid for server in self.servers for pid in workers_of(server)]
        now = time.monotonic()
        self.alive_since = {pid: self.alive_since.get(pid, now) for pid in pids}
        grown = [pid for pid, at in self.alive_since.items() if now - at > 2.0]
        if pids:
            kill(self.chance.choice(grown or pids))

    async def cut_and_go_on(self) -> None:
        """Hold back what a machine and the database say to each other, then pass it on."""
        network = self.chance.choice(self.networks)
        network.cut()
        await asyncio.sleep(self.size.cut_seconds)
        network.mend()

    async def cut_and_break_off(self) -> None:
        """Drop it: what was open is of no use afterwards."""
        network = self.chance.choice(self.networks)
        network.cut()
        await asyncio.sleep(self.size.cut_seconds)
        await network.break_off()
        network.mend()

    async def stop(self) -> None:
        """End the database for a while."""
        await self.pair.stop()
        await asyncio.sleep(self.size.stopped_seconds)
        await self.pair.start()

    async def freeze(self) -> None:
        """Stop the database's processes for a while."""
        self.pair.freeze()
        try:
            await asyncio.sleep(self.size.frozen_seconds)
        finally:
            self.pair.thaw()

    async def fail_over(self) -> None:
        """Lose the database's machine; the replica becomes the database."""
        await self.pair.fail_over()
        for network in self.networks:
            network.target = self.pair.port
            await network.break_off()
        await self.pair.follow_anew()

    def faults(self) -> list[Callable[[], Awaitable[None]]]:
        """Return what is done, in the order that the chance draws."""
        others = [self.cut_and_go_on, self.cut_and_break_off, self.stop, self.freeze, self.fail_over]
        faults = [self.kill_worker] * self.size.kills + others * self.size.times
        self.chance.shuffle(faults)
        return faults


@asynccontextmanager
async def grown(
    variables: Mapping[str, str], chance: random.Random, size: Size, target: Target
) -> AsyncIterator[Grown]:
    """Start the database, its replica and two machines of two workers."""
    async with AsyncExitStack() as stack:
        pair = await stack.enter_async_context(PostgresPair())
        await _make_database(pair)
        networks: list[Network] = []
        servers: list[HubbubServer] = []
        for _ in range(2):
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="grown-", ignore_cleanup_errors=True)))
            networks.append(await stack.enter_async_context(Network(pair.port)))
            own = {
                "HUBBUB_SERVER__WORKERS": "2",
                "HUBBUB_DATABASE__URL": pair.url(networks[-1].port, "hubbub"),
                "HUBBUB_DATABASE__CONNECTIONS": str(CONNECTIONS),
            }
            servers.append(await stack.enter_async_context(target.serving({**variables, **own}, folder=folder)))
        yield Grown(servers, networks, pair, chance, size)


async def _make_database(pair: PostgresPair) -> None:
    connection = await asyncpg.connect(pair.url())
    try:
        await connection.execute("create database hubbub")
    finally:
        await connection.close()


async def run(seed: int, size: Size, tell: Callable[[str], None] = lambda _: None, target: Target = SERVED) -> Outcome:
    """Make all faults, let the answers end, and compare."""
    chance = random.Random(seed)
    outcome = Outcome(seed)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with (
        ModelServer(SCRIPT) as model,
        grown(through(model.base_url), chance, size, target) as all_of_it,
        aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as http,
    ):
        people = Around(http, all_of_it.servers, random.Random(seed))
        moments: list[tuple[float, str]] = []
        talking = asyncio.create_task(people.talk(size.people))
        counting = asyncio.create_task(_count_connections(all_of_it, outcome))
        try:
            await asyncio.sleep(2)
            for fault in all_of_it.faults():
                moments.append((time.monotonic(), name := fault.__name__))
                outcome.made[name] += 1
                tell(name)
                await fault()
                await asyncio.sleep(chance.uniform(*PAUSE_SECONDS))
            await _end(people, talking, all_of_it, outcome)
        finally:
            for task in (talking, counting):
                task.cancel()
            await asyncio.wait({talking, counting})
        if not talking.cancelled():
            talking.result()
        await people.read_again()
        outcome.faults = faults_of(
            people.asked, await stored_in(all_of_it.pair.url(database="hubbub")), "".join(TOKENS)
        )
    _fill(outcome, people.asked, moments)
    return outcome


async def _end(people: Around, talking: asyncio.Task[None], all_of_it: Grown, outcome: Outcome) -> None:
    """Let nobody ask any more, and wait for the endings: of what was open then, and of what still came."""
    people.is_over = True
    began, until = time.monotonic(), time.time()
    url = all_of_it.pair.url(database="hubbub")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(4 * ENDED_SECONDS):
            while await open_answers(url, until):  # noqa: ASYNC110 (the database is looked at from outside)
                await asyncio.sleep(LOOK_SECONDS)
    outcome.ended_seconds = time.monotonic() - began
    await asyncio.wait({talking}, timeout=4 * ENDED_SECONDS)


async def _count_connections(all_of_it: Grown, outcome: Outcome) -> None:
    """Note the most that a worker has at once.

    Those that one look alone sees carry a request to cancel a statement: PostgreSQL makes no session of them.
    """
    seen: dict[int, set[str]] = {}
    while True:
        for server, network in zip(all_of_it.servers, all_of_it.networks, strict=True):
            for pid in workers_of(server):
                found = await asyncio.to_thread(connections_of, pid, network.port)
                outcome.most_connections = max(outcome.most_connections, len(found & seen.get(pid, set())))
                seen[pid] = found
        await asyncio.sleep(LOOK_SECONDS)


def _fill(outcome: Outcome, asked: list[Asked], moments: list[tuple[float, str]]) -> None:
    known = [one for one in asked if one.promised]
    outcome.acknowledged = len(known)
    outcome.events = sum(len(one.seen) for one in known)
    outcome.endings = Counter(_ending_of(one) for one in known if one.has_ended)
    for one in known:
        gaps = [(later - at, at) for at, later in pairwise(one.heard_at)]
        seconds, began = max(gaps, default=(0.0, 0.0))
        before = [f"{name} {began - at:+.1f} s before" for at, name in moments if at < began + seconds]
        outcome.silences.append((seconds, before[-1] if before else "before all faults"))


def _ending_of(one: Asked) -> str:
    return type_of(one.seen[-1])
