"""The library in memory, for tests and for trying things out."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from msgspec.structs import replace

from hubbub.core.documents import (
    Collection,
    Completeness,
    Document,
    DocumentState,
    Fault,
    Progress,
    Queued,
    progress_of,
)
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.identifiers import new_id
from hubbub.core.people import Reader
from hubbub.search.base import Condition, DocumentOrder, DocumentPage, Listing, Place
from hubbub.search.document_readers import Sight
from hubbub.search.library_rows import UNFINISHED, conditions_of, usable_name
from hubbub.search.permissions_memory import MemoryGroups, MemoryPermissions, MemoryReaders

BLOCK_BYTES = 4096
"""A file takes that much of a disk at least."""
Counts: TypeAlias = Mapping[str, tuple[int, int]]
"""How many passages a document has, and how many of them have a vector, by the document's id."""


async def _none() -> Counts:
    return {}


@dataclass
class _Facts:
    """What the library knows of a document that is nobody else's business."""

    payer: str = ""
    fault: Fault = ""
    failed_at: float = 0.0
    is_kept: bool = True


class MemoryLibrary:
    """A library that forgets everything. What the search has of its documents, it asks."""

    def __init__(self, count_passages: Callable[[], Awaitable[Counts]] = _none) -> None:
        self._count = count_passages
        self._collections: dict[str, Collection] = {}
        self._documents: dict[str, Document] = {}
        self._facts: dict[str, _Facts] = {}
        self.groups = MemoryGroups()
        self.permissions = MemoryPermissions(self._collections, self.groups)
        self.readers = MemoryReaders(self.permissions, self._documents)

    async def collections(self, *, reader: Reader | None = None) -> list[Collection]:
        counts = await self._count()
        found = [self._counted(collection, counts, reader) for collection in self._collections.values()]
        if reader is not None:
            right_of = self.permissions.right_of
            found = [replace(one, right=right) for one in found if (right := right_of(reader, one.id))]
        return sorted(found, key=lambda collection: (collection.name.lower(), collection.name, collection.id))

    async def named_collections(
        self, *, reader: Reader | None = None, ids: Sequence[str] | None = None
    ) -> list[Collection]:
        seen = [replace(one, documents=0, passages=0, embedded=0) for one in await self.collections(reader=reader)]
        return [one for one in seen if ids is None or one.id in ids]

    async def readable(self, reader: Reader, ids: Sequence[str]) -> tuple[list[Collection], Sight]:
        return await self.named_collections(reader=reader, ids=ids), await self.readers.sight_of(reader, ids)

    async def collection(self, collection_id: str) -> Collection | None:
        collection = self._collections.get(collection_id)
        return collection and self._counted(collection, await self._count())

    async def create(self, name: str, *, owner_id: str, is_shared: bool, description: str = "") -> Collection:
        name = usable_name(name)
        if any(other.name == name and other.owner_id == owner_id for other in self._collections.values()):
            raise Conflict(f"There is a collection named “{name}” already. Choose another name.")
        collection = Collection(new_id(), name, owner_id, is_shared, description, time.time())
        self._collections[collection.id] = collection
        self.permissions.share(collection.id, is_shared=is_shared)
        return collection

    async def change(
        self, collection_id: str, *, name: str | None = None, is_shared: bool | None = None
    ) -> Collection | None:
        if (known := self._collections.get(collection_id)) is None:
            return None
        name = known.name if name is None else usable_name(name)
        others = (one for one in self._collections.values() if one.id != collection_id)
        if any((other.name, other.owner_id) == (name, known.owner_id) for other in others):
            raise Conflict(f"There is a collection named “{name}” already. Choose another name.")
        self._collections[collection_id] = replace(known, name=name)
        if is_shared is not None:
            self.permissions.share(collection_id, is_shared=is_shared)
        return await self.collection(collection_id)

    async def delete(self, collection_id: str) -> None:
        self._collections.pop(collection_id, None)
        self.permissions.forget(collection_id)
        for document in await self._of(collection_id):
            await self.forget(document.id)

    async def documents(self, collection_id: str, *, reader: Reader | None = None) -> list[Document]:
        return sorted(
            await self._of(collection_id, reader), key=lambda document: (document.name.lower(), document.name)
        )

    async def listed(self, collection_id: str, listing: Listing, *, reader: Reader | None = None) -> DocumentPage:
        words = listing.words.strip().casefold()
        there = await self._of(collection_id, reader)
        places = {_place(one, listing.order): one for one in there if _is_listed(one, words, listing)}
        order = sorted(places, reverse=listing.is_descending)
        if listing.after is not None:
            order = [one for one in order if (one < listing.after if listing.is_descending else one > listing.after)]
        shown = order[: listing.limit]
        return DocumentPage([places[one] for one in shown], shown[-1] if len(order) > listing.limit else None)

    async def conditions(self, collection_id: str, *, reader: Reader | None = None) -> Mapping[Condition, int]:
        there = await self._of(collection_id, reader)
        return conditions_of([(one.state, bool(one.completeness.omitted), 1) for one in there])

    async def document(self, document_id: str, *, reader: Reader | None = None) -> Document | None:
        return next((document for document in await self._of(None, reader) if document.id == document_id), None)

    async def named(self, collection_id: str, name: str, *, reader: Reader | None = None) -> Document | None:
        return next((document for document in await self._of(collection_id, reader) if document.name == name), None)

    async def add(self, document: Document, *, payer: str = "", readers: Sequence[str] | None = None) -> Document:
        if document.collection_id not in self._collections:
            raise NotFound("There is no such collection any more. Choose another one.")
        known = await self.named(document.collection_id, document.name)
        stored = replace(
            document,
            id=known.id if known else document.id,
            state="waiting",
            reason="",
            pages=0,
            completeness=Completeness(),
            progress=0.0,
            is_restricted=known is not None and known.is_restricted,
        )
        self._documents[stored.id] = stored
        self._facts[stored.id] = _Facts(payer)
        if readers is not None:
            await self.readers.put(stored.id, readers)
            stored = self._documents[stored.id]
        return _with_counts(stored, await self._count())

    async def rename(self, document_id: str, name: str) -> bool:
        """Give a document another name; see `Renames`."""
        known = self._documents.get(document_id)
        if known is None or await self.named(known.collection_id, name) is not None:
            return False
        self._documents[document_id] = replace(known, name=name)
        return True

    async def mark(
        self,
        document: Document,
        state: DocumentState,
        *,
        reason: str = "",
        fault: Fault = "",
        title: str | None = None,
        pages: int | None = None,
        completeness: Completeness | None = None,
    ) -> bool:
        known = self._documents.get(document.id)
        if known is None or known.sha256 != document.sha256:
            return False
        facts = self._facts[known.id]
        facts.fault, facts.failed_at = fault, time.time() if state == "failed" else 0.0
        self._documents[known.id] = replace(
            known,
            state=state,
            reason=reason,
            title=known.title if title is None else title,
            pages=known.pages if pages is None else pages,
            completeness=known.completeness if completeness is None else completeness,
            progress=0.0,
        )
        return True

    async def advance(self, document: Document, read: float) -> None:
        known = self._documents.get(document.id)
        if known is not None and known.sha256 == document.sha256 and known.state == "reading":
            self._documents[known.id] = replace(known, progress=read)

    async def forget(self, document_id: str) -> None:
        self._documents.pop(document_id, None)
        self.permissions.readers.pop(document_id, None)

    async def unfinished(self) -> list[Document]:
        found = [document for document in await self._of(None) if document.state in ("waiting", "reading", "embedding")]
        return sorted(found, key=lambda document: (document.added_at, document.id))

    async def queue(self, most_of_each: int = 8) -> list[Queued]:
        found: list[Queued] = []
        counts: Counter[tuple[str, str]] = Counter()
        for document in sorted(self._documents.values(), key=lambda document: (document.added_at, document.id)):
            owner_id, payer = self._collections[document.collection_id].owner_id, self._facts[document.id].payer
            if document.state in ("waiting", "reading") and counts[payer, owner_id] < most_of_each:
                counts[payer, owner_id] += 1
                found.append(Queued(document, owner_id, payer))
        return found

    async def retry(self, faults: Sequence[Fault]) -> int:
        again = [
            document
            for document in self._documents.values()
            if document.state == "failed" and self._facts[document.id].is_kept
            if self._facts[document.id].fault in faults
        ]
        for document in again:
            self._documents[document.id] = replace(document, state="waiting")
            self._facts[document.id].fault = ""
        return len(again)

    async def kept_bytes(self, payer: str) -> int:
        return sum(max(one.size_bytes, BLOCK_BYTES) for one in self._kept() if self._facts[one.id].payer == payer)

    async def refers_to(self, sha256: str) -> bool:
        return any(one.sha256 == sha256 for one in self._kept())

    async def drop_failed(self, before: float) -> int:
        dropped = 0
        for document in self._kept():
            facts = self._facts[document.id]
            if document.state == "failed" and facts.fault == "file" and facts.failed_at < before:
                facts.is_kept = False
                dropped += 1
        return dropped

    def _kept(self) -> list[Document]:
        return [document for document in self._documents.values() if self._facts[document.id].is_kept]

    async def unread(
        self, collection_ids: Sequence[str], *, limit: int, reader: Reader | None = None
    ) -> list[Document]:
        return [
            document
            for document in await self.unfinished()
            if document.state != "embedding" and document.collection_id in collection_ids
            if not self.permissions.is_closed(reader, document)
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
        return {document.sha256 for document in self._kept()}

    async def _of(self, collection_id: str | None, reader: Reader | None = None) -> list[Document]:
        counts = await self._count()
        return [
            _with_counts(document, counts)
            for document in self._documents.values()
            if collection_id is None or document.collection_id == collection_id
            if not self.permissions.is_closed(reader, document)
        ]

    def _counted(self, collection: Collection, counts: Counts, reader: Reader | None = None) -> Collection:
        there = [one for one in self._documents.values() if not self.permissions.is_closed(reader, one)]
        ids = [document.id for document in there if document.collection_id == collection.id]
        return replace(
            collection,
            is_shared=self.permissions.is_shared(collection.id),
            documents=len(ids),
            passages=sum(counts.get(known, (0, 0))[0] for known in ids),
            embedded=sum(counts.get(known, (0, 0))[1] for known in ids),
        )


def _with_counts(document: Document, counts: Counts) -> Document:
    passages, embedded = counts.get(document.id, (0, 0))
    progress = progress_of(document.state, document.progress, passages, embedded)
    return replace(document, passages=passages, embedded=embedded, progress=progress)


def _place(document: Document, order: DocumentOrder) -> Place:
    keys: Mapping[DocumentOrder, str | float] = {
        "name": document.name.casefold(),
        "added": document.added_at,
        "size": document.size_bytes,
    }
    return keys[order], document.id


def _is_listed(document: Document, words: str, listing: Listing) -> bool:
    match listing.condition:
        case "":
            is_so = True
        case "unfinished":
            is_so = document.state in UNFINISHED
        case "partial":
            is_so = document.state == "ready" and bool(document.completeness.omitted)
        case _:
            is_so = document.state == listing.condition
    is_named = words in document.name.casefold() or words in document.title.casefold()
    return is_so and is_named and (listing.ids is None or document.id in listing.ids)
