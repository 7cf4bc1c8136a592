"""When a worker gives another one up, what it does with what that left, and what it says of the store."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from types import SimpleNamespace

import pytest

from hubbub.answers.base import NOBODY, Found, News, Peer
from hubbub.answers.cluster import (
    AWAY_SHARE,
    BLIND_SECONDS,
    CHECK_SECONDS,
    ENDED_SECONDS,
    IDLE_SECONDS,
    LEASE_SECONDS,
    LISTENED_SHARE,
    LONG_GONE_SECONDS,
    LOST,
    NEWS_GAP_SECONDS,
    REFUSED_SECONDS,
    RENEW_SECONDS,
    TAKEN_AT_ONCE,
    Membership,
)
from hubbub.answers.log import Log
from hubbub.answers.memory import MemoryAnswers
from hubbub.answers.runner import HOLD_SECONDS, Runner, Send
from hubbub.core.errors import StoreError, StoreLost
from hubbub.core.events import Done, Ending
from tests.jumping import jumping

WALL_SECONDS = 1_000_000.0
"""The others' clocks are so far from that of the loop."""


class Told(MemoryAnswers):
    """A store where other workers are as they are told, and where it is noted when one is given up."""

    def __init__(self) -> None:
        super().__init__()
        self.peers: Callable[[float], Sequence[Peer]] = lambda wall: []
        self.orphans: list[Found] = []
        self.given_up_at: dict[int, float] = {}
        self.claims: Counter[int] = Counter()
        self.renewed_at: list[float] = []
        self.fault: StoreError | None = None
        self.is_given_up = False
        self.tries = 0
        self.slow_seconds = 0.0

    async def renew(self) -> tuple[Sequence[Peer], bool]:
        self.tries += 1
        await asyncio.sleep(self.slow_seconds)
        if self.fault is not None:
            raise self.fault.with_traceback(None)
        now = asyncio.get_running_loop().time()
        self.renewed_at.append(now)
        was_given_up, self.is_given_up = self.is_given_up, False
        return self.peers(now + WALL_SECONDS), was_given_up

    async def claim(self, number: int) -> list[Found]:
        self.given_up_at.setdefault(number, asyncio.get_running_loop().time())
        self.claims[number] += 1
        orphans, self.orphans = self.orphans, []
        return orphans


class Telling(Told):
    """One on another machine, which tells when there is something to look at."""

    def __init__(self) -> None:
        super().__init__()
        self.on_news: Callable[[], None] = lambda: None
        self.looked_at: list[float] = []

    def now(self) -> float:
        return asyncio.get_running_loop().time() + WALL_SECONDS

    async def look(self, followed: Collection[str]) -> News:
        self.looked_at.append(asyncio.get_running_loop().time())
        return await super().look(followed)


class Worker:
    def __init__(self, store: Told, log: Log, runner: Runner, membership: Membership) -> None:
        self.store = store
        self.log = log
        self.runner = runner
        self.membership = membership
        self.away_seconds = 0.0
        """How much later it is by its clock than it seems to the loop."""


async def hang(send: Send) -> Ending:
    await asyncio.sleep(10**6)
    return Done()


@pytest.fixture
def as_worker(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Worker], Awaitable[None]], Told], None]:
    def run(use: Callable[[Worker], Awaitable[None]], store: Told) -> None:
        async def go() -> None:
            time = asyncio.get_running_loop().time
            monkeypatch.setattr("hubbub.answers.cluster.time", SimpleNamespace(time=lambda: time() + WALL_SECONDS))
            worker: list[Worker] = []
            async with Log(store) as log, Runner(log, store) as runner:
                membership = Membership(
                    store, log, runner, clock=lambda: time() + (worker[0].away_seconds if worker else 0.0)
                )
                worker.append(Worker(store, log, runner, membership))
                async with membership:
                    await use(worker[0])

        jumping(go())

    return run


Use = Callable[[Callable[[Worker], Awaitable[None]], Told], None]


