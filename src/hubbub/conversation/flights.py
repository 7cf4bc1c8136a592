"""Make one answer for identical questions that are under way at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeAlias

import msgspec

from hubbub.core.events import Done, Event
from hubbub.core.questions import Question
from hubbub.core.tasks import Tasks

Send: TypeAlias = Callable[[Event], None]
Make: TypeAlias = Callable[[Send], Awaitable[Done]]

_encoder = msgspec.json.Encoder(order="deterministic")


class _Flight:
    """An answer under way: what it has said so far, and who is told what it says next."""

    def __init__(self) -> None:
        self.said: list[Event] = []
        self.passengers: list[Send] = []
        self.making: asyncio.Task[Done | Exception] | None = None

    def send(self, event: Event) -> None:
        self.said.append(event)
        for passenger in self.passengers:
            passenger(event)


class Flights:
    """The answers under way, by their questions. An async context manager: leaving it ends them.

    Who asks what is being answered already is told what was said so far, and then goes along; who
    leaves is gone, and the last one to leave ends it. Two questions are the same where everything
    in them is: text, what was said before, model, collections, and how it is to be written.
    """

    def __init__(self) -> None:
        self._flights: dict[bytes, _Flight] = {}
        self._group = Tasks()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for flight in self._flights.values():
            if flight.making is not None:
                flight.making.cancel()
        await self._group.__aexit__(kind, error, trace)

    async def answer(self, question: Question, make: Make, send: Send) -> Done:
        """Send what happens to the answer, in order, and return how it ended, or raise what it failed with."""
        key = _encoder.encode(question)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight()
        making = flight.making = flight.making or self._group.create_task(self._make(key, flight, make))
        for event in flight.said:
            send(event)
        flight.passengers.append(send)
        try:
            await asyncio.wait({making})
            outcome = making.result()
        finally:
            flight.passengers.remove(send)
            if not flight.passengers:
                self._end(key, flight)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _make(self, key: bytes, flight: _Flight, make: Make) -> Done | Exception:
        try:
            return await make(flight.send)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is raised where the answer is waited for)
            return error
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]

    def _end(self, key: bytes, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.making is not None:
            flight.making.cancel()
