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


class _Shared:
    """An answer under way: what it has said so far, and who is told what it says next."""

    def __init__(self) -> None:
        self.said: list[Event] = []
        self.followers: list[Send] = []
        self.making: asyncio.Task[Done | Exception] | None = None

    def send(self, event: Event) -> None:
        self.said.append(event)
        for follower in self.followers:
            follower(event)


class Coalescing:
    """The answers under way, by their questions. An async context manager: leaving it ends them.

    Who asks what is being answered already is told what was said so far, and then goes along; who
    leaves is gone, and the last one to leave ends it. Two questions are the same where everything
    in them is: text, what was said before, model, collections, and how it is to be written.
    """

    def __init__(self) -> None:
        self._under_way: dict[bytes, _Shared] = {}
        self._group = Tasks()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for shared in self._under_way.values():
            if shared.making is not None:
                shared.making.cancel()
        await self._group.__aexit__(kind, error, trace)

    async def answer(self, question: Question, make: Make, send: Send) -> Done:
        """Send what happens to the answer, in order, and return how it ended, or raise what it failed with."""
        key = _encoder.encode(question)
        shared = self._under_way.get(key)
        if shared is None:
            shared = self._under_way[key] = _Shared()
        making = shared.making = shared.making or self._group.create_task(self._make(key, shared, make))
        for event in shared.said:
            send(event)
        shared.followers.append(send)
        try:
            await asyncio.wait({making})
            outcome = making.result()
        finally:
            shared.followers.remove(send)
            if not shared.followers:
                self._end(key, shared)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _make(self, key: bytes, shared: _Shared, make: Make) -> Done | Exception:
        try:
            return await make(shared.send)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is raised where the answer is waited for)
            return error
        finally:
            if self._under_way.get(key) is shared:
                del self._under_way[key]

    def _end(self, key: bytes, shared: _Shared) -> None:
        if self._under_way.get(key) is shared:
            del self._under_way[key]
        if shared.making is not None:
            shared.making.cancel()
