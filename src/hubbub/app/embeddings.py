"""Embed many texts, piece by piece, so that neither searches nor anybody else wait long for it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from hubbub.core.documents import Vector
from hubbub.core.embedding import Embedder
from hubbub.core.errors import Overloaded

SLICE = 16
"""So many texts are embedded at a time."""
PIECES = 2
"""So many pieces are worked on at once. Who asked first has the next turn: requests take turns."""
MOST_REQUESTS = 32
RETRY_SECONDS = 10.0


class Embeddings:
    """What the search embeds with, for programs."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._turn = asyncio.Semaphore(PIECES)
        self._open = 0

    @property
    def name(self) -> str:
        """What it is asked for by: its name without its version of a size."""
        return self.embedder.name.removesuffix(f"/{self.embedder.dimensions}")

    async def embed(self, texts: Sequence[str]) -> AsyncGenerator[Sequence[Vector]]:
        """Yield the vectors of texts in their order, a piece of them each turn. Who waits for a search passes by.

        Raises:
            Overloaded: as many requests are open as may be.
            ModelError: the embedder is not to be had.
        """
        if self._open >= MOST_REQUESTS:
            raise Overloaded(
                f"Too many requests of this kind are open already. Try again in {RETRY_SECONDS:g} s.",
                retry_after_seconds=RETRY_SECONDS,
            )
        self._open += 1
        try:
            for start in range(0, len(texts), SLICE):
                async with self._turn:
                    vectors = await self.embedder.embed(texts[start : start + SLICE])
                yield vectors
        finally:
            self._open -= 1
