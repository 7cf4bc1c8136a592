"""Start answers in tasks of their own, and stop them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeAlias

from hubbub.answers.base import Ticket
from hubbub.answers.lanes import Admission, Lanes
from hubbub.answers.log import INTERRUPTED, Log
from hubbub.core.errors import HubbubError, StoreError
from hubbub.core.events import Done, Ending, Event, Failed, Stopped

logger = logging.getLogger(__name__)

Send: TypeAlias = Callable[[Event], Awaitable[None]]
Work: TypeAlias = Callable[[Send], Awaitable[Done]]
"""Makes an answer: sends its events in order, and returns how it ended."""

RETRY_SECONDS = 2.0
CLOSING_SECONDS = 5.0


class _Running:
    """The task of an open answer. Once its ending is known, it is not to be cancelled any more."""

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.has_begun = False
        self.is_ending = False
        self.ending_if_cancelled: Ending = INTERRUPTED


class Desk:
    """Where answers are started and stopped. A connection that comes or goes changes nothing here.

    Each answer gets exactly one ending: what its work returned, what it failed with, or that it
    was stopped. On closing, open answers end as interrupted, within a bounded time.
    """

    def __init__(self, log: Log, lanes: Lanes | None = None) -> None:
        """Take where answers are logged, and the lanes that let them in: those with the usual limits, if none."""
        self._log = log
        self._lanes = lanes or Lanes()
        self._telling: asyncio.Task[None] | None = None
        self._running: dict[str, _Running] = {}
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._telling = self._group.create_task(self._lanes.run(), name="lanes")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close_answers()
        if self._telling is not None:
            self._telling.cancel()
        await self._group.__aexit__(kind, error, trace)

    @property
    def open_count(self) -> int:
        """How many answers are open: being made, or waiting to be."""
        return len(self._running)

    @property
    def waiting_count(self) -> int:
        """How many of them wait."""
        return self._lanes.waiting

    def check(self, person_id: str, deployment: str) -> None:
        """Refuse what `start` would refuse now, before anything is read for it.

        Raises:
            TooBusy, Overloaded: as `start` does.
        """
        self._lanes.check(person_id, deployment)

    def enter(self, ticket: Ticket) -> Admission:
        """Return an admission to `start` an answer with, for who stores something else beside the answer's log.

        Whoever takes it lets it leave, unless `start` has taken it over.

        Raises:
            TooBusy, Overloaded: it was refused.
        """
        return self._lanes.enter(ticket)

    async def start(
        self,
        answer_id: str,
        owner_id: str,
        work: Work,
        ticket: Ticket | Admission | None = None,
        *,
        is_obliged: bool = False,
    ) -> None:
        """Take an answer in and return at once; its log is stored by then. Its work begins when it is let in.

        Without a ticket it goes where answers go that no model makes. What `is_obliged` is not refused.
        An admission is taken over: it leaves when the answer is made, or could not be started.

        Raises:
            TooBusy, Overloaded: it was refused, before anything was stored.
            Conflict: there is an answer with this id.
            StoreError: it could not be stored, so it was not begun.
        """
        if isinstance(ticket, Admission):
            admission = ticket
        else:
            admission = self._lanes.enter(ticket or Ticket(owner_id), is_obliged=is_obliged)
        try:
            await self._log.open(answer_id, owner_id)
        except BaseException:
            admission.leave()
            raise
        running = _Running()
        self._running[answer_id] = running
        making = self._run(answer_id, work, running, admission)
        running.task = self._group.create_task(making, name=f"answer {answer_id}")

    async def stop(self, answer_id: str, *, reason: str = "asked") -> None:
        """End an answer now, and return when its ending is stored. Nothing happens to one that has ended."""
        running = self._running.get(answer_id)
        if running is None or running.task is None:
            return
        self._cancel(running, Stopped(reason))
        await asyncio.wait({running.task}, timeout=CLOSING_SECONDS)

    async def close_answers(self) -> None:
        """End all open answers as interrupted, within a bounded time."""
        tasks = {running.task for running in self._running.values() if running.task is not None}
        for running in self._running.values():
            self._cancel(running, INTERRUPTED)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSING_SECONDS)
            for task in late:
                task.cancel()

    @staticmethod
    def _cancel(running: _Running, ending: Ending) -> None:
        if running.task is not None and not running.is_ending:
            running.is_ending = True
            running.ending_if_cancelled = ending
            if running.has_begun:  # a task that is cancelled before its first step would never run, and never end
                running.task.cancel()

    async def _run(self, answer_id: str, work: Work, running: _Running, admission: Admission) -> None:
        running.has_begun = True
        try:
            try:
                ending: Ending = running.ending_if_cancelled
                if not running.is_ending:
                    ending = await self._make(answer_id, work, admission)
            except asyncio.CancelledError:
                # The task was cancelled by `_cancel` and ends right below: the cancellation is not lost.
                ending = running.ending_if_cancelled
            except HubbubError as error:
                ending = Failed(error.code, error.message, error.retryable)
            except Exception:  # whatever else it is, it is a bug: the person gets an ending, we get the stack
                logger.exception("An answer failed.")
                ending = Failed("internal", "Something went wrong on our side. Try again.", is_retryable=True)
            running.is_ending = True
            admission.leave()  # the deployment is free, even where the ending can't be stored for long
            await self._end(answer_id, ending)
        finally:
            admission.leave()
            self._running.pop(answer_id, None)

    async def _make(self, answer_id: str, work: Work, admission: Admission) -> Done:
        async def send(event: Event) -> None:
            await self._log.append(answer_id, event)

        while (place := await admission.news()) is not None:
            await send(place)
        return await work(send)

    async def _end(self, answer_id: str, ending: Ending) -> None:
        while True:
            try:
                await self._log.end(answer_id, ending)
            except StoreError as error:
                logger.warning("The ending of an answer could not be stored yet: %s", error)
                self._log.report(answer_id, error)
                if isinstance(ending, Done):  # what was said may have been lost with it
                    ending = Failed(error.code, error.message, error.retryable)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return
