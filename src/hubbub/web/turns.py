"""Let requests that take long work in turns, a piece each, so that short ones wait for pieces only."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from hubbub.core.errors import Overloaded


class PieceByPiece:
    """Bounds how many requests are open, and how many pieces of them are worked on at once."""

    def __init__(self, pieces: int, requests: int, *, retry_seconds: float) -> None:
        self.turn = asyncio.Semaphore(pieces)
        """To be held while a piece is worked on. Who asked first has the next one: requests take turns."""
        self._most = requests
        self._open = 0
        self._retry_seconds = retry_seconds

    @contextmanager
    def request(self) -> Generator[None]:
        """Count as open.

        Raises:
            Overloaded: as many are as may be.
        """
        if self._open >= self._most:
            raise Overloaded(
                f"Too many requests of this kind are open already. Try again in {self._retry_seconds:g} s.",
                retry_after_seconds=self._retry_seconds,
            )
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
