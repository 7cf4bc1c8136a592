"""Embed many texts, piece by piece, so that neither searches nor anybody else wait long for it."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import contextmanager

from hubbub.core.documents import Vector
from hubbub.core.embedding import Embedder
from hubbub.core.errors import Overloaded

SLICE = 16
"""So many texts are embedded at a time."""


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


def name_of(embedder: Embedder) -> str:
    """Return what an embedder is asked for by: its name without its version of a size."""
    return embedder.name.removesuffix(f"/{embedder.dimensions}")


async def embed(embedder: Embedder, texts: Sequence[str], turn: asyncio.Semaphore) -> AsyncGenerator[Sequence[Vector]]:
    """Yield the vectors of texts in their order, a piece of them each turn. Who waits for a search passes by.

    Raises:
        ModelError: the embedder is not to be had.
    """
    for start in range(0, len(texts), SLICE):
        async with turn:
            vectors = await embedder.embed(texts[start : start + SLICE])
        yield vectors
