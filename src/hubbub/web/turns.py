"""Let a few do something at once, and a few more wait for it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from hubbub.core.errors import Overloaded


class FewAtOnce:
    """Gives turns. Who comes when enough wait already is told when to come back."""

    def __init__(self, at_once: int, waiting: int, *, retry_seconds: float) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._most_waiting = waiting
        self._waiting = 0
        self._retry_seconds = retry_seconds

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for a turn, and have it.

        Raises:
            Overloaded: too many wait already.
        """
        if self._room.locked() and self._waiting >= self._most_waiting:
            raise Overloaded(
                f"Too many requests of this kind wait already. Try again in {self._retry_seconds:g} s.",
                retry_after_seconds=self._retry_seconds,
            )
        self._waiting += 1
        try:
            await self._room.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._room.release()
