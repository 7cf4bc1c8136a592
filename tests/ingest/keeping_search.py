"""A search that keeps passages and pretends to embed them, for the pipeline's tests."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from hubbub.core.documents import Document, Hit, Passage, Retrieval
from hubbub.core.errors import ModelError, SearchError
from hubbub.core.people import Reader


class KeepingSearch:
    """Keeps passages. Its failures are asked for, a number of times."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[Document, list[Passage]]] = {}
        self.embedded: set[str] = set()
        self.puts: Counter[str] = Counter()
        self.failing_puts = 0
        self.failing_embeddings = 0
        self.may_put = asyncio.Event()
        self.may_put.set()
        self.is_putting = asyncio.Event()

    async def find(
        self,
        query: str,
        collection_ids: Sequence[str],
        *,
        limit: int = 8,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
    ) -> list[Hit]:
        raise NotImplementedError

    async def put(self, document: Document, passages: Sequence[Passage]) -> None:
        if self.failing_puts:
            self.failing_puts -= 1
            raise SearchError("The search is away.")
        self.is_putting.set()
        await self.may_put.wait()
        self.puts[document.name] += 1
        self.kept[document.id] = (document, list(passages))

    async def remove(self, document_id: str) -> None:
        self.kept.pop(document_id, None)

    async def rename(self, document_id: str, name: str) -> bool:
        if document_id in self.kept:
            document, passages = self.kept[document_id]
            self.kept[document_id] = replace(document, name=name), passages
        return True

    async def passages(self, document_id: str) -> list[Passage]:
        return self.kept[document_id][1] if document_id in self.kept else []

    async def embed_next(self, limit: int = 16) -> Sequence[str]:
        if self.failing_embeddings:
            self.failing_embeddings -= 1
            raise ModelError("The embedder is away.")
        passages = [passage for _, kept in self.kept.values() for passage in kept if passage.id not in self.embedded]
        self.embedded |= {passage.id for passage in passages[:limit]}
        return [passage.document_id for passage in passages[:limit]]

    async def counts(self) -> dict[str, tuple[int, int]]:
        return {
            document_id: (len(passages), sum(passage.id in self.embedded for passage in passages))
            for document_id, (_, passages) in self.kept.items()
        }
