"""The library in memory, for tests and for trying things out."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from hubbub.core.documents import Collection, Document, DocumentState, Progress
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.identifiers import new_id
from hubbub.search.library_sqlite import usable_name

Counts: TypeAlias = Mapping[str, tuple[int, int]]
"""How many passages a document has, and how many of them have a vector, by the document's id."""


async def _none() -> Counts:
    return {}


class MemoryLibrary:
    """A library that forgets everything. What the search has of its documents, it asks."""

    def __init__(self, count_passages: Callable[[], Awaitable[Counts]] = _none) -> None:
        self._count = count_passages
        self._collections: dict[str, Collection] = {}
        self._documents: dict[str, Document] = {}

    async def collections(self) -> list[Collection]:
        counts = await self._count()
        found = [self._counted(collection, counts) for collection in self._collections.values()]
        return sorted(found, key=lambda collection: (collection.name.lower(), collection.name, collection.id))

    async def collection(self, collection_id: str) -> Collection | None:
        collection = self._collections.get(collection_id)
        return collection and self._counted(collection, await self._count())

    async def create(self, name: str, *, owner_id: str, is_shared: bool, description: str = "") -> Collection:
        name = usable_name(name)
        if any(other.name == name and other.owner_id == owner_id for other in self._collections.values()):
            raise Conflict(f"There is a collection named “{name}” already. Choose another name.")
        collection = Collection(new_id(), name, owner_id, is_shared, description, time.time())
        self._collections[collection.id] = collection
        return collection

    async def delete(self, collection_id: str) -> None:
        self._collections.pop(collection_id, None)
        for document in await self._of(collection_id):
            del self._documents[document.id]

    async def documents(self, collection_id: str) -> list[Document]:
        return sorted(await self._of(collection_id), key=lambda document: (document.name.lower(), document.name))

    async def document(self, document_id: str) -> Document | None:
        return next((document for document in await self._of(None) if document.id == document_id), None)

    async def named(self, collection_id: str, name: str) -> Document | None:
        return next((document for document in await self._of(collection_id) if document.name == name), None)

    async def add(self, document: Document) -> Document:
        if document.collection_id not in self._collections:
            raise NotFound("There is no such collection any more. Choose another one.")
        known = await self.named(document.collection_id, document.name)
        stored = replace(document, id=known.id if known else document.id, state="waiting", reason="", pages=0)
        self._documents[stored.id] = stored
        return _with_counts(stored, await self._count())

    async def mark(
        self,
        document: Document,
        state: DocumentState,
        *,
        reason: str = "",
        title: str | None = None,
        pages: int | None = None,
    ) -> bool:
        known = self._documents.get(document.id)
        if known is None or known.sha256 != document.sha256:
            return False
        self._documents[known.id] = replace(
            known,
            state=state,
            reason=reason,
            title=known.title if title is None else title,
            pages=known.pages if pages is None else pages,
        )
        return True

    async def forget(self, document_id: str) -> None:
        self._documents.pop(document_id, None)

    async def unfinished(self) -> list[Document]:
        found = [document for document in await self._of(None) if document.state in ("waiting", "reading", "embedding")]
        return sorted(found, key=lambda document: (document.added_at, document.id))

    async def unread(self, collection_ids: Sequence[str], *, limit: int) -> list[Document]:
        return [
            document
            for document in await self.unfinished()
            if document.state != "embedding" and document.collection_id in collection_ids
        ][:limit]

    async def progress(self, collection_id: str | None = None) -> Progress:
        documents = await self._of(collection_id)
        states = [document.state for document in documents]
        return Progress(
            **{state: states.count(state) for state in states},
            passages=sum(document.passages for document in documents),
            embedded=sum(document.embedded for document in documents),
        )

    async def contents(self) -> set[str]:
        return {document.sha256 for document in self._documents.values()}

    async def _of(self, collection_id: str | None) -> list[Document]:
        counts = await self._count()
        return [
            _with_counts(document, counts)
            for document in self._documents.values()
            if collection_id is None or document.collection_id == collection_id
        ]

    def _counted(self, collection: Collection, counts: Counts) -> Collection:
        ids = [document.id for document in self._documents.values() if document.collection_id == collection.id]
        return replace(
            collection,
            documents=len(ids),
            passages=sum(counts.get(known, (0, 0))[0] for known in ids),
            embedded=sum(counts.get(known, (0, 0))[1] for known in ids),
        )


def _with_counts(document: Document, counts: Counts) -> Document:
    passages, embedded = counts.get(document.id, (0, 0))
    return replace(document, passages=passages, embedded=embedded)
