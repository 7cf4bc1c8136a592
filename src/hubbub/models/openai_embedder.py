"""Embed texts with a model on any server that speaks OpenAI's `/embeddings`."""

import array
import asyncio
import itertools
import math
import random
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from hubbub.connections.http import Http, Reply
from hubbub.connections.outside import BrokenOff, Unreachable
from hubbub.core.documents import Vector
from hubbub.core.errors import ModelError
from hubbub.core.messages import Turn
from hubbub.core.tracing import CLIENT, current, step
from hubbub.core.usage import note_counted, note_uncounted
from hubbub.models.address import Address
from hubbub.models.authorised import authorised
from hubbub.models.faults import failure, read_fault
from hubbub.models.loose import count_of, mapping_of
from hubbub.models.retry_after import retry_after_seconds
from hubbub.models.traced import facts_of

BATCH = 16
"""Texts a request: every version of Azure OpenAI takes so many."""
MAX_CHARACTERS = 6_000
"""Below the 8,192 tokens that OpenAI's models read of a text, whatever the language."""
AT_ONCE = 2
"""Requests under way for texts that nobody waits for."""
ATTEMPTS, URGENT_ATTEMPTS = 6, 2
PAUSE_SECONDS, URGENT_PAUSE_SECONDS = 120.0, 2.0
"""A server that wants to be left alone for longer than that isn't asked again."""
SECONDS, URGENT_SECONDS = 60.0, 10.0
"""How long one request may take; and how long somebody waits in all, before the search goes by words alone."""
CONNECT_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 1.0
"""The pause before a second attempt where the server says nothing; the next ones are twice as long each."""
REPLY_BYTES = 32 * 1024 * 1024
_HEADERS = {"Content-Type": "application/json"}


class OpenAiEmbedder:
    """An embedder at an address; urgent texts pass the others by, which go two requests at a time.

    Where the server is busy or fails, it is asked again after as long as it says, a few times.
    """

    def __init__(self, address: Address, dimensions: int, http: Http) -> None:
        self._address = address
        self._dimensions = dimensions
        self._http = http
        self._facts = facts_of(address, address.model)
        self._step_name = f"embeddings {address.model}"
        self._sends_dimensions = True
        self._slots = asyncio.Semaphore(AT_ONCE)

    @property
    def name(self) -> str:
        return f"{self._address.model}/{self._dimensions}"

    @property
    def dimensions(self) -> int:
        return self._dimensions

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        if not is_urgent:
            return [vector for batch in batches for vector in await self._in_turn(batch)]
        try:
            async with asyncio.timeout(URGENT_SECONDS):
                return [
                    vector
                    for batch in batches
                    for vector in await self._tried(batch, URGENT_ATTEMPTS, URGENT_PAUSE_SECONDS)
                ]
        except TimeoutError as error:
            raise self._too_long(URGENT_SECONDS) from error

    async def _in_turn(self, texts: Sequence[str]) -> list[Vector]:
        async with self._slots:
            return await self._tried(texts, ATTEMPTS, PAUSE_SECONDS)

    async def _tried(self, texts: Sequence[str], attempts: int, longest_pause_seconds: float) -> list[Vector]:
        for attempt in itertools.count(1):
            try:
                with step(self._step_name, CLIENT) as traced:
                    if traced.is_recorded:
                        traced.set("gen_ai.operation.name", "embeddings")
                        for name, fact in self._facts.items():
                            traced.set(name, fact)
                    return await self._embedded(texts)
            except ModelError as error:
                spread = random.uniform(0.5, 1.0)  # noqa: S311 (who failed together shall not come back together)
                pause = error.retry_after_seconds or FIRST_PAUSE_SECONDS * 2 ** (attempt - 1) * spread
                if not error.retryable or attempt == attempts or pause > longest_pause_seconds:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("counting never ends")

    async def _embedded(self, texts: Sequence[str]) -> list[Vector]:
        """Embed one batch by one request; by a second one where the model can't be asked for a number of dimensions."""
        address = self._address
        body: dict[str, object] = {"model": address.model, "input": [text[:MAX_CHARACTERS] or " " for text in texts]}
        if self._sends_dimensions:
            body["dimensions"] = self._dimensions
        post = partial(
            self._http.request,
            "POST",
            address.url("embeddings"),
            body=msgspec.json.encode(body),
            connect_seconds=CONNECT_SECONDS,
        )
        headers = current().headers(_HEADERS)
        try:
            async with asyncio.timeout(SECONDS), authorised(address.authorization, post, headers) as reply:
                page = await reply.body(REPLY_BYTES)
        except TimeoutError as error:
            raise self._too_long(SECONDS) from error
        except (Unreachable, BrokenOff) as error:
            raise ModelError(
                "The server that embeds can't be reached. Try again in a moment.",
                code="unreachable",
                detail=f"{address.server} can't be reached: {error}.",
            ) from error
        if reply.status == 200:
            return self._read(page, texts)
        if reply.status == 400 and "dimensions" in body and "dimensions" in (read_fault(page).message or ""):
            self._sends_dimensions = False  # text-embedding-ada-002 and many others
            return await self._embedded(texts)
        raise self._refusal(reply, page)

    def _read(self, page: bytes, texts: Sequence[str]) -> list[Vector]:
        count = len(texts)
        try:
            found = _pages.decode(page)
            entries = sorted(found.data, key=lambda entry: entry.index)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._nonsense("something that is no list of embeddings") from error
        if [entry.index for entry in entries] != list(range(count)):
            raise self._nonsense(f"{len(entries)} embeddings of {count} texts")
        if counted := count_of(mapping_of(found.usage).get("prompt_tokens")):
            note_counted(self.name, counted, 0, 0, 0)
        else:
            note_uncounted(self.name, [Turn("user", text) for text in texts], has_output=False)
        return [self._vector(entry.embedding) for entry in entries]

    def _vector(self, numbers: list[float]) -> Vector:
        length = math.hypot(*numbers)
        if len(numbers) != self._dimensions or not length:
            raise self._nonsense(f"vectors of {len(numbers)} numbers, where there should be {self._dimensions}")
        vector = array.array("f", [number / length for number in numbers])
        if sys.byteorder == "big":
            vector.byteswap()
        return vector.tobytes()

    def _refusal(self, reply: Reply, page: bytes) -> ModelError:
        wait = retry_after_seconds(reply.headers) if reply.status in (429, 503, 529) else None
        return failure(self._address, read_fault(page), reply.status, retry_after_seconds=wait)

    def _nonsense(self, what: str) -> ModelError:
        return ModelError(
            "The server that embeds answered with something that can't be used.",
            detail=f"{self._address.server} answered with {what}. Check the settings under embeddings.server.",
            code="bad_answer",
            retryable=False,
        )

    def _too_long(self, seconds: float) -> ModelError:
        return ModelError(
            f"The text was not embedded within {seconds:g} s. Try again in a moment.",
            code="too_long",
            detail=f"{self._address.server} did not embed the text within {seconds:g} s.",
        )


class _Entry(msgspec.Struct):
    embedding: list[float]
    index: int = 0


class _Page(msgspec.Struct):
    data: list[_Entry]
    usage: Any = None


_pages = msgspec.json.Decoder(_Page)
