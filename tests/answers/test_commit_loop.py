import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from hubbub.answers.commit_loop import (
    FEW,
    LONGEST_SECONDS,
    QUIET_SECONDS,
    SHORTEST_SECONDS,
    URGENT_SECONDS,
    URGENT_SHARE,
    CommitLoop,
)
from tests.jumping import jumping
from tests.patience import patience


class Pool:
    """A source that is looked at, and counts it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.looks = 0
        self.look_soon = lambda: None

    def attach(self, look_soon: Callable[[], None]) -> None:
        self.look_soon = look_soon

    async def poll(self) -> int:
        self.looks += 1
        return self.size


async def run_for(commit_loop: CommitLoop, seconds: float) -> None:
    task = asyncio.create_task(commit_loop.run())
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait({task})


async def test_it_sleeps_while_there_is_nothing_to_do() -> None:
    commits: list[None] = []

    async def commit() -> None:
        commits.append(None)

    pool = Pool(0)
    await run_for(CommitLoop(commit, [pool]), 0.1)
    assert (len(commits), pool.looks) == (0, 0)


class EarlyLoop(asyncio.SelectorEventLoop):
    """A loop whose timers come early by some milliseconds; it counts them."""

    timers = 0

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        self.timers += 1
        return super().call_at(when - 0.003, callback, *args, context=context)


def test_it_waits_once_for_each_round() -> None:
    commits: list[None] = []

    async def commit() -> None:
        commits.append(None)
        if len(commits) == 20:
            commit_loop.end()

    commit_loop = CommitLoop(commit, [Pool(1)])
    loop = EarlyLoop()
    try:
        commit_loop.tell(is_urgent=False)
        loop.run_until_complete(commit_loop.run())
    finally:
        loop.close()
    assert len(commits) == 20
    assert loop.timers <= 20


async def test_what_comes_together_is_committed_together() -> None:
    arrived, commits = 0, []
    began = asyncio.get_running_loop().time()

    async def commit() -> None:
        commits.append(arrived)

    commit_loop = CommitLoop(commit)
    task = asyncio.create_task(commit_loop.run())
    loop, told = asyncio.get_running_loop(), 0.0
    while arrived < 5 or not commits or commits[-1] < arrived:
        if arrived < 5:
            arrived += 1
            commit_loop.tell(is_urgent=False)
            told = loop.time()
        await asyncio.sleep(0)
    took = told - began
    task.cancel()
    await asyncio.wait({task})
    assert len(commits) <= 2 + took / QUIET_SECONDS  # on a busy machine some time passes while they come


async def test_a_source_that_has_something_is_looked_at_again_and_again() -> None:
    async def commit() -> None:
        pass

    pool = Pool(1)
    commit_loop = CommitLoop(commit, [pool])
    commit_loop.tell(is_urgent=False)
    await run_for(commit_loop, 0.3)
    assert pool.looks > 3


async def test_the_window_grows_with_the_work_and_shrinks_again() -> None:
    seconds = 0.0

    async def commit() -> None:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    pool = Pool(1000)
    commit_loop = CommitLoop(commit, [pool])
    assert commit_loop.window_seconds == QUIET_SECONDS
    commit_loop.tell(is_urgent=False)
    task = asyncio.create_task(commit_loop.run())
    seconds = 0.05
    async with asyncio.timeout(20):
        while commit_loop.window_seconds < LONGEST_SECONDS:
            await asyncio.sleep(0.05)
        seconds = 0.0
        while commit_loop.window_seconds > SHORTEST_SECONDS:
            await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait({task})


async def test_a_source_that_gets_something_wakes_a_sleeping_loop() -> None:
    async def commit() -> None:
        pass

    pool = Pool(0)
    commit_loop = CommitLoop(commit, [pool])
    task = asyncio.create_task(commit_loop.run())
    await asyncio.sleep(0.05)
    assert pool.looks == 0
    pool.size = 1
    pool.look_soon()
    async with patience():
        while pool.looks < 3:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})


async def test_a_source_is_looked_at_although_an_urgent_round_came_just_before() -> None:
    async def commit() -> None:
        pass

    pool = Pool(0)
    commit_loop = CommitLoop(commit, [pool])
    task = asyncio.create_task(commit_loop.run())
    commit_loop.tell(is_urgent=True)
    while not pool.looks:
        await asyncio.sleep(0)
    pool.size = 1
    commit_loop.tell(is_urgent=True)
    pool.look_soon()
    async with patience():
        while pool.looks < 3:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})


def rounds_of(
    source: Pool, count: int, between: Callable[[CommitLoop, int], object] = lambda loop, number: None
) -> list[float]:
    """Let so many rounds pass, calling `between` after each; return the times between them."""
    times: list[float] = []

    async def go() -> None:
        clock = asyncio.get_running_loop().time

        async def commit() -> None:
            times.append(clock())
            if len(times) == count:
                commit_loop.end()
            asyncio.get_running_loop().call_soon(between, commit_loop, len(times))

        commit_loop = CommitLoop(commit, [source])
        commit_loop.tell(is_urgent=False)
        await commit_loop.run()

    jumping(go())
    return [after - before for before, after in pairwise(times)]


@pytest.mark.parametrize(("watched", "seconds"), [(FEW, QUIET_SECONDS), (FEW + 1, SHORTEST_SECONDS)])
def test_few_are_looked_at_more_often_than_many(watched: int, seconds: float) -> None:
    source = Pool(watched)
    assert rounds_of(source, 6) == pytest.approx([seconds] * 5)
    assert source.looks == 6


@pytest.mark.parametrize(
    ("watched", "seconds"), [(FEW, URGENT_SECONDS), (FEW + 1, URGENT_SHARE * SHORTEST_SECONDS)], ids=["few", "many"]
)
@pytest.mark.parametrize("order", [(True,), (True, False), (False, True)])
def test_what_is_urgent_comes_soon_and_is_not_looked_for(watched: int, seconds: float, order: Sequence[bool]) -> None:
    def tell(commit_loop: CommitLoop, number: int) -> None:
        if number > 1:
            for is_urgent in order:
                commit_loop.tell(is_urgent=is_urgent)

    source = Pool(watched)
    between = rounds_of(source, 8, tell)
    assert between[1:] == pytest.approx([seconds] * 6)
    assert source.looks < 5  # as often as without what is urgent


def test_what_is_not_urgent_waits_for_the_window_and_keeps_nobody_awake() -> None:
    source = Pool(0)
    assert rounds_of(source, 5, lambda loop, number: loop.tell(is_urgent=False)) == pytest.approx([QUIET_SECONDS] * 4)
    with pytest.raises(RuntimeError, match="Nothing would ever happen"):  # all said is committed, and it sleeps
        rounds_of(source, 2)


def test_what_is_sent_by_those_that_a_look_wakes_belongs_to_its_round() -> None:
    said, committed = list[str](), list[list[str]]()

    class Waking(Pool):
        async def poll(self) -> int:
            asyncio.get_running_loop().call_soon(said.append, "word")
            return await super().poll()

    rounds_of(Waking(1), 3, lambda loop, number: committed.append(list(said)))
    assert [len(one) for one in committed[:2]] == [1, 2]


def test_the_more_work_the_longer_the_window_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu_seconds = 0.0
    monkeypatch.setattr("hubbub.answers.commit_loop.time", SimpleNamespace(thread_time=lambda: cpu_seconds))
    windows: list[float] = []

    async def work(each_seconds: float) -> None:
        async def commit() -> None:
            nonlocal cpu_seconds
            cpu_seconds += each_seconds
            windows.append(commit_loop.window_seconds)
            if len(windows) == 60:
                commit_loop.end()

        commit_loop = CommitLoop(commit, [Pool(1)])
        commit_loop.tell(is_urgent=False)
        await commit_loop.run()

    jumping(work(0.02))
    assert windows[0] == QUIET_SECONDS
    assert windows[1:3] == pytest.approx([0.018, 0.0306])  # three times the moving average
    assert windows[-1] == pytest.approx(0.06)
    windows.clear()
    jumping(work(1.0))
    assert windows[1:] == [LONGEST_SECONDS] * 59


@pytest.mark.expects_errors
def test_a_round_that_fails_is_logged_and_the_next_one_comes(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Pool):
        async def poll(self) -> int:
            if not await super().poll() or self.looks == 2:
                raise ZeroDivisionError
            return self.size

    source = Broken(1)
    assert rounds_of(source, 3) == pytest.approx([QUIET_SECONDS + LONGEST_SECONDS, QUIET_SECONDS])
    assert "A round of the commit loop failed." in caplog.text
