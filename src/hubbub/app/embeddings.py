"""Embed many texts, piece by piece, so that neither searches nor anybody else wait long for it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence

from hubbub.answers.base import party_of
from hubbub.app.askers import Askers
from hubbub.core.documents import Vector
from hubbub.core.embedding import Embedder
from hubbub.core.errors import Overloaded, StoreError
from hubbub.core.identifiers import new_id
from hubbub.core.people import Person
from hubbub.core.scopes import check_model
from hubbub.core.usage import estimated_tokens, spending
from hubbub.usage.meter import Bill, Meter, told
from hubbub.usage.refusals import OverBound

logger = logging.getLogger(__name__)

SLICE = 16
"""So many texts are embedded at a time."""
PIECES = 2
"""So many pieces are worked on at once. Who asked first has the next turn: requests take turns."""
MOST_REQUESTS = 32
RETRY_SECONDS = 10.0


class Embeddings:
    """What the search embeds with, for programs."""

    def __init__(self, embedder: Embedder, meter: Meter, askers: Askers) -> None:
        self.embedder = embedder
        self._meter = meter
        self._askers = askers
        self._turn = asyncio.Semaphore(PIECES)
        self._open = 0

    @property
    def name(self) -> str:
        """What it is asked for by: its name without its version of a size."""
        return self.embedder.name.removesuffix(f"/{self.embedder.dimensions}")

    async def embed(self, person: Person, texts: Sequence[str]) -> AsyncGenerator[Sequence[Vector]]:
        """Yield the vectors of texts in their order, a piece of them each turn. Who waits for a search passes by.

        Raises:
            Overloaded: as many requests are open as may be.
            OverQuota: the person may embed no more now.
            ModelError: the embedder is not to be had.
        """
        check_model(person, self.name)
        if self._open >= MOST_REQUESTS:
            raise Overloaded(
                f"Too many requests of this kind are open already. Try again in {RETRY_SECONDS:g} s.",
                retry_after_seconds=RETRY_SECONDS,
            )
        self._open += 1
        try:
            bill = await self._reserved(person, texts)
            is_done = False
            try:
                for start in range(0, len(texts), SLICE):
                    async with self._turn:
                        vectors = await self._embed(bill, texts[start : start + SLICE])
                    yield vectors
                is_done = True
            finally:
                await asyncio.shield(self._settle(bill, texts, is_done=is_done))
        finally:
            self._open -= 1

    async def _reserved(self, person: Person, texts: Sequence[str]) -> Bill:
        tokens = sum(map(estimated_tokens, texts))
        await self._meter.look()
        asker = await self._askers.of(person)
        bill = self._meter.bill_of_texts(new_id(), asker, party_of(person).key, self.embedder.name, tokens)
        if bill.reserving is not None:
            try:
                await bill.reserving()
            except OverBound as error:
                raise self._meter.refusal(error) from None
            told.set(bill.standings)
        return bill

    async def _embed(self, bill: Bill, texts: Sequence[str]) -> Sequence[Vector]:
        token = spending.set(bill)
        try:
            return await self.embedder.embed(texts)
        finally:
            spending.reset(token)

    async def _settle(self, bill: Bill, texts: Sequence[str], *, is_done: bool) -> None:
        tokens = sum(map(estimated_tokens, texts))
        try:
            await self._meter.settle(bill, self.embedder.name, tokens, is_done=is_done)
        except StoreError as error:  # what was embedded is not lost for that
            logger.warning("What was used for embeddings can't be stored: %s", error.for_operators)
