"""Start answers in tasks of their own, stop them, and take over those that another worker left behind."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self, TypeAlias

from hubbub.answers.admission import Admission, AdmissionControl
from hubbub.answers.base import Beside, Cluster, Found, GivenUp, Party, Ticket
from hubbub.answers.batches import failure_of
from hubbub.answers.log import INTERRUPTED, Log
from hubbub.answers.savings import Savings
from hubbub.core.errors import HubbubError, ModelError, Overloaded, StoreError, StoreLost
from hubbub.core.events import Done, Ending, Event, Failed, Reclassified, Stopped, Text, Usage
from hubbub.core.lasting import Lasting
from hubbub.core.tasks import Tasks
from hubbub.core.tokens import CHARACTERS_PER_TOKEN
from hubbub.core.tracing import NoTracing, Tracing, current, step

logger = logging.getLogger(__name__)

Send: TypeAlias = Callable[[Event], None]
Work: TypeAlias = Callable[[Send], Awaitable[Ending]]
"""Makes an answer: sends its events in order, and returns how it ended."""
Rework: TypeAlias = Callable[[Found], Awaitable[tuple[Work, Ticket] | None]]
"""Finds out how to make an answer that another worker began; None where that is not known any more."""

TOO_LATE = Failed(
    "too_late", "The time that this answer was given was up before it was its turn. Ask again.", is_retryable=True
)
RETRY_SECONDS = 2.0
CLOSING_SECONDS = 5.0
UNWATCHED = "unwatched"
HOLD_SECONDS = 8.0
"""How long a question to a worker that drains waits for somebody who takes it; a server starts in less."""
AGAIN_SECONDS = 2.0
FAILURES = 3
"""A deployment that failed so many times in a row, and answered never between, can't answer as far as is known."""
FAILING_SECONDS = 30.0
"""After so long without an attempt nothing is known any more."""
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
        self._text_characters = 0
        self._usage: Usage | None = None

    def note(self, event: Event) -> None:
        """Take what the answer says next, for `tokens`."""
        if isinstance(event, Text):
            self._text_characters += len(event.text)
        elif isinstance(event, Reclassified):
            self._text_characters = 0
        elif isinstance(event, Usage):
            self._usage = event

    @property
    def tokens(self) -> int:
        """How long the answer is by now: as it was told, or else about."""
        return self._usage.completion_tokens if self._usage else self._text_characters // CHARACTERS_PER_TOKEN