def silent_since(age_seconds: float, *, has_ended: bool = False) -> Callable[[float], list[Peer]]:
    """Tell of one that was silent for so long when it was first seen, and is since."""
    seen_at: list[float] = []

    def peers(wall: float) -> list[Peer]:
        seen_at.append(wall - age_seconds)
        return [Peer(7, seen_at[0], False, has_ended)]

    return peers


@pytest.mark.parametrize(
    ("age_seconds", "has_ended", "after_seconds"),
    [
        (0.0, False, LEASE_SECONDS),
        (-100.0, False, LEASE_SECONDS),
        (1.0, False, LEASE_SECONDS - 1.0),
        (LONG_GONE_SECONDS - 0.01, False, LISTENED_SHARE * LEASE_SECONDS),
        (LONG_GONE_SECONDS, False, 0.0),
        (0.0, True, ENDED_SECONDS),
    ],
    ids=["just now", "its clock is wrong", "a second ago", "long ago", "too long ago", "its process has ended"],
)
def test_one_that_is_silent_is_given_up_after_its_lease(
    as_worker: Use, age_seconds: float, has_ended: bool, after_seconds: float
) -> None:
    async def use(worker: Worker) -> None:
        began = worker.store.renewed_at[0]
        await asyncio.sleep(LEASE_SECONDS + 2)
        late = worker.store.given_up_at[7] - began - after_seconds
        assert 0 <= late < RENEW_SECONDS + IDLE_SECONDS
        assert worker.store.claims[7] > 0

    store = Told()
    store.peers = silent_since(age_seconds, has_ended=has_ended)
    as_worker(use, store)


def test_one_that_has_left_is_given_up_at_once_and_one_that_lives_never(as_worker: Use) -> None:
    async def use(worker: Worker) -> None:
        assert worker.store.given_up_at == {8: worker.store.renewed_at[0]}
        assert worker.membership.size == 2
        worker.store.peers = lambda wall: [Peer(7, wall, True)]
        await asyncio.sleep(10 * LEASE_SECONDS)
        assert worker.store.claims == {8: 1}
        gaps = [
            later - before for before, later in zip(worker.store.renewed_at, worker.store.renewed_at[1:], strict=False)
        ]
        assert all(RENEW_SECONDS <= gap < RENEW_SECONDS + IDLE_SECONDS + 0.01 for gap in gaps)

    store = Told()
    store.peers = lambda wall: [Peer(7, wall, True), Peer(8, 0.0, False)]
    as_worker(use, store)


@pytest.mark.parametrize("share", [0.9 * AWAY_SHARE, 1.2 * AWAY_SHARE])
def test_who_was_away_itself_lets_the_leases_of_others_begin_anew(as_worker: Use, share: float) -> None:
    async def use(worker: Worker) -> None:
        began = worker.store.renewed_at[0]
        await asyncio.sleep(0.5)
        away = share * LEASE_SECONDS - 0.5 - IDLE_SECONDS
        worker.away_seconds = away
        await asyncio.sleep(2 * LEASE_SECONDS)
        late = worker.store.given_up_at[7] - began + away - LEASE_SECONDS
        if share > AWAY_SHARE:
            assert late > 0.8 * share * LEASE_SECONDS
        else:
            assert late < RENEW_SECONDS + IDLE_SECONDS

    store = Told()
    store.peers = silent_since(0.0)
    as_worker(use, store)


def test_one_that_drains_gives_nobody_up_and_waits_for_a_newer_one(as_worker: Use) -> None:
    async def use(worker: Worker) -> None:
        store, runner = worker.store, worker.runner
        runner.drain()
        store.peers = lambda wall: [Peer(7, wall, False), Peer(6, 0.0, False), Peer(NOBODY, 0.0, False)]
        await asyncio.sleep(LEASE_SECONDS)
        assert not runner.has_successor.is_set()
        assert store.claims == {}
        store.peers = lambda wall: [Peer(7, wall, False), Peer(8, 0.0, False)]  # that came and left again
        await asyncio.sleep(LEASE_SECONDS)
        assert not runner.has_successor.is_set()
        store.peers = lambda wall: [Peer(7, wall, False), Peer(9, wall, False)]
        await asyncio.sleep(RENEW_SECONDS)  # one that drains looks more often
        assert runner.has_successor.is_set()
        assert store.claims == {}

    store = Told()
    store.peers = lambda wall: [Peer(7, wall, False)]
    as_worker(use, store)


