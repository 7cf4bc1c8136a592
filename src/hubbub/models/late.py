"""Embed as soon as the embedder's files are there; until then others already serve, and search by words."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from hubbub.core.documents import Vector
from hubbub.core.errors import HubbubError, ModelError
from hubbub.models.files import WeightsError
from hubbub.models.minilm import DIMENSIONS, LANGUAGES, NAME, MiniLmEmbedder

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0

logger = logging.getLogger(__name__)


class LateMiniLm:
    """`MiniLmEmbedder` behind a download that may take long or fail; it is tried again, at growing intervals.

    What fetches the files tells the operator when they can't be had; what else fails is told here.
    """

    name = NAME
    dimensions = DIMENSIONS
    languages = LANGUAGES

    def __init__(self, fetch: Callable[[], Awaitable[Sequence[Path]]]) -> None:
        """Take what returns the paths of the model and of the tokenizer."""
        self._fetch = fetch
        self._embedder: MiniLmEmbedder | None = None
        self._stack = AsyncExitStack()
        self._opening: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        return self._embedder is not None

    async def __aenter__(self) -> Self:
        self._opening = asyncio.create_task(self._open(), name="fetching of the embedder")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        await self._stack.aclose()

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
        if self._embedder is None:
            raise ModelError("The embedding model is still being fetched. Try again in a moment.", code="not_ready")
        return await self._embedder.embed(texts, is_urgent=is_urgent)

    async def _open(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                paths = await self._fetch()
                self._embedder = await self._stack.enter_async_context(MiniLmEmbedder(*paths))
            except WeightsError as error:
                logger.debug("The embedder is not there yet: %s", error.for_operators)
            except HubbubError as error:
                logger.warning("The search goes by words alone: %s", error.for_operators)
            except Exception:  # a bug here must not end in silence
                logger.exception("the embedder can't be opened: the search goes by words alone")
                return
            else:
                logger.info("The embedder is ready: the search goes by meanings, too.")
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
