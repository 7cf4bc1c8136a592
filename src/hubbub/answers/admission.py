"""Admission: a queue for each deployment, bounds for the server and each person, fair turns, places told."""

import asyncio
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from types import TracebackType
from typing import Self

import msgspec

from hubbub.answers.base import Capacity, Fixed, Party, Ticket
from hubbub.answers.fair import FairQueue
from hubbub.answers.rate import Rate
from hubbub.core.errors import Overloaded, TooBusy
from hubbub.core.events import Queued
from hubbub.core.people import GUEST_ID

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
GATHER_SECONDS = 0.1
"""Who comes in this time is told the place together: to know one place the whole line is looked through."""
PLACES_PER_SECOND = 10
"""Who has so many before them is told every second; twice as many: every two seconds, and so on."""
LONGEST_SILENCE_SECONDS = 10.0
RETRY_SECONDS = 5.0
"""When to come back where nothing is known yet of how long answers take."""
LONGEST_RETRY_SECONDS = 60.0


class AdmissionLimits(msgspec.Struct, frozen=True):
    """How many answers may be made, and how many may wait: on this machine."""

    running: int = 4000
    waiting: int = 1000
    waiting_per_model: int = 500
    running_per_person: int = 8
    waiting_per_person: int = 32
    waiting_per_key: int | None = None
    """For programs with a key of their own; None: as for persons."""
    address_share: float = 0.25
    """How much of `running` and `waiting_per_model` one address may have, for all for whom nothing vouches."""


class _Queue:
    """What goes to one deployment."""

    def __init__(self, capacity: Capacity, clock: Callable[[], float]) -> None:
        self.capacity = capacity
        self.line: FairQueue[Admission] = FairQueue()
        self.running = 0
        self.rate = Rate(clock)


class _Asker:
    """How much of one person's, or one address's, is running and waiting."""

    def __init__(self, key: str = "") -> None:
        self.key = key
        self.running = 0
        self.waiting = 0
        self.told_until = float("-inf")
        """When the last of those is to come back that were refused: the next one comes after it."""


class Admission:
    """The way of one answer through its queue: it waits, runs and leaves. As a context manager it leaves at the end."""

    def __init__(self, control: "AdmissionControl", ticket: Ticket) -> None:
        self._control = control
        self._woken: asyncio.Event | None = None  # as a rule nobody has to wait
        self._news: Queued | None = None
        self.ticket = ticket
        self.askers: Sequence[_Asker] = ()
        """As whose it counts."""
        self.is_running = False
        self.has_left = False
        self.has_waited = False
        self.let_in_at = 0.0
        self.told_place: int | None = None
        self.told_at = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    async def news(self) -> Queued | None:
        """Wait for a new place in the line and return it; None as soon as the answer may be made."""
        while True:
            if self.is_running:
                return None
            if self._news is not None:
                news, self._news = self._news, None
                return news
            self._woken = asyncio.Event()
            await self._woken.wait()

    def leave(self) -> None:
        """Give back what it holds: its place in the line, or its part of the running ones. May be called again."""
        if not self.has_left:
            self.has_left = True
            self._control.let_out(self)

    def tell(self, news: Queued, now: float) -> None:
        """Tell who waits of a place; what was not heard of yet is forgotten."""
        self._news, self.told_place, self.told_at = news, news.place, now
        self._wake()

    def let_in(self, now: float) -> None:
        """Let it begin."""
        self.is_running, self.let_in_at = True, now
        self._wake()

    def _wake(self) -> None:
        if self._woken is not None:
            self._woken.set()