def test_somebody_is_needed_while_others_make_answers_or_may_still_come(as_worker: Use) -> None:
    async def use(worker: Worker) -> None:
        store, runner = worker.store, worker.runner

        async def is_needed(*peers: Callable[[float], Peer]) -> bool:
            store.peers = lambda wall: [peer(wall) for peer in peers]
            await asyncio.sleep(RENEW_SECONDS + IDLE_SECONDS)
            return runner.is_needed

        def waiting(wall: float) -> Peer:
            return Peer(NOBODY, 0.0, True)

        assert not await is_needed()
        assert not await is_needed(lambda wall: Peer(7, wall, False))
        assert await is_needed(lambda wall: Peer(7, wall, True))
        assert not await is_needed(lambda wall: Peer(8, wall - LEASE_SECONDS - 0.1, True))
        runner.drain()
        assert await is_needed(waiting)
        await asyncio.sleep(HOLD_SECONDS - 3 * RENEW_SECONDS)
        assert await is_needed(waiting)
        await asyncio.sleep(2 * RENEW_SECONDS)
        assert not await is_needed(waiting)
        assert await is_needed(lambda wall: Peer(7, wall, True))

    as_worker(use, Told())


def test_what_is_claimed_is_taken_over_some_at_a_time_and_dropped_by_who_was_given_up(as_worker: Use) -> None:
    count = 2 * TAKEN_AT_ONCE + 1

    async def use(worker: Worker) -> None:
        store, runner = worker.store, worker.runner
        assert runner.claimed_count == count
        seen = {count}
        while runner.claimed_count:
            await asyncio.sleep(0)
            seen.add(runner.claimed_count)
        assert {count - TAKEN_AT_ONCE, 1, 0} <= seen
        await asyncio.sleep(1)
        for number in range(3):
            await runner.start(f"own {number}", "ann", hang)
        assert runner.open_count == 3
        store.is_given_up = True
        await asyncio.sleep(RENEW_SECONDS + IDLE_SECONDS)
        assert (runner.open_count, worker.log.is_here("own 1")) == (0, False)

    store = Told()
    store.orphans = [Found(f"{number}", "ann", None) for number in range(count)]
    store.peers = lambda wall: [Peer(7, 0.0, True)] if not store.claims else []
    as_worker(use, store)


@pytest.mark.parametrize(
    ("fault", "told"), [(StoreError("It is full."), "the last write failed"), (StoreLost("It is gone."), LOST)]
)
def test_why_the_store_can_not_be_written_is_known_until_it_can(as_worker: Use, fault: StoreError, told: str) -> None:
    async def use(worker: Worker) -> None:
        await worker.log.open("a", "ann")
        assert worker.runner.store_trouble == ""
        worker.store.fault = fault
        await asyncio.sleep(2 * RENEW_SECONDS)
        assert worker.runner.store_trouble == told
        state = (await worker.log.answer("a")).state
        assert state == ("failed" if told == LOST else "open")  # what is lost can't be written by anybody
        worker.store.fault = None
        await asyncio.sleep(2 * RENEW_SECONDS + IDLE_SECONDS)
        assert worker.runner.store_trouble == ""
        assert (await worker.log.answer("a")).state == "open"

    as_worker(use, Told())


async def is_hindered(worker: Worker) -> bool:
    return (await worker.log.answer("a")).state == "failed"


