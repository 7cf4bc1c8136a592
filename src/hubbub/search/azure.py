"""Search an index at Azure AI Search that Hubbub makes and fills."""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from hubbub.connections.sqlite import Sqlite
from hubbub.core.documents import Document, Hit, Passage, Retrieval
from hubbub.core.embedding import Embedder
from hubbub.core.errors import SearchError, SettingsError, StoreError
from hubbub.core.people import Reader
from hubbub.search.azure_ledger import Ledger
from hubbub.search.azure_opening import open_service
from hubbub.search.azure_place import AzureIndex
from hubbub.search.azure_query import EMBEDDING, SEARCHED, among, ask, floats, is_worth, of_category, ranker_of
from hubbub.search.azure_sample import AzureSampleSearch
from hubbub.search.document_readers_sqlite import closed_now
from hubbub.search.permissions_sqlite import usable_now
from hubbub.search.vectors import QueryVectors, embedded_text

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from hubbub.search.azure_service import Service

LOOKS = 3
"""How often a query is asked at most, while what it finds is just being replaced."""
CATCH_UP = 250
"""How many passages are brought into the index, or out of it, at a time."""

log = logging.getLogger(__name__)


def azure_search(
    azure: AzureIndex,
    credential: "str | AsyncTokenCredential",
    database: Sqlite,
    embedder: Embedder | None,
    tls: ssl.SSLContext | None = None,
) -> "AzureSearch | AzureSampleSearch":
    """Return the search that fits an index: one of Hubbub's own, or one that somebody else fills."""
    kind = AzureSearch if azure.names is None else AzureSampleSearch
    return kind(azure, credential, database, embedder, tls)