class AdmissionControl:
    """Admission of answers. Nothing here waits for anything but `news` and `run`.

    An answer is let in when its deployment has room and is open, the server has room, and its person
    has less running than they may. The others wait in the fair queue of their deployment. Where the
    server's room is what is short, queues take turns. The guest stands for many, so what holds for a
    person does not hold for the guest; who has no key and no account is bounded by address as well.

    Several processes share a machine: each takes its part of all limits.
    """

    def __init__(
        self,
        capacities: Mapping[str, Capacity] | None = None,
        limits: AdmissionLimits | None = None,
        *,
        share: Callable[[], int] = lambda: 1,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Take what each deployment can do, by its name, and the number of processes that share this machine.

        A deployment that isn't named can do what the server may.
        """
        self._capacities = dict(capacities or {})
        self._limits = limits or AdmissionLimits()
        self._share = share
        self._clock = clock
        self._chance = chance
        self._queues: OrderedDict[str, _Queue] = OrderedDict()
        """The one that let in an answer last stands last."""
        self._askers: dict[str, _Asker] = {}
        """By the ids of persons, and by the keys of addresses."""
        self._wake = asyncio.Event()
        self.running = 0
        self.waiting = 0

    def check(self, party: Party, deployment: str) -> None:
        """Refuse, as `enter` would, what would be refused now: for those who want to know before they do any work.

        Raises:
            TooBusy, Overloaded: as `enter` does.
        """
        queue = self._queue(deployment)
        if not self._has_room(queue) or self._is_held_back(party):
            self._refuse_beyond_bounds(party, queue, coming=1)

    def room_of(self, party: Party) -> tuple[int, int] | None:
        """Return how many answers a person may have running and waiting, and how many more that leaves now.

        None for the guest, who has no limit of their own. What a deployment or the server has room for is not in it.
        """
        if party.person_id == GUEST_ID:
            return None
        limit = self._part(self._limits.running_per_person) + self._part(self._waiting_of(party))
        asker = self._askers.get(party.person_id) or _Asker()
        return limit, max(0, limit - asker.running - asker.waiting)

    def enter(self, ticket: Ticket, *, is_obliged: bool = False) -> Admission:
        """Return an answer's admission, which runs already or waits; whoever takes it has to let it `leave`.

        What is obliged is never refused: it was let in before, by a process that has died.

        Raises:
            TooBusy: this person, or their address, has as many running and waiting as they may.
            Overloaded: as many are waiting as can be.
        """
        queue = self._queue(ticket.deployment)
        admission = Admission(self, ticket)
        if not len(queue.line):
            queue.rate.pass_time(is_moving=False)
        admission.askers = self._askers_of(ticket.party)
        if not self.waiting and self._has_room(queue) and not self._is_held_back(ticket.party):
            self._begin(queue, admission)  # as a rule: nobody waits, and no line has to be kept
            return admission
        queue.line.add(ticket.party, admission, ticket.tokens)
        for asker in admission.askers:
            asker.waiting += 1
        self.waiting += 1
        self._let_in()
        if admission.is_running:
            return admission
        admission.has_waited = True
        if not is_obliged:
            try:
                self._refuse_beyond_bounds(ticket.party, queue)
            except (TooBusy, Overloaded):
                admission.leave()
                raise
        self._wake.set()
        return admission

    def let_out(self, admission: Admission) -> None:
        """Take back what an admission holds; only it calls this, once."""
        party = admission.ticket.party
        queue, askers = self._queue(admission.ticket.deployment), admission.askers
        if admission.is_running:
            self.running -= 1
            queue.running -= 1
            for asker in askers:
                asker.running -= 1
            queue.rate.ended(self._clock() - admission.let_in_at)
        else:
            queue.line.remove(party, admission)
            self.waiting -= 1
            for asker in askers:
                asker.waiting -= 1
        for asker in askers:
            if not (asker.running or asker.waiting):
                del self._askers[asker.key]
        self._let_in()

    async def run(self) -> None:
        """Tell places, and let in whom a deployment has room for again, until cancelled. Sleeps while nobody waits."""
        while True:
            try:
                self._let_in()
                self._tell_places()
            except Exception:  # a bug that one answer meets must not leave all others waiting
                logger.exception("The places in the lines could not be told.")
            await asyncio.sleep(GATHER_SECONDS)
            seconds = self._sleep_seconds() if self.waiting else None
            try:
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    def _queue(self, deployment: str) -> _Queue:
        queue = self._queues.get(deployment)
        if queue is None:
            capacity = self._capacities.get(deployment) or Fixed(self._limits.running)
            queue = self._queues[deployment] = _Queue(capacity, self._clock)
        return queue

    def _part(self, limit: int) -> int:
        """Return this process's part of a limit of the machine."""
        share = self._share()
        return limit if share <= 1 else max(min(limit, 1), limit // share)

    def _has_room(self, queue: _Queue) -> bool:
        return (
            self.running < self._part(self._limits.running)
            and queue.running < self._part(queue.capacity.limit)
            and queue.capacity.opens_in_seconds <= 0
        )

    def _begin(self, queue: _Queue, admission: Admission) -> None:
        """Count one as running, and let it begin."""
        self.running += 1
        queue.running += 1
        queue.capacity.reserve(admission.ticket.tokens)
        for asker in admission.askers:
            asker.running += 1
        admission.let_in(self._clock())

    def _askers_of(self, party: Party) -> list[_Asker]:
        return [self._askers.get(key) or self._askers.setdefault(key, _Asker(key)) for key in _keys(party)]

    def _waiting_of(self, party: Party) -> int:
        of_keys = self._limits.waiting_per_key
        return of_keys if party.is_program and of_keys is not None else self._limits.waiting_per_person

    def _of_address(self, whole: int, per_person: int) -> int:
        """Return this process's part of what one address may have of so much."""
        return self._part(max(per_person, int(self._limits.address_share * whole)))

    def _is_held_back(self, party: Party) -> bool:
        limits = self._limits
        address = self._askers.get(party.key) if party.address else None
        if address and address.running >= self._of_address(limits.running, limits.running_per_person):
            return True
        asker = self._askers.get(party.person_id)
        if asker is None or party.person_id == GUEST_ID:
            return False
        return asker.running >= self._part(limits.running_per_person)

    def _let_in(self) -> None:
        """Let in whoever can be, queue by queue in turn."""
        if not self.waiting:
            return
        waiting = [name for name, queue in self._queues.items() if len(queue.line)]
        while waiting:
            waiting = [name for name in waiting if self._let_one_in(name)]

    def _let_one_in(self, name: str) -> bool:
        queue = self._queues[name]
        if not self._has_room(queue) or (admission := queue.line.take(self._is_held_back)) is None:
            return False
        self._queues.move_to_end(name)
        self.waiting -= 1
        for asker in admission.askers:
            asker.waiting -= 1
        if admission.has_waited:
            queue.rate.let_in()
        self._begin(queue, admission)
        return True

    def _refuse_beyond_bounds(self, party: Party, queue: _Queue, *, coming: int = 0) -> None:
        limits = self._limits
        asker = self._askers.get(party.person_id) or _Asker()
        if party.person_id != GUEST_ID and asker.waiting + coming > self._part(self._waiting_of(party)):
            own = asker.running + asker.waiting + coming - 1
            seconds = self._own_retry_seconds(asker, queue)
            questions = "question" if own == 1 else "questions"
            raise TooBusy(
                f"You have {own} {questions} being answered or waiting, as many as you may. "
                f"Try again in {ceil(seconds)} s.",
                retry_after_seconds=seconds,
            )
        asker = self._askers.get(party.key) or _Asker()
        most = self._of_address(limits.waiting_per_model, limits.waiting_per_person)
        if party.address and asker.waiting + coming > most:
            seconds = self._own_retry_seconds(asker, queue)
            raise TooBusy(
                "As many questions from your network address wait as may, of people without an account. "
                f"Try again in {ceil(seconds)} s.",
                retry_after_seconds=seconds,
            )
        bound = self._part(limits.waiting_per_model)
        is_queue_full = len(queue.line) + coming > bound
        if is_queue_full or self.waiting + coming > self._part(limits.waiting):
            rate = queue.rate.per_second(max(1, queue.running))
            # When a tenth of the line has gone there is room for more than the first who comes back.
            leaving = (1 + len(queue.line) / 10) / rate if rate else RETRY_SECONDS
            seconds = self._retry_seconds(queue.capacity.opens_in_seconds + leaving)
            raise Overloaded(
                f"Too many questions wait for an answer already. Try again in {ceil(seconds)} s.",
                retry_after_seconds=seconds,
            )

    def _own_retry_seconds(self, asker: _Asker, queue: _Queue) -> float:
        """Return when there is likely room for this one: each that is refused comes after the one before."""
        now = self._clock()
        each = (queue.rate.answer_seconds or RETRY_SECONDS) / max(1, asker.running)
        asker.told_until = min(max(asker.told_until, now) + each, now + LONGEST_RETRY_SECONDS)
        return self._retry_seconds(asker.told_until - now)

    def _retry_seconds(self, seconds: float) -> float:
        """Return when to come back: between these seconds and half as many more, so that not all come at once."""
        return round(min(max(1.0, seconds), LONGEST_RETRY_SECONDS) * (1 + self._chance() / 2), 1)

    def _tell_places(self) -> None:
        now = self._clock()
        for queue in self._queues.values():
            opens_in_seconds = queue.capacity.opens_in_seconds
            queue.rate.pass_time(is_moving=bool(len(queue.line)) and opens_in_seconds <= 0)
            if not len(queue.line):
                continue
            at_once = max(1, min(self._part(queue.capacity.limit), self._part(self._limits.running)))
            rate = queue.rate.per_second(at_once)
            each_person = max(1, self._part(self._limits.running_per_person))
            for place, (admission, number) in enumerate(queue.line.order(self._is_held_back), start=1):
                if place == admission.told_place or now - admission.told_at < _silence_seconds(place):
                    continue
                estimate = None
                if rate is not None:
                    estimate = opens_in_seconds + place / rate
                    if admission.ticket.party.person_id != GUEST_ID and queue.rate.answer_seconds is not None:
                        estimate = max(estimate, number / each_person * queue.rate.answer_seconds)
                    estimate = float(max(1, round(estimate)))
                admission.tell(Queued(place, estimate), now)

    def _sleep_seconds(self) -> float:
        """Return how long nothing changes by itself."""
        opening = [queue.capacity.opens_in_seconds for queue in self._queues.values() if len(queue.line)]
        return min([TICK_SECONDS - GATHER_SECONDS, *(seconds for seconds in opening if seconds > 0)])


def _keys(party: Party) -> tuple[str, ...]:
    """Return under what a party is counted: the person, and the address if that counts as well."""
    return (party.person_id, party.key) if party.address else (party.person_id,)


def _silence_seconds(place: int) -> float:
    """Return how long somebody at this place is told nothing new; just below a tick, so that none is missed."""
    return min(max(TICK_SECONDS, place / PLACES_PER_SECOND), LONGEST_SILENCE_SECONDS) - GATHER_SECONDS / 2
