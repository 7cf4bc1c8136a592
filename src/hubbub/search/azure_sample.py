"""Search an index at Azure AI Search that somebody else fills, beside the documents that are kept here."""

import logging
import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from hubbub.connections.sqlite import Sqlite
from hubbub.core.documents import Document, Hit, Passage, Retrieval
from hubbub.core.embedding import Embedder
from hubbub.core.errors import SearchError, SettingsError
from hubbub.core.people import Reader
from hubbub.search.azure_opening import open_service
from hubbub.search.azure_place import AzureIndex, Names, page_of
from hubbub.search.azure_query import ask, is_worth, let_in, of_category, ranker_of
from hubbub.search.fusion import fuse
from hubbub.search.permissions_sqlite import usable_now
from hubbub.search.sqlite import SqliteSearch
from hubbub.search.vectors import QueryVectors

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from hubbub.search.azure_service import Found, Service

log = logging.getLogger(__name__)


class AzureSampleSearch:
    """Finds passages in an index that is only read, which is one collection, and in a SQLite file for all others."""

    def __init__(
        self,
        azure: AzureIndex,
        credential: "str | AsyncTokenCredential",
        database: Sqlite,
        embedder: Embedder | None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._azure = azure
        self._names = azure.names or Names()
        self._credential = credential
        self._tls = tls
        self._vectors = QueryVectors(embedder if azure.query_vectors == "embedder" else None)
        self._here = SqliteSearch(database, embedder)
        self._stack = AsyncExitStack()
        self._opened: Service | None = None
        self._collection_id = ""
        self._database = database
        self._listing: tuple[str, str] | None = None

    async def __aenter__(self) -> Self:
        """Open both, and see whether the index is there.

        Raises:
            SettingsError: the service refuses, or has no such index.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._here)
            self._opened = await stack.enter_async_context(open_service(self._azure, self._credential, self._tls))
            try:
                await self._opened.count()
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

    @property
    def is_personal(self) -> bool:
        return bool(self._names.oids or self._names.groups)

    @property
    def standing(self) -> str:
        return self._azure.index

    def stand_as(self, collection_id: str) -> None:
        self._collection_id = collection_id

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
        here = await self._here.find(query, collection_ids, limit=limit, retrieval=retrieval, reader=reader)
        if self._collection_id not in await usable_now(self._database, reader, collection_ids):
            return here
        there = await self._find_there(query, limit, retrieval, reader)
        if not here:
            return there
        # Their scores can't be compared, their places can.
        return [msgspec.structs.replace(hit, score=score) for hit, score in fuse([there, here])[:limit]]

    async def put(self, document: Document, passages: Sequence[Passage]) -> None:
        await self._here.put(document, passages)

    async def remove(self, document_id: str) -> None:
        await self._here.remove(document_id)

    async def passages(self, document_id: str) -> list[Passage]:
        return await self._here.passages(document_id)

    async def counts(self) -> dict[str, tuple[int, int]]:
        """Return for each document that is kept here how many passages it has, and how many have a vector."""
        return await self._here.counts()

    async def embed_next(self, limit: int = 16) -> Sequence[str]:
        return await self._here.embed_next(limit)

    async def _lists(self) -> tuple[str, str]:
        """Return the names of the lists that say who may see a passage; empty where the index has none.

        Raises:
            SearchError: that is not known now, so nothing may be shown.
        """
        if self._opened is None:
            raise RuntimeError("AzureSampleSearch is used outside of its context")
        if self._listing is None:
            names = (self._names.oids, self._names.groups)
            has = [bool(name) and await self._opened.has_list(name, self._names.key) for name in names]
            self._listing = (names[0] if has[0] else "", names[1] if has[1] else "")
        return self._listing

    async def _find_there(self, query: str, limit: int, retrieval: Retrieval, reader: Reader | None) -> list[Hit]:
        if self._opened is None:
            raise RuntimeError("AzureSampleSearch is used outside of its context")
        names = self._names
        where = of_category(names.category, retrieval)
        if reader is not None:
            where += let_in(
                reader,
                *await self._lists(),
                has_unrestricted=self._azure.has_unrestricted,
                provider=self._azure.provider,
            )
        asked = ask(
            query,
            retrieval,
            vector=await self._vectors.of(query) if retrieval.mode != "text" else None,
            is_embedded_there=self._azure.query_vectors == "service",
            where=where,
            limit=limit,
            ranker=ranker_of(self._azure, retrieval),
            language=self._azure.rewriting_language,
        )
        if asked.is_empty:
            return []
        select = (names.key, names.text, names.page, names.file, names.category)
        found = await self._opened.search(asked, select=select, embedding=names.embedding)
        return [self._hit(one) for one in found if is_worth(one, retrieval)][:limit]

    def _hit(self, found: "Found") -> Hit:
        names, fields = self._names, found.fields
        name, page = page_of(str(fields.get(names.page) or ""))
        name = name or str(fields.get(names.file) or "")
        return Hit(
            passage_id=str(fields[names.key]),
            document_id=str(fields.get(names.file) or name),
            collection_id=self._collection_id,
            name=name,
            title="",
            text=str(fields.get(names.text) or ""),
            page=page,
            heading="",
            score=found.score,
            category=str(fields.get(names.category) or ""),
            caption=found.caption,
            reranker_score=found.reranker_score,
        )
