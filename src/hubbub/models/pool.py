"""Let many deployments answer as one model: the best that is well, and another one where it fails before it speaks."""

import asyncio
import random
import time
from asyncio import FIRST_COMPLETED
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

import msgspec

from hubbub.core.errors import ModelError
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.base import Completion, Deployed, Model, ModelCard, Piece, SendPiece
from hubbub.models.breaker import Breaker

RETRY_SHARE = 0.1
RETRIES_SAVED = 5.0
"""A second attempt at a deployment of which nothing good is known costs one of these; each answer earns a tenth."""
HEDGE_SHARE = 0.05
"""So much of a second question at once does each question earn."""


class Paces(Protocol):
    """What a deployment can do, as its `pace` says it."""

    @property
    def limit(self) -> int: ...

    @property
    def opens_in_seconds(self) -> float: ...

    @property
    def takes_now(self) -> bool: ...

    @property
    def has_room(self) -> bool: ...

    def reserve(self, tokens: int) -> None: ...


class Member(msgspec.Struct, frozen=True):
    """A deployment in a pool."""

    model: Model
    priority: int = 0
    """Those with the lowest number are asked first; others only where none of these can be."""
    weight: float = 1.0
    """How much of what its priority is asked goes to it, as a share of all the weights."""
    pace: Paces | None = None
    """What it can do at once, where that is known."""


class _Deployment:
    """A member with what became of it."""

    def __init__(self, member: Member, clock: Callable[[], float]) -> None:
        self.member = member
        self.breaker = Breaker(clock)
        self.under_way = 0
        self.attempts = 0
        self.failures = 0

    @property
    def opens_in_seconds(self) -> float:
        """How long it is to be left alone."""
        pace = self.member.pace
        return max(self.breaker.opens_in_seconds, pace.opens_in_seconds if pace else 0.0)

    @property
    def told(self) -> Deployed:
        """How it does, for who looks after it."""
        state = "ill" if self.breaker.state != "closed" else "busy" if not self.can_be_asked else "well"
        name = self.member.model.card.name
        return Deployed(name, state, self.opens_in_seconds, self.under_way, self.attempts, self.failures)

    def failed(self, error: ModelError) -> None:
        """Take note that it failed.

        One that said for how long it is busy is left alone for so long, and is not ill; nor is one that is busy and
        answers others.
        """
        self.failures += 1
        pace = self.member.pace
        is_closed = pace is not None and pace.opens_in_seconds > 0
        if is_closed or (error.retry_after_seconds is not None and self.under_way > 1):
            self.breaker.said_nothing()
        else:
            self.breaker.failed()

    @property
    def can_be_asked(self) -> bool:
        pace = self.member.pace
        return self.breaker.state != "open" and (pace is None or pace.takes_now)

    @property
    def has_room(self) -> bool:
        pace = self.member.pace
        return pace is None or (self.under_way < pace.limit and pace.has_room)

    @property
    def load(self) -> float:
        return (self.under_way + 1) / self.member.weight


class PoolPace:
    """What the deployments of a pool can do together."""

    def __init__(self, deployments: Sequence[_Deployment], otherwise: int) -> None:
        self._deployments = deployments
        self._otherwise = otherwise

    @property
    def limit(self) -> int:
        """How many answers may be made at once: by those of the deployments that can be asked, or by all if none."""
        asked = [one for one in self._deployments if one.can_be_asked] or self._deployments
        return sum(pace.limit if (pace := one.member.pace) else self._otherwise for one in asked)

    @property
    def opens_in_seconds(self) -> float:
        """How long nothing may be asked of any of them; 0 where something may be."""
        return min(one.opens_in_seconds for one in self._deployments)

    @property
    def has_room(self) -> bool:
        """Whether one of them can be asked and has room."""
        return any(one.can_be_asked and one.has_room for one in self._deployments)

    def reserve(self, tokens: int) -> None:
        """Reserve at the deployment that is most likely to be asked."""
        best = min(self._deployments, key=lambda one: (not one.can_be_asked, one.member.priority, one.load))
        if best.member.pace is not None:
            best.member.pace.reserve(tokens)


class Race:
    """Passes on what the first of several attempts says that says anything, and nothing of the others."""

    def __init__(self, send: SendPiece) -> None:
        self._send = send
        self.winner: int | None = None
        self.won = asyncio.Event()

    @property
    def is_won(self) -> bool:
        """Whether anything was said."""
        return self.winner is not None

    def runner(self, number: int) -> SendPiece:
        """Return what the attempt of this number is to send with."""
        return partial(self._take, number)

    def _take(self, number: int, piece: Piece) -> None:
        if self.winner is None:
            self.winner = number
            self.won.set()
        if self.winner == number:
            self._send(piece)


