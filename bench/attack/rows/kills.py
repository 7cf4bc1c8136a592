"""SIGKILL at random moments under load: what was acknowledged or seen is there afterwards, once.

`HUBBUB_KILLS` changes how many kills the long form makes, `HUBBUB_SEED` repeats a run's choices.
"""

import asyncio
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from bench.attack.base import Attack, Seen, Target
from bench.attack.kills import TIMEOUT, People, acknowledged, counted, faults_of, new_question_id, stored_in, type_of
from tests.servers.hubbub_server import HubbubServer, through, workers_of
from tests.servers.model_server import ModelServer, Script
from tests.servers.processes import descendants_of

PEOPLE = 60
TOKENS = [f"word{number} " for number in range(20)]
SCRIPT = Script(tokens=TOKENS, seconds_before_first=0.2, seconds_between=0.06)
MOST_SECONDS = 0.8
"""The longest pause between two kills, from when something serves again."""
TAKING_IN = 0.5
"""How many of the kills come while a question that is sent twice at once is taken in."""
AIM_SECONDS = 0.5
"""How long such a question is waited for."""
GROWN_SECONDS = 2.0
"""From when on a worker counts as one that serves. Those that die as they start are started ever more seldom."""
STARTING = 0.05
"""How many of the kills of workers may hit one that starts."""
SINGLE_KILLS, SINGLE_SECONDS = 100, 260.0
FOUR_KILLS, FOUR_SECONDS = 200, 280.0
LAST_QUESTIONS_SECONDS = 1.5
"""How long people go on to ask after the last kill, so that some answers come to their end."""
LAST_ANSWERS_SECONDS = 30.0
QUIET_SECONDS = 10.0
TREES = 0.25
"""How often the parent is killed as well, of all kills."""
AT_ONCE = 50


@dataclass
class Served:
    """A server that is started again on its port and data folder when nothing of it is left."""

    target: Target
    folder: Path
    variables: dict[str, str]
    chance: random.Random
    server: HubbubServer | None = None
    trees: int = 0
    """How often it was killed with its parent."""
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _alive_since: dict[int, float] = field(default_factory=dict[int, float])

    @property
    def running(self) -> HubbubServer:
        """The server that was started last."""
        assert self.server is not None
        return self.server

    async def start(self) -> None:
        """Serve, on the port that it had. What was killed may take a moment to let go of it."""
        await self._stack.aclose()
        for is_last in (False, False, True):
            try:
                self.server = await self._stack.enter_async_context(
                    self.target.serving(self.variables, folder=self.folder)
                )
                break
            except AssertionError:
                if is_last:
                    raise
                await asyncio.sleep(0.3)
        self.variables["HUBBUB_SERVER__PORT"] = self.running.url.rsplit(":", 1)[1]

    async def close(self) -> None:
        """End it; all that it keeps is in its folder."""
        if self.server is not None:
            await kill_tree(self.server)
        await self._stack.aclose()

    async def kill_serving(self) -> None:
        """Kill the only process that serves, sometimes with its parent, and return when there is one again."""
        serving = workers_of(self.running)
        if not serving or self.chance.random() < TREES:
            self.trees += 1
            await kill_tree(self.running)
            await self.start()
            return
        before = set(serving)
        for pid in serving:
            kill(pid)
        async with asyncio.timeout(30):
            while not set(workers_of(self.running)) - before:  # noqa: ASYNC110 (processes are watched from outside)
                await asyncio.sleep(0.02)

    async def kill_worker(self) -> None:
        """Kill one of several workers: nearly always one that serves."""
        grown_seconds = 0.0 if self.chance.random() < STARTING else GROWN_SECONDS
        async with asyncio.timeout(40):
            while not (pids := self._workers_older_than(grown_seconds)):  # noqa: ASYNC110 (watched from outside)
                await asyncio.sleep(0.02)
        kill(self.chance.choice(pids))

    def _workers_older_than(self, seconds: float) -> list[int]:
        now = time.monotonic()
        self._alive_since = {pid: self._alive_since.get(pid, now) for pid in workers_of(self.running)}
        return [pid for pid, at in self._alive_since.items() if now - at >= seconds]