class AzureSearch:
    """Finds passages at Azure AI Search. What counts as a passage stands in a SQLite file.

    The index ranks, the file says what there is: so passages are replaced all at once although the
    index takes one after the other, and what was removed is not found from that moment on.
    """

    def __init__(
        self,
        azure: AzureIndex,
        credential: "str | AsyncTokenCredential",
        database: Sqlite,
        embedder: Embedder | None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._azure = azure
        self._credential = credential
        self._tls = tls
        self._embedder = embedder
        self._vectors = QueryVectors(embedder)
        self._database = database
        self._ledger = Ledger(database)
        self._busy = set[str]()
        self._announcing = asyncio.Lock()
        """Held while it is told which documents are being put: else what one just began to put passed for a stray."""
        self._stack = AsyncExitStack()
        self._opened: Service | None = None
        self._is_made = False

    async def __aenter__(self) -> Self:
        """Make the index if it is not there. Where the service can't be reached, that is done later.

        Raises:
            SettingsError: the service refuses, or there is another index of that name.
        """
        place = f"{self._azure.endpoint} {self._azure.index}"
        await self._ledger.open(place, self._embedder.name if self._embedder else None)
        async with AsyncExitStack() as stack:
            self._opened = await stack.enter_async_context(open_service(self._azure, self._credential, self._tls))
            try:
                await self._make()
                while self._embedder is None and await self._catch_up():  # else `embed_next` does that
                    pass
            except SearchError as error:
                if not error.retryable:
                    raise SettingsError([f"search.azure: {error.for_operators}"]) from error
                log.warning("The search is not ready: %s", error.for_operators)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def tunes(self) -> frozenset[str]:
        return self._azure.tunes

    async def find(
        self,
        query: str,
        collection_ids: Sequence[str],
        *,
        limit: int = 8,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
    ) -> list[Hit]:
        retrieval = retrieval or Retrieval()
        if limit < 1 or not query.strip():
            return []
        collection_ids = await usable_now(self._database, reader, collection_ids)
        if not collection_ids:
            return []
        closed = frozenset(await closed_now(self._database, reader, collection_ids))
        asked = ask(
            query,
            retrieval,
            vector=await self._vectors.of(query) if retrieval.mode != "text" else None,
            is_embedded_there=False,
            where=[
                among("collection_id", collection_ids),
                *([f"not {among('document_id', closed)}"] if closed else []),
                *of_category("category", retrieval),
            ],
            limit=limit,
            ranker=ranker_of(self._azure, retrieval),
            language=self._azure.rewriting_language,
        )
        if asked.is_empty:
            return []
        hits: list[Hit] = []
        for _ in range(LOOKS):
            found = await self._service.search(asked, select=("id", "category"), embedding=EMBEDDING, searched=SEARCHED)
            by_id = {str(one.fields["id"]): one for one in found if is_worth(one, retrieval)}
            try:
                known = await self._ledger.known(list(by_id))
            except StoreError as error:
                raise SearchError("The search could not be done. Try again.", detail=error.for_operators) from error
            hits = [
                Hit(
                    passage_id,
                    *known.hits[passage_id],
                    score=one.score,
                    category=one.fields.get("category") or "",
                    caption=one.caption,
                    reranker_score=one.reranker_score,
                )
                for passage_id, one in by_id.items()
                if passage_id in known.hits and known.hits[passage_id][1] in collection_ids
                if known.hits[passage_id][0] not in closed
            ]
            if len(hits) >= limit or not known.is_outdated:
                break
        return hits[:limit]

    async def put(self, document: Document, passages: Sequence[Passage]) -> None:
        """Store a document's passages in place of those it had, all or none.

        Raises:
            SearchError: the index did not take them; what was there before still counts.
        """
        self._busy.add(document.id)
        try:
            await self._make()
            async with self._announcing:
                await self._ledger.announce(document.id, passages)
            await self._service.change([_upload(document, passage) for passage in passages])
            await self._ledger.put(document, passages)
        finally:
            self._busy.discard(document.id)
        try:
            await self._sweep()
        except SearchError as error:
            log.warning("Passages that were replaced stay in the index for now: %s", error.for_operators)

    async def remove(self, document_id: str) -> None:
        """Forget a document's passages. They are not found from now on, even if the index can't forget them yet.

        Raises:
            SearchError: they are still stored in the index, and are deleted there later.
        """
        ids = await self._ledger.remove(document_id)
        await self._delete(ids)

    async def passages(self, document_id: str) -> list[Passage]:
        return await self._ledger.passages(document_id)

    async def counts(self) -> dict[str, tuple[int, int]]:
        """Return for each document how many passages it has, and how many of these have a vector."""
        return await self._ledger.counts()

    async def embed_next(self, limit: int = 16) -> Sequence[str]:
        """Embed some passages that have no vector yet; see `EmbedsLater`. Before that, bring the index up to date.

        Raises:
            ModelError: the embedder failed.
            SearchError: the index could not be changed.
        """
        await self._make()
        await self._catch_up()
        await self._sweep()
        if self._embedder is None:
            return []
        while waiting := await self._ledger.unembedded(limit):
            vectors = await self._embedder.embed([embedded_text(one.heading, one.text) for one in waiting])
            merges = [
                {"@search.action": "merge", "id": one.id, EMBEDDING: floats(vector)}
                for one, vector in zip(waiting, vectors, strict=True)
            ]
            lost = await self._service.change(merges)
            await self._ledger.lost(lost)
            if done := await self._ledger.embedded([one for one in waiting if one.id not in lost]):
                return done
        return []

    async def _make(self) -> None:
        if not self._is_made:
            dimensions = self._embedder.dimensions if self._embedder else None
            is_new = await self._service.make(
                dimensions=dimensions, analyzer=self._azure.analyzer, ranker=self._azure.semantic_configuration
            )
            if is_new:
                await self._ledger.forget_index()
            self._is_made = True

    async def _catch_up(self) -> bool:
        """Bring passages into the index that are missing there; tell whether there were any."""
        missing = await self._ledger.missing(CATCH_UP)
        await self._service.change([_upload(document, passage) for document, passage in missing])
        await self._ledger.arrived([passage for _, passage in missing])
        return bool(missing)

    async def _sweep(self) -> None:
        """Delete what the index holds and nobody needs: replaced, removed, or left behind by a dead process."""
        async with self._announcing:
            strays = await self._ledger.strays(self._busy, CATCH_UP)
        await self._delete(strays)

    async def _delete(self, ids: Sequence[str]) -> None:
        if ids:
            await self._service.change([{"@search.action": "delete", "id": passage_id} for passage_id in ids])
            await self._ledger.gone(ids)

    @property
    def _service(self) -> "Service":
        if self._opened is None:
            raise RuntimeError("AzureSearch is used outside of its context")
        return self._opened


def _upload(document: Document, passage: Passage) -> dict[str, Any]:
    return {
        "@search.action": "upload",
        "id": passage.id,
        "document_id": document.id,
        "collection_id": document.collection_id,
        "number": passage.number,
        "page": passage.page,
        "heading": passage.heading,
        "text": passage.text,
        "name": document.name,
        "title": document.title,
    }