class PooledModel:
    """Many deployments as one model.

    Each answer is made by one of them: of those with the best priority that are well and have room,
    the one with the least to do for its weight. Where it fails before it has said anything, and by
    its own fault, the next one is asked; once something was said nothing is tried again, since two
    halves make no whole. One that is busy or fails again and again is left alone for a while.

    Where a whole outage would double the questions asked, attempts are kept within a budget: asking
    a deployment that did well last time is free, and any other second attempt has to be earned by
    answers: where there are none, there are soon no second attempts.
    """

    def __init__(
        self,
        name: str,
        members: Sequence[Member],
        *,
        running: int = 2000,
        hedge_seconds: float | None = None,
        reason: str = "",
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Take the members, one at least. `running` is what one without a pace can do at once.

        Where a deployment has not spoken for `hedge_seconds`, a second one is asked as well, for one question in
        twenty at most; None: never.
        """
        self._hedge_seconds = hedge_seconds
        self._hedges = 1.0
        self._deployments = [_Deployment(member, clock) for member in members]
        self._chance = chance
        self._retries = RETRIES_SAVED
        self.pace = PoolPace(self._deployments, running)
        cards = [member.model.card for member in members]
        providers = list(dict.fromkeys(card.provider for card in cards))
        self.card = ModelCard(
            name,
            ", ".join(providers),
            min(card.context_tokens for card in cards),
            all(card.can_ground for card in cards),
            reason,
            min((card.prompt_tokens for card in cards if card.prompt_tokens is not None), default=None),
            reads_images=all(card.reads_images for card in cards),
            calls_tools=all(card.calls_tools for card in cards),
            max_tokens=min((card.max_tokens for card in cards if card.max_tokens is not None), default=None),
            passes_fields=tuple(
                name for name in cards[0].passes_fields if all(name in card.passes_fields for card in cards)
            ),
        )

    @property
    def deployments(self) -> Sequence[Deployed]:
        """How they do, in the order of the settings."""
        return [one.told for one in self._deployments]

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        self._hedges = min(self._hedges + HEDGE_SHARE, 1.0)
        race = Race(send)
        tried: list[_Deployment] = []
        failure: ModelError | None = None
        while deployment := self._choose(tried, is_first=failure is None):
            tried.append(deployment)
            try:
                if self._hedge_seconds is None:
                    return await self._attempt(deployment, race.runner(len(tried)), turns, how)
                return await self._hedged(deployment, race, tried, turns, how)
            except ModelError as error:
                if not error.is_of_deployment or race.is_won:
                    raise
                failure = error
        raise failure or self._all_busy()

    async def _attempt(
        self, deployment: _Deployment, send: SendPiece, turns: Sequence[Turn], how: Generation | None
    ) -> Completion:
        """Ask one deployment, and note what that tells of it."""
        deployment.breaker.began()
        deployment.under_way += 1
        deployment.attempts += 1
        has_told = False
        try:
            completion = await deployment.member.model.complete(turns, send, how)
            deployment.breaker.went_well()
            self._retries = min(self._retries + RETRY_SHARE, RETRIES_SAVED)
            has_told = True
            return completion
        except ModelError as error:
            has_told = True
            if error.is_of_deployment:
                deployment.failed(error)
            else:
                deployment.breaker.went_well()
            raise
        finally:
            deployment.under_way -= 1
            if not has_told:
                deployment.breaker.said_nothing()

    async def _hedged(
        self,
        first: _Deployment,
        race: Race,
        tried: list[_Deployment],
        turns: Sequence[Turn],
        how: Generation | None,
    ) -> Completion:
        """Ask one deployment, and a second one where the first has not spoken for a while: who speaks first answers."""
        runners: dict[int, asyncio.Task[Completion]] = {}

        def start(deployment: _Deployment) -> None:
            send = race.runner(len(tried))
            runners[len(tried)] = asyncio.create_task(self._attempt(deployment, send, turns, how))

        start(first)
        winning = asyncio.create_task(race.won.wait())
        try:
            await asyncio.wait({winning, *runners.values()}, timeout=self._hedge_seconds, return_when=FIRST_COMPLETED)
            is_silent = not race.is_won and not any(task.done() for task in runners.values())
            if is_silent and self._hedges >= 1 and (second := self._choose(tried, is_first=True)):
                self._hedges -= 1
                tried.append(second)
                start(second)
            while not race.is_won and (left := [task for task in runners.values() if not task.done()]):
                await asyncio.wait({winning, *left}, return_when=FIRST_COMPLETED)
                if any(task.done() and not task.exception() for task in runners.values()):
                    break  # it is complete, and had nothing to say
            return await _result(race, runners)
        finally:
            winning.cancel()
            for task in runners.values():
                task.cancel()
            await asyncio.wait({winning, *runners.values()})

    def _choose(self, tried: Sequence[_Deployment], *, is_first: bool) -> _Deployment | None:
        """Return what is to be asked next; None where nothing is left that may be."""
        left = [one for one in self._deployments if one not in tried and one.can_be_asked]
        if not left:
            return None
        # What has no room takes what nobody else can: admission lets no more in than all can do together.
        free = [one for one in left if one.has_room] or left
        best = min(one.member.priority for one in free)
        found = min((one for one in free if one.member.priority == best), key=lambda one: (one.load, self._chance()))
        if is_first or found.breaker.is_proven:
            return found
        if self._retries < 1:
            return None
        self._retries -= 1
        return found

    def _all_busy(self) -> ModelError:
        seconds = max(1.0, self.pace.opens_in_seconds)
        is_at_limit = all(one.told.state != "ill" for one in self._deployments)
        how = "at their limits" if is_at_limit else "busy or failing"
        return ModelError(
            f"All deployments of {self.card.name} are {how}. Try again in {seconds:.0f} s.",
            code="model_busy" if is_at_limit else "all_busy",
            retry_after_seconds=seconds,
        )


async def _result(race: Race, runners: Mapping[int, asyncio.Task[Completion]]) -> Completion:
    """Return what the winner comes to; where nobody spoke, what went well, or the failure of the one asked last."""
    if race.winner is not None:
        for number, task in runners.items():
            if number != race.winner:
                task.cancel()
        return await runners[race.winner]
    tasks = list(runners.values())
    return await next((task for task in tasks if task.done() and not task.exception()), tasks[-1])