def kill(pid: int) -> None:
    """Kill a process, if it is still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


async def kill_tree(server: HubbubServer) -> None:
    """Kill a server and all that it has started, as a crash of the machine would."""
    if server.process.returncode is None:
        server.process.send_signal(signal.SIGSTOP)  # so that it replaces none
        for pid in descendants_of(server.process.pid):
            kill(pid)
        server.process.kill()
    await server.process.wait()


@asynccontextmanager
async def served(
    target: Target, chance: random.Random, workers: int, script: Script
) -> AsyncIterator[tuple[Served, aiohttp.ClientSession, ModelServer]]:
    """Serve two models, "up" and "other", which say the same; whatever is killed is started again on one folder."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="killed-", ignore_cleanup_errors=True)))
        model = await stack.enter_async_context(ModelServer(script))
        connector = aiohttp.TCPConnector(limit=0, force_close=True)  # each request reaches any worker
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector, timeout=TIMEOUT))
        variables = through(model.base_url) | through(model.base_url, "other")
        one = Served(target, folder, variables | {"HUBBUB_SERVER__WORKERS": str(workers)}, chance)
        stack.push_async_callback(one.close)
        await one.start()
        yield one, http, model


async def _killed(
    target: Target, workers: int, kill_one: Callable[[Served], Awaitable[None]], kills: int, seconds: float
) -> Seen:
    made, until = 0, time.monotonic() + seconds - LAST_ANSWERS_SECONDS - QUIET_SECONDS
    kills = 5 if target.is_short else int(os.environ.get("HUBBUB_KILLS") or kills)
    seed = int(os.environ.get("HUBBUB_SEED") or random.randrange(10**6))
    chance = random.Random(seed)
    async with served(target, chance, workers, SCRIPT) as (one, http, _):
        people = People(http, one.running.url, chance)
        talking = asyncio.create_task(people.talk(PEOPLE))
        try:
            await asyncio.sleep(1)
            for _ in range(kills):
                await asyncio.sleep(chance.random() * MOST_SECONDS)
                if chance.random() < TAKING_IN:
                    people.asking_twice.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(people.asking_twice.wait(), AIM_SECONDS)
                    await asyncio.sleep(chance.random() * people.taking_in_seconds)
                await kill_one(one)
                made += 1
                if time.monotonic() > until:
                    break
            await _asked_again(people)
            await asyncio.sleep(LAST_QUESTIONS_SECONDS)
            people.is_over = True
            await asyncio.wait({talking}, timeout=LAST_ANSWERS_SECONDS)
        finally:
            talking.cancel()
            await asyncio.wait({talking})
        if not talking.cancelled():
            talking.result()
        await until_quiet(one.folder)
        await people.read_again()
        faults = faults_of(people.asked, stored_in(one.folder), "".join(TOKENS))
    endings = Counter(type_of(asked.seen[-1]) for asked in people.asked if asked.has_ended)
    known = [asked for asked in people.asked if asked.promised]
    events = sum(len(asked.seen) for asked in known)
    doubled = sum(asked.is_sent_twice for asked in known)
    figures = (
        f"{made} of {kills} kills ({one.trees} with the parent), seed {seed}; "
        f"{len(known)} acknowledged ({doubled} sent twice), {events} events seen over {people.connections} "
        f"connections, endings {dict(endings)}: {counted(faults)}"
    )
    first = f"; the first: {faults[0][1][:300]}" if faults else ""
    tried = made == kills and endings["done"] > 0 and endings["failed"] > 0
    return Seen(figures + first, tried and not faults)


