"""Start answers in tasks of their own, and stop them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeAlias

from hubbub.answers.base import Crew, Found, GivenUp
from hubbub.answers.log import INTERRUPTED, Log
from hubbub.core.errors import HubbubError, StoreError
from hubbub.core.events import Done, Ending, Event, Failed, Stopped

logger = logging.getLogger(__name__)

Send: TypeAlias = Callable[[Event], None]
Work: TypeAlias = Callable[[Send], Awaitable[Ending]]
"""Makes an answer: sends its events in order, and returns how it ended."""
Rework: TypeAlias = Callable[[str], Awaitable[Work | None]]
"""Finds out how to make an answer, from its id alone; None where that is not known any more."""

RETRY_SECONDS = 2.0
CLOSING_SECONDS = 5.0
FAR = 2**62
"""A number that no event reaches."""


class _Running:
    """The task of an open answer. Once its ending is known, it is not to be cancelled any more."""

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.has_begun = False
        self.is_ending = False
        self.is_let_go = False
        """Whether another worker makes it now: nothing is to be stored of it here."""
        self.ending_if_cancelled: Ending = INTERRUPTED


class Desk:
    """Where answers are started and stopped. A connection that comes or goes changes nothing here.

    Each answer gets exactly one ending: what its work returned, what it failed with, or that it
    was stopped. On closing, open answers end as interrupted, within a bounded time. What another
    worker left behind is begun anew if nothing was said yet, and ends as interrupted otherwise.
    """

    def __init__(self, log: Log, crew: Crew) -> None:
        self._log = log
        self._crew = crew
        self.rework: Rework | None = None
        self._running: dict[str, _Running] = {}
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close_answers()
        await self._group.__aexit__(kind, error, trace)

    @property
    def open_count(self) -> int:
        """How many answers are being made."""
        return len(self._running)

    async def start(self, answer_id: str, owner_id: str, work: Work, *, grace_seconds: float | None = None) -> None:
        """Begin an answer and return at once; its log is stored by then.

        It is worked on for `grace_seconds` after the last reader has left; None: to its end.

        Raises:
            Conflict: there is an answer with this id.
            StoreError: it could not be stored, so it was not begun.
        """
        await self._log.open(answer_id, owner_id, grace_seconds)
        self._begin(answer_id, work)

    def _begin(self, answer_id: str, work: Work) -> None:
        running = _Running()
        self._running[answer_id] = running
        running.task = self._group.create_task(self._run(answer_id, work, running), name=f"answer {answer_id}")

    async def stop(self, answer_id: str, *, reason: str = "asked") -> None:
        """End an answer now, wherever it is made, and return when its ending is stored, or after a bounded time.

        Nothing happens to one that has ended.
        """
        running = self._running.get(answer_id)
        if running is None or running.task is None:
            await self._stop_elsewhere(answer_id, reason)
            return
        self._cancel(running, Stopped(reason))
        await asyncio.wait({running.task}, timeout=CLOSING_SECONDS)

    async def take_over(self, found: Found) -> None:
        """Go on with an answer that a worker left behind."""
        has_text = await self._log.adopt(found)
        work = None if has_text or self.rework is None else await self.rework(found.id)
        self._begin(found.id, work or _give_up)

    async def let_go_all(self) -> None:
        """Drop all answers without a word: they are another worker's now."""
        tasks = {running.task for running in self._running.values() if running.task is not None}
        for answer_id, running in list(self._running.items()):
            running.is_let_go = True
            self._log.let_go(answer_id)
            if running.task is not None:
                running.task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSING_SECONDS)

    async def close_answers(self) -> None:
        """End all open answers as interrupted, within a bounded time."""
        tasks = {running.task for running in self._running.values() if running.task is not None}
        for running in self._running.values():
            self._cancel(running, INTERRUPTED)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSING_SECONDS)
            for task in late:
                task.cancel()

    async def _stop_elsewhere(self, answer_id: str, reason: str) -> None:
        if await self._log.elsewhere.entry(answer_id) is None:
            return
        await self._crew.ask_to_stop(answer_id, reason)
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                async for _ in self._log.follow(answer_id, FAR):
                    pass
        except TimeoutError:
            logger.warning("The worker that makes an answer has not stopped it yet.")

    @staticmethod
    def _cancel(running: _Running, ending: Ending) -> None:
        if running.task is not None and not running.is_ending:
            running.is_ending = True
            running.ending_if_cancelled = ending
            if running.has_begun:  # a task that is cancelled before its first step would never run, and never end
                running.task.cancel()

    async def _run(self, answer_id: str, work: Work, running: _Running) -> None:
        def send(event: Event) -> None:
            self._log.append(answer_id, event)

        running.has_begun = True
        try:
            try:
                ending: Ending = running.ending_if_cancelled if running.is_ending else await work(send)
            except asyncio.CancelledError:
                # The task was cancelled by `_cancel` and ends right below: the cancellation is not lost.
                ending = running.ending_if_cancelled
            except HubbubError as error:
                ending = Failed(error.code, error.message, error.retryable)
            except Exception:  # whatever else it is, it is a bug: the person gets an ending, we get the stack
                logger.exception("An answer failed.")
                ending = Failed("internal", "Something went wrong on our side. Try again.", is_retryable=True)
            running.is_ending = True
            if not running.is_let_go:
                await self._end(answer_id, ending)
        finally:
            if self._running.get(answer_id) is running:
                del self._running[answer_id]

    async def _end(self, answer_id: str, ending: Ending) -> None:
        while True:
            try:
                await self._log.end(answer_id, ending)
            except GivenUp:
                self._log.let_go(answer_id)
                return
            except StoreError as error:
                logger.warning("The ending of an answer could not be stored yet: %s", error)
                self._log.report(answer_id, error)
                if isinstance(ending, Done):  # what was said may have been lost with it
                    ending = Failed(error.code, error.message, error.retryable)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return


async def _give_up(send: Send) -> Ending:
    return INTERRUPTED
