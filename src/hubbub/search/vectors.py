"""Make the vectors that are searched for, and say which text of a passage is embedded."""

import asyncio
import logging

from hubbub.core.documents import Vector
from hubbub.core.embedding import Embedder
from hubbub.core.errors import ModelError

EMBED_SECONDS = 2.0
"""How long a query's vector may take; then its words have to do."""

log = logging.getLogger(__name__)


class QueryVectors:
    """Embeds queries. While the embedder fails there is none, which is logged once."""

    def __init__(self, embedder: Embedder | None) -> None:
        self._embedder = embedder
        self._is_failing = False

    async def of(self, query: str) -> Vector | None:
        """Return a query's vector; None without an embedder, or where it fails."""
        if self._embedder is None:
            return None
        try:
            async with asyncio.timeout(EMBED_SECONDS):
                (vector,) = await self._embedder.embed([query], is_urgent=True)
        except (ModelError, TimeoutError) as error:
            is_told = isinstance(error, ModelError) and error.code == "not_ready"  # by what fetches its files
            if not self._is_failing and not is_told:
                reason = str(error) or f"no vector within {EMBED_SECONDS} s"
                log.warning("The search goes by words alone, because its embedder fails: %s", reason)
            self._is_failing = True
            return None
        if self._is_failing:
            log.info("The search's embedder is back.")
        self._is_failing = False
        return vector


def embedded_text(heading: str, text: str) -> str:
    """Return what of a passage is embedded."""
    # Without the document's title: on SQuAD's questions it cost a point of recall@1.
    return f"{heading}\n{text}" if heading else text