async def _asked_again(people: People) -> None:
    """Return once somebody's question was taken in after the last kill, so that it can be answered to its end."""
    asked_before = len(people.asked)
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_ANSWERS_SECONDS):
            while not any(asked.promised for asked in people.asked[asked_before:]):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def until_quiet(folder: Path) -> None:
    """Return once no answer is open, or after 10 seconds: what is open then has lost its maker."""
    with suppress(TimeoutError), closing(sqlite3.connect(folder / "hubbub.db", timeout=10)) as database:
        async with asyncio.timeout(QUIET_SECONDS):
            while database.execute("select 1 from answer where worker is not null limit 1").fetchone():  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def _many_at_once(target: Target) -> Seen:
    rounds, killed = (6, {2}) if target.is_short else (100, set(range(5, 100, 10)))
    chance = random.Random(os.environ.get("HUBBUB_SEED"))
    copies = repeated_calls = 0
    taking_in_seconds = 0.1
    others: Counter[int] = Counter()
    script = Script(tokens=TOKENS[:3], seconds_before_first=0.1, seconds_between=0.01)
    async with served(target, chance, 2, script) as (one, http, model):
        people = People(http, one.running.url, chance)

        async def post(question_id: str, **more: str) -> tuple[int, dict[str, dict[str, str]]]:
            body = {"text": f"What about {question_id}?", "question_id": question_id} | more
            while True:
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with http.post(f"{people.url}/api/questions", json=body) as response:
                        if response.status < 500 and response.status != 429:
                            return response.status, await response.json()
                await asyncio.sleep(chance.uniform(0.05, 0.2))

        for number in range(rounds):
            question_id, calls = new_question_id(), len(model.seen)
            began = time.monotonic()
            asking = asyncio.gather(*(post(question_id) for _ in range(AT_ONCE)))
            if number in killed:
                await asyncio.sleep(chance.random() * taking_in_seconds)
                await one.kill_worker()
            replies = await asyncio.wait_for(asking, 30)
            if number not in killed:
                taking_in_seconds = time.monotonic() - began
            copies += len({acknowledged(told) if status == 202 else str(told) for status, told in replies}) - 1
            for more in ({"text": "Another"}, {"model": "other"}):
                others[(await post(question_id, **more))[0]] += 1
            await until_quiet(one.folder)
            repeated_calls += len(model.seen) - calls - 1 if number not in killed else 0
        store = stored_in(one.folder)
    roles = Counter(message.role for message in store.messages.values())
    counts = (len(store.chats), roles["user"], roles["assistant"], len(store.answers))
    figures = (
        f"{rounds} questions, each {AT_ONCE} times at once, {len(killed)} with a SIGKILL: {copies} other replies; "
        f"stored {counts[0]} chats, {counts[1]} questions, {counts[2]} answers, {counts[3]} logs; "
        f"{repeated_calls} repeated calls of the model; another text or model under the id: {dict(others)}"
    )
    return Seen(figures, not copies and not repeated_calls and set(counts) == {rounds} and set(others) == {422})


_BOUND = "0 acknowledged lost, 0 seen lost, 0 duplicates, 0 orphaned chats, 0 without an answer or an end"

SINGLE = Attack(
    f"SIGKILLs of one process under {PEOPLE} streams",
    _BOUND,
    lambda target: _killed(target, 1, Served.kill_serving, SINGLE_KILLS, SINGLE_SECONDS),
    is_quiet=True,
    seconds=SINGLE_SECONDS,
)
FOUR = Attack(
    f"SIGKILLs of four workers under {PEOPLE} streams",
    _BOUND,
    lambda target: _killed(target, 4, Served.kill_worker, FOUR_KILLS, FOUR_SECONDS),
    is_quiet=True,
    seconds=FOUR_SECONDS,
)
AT_ONCE_ROW = Attack(
    f"one question sent {AT_ONCE} times at once, also while a worker is killed",
    "1 chat, 1 question, 1 answer, 1 call of the model; another text or model under its id is 422",
    _many_at_once,
)
