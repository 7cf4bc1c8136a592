import asyncio
import time
from collections.abc import Callable
from typing import Any

from hubbub.answers.commit_loop import LONGEST_SECONDS, QUIET_SECONDS, SHORTEST_SECONDS, CommitLoop
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

    async def commit() -> None:
        commits.append(arrived)

    commit_loop = CommitLoop(commit)
    task = asyncio.create_task(commit_loop.run())
    for _ in range(5):
        arrived += 1
        commit_loop.tell(is_urgent=False)
        await asyncio.sleep(0)
    await asyncio.sleep(4 * LONGEST_SECONDS)
    task.cancel()
    await asyncio.wait({task})
    assert len(commits) <= 2
    assert commits[-1] == 5


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