def test_readers_are_told_when_nothing_is_heard_of_a_store_for_too_long(as_worker: Use) -> None:
    async def silent(worker: Worker) -> None:
        await worker.log.open("a", "ann")
        await asyncio.sleep(RENEW_SECONDS / 2)
        worker.store.slow_seconds = 100.0
        await asyncio.sleep(BLIND_SECONDS - RENEW_SECONDS / 2 - 0.1)
        assert not await is_hindered(worker)
        await asyncio.sleep(RENEW_SECONDS + 0.2)
        assert await is_hindered(worker)
        worker.store.slow_seconds = 0.0
        await asyncio.sleep(100.0)
        assert not await is_hindered(worker)

    as_worker(silent, Telling())

    async def refused(worker: Worker) -> None:
        await worker.log.open("a", "ann")
        worker.store.fault, tries = StoreError("It is refused."), worker.store.tries
        await asyncio.sleep(REFUSED_SECONDS)
        assert not await is_hindered(worker)
        await asyncio.sleep(RENEW_SECONDS + IDLE_SECONDS + 0.1)
        assert await is_hindered(worker)
        assert worker.store.tries - tries <= 4  # one a second
        worker.store.fault = None
        await asyncio.sleep(RENEW_SECONDS + IDLE_SECONDS)
        for _ in range(10):  # as long as it is heard of now and then
            await asyncio.sleep(BLIND_SECONDS / 2)
            assert not await is_hindered(worker)

    as_worker(refused, Telling())


def test_nobody_is_told_where_the_store_is_on_this_machine(as_worker: Use) -> None:
    async def use(worker: Worker) -> None:
        await worker.log.open("a", "ann")
        worker.store.fault, tries = StoreError("It is locked."), worker.store.tries
        await asyncio.sleep(2 * BLIND_SECONDS)
        assert not await is_hindered(worker)
        assert worker.store.tries - tries <= 2 * BLIND_SECONDS / RENEW_SECONDS

    as_worker(use, Told())


def test_what_is_told_is_looked_at_once_and_soon(as_worker: Use) -> None:
    async def use(worker: Worker) -> None:
        store = worker.store
        assert isinstance(store, Telling)
        await worker.runner.start("a", "ann", hang)
        await asyncio.sleep(RENEW_SECONDS)
        told_at = asyncio.get_running_loop().time()
        store.looked_at.clear()
        for _ in range(3):
            store.on_news()
            await asyncio.sleep(NEWS_GAP_SECONDS / 4)
        await asyncio.sleep(3 * NEWS_GAP_SECONDS)
        assert store.looked_at == pytest.approx([told_at + NEWS_GAP_SECONDS])

    store = Telling()
    store.peers = lambda wall: [Peer(7, wall, True)]
    as_worker(use, store)


@pytest.mark.expects_errors
@pytest.mark.parametrize("fault", [StoreError("It is silent."), ZeroDivisionError()], ids=["silent", "a bug"])
def test_what_could_not_be_taken_over_is_so_at_the_next_check(
    as_worker: Use, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(worker: Worker) -> None:
        taken: list[float] = []

        async def take_over(found: Found) -> None:
            taken.append(asyncio.get_running_loop().time())
            if len(taken) == 1:
                raise fault

        began = worker.store.renewed_at[0]
        await worker.store.open("a", "ann")
        monkeypatch.setattr(worker.runner, "take_over", take_over)
        await asyncio.sleep(CHECK_SECONDS + RENEW_SECONDS + IDLE_SECONDS)
        assert len(taken) == 2
        assert taken[1] - began < CHECK_SECONDS + RENEW_SECONDS + IDLE_SECONDS
        assert worker.runner.claimed_count == 0

    store = Told()
    store.orphans = [Found("a", "ann", None)]
    store.peers = lambda wall: [Peer(7, 0.0, True)] if not store.claims else []
    as_worker(use, store)


def test_what_is_its_own_and_not_made_here_is_taken_over_when_it_was_so_twice(as_worker: Use) -> None:
    async def use(worker: Worker) -> None:
        await worker.store.open("a", "ann")
        await asyncio.sleep(CHECK_SECONDS + RENEW_SECONDS + IDLE_SECONDS)
        assert (await worker.log.answer("a")).state == "open"
        await asyncio.sleep(CHECK_SECONDS + RENEW_SECONDS + IDLE_SECONDS)
        assert (await worker.log.answer("a")).state == "failed"

    as_worker(use, Told())
