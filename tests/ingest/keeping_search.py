"""A search that keeps what it was given at hand, and fails when asked to."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from hubbub.connections.sqlite import Sqlite
from hubbub.core.documents import Document, Passage
from hubbub.core.embedding import Embedder
from hubbub.core.errors import ModelError, SearchError
from hubbub.search.sqlite import SqliteSearch


class KeepingSearch(SqliteSearch):
    """Its failures are asked for, a number of times."""

    def __init__(self, database: Sqlite, embedder: Embedder | None) -> None:
        super().__init__(database, embedder)
        self.kept: dict[str, tuple[Document, list[Passage]]] = {}
        self.puts: Counter[str] = Counter()
        self.failing_puts = 0
        self.failing_embeddings = 0
        self.may_put = asyncio.Event()
        self.may_put.set()
        self.is_putting = asyncio.Event()

    async def put(self, document: Document, passages: Sequence[Passage]) -> None:
        if self.failing_puts:
            self.failing_puts -= 1
            raise SearchError("The search is away.")
        self.is_putting.set()
        await self.may_put.wait()
        await super().put(document, passages)
        self.puts[document.name] += 1
        self.kept[document.id] = (document, list(passages))

    async def remove(self, document_id: str) -> None:
        await super().remove(document_id)
        self.kept.pop(document_id, None)

    async def remove_many(self, document_ids: Sequence[str]) -> None:
        await super().remove_many(document_ids)
        for document_id in document_ids:
            self.kept.pop(document_id, None)

    async def rename(self, document_id: str, name: str) -> bool:
        if document_id in self.kept:
            document, passages = self.kept[document_id]
            self.kept[document_id] = replace(document, name=name), passages
        return await super().rename(document_id, name)

    async def embed_next(self, limit: int = 16) -> Sequence[str]:
        if self.failing_embeddings:
            self.failing_embeddings -= 1
            raise ModelError("The embedder is away.")
        return await super().embed_next(limit)
