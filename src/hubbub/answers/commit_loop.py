"""One loop for all answers together: look at the sources, commit what arrived, push it to the readers.

The longer the work of a round takes, the longer the window until the next one, so that many answers
share each commit and each read. With few answers the window is short.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from hubbub.answers.base import Source

logger = logging.getLogger(__name__)

SHORTEST_SECONDS = 0.025
"""A commit costs about 0.3 ms of CPU: at 40 of them a second that is a hundredth of a core."""
LONGEST_SECONDS = 0.1
QUIET_SECONDS = 0.008
"""The window while so few stream that a commit for each of them is cheap."""
FEW = 12
URGENT_SHARE = 0.1
"""The part of a window that passes before a round that somebody waits for: the first words of an answer."""
URGENT_SECONDS = 0.002
"""So much of it passes at the least."""
REST = 2.0
"""A round's work is followed by so many times its length of rest for everything else on the loop."""
SMOOTHING = 0.3


class CommitLoop:
    """Calls `commit` in time, after every source has been looked at. Sleeps while there is nothing to do."""

    def __init__(self, commit: Callable[[], Awaitable[None]], sources: Sequence[Source] = ()) -> None:
        self._commit = commit
        self._sources = sources
        self._waiting: asyncio.Future[bool] | None = None
        """What `run` waits for, or waited for last."""
        self._has_news = False
        self._is_urgent = False
        self._is_over = False
        self._watched = 0
        self._work_seconds = 0.0
        self._last = 0.0
        self._last_look = 0.0
        self.window_seconds = QUIET_SECONDS
        for source in sources:
            source.attach(self.look_soon)

    def look_soon(self) -> None:
        """Say that a source has something to look at, from now on."""
        if not self._watched:
            self._watched = 1
            self._wake()

    def tell(self, *, is_urgent: bool) -> None:
        """Say that there is something to commit; an urgent thing doesn't wait for the window."""
        if not self._has_news or (is_urgent and not self._is_urgent):
            self._wake()
        self._has_news = True
        self._is_urgent = self._is_urgent or is_urgent

    def end(self) -> None:
        """Let `run` return, after the round that is under way."""
        self._is_over = True
        self._wake()

    async def run(self) -> None:
        """Go round until `end` is called, or until cancelled."""
        clock = asyncio.get_running_loop().time
        while not self._is_over:
            await self._until_due(clock)
            self._last = clock()
            self._has_news = self._is_urgent = False
            began = time.thread_time()
            try:
                if self._last - self._last_look >= 0.8 * self.window_seconds:
                    self._last_look = self._last
                    self._watched = sum([await source.poll() for source in self._sources])
                    await asyncio.sleep(0)  # who was woken by that runs now, and what it sends belongs to this round
                await self._commit()
            except Exception:  # a bug that one answer meets must not stop the loop for all
                logger.exception("A round of the commit loop failed.")
                await asyncio.sleep(LONGEST_SECONDS)
            self._adapt(time.thread_time() - began)

    async def _until_due(self, clock: Callable[[], float]) -> None:
        while not self._is_over:
            if not self._has_news and not self._watched:
                await self._until_woken()
                continue
            urgent = max(URGENT_SECONDS, URGENT_SHARE * self.window_seconds)
            due = self._last + (urgent if self._is_urgent else self.window_seconds)
            if due <= clock() or not await self._until_woken(due):
                return  # libuv's timers may be early by part of a millisecond: that is not waited for anew

    def _wake(self, is_early: bool = True) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(is_early)

    async def _until_woken(self, at: float | None = None) -> bool:
        """Return once this is woken, or at that time; tell whether it was before.

        `asyncio.timeout` would cancel what waits: some 50 µs a round.
        """
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = None if at is None else loop.call_at(at, self._wake, False)
        try:
            return await self._waiting
        finally:
            if timer is not None:
                timer.cancel()

    def _adapt(self, work_seconds: float) -> None:
        self._work_seconds += SMOOTHING * (work_seconds - self._work_seconds)
        shortest = SHORTEST_SECONDS if self._watched > FEW else QUIET_SECONDS
        self.window_seconds = min(LONGEST_SECONDS, max(shortest, (1 + REST) * self._work_seconds))
