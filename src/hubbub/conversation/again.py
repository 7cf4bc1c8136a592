"""Ask a model again that was busy before it said a word, after a short wait whose place is told."""

import asyncio
import random
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from itertools import count
from typing import Protocol, runtime_checkable

from hubbub.core.errors import ModelError
from hubbub.core.events import Event, Queued, Started
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.core.tracing import step
from hubbub.models.base import Completion, Model, Piece, Pooled, SendPiece

WAIT_SECONDS = 30.0
BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 1.0, 8.0
"""Where the model doesn't say when: a second, then twice as long each time; at random up to a half less."""
TICK_SECONDS, LOOK_SECONDS = 1.0, 0.25
"""How often places are told, and how often somebody whose time has come looks whether there is room."""


@runtime_checkable
class Paced(Protocol):
    """A model that says when it may be asked."""

    @property
    def pace(self) -> "Opening": ...


class Opening(Protocol):
    """How long nothing may be asked of a model, and whether there is room for one more."""

    @property
    def opens_in_seconds(self) -> float: ...

    @property
    def has_room(self) -> bool: ...


class _Line:
    """Those that wait for one model, by their numbers; who came first has the lowest."""

    def __init__(self, model: Model) -> None:
        self._pace = model.pace if isinstance(model, Paced) else None
        self.numbers: list[int] = []

    @property
    def opens_in_seconds(self) -> float:
        return self._pace.opens_in_seconds if self._pace else 0.0

    @property
    def has_room(self) -> bool:
        return self._pace is None or self._pace.has_room


class Again:
    """The one layer that asks again. A pool asks another deployment at once; where all are busy, it is asked here.

    Who waits here was let in before and keeps what it holds: nobody is let in past it. It asks again
    when the model says that it may be asked and has room, in a wait of so many seconds in all. A model
    that says it is busy for longer is not waited for: that is told at once, with the time.
    """

    def __init__(self, wait_seconds: float = WAIT_SECONDS, *, chance: Callable[[], float] = random.random) -> None:
        self._wait_seconds = wait_seconds
        self._chance = chance
        self._lines: dict[str, _Line] = {}
        self._numbers = count()

    async def complete(
        self,
        model: Model,
        turns: Sequence[Turn],
        send: SendPiece,
        how: Generation,
        *,
        tell: Callable[[Event], None],
        started: Started,
    ) -> Completion:
        """Let the model complete as it does, and tell of each wait: a place, and `started` once it is over.

        Raises:
            ModelError: as the model raises it, where it has spoken, is not busy, or is busy for too long.
        """
        has_spoken = False

        def pass_on(piece: Piece) -> None:
            nonlocal has_spoken
            has_spoken = True
            send(piece)

        number, until, backoff = next(self._numbers), 0.0, BACKOFF_SECONDS
        while True:
            try:
                return await model.complete(turns, pass_on, how)
            except ModelError as error:
                if has_spoken or not _is_busy(model, error):
                    raise
                now = asyncio.get_running_loop().time()
                until = until or now + self._wait_seconds
                wait = error.retry_after_seconds or 0.0
                if isinstance(model, Paced):  # it knows what was said, and whether it was
                    wait = max(model.pace.opens_in_seconds, backoff * (1 - self._chance() / 2))
                if now + wait > until:
                    raise
                with step("wait for the model"):
                    is_its_turn = await self._turn(model, number, now + wait, until, tell)
                if not is_its_turn:
                    raise
                backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)
                tell(started)

    async def _turn(self, model: Model, number: int, begin: float, until: float, tell: Callable[[Event], None]) -> bool:
        """Wait until this one may ask, and return True; False where the time is up."""
        name, clock = model.card.name, asyncio.get_running_loop().time
        line = self._lines.setdefault(name, _Line(model))
        insort(line.numbers, number)
        told = None
        try:
            while True:
                now = clock()
                wait = max(begin - now, line.opens_in_seconds)
                if wait <= 0 and line.has_room:
                    return True
                if now + max(wait, 0.0) >= until:
                    return False
                place = bisect_left(line.numbers, number) + 1
                if place != told:
                    told = place
                    tell(Queued(place, float(max(1, round(wait)))))
                await asyncio.sleep(min(wait if wait > 0 else LOOK_SECONDS, TICK_SECONDS))
        finally:
            line.numbers.remove(number)
            if not line.numbers:
                self._lines.pop(name, None)


def _is_busy(model: Model, error: ModelError) -> bool:
    """Decide whether a model has only too much to do. Deployments that are ill are no reason to wait."""
    if error.retry_after_seconds is None or not error.is_of_deployment:
        return False
    return error.code != "all_busy" or (
        isinstance(model, Pooled) and any(one.state == "busy" for one in model.deployments)
    )