class Runner:
    """Where answers are started and stopped. A connection that comes or goes changes nothing here.

    Each answer gets exactly one ending: what its work returned, what it failed with, or that it
    was stopped. On closing, open answers end as interrupted, within a bounded time. What another
    worker left behind is begun anew if nothing was said yet, and ends as interrupted otherwise.

    While it drains, open answers go on, and questions that still come are stored for another worker.
    """

    def __init__(
        self, log: Log, cluster: Cluster, control: AdmissionControl | None = None, tracing: Tracing | None = None
    ) -> None:
        """Take where answers are logged, and what lets them in: with the usual limits, if none.

        An answer is traced in the step that it is started in, which ends with it; one that is taken over begins a
        trace of its own.
        """
        self._tracing = tracing or NoTracing()
        self._log = log
        self._cluster = cluster
        self._control = control or AdmissionControl()
        self._telling: asyncio.Task[None] | None = None
        self._running: dict[str, _Running] = {}
        self.savings = Savings()
        """What was saved by stopping answers that nobody watched."""
        self._group = Tasks()
        self.is_closing = False
        """Whether its answers are being ended: it begins none that it has claimed from others any more."""
        self.is_draining = False
        """Whether it takes in no more answers. What it has taken in or claimed before goes on to its end."""
        self.claimed_count = 0
        """How many answers are claimed from other workers and are still to be begun here; the membership counts."""
        self.is_needed = False
        """Whether answers are open that others make or nobody yet, so that somebody has to be found at the port."""
        self.has_successor = asyncio.Event()
        """Set, while it drains, once another worker begins answers or is about to."""
        self._held = 0
        """How many questions wait for a successor."""
        self.store_trouble = ""
        """Why the store can't be written, by the last that was tried, for anybody to read; empty where it can."""
        self._unstored = Lasting(logger)
        self._failures: dict[str, tuple[int, float, str]] = {}
        """By deployment that failed last: how often in a row, when last, and with what."""
        self.rework: Rework | None = None
        """Set by who composes: it needs what is built after the runner."""
        self.on_taken_over: Callable[[Found], None] | None = None
        """Called with each answer that was another worker's, once its task is here. Set by who composes."""

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._telling = self._group.create_task(self._control.run(), name="admission")
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
        return self._control.waiting

    def check(self, party: Party, deployment: str) -> None:
        """Refuse what `enter` would refuse now, before anything is read for it.

        Raises:
            TooBusy, Overloaded: as `enter` does.
        """
        self._control.check(party, deployment)

    def room_of(self, party: Party) -> tuple[int, int] | None:
        """Return how many answers a person may have open, and how many more that leaves; None without a limit."""
        return self._control.room_of(party)

    def enter(self, ticket: Ticket) -> Admission:
        """Let an answer in, or into the line. What is returned is for `start`.

        Raises:
            TooBusy, Overloaded: it is refused.
        """
        return self._control.enter(ticket)

    async def start(
        self,
        answer_id: str,
        owner_id: str,
        work: Work,
        admission: Admission | None = None,
        *,
        grace_seconds: float | None = None,
        keep_seconds: float | None = None,
        first: Event | None = None,
        beside: Beside | None = None,
        credential: str | None = None,
        within_seconds: float | None = None,
    ) -> None:
        """Take an answer in and return at once; its log is stored by then. Its work begins when it is let in.

        Without an admission it is let in where answers are that no model makes. It is worked on for
        `grace_seconds` after the last reader has left; None: to its end. It is forgotten after
        `keep_seconds`; None: not by itself. `first` is its first event, come what may. What is stored
        `beside` its log is there when its work begins. `credential` names what it was asked with: whoever takes it
        over is told. Where it was not let in `within_seconds` it fails; its work keeps to its time itself.

        Raises:
            TooBusy, Overloaded: it was refused, before anything was stored. While this worker drains, that is so
                where no other one comes to take it.
            Conflict: there is an answer with this id.
            StoreError: it could not be stored, so it was not begun.
        """
        admission = admission or self._control.enter(Ticket(Party(owner_id)))
        if self.is_draining:
            admission.leave()
            await self._leave_to_others(answer_id, owner_id, grace_seconds, keep_seconds, first, beside, credential)
            return
        trace = current().traceparent
        try:
            with step("store"):
                await self._log.open(answer_id, owner_id, grace_seconds, keep_seconds, beside, credential, trace)
        except BaseException:
            admission.leave()
            raise
        if first is not None:
            self._log.append(answer_id, first)
        self._begin(answer_id, work, admission, within_seconds)

    async def stop(self, answer_id: str, *, reason: str = "asked") -> None:
        """End an answer now, wherever it is made, and return when its ending is stored, or after a bounded time.

        Nothing happens to one that has ended.
        """
        running = self._running.get(answer_id)
        if running is None or running.task is None:
            await self._stop_remotely(answer_id, reason)
            return
        self._cancel(running, Stopped(reason))
        await asyncio.wait({running.task}, timeout=CLOSING_SECONDS)

    def stop_here(self, answer_id: str, reason: str) -> None:
        """Begin to end an answer that is made here, and wait for nothing. Others are left alone."""
        if running := self._running.get(answer_id):
            self._cancel(running, Stopped(reason))

    async def take_over(self, found: Found) -> None:
        """Go on with an answer that a worker left behind; where it was to be stopped, it ends so.

        Raises:
            StoreError: it can't be read now, and nothing was done.
        """
        with self._tracing.begin("question", link=found.trace) as traced:
            traced.set("hubbub.answer.id", found.id)
            traced.set("hubbub.answer.is_taken_over", True)
            await self._take_over(found)

    async def _take_over(self, found: Found) -> None:
        has_said = await self._log.adopt(found)
        is_wanted = not has_said and found.stop_reason is None
        try:
            known = await self.rework(found) if is_wanted and self.rework is not None else None
        except (StoreError, asyncio.CancelledError):
            self._log.let_go(found.id)
            raise
        except HubbubError:  # its model is gone, for instance
            known = None
        except Exception:  # a bug must not leave it open for ever
            logger.exception("An answer could not be begun anew.")
            known = None
        if self.is_closing:  # meanwhile; whoever comes next claims it once this worker has left
            self._log.let_go(found.id)
            return
        work, ticket = known or (_give_up, Ticket(Party(found.owner_id)))
        self._begin(found.id, work, self._control.enter(ticket, is_obliged=True))
        if self.on_taken_over is not None:
            self.on_taken_over(found)
        if found.stop_reason is not None:
            self.stop_here(found.id, found.stop_reason)

    async def let_go_all(self) -> None:
        """Drop all answers without a word: they are another worker's now."""
        await self._let_go(list(self._running))

    async def _let_go(self, answer_ids: Sequence[str]) -> None:
        tasks: set[asyncio.Task[None]] = set()
        for answer_id in answer_ids:
            running = self._running[answer_id]
            if running.task is not None:
                tasks.add(running.task)
            running.is_let_go = True
            self._log.let_go(answer_id)
            running.is_ending = True
            if running.task is not None and running.has_begun:  # else it ends with its first step
                running.task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSING_SECONDS)

    @property
    def is_idle(self) -> bool:
        """Whether no answer is open or claimed here, none is read, and no question waits for a successor."""
        return not (self._running or self.claimed_count or self._log.reader_count or self._held)

    def trouble_of(self, deployment: str) -> str:
        """Return why a deployment can't answer now, as far as is known from the last answers; empty where it can."""
        times, failed_at, message = self._failures.get(deployment, (0, 0.0, ""))
        return message if times >= FAILURES and time.monotonic() - failed_at < FAILING_SECONDS else ""

    def _note_failure(self, deployment: str, error: HubbubError) -> None:
        if isinstance(error, ModelError) and error.is_of_deployment:
            times = self._failures.get(deployment, (0, 0.0, ""))[0]
            self._failures[deployment] = (times + 1, time.monotonic(), error.message)

    def drain(self) -> None:
        """Begin no more answers. Open ones go on; questions that still come are stored for a successor."""
        self.is_draining = True

    async def hand_over(self) -> None:
        """End what has said something as interrupted; leave the rest to whoever takes it over. Bounded in time."""
        self.drain()
        self.is_closing = True
        await self._let_go([answer_id for answer_id in self._running if not self._log.has_said(answer_id)])
        await self.close_answers()

    async def close_answers(self) -> None:
        """End all open answers as interrupted, within a bounded time."""
        self.is_draining = self.is_closing = True
        tasks = {running.task for running in self._running.values() if running.task is not None}
        for running in self._running.values():
            self._cancel(running, INTERRUPTED)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSING_SECONDS)
            for task in late:
                task.cancel()

    async def _leave_to_others(
        self,
        answer_id: str,
        owner_id: str,
        grace_seconds: float | None,
        keep_seconds: float | None,
        first: Event | None,
        beside: Beside | None,
        credential: str | None,
    ) -> None:
        self._held += 1
        try:
            async with asyncio.timeout(HOLD_SECONDS):
                await self.has_successor.wait()
        except TimeoutError:
            raise Overloaded(
                "The server is about to end or to restart. Try again in a few seconds.",
                retry_after_seconds=AGAIN_SECONDS,
                code="draining",
            ) from None
        finally:
            self._held -= 1
        current().set("hubbub.answer.is_left_to_others", True)
        trace = current().traceparent
        await self._log.open_for_others(
            answer_id, owner_id, grace_seconds, keep_seconds, first, beside, credential, trace
        )

    def _begin(self, answer_id: str, work: Work, admission: Admission, within_seconds: float | None = None) -> None:
        running = _Running()
        self._running[answer_id] = running
        current().keep()  # the task below is in it as well, and ends it
        making = self._run(answer_id, work, running, admission, within_seconds)
        running.task = self._group.create_task(making, name=f"answer {answer_id}")

    async def _stop_remotely(self, answer_id: str, reason: str) -> None:
        if not await self._log.remote.is_open(answer_id):
            return
        await self._cluster.ask_to_stop(answer_id, reason)
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

    async def _run(
        self,
        answer_id: str,
        work: Work,
        running: _Running,
        admission: Admission,
        within_seconds: float | None,
    ) -> None:
        running.has_begun = True
        try:
            try:
                is_over = running.is_ending
                ending = (
                    running.ending_if_cancelled
                    if is_over
                    else await self._make(answer_id, work, running, admission, within_seconds)
                )
            except asyncio.CancelledError:
                # It was cancelled by `_cancel` or `let_go_all` and ends right below: the cancellation is not lost.
                ending = running.ending_if_cancelled
            except HubbubError as error:
                ending = failure_of(error)
                self._note_failure(admission.ticket.deployment, error)
            except Exception:  # whatever else it is, it is a bug: the person gets an ending, we get the stack
                logger.exception("An answer failed.")
                ending = Failed("internal", "Something went wrong on our side. Try again.", is_retryable=True)
            if isinstance(ending, Done):
                self._failures.pop(admission.ticket.deployment, None)
            _note(ending)
            running.is_ending = True
            admission.leave()  # the deployment is free, even where the ending can't be stored for long
            if running.is_let_go:
                current().set("hubbub.answer.is_left_to_others", True)
            else:
                with step("finish"):
                    await self._end(answer_id, self._counted(running, ending, admission.ticket.deployment))
        finally:
            current().end()
            admission.leave()
            if self._running.get(answer_id) is running:
                del self._running[answer_id]

    def _counted(self, running: _Running, ending: Ending, deployment: str) -> Ending:
        """Return the ending, with what it saved where nobody watched."""
        if isinstance(ending, Stopped) and ending.reason == UNWATCHED:
            return Stopped(UNWATCHED, self.savings.stopped(deployment, running.tokens))
        if isinstance(ending, Done):
            self.savings.complete(deployment, running.tokens)
        return ending

    async def _make(
        self, answer_id: str, work: Work, running: _Running, admission: Admission, within_seconds: float | None
    ) -> Ending:
        def send(event: Event) -> None:
            running.note(event)
            self._log.append(answer_id, event)

        with step("admission") as waiting:
            try:
                async with asyncio.timeout(within_seconds):
                    while (place := await admission.news()) is not None:
                        waiting.set("hubbub.admission.place", place.place)
                        send(place)
            except TimeoutError:
                waiting.fail(TOO_LATE.code)
                return TOO_LATE
        return await work(send)

    async def _end(self, answer_id: str, ending: Ending) -> None:
        while True:
            try:
                await self._log.end(answer_id, ending)
            except GivenUp:
                self._log.let_go(answer_id)
                return
            except StoreError as error:
                self._unstored.met("The endings of answers can't be stored yet", error.for_operators)
                if self.is_draining and isinstance(error, StoreLost):
                    self._log.let_go(
                        answer_id
                    )  # nobody is to wait for it; where the database comes back, others end it
                    return
                self._log.report(answer_id, error)
                if isinstance(ending, Done):  # what was said may have been lost with it
                    ending = failure_of(error)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._unstored.over()
                return


async def _give_up(send: Send) -> Ending:
    return INTERRUPTED


def _note(ending: Ending) -> None:
    """Note on the trace how an answer ended."""
    traced = current()
    if not traced.is_recorded:
        return
    match ending:
        case Done(finish_reason=reason):
            traced.set("hubbub.answer.ending", "done")
            traced.set("hubbub.answer.finish_reason", reason)
        case Failed(code=code):
            traced.set("hubbub.answer.ending", "failed")
            traced.fail(code)
        case Stopped(reason=reason):
            traced.set("hubbub.answer.ending", "stopped")
            traced.set("hubbub.answer.stop_reason", reason)
