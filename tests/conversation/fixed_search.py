"""A search that says what it was given, for tests of what becomes of that."""

from collections.abc import Sequence

from hubbub.core.documents import Document, Hit, Passage, Retrieval
from hubbub.core.errors import SearchError
from hubbub.core.people import Reader


class FixedSearch:
    """Finds the same hits, or fails, whatever is searched. It has no documents."""

    def __init__(self, hits: Sequence[Hit] = (), error: SearchError | None = None) -> None:
        self._hits = list(hits)
        self._error = error

    async def find(
        self,
        query: str,
        collection_ids: Sequence[str],
        *,
        limit: int = 8,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
    ) -> list[Hit]:
        if self._error is not None:
            raise self._error
        return self._hits[:limit]

    async def put(self, document: Document, passages: Sequence[Passage]) -> None:
        raise NotImplementedError

    async def remove(self, document_id: str) -> None:
        raise NotImplementedError

    async def passages(self, document_id: str) -> list[Passage]:
        return []
