"""Search a SQLite file: FTS5 finds words, sqlite-vec finds meanings, and the two rankings are fused."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from hubbub.connections.read_pool import ReadPool
from hubbub.connections.sqlite import Connection, Row, Sqlite, load_sql
from hubbub.core.documents import Document, Hit, Passage, Retrieval
from hubbub.core.embedding import Embedder, OfLanguages
from hubbub.core.errors import SearchError, StoreError
from hubbub.core.people import Reader
from hubbub.search.base import Why
from hubbub.search.index_meanings import Embedded, blocks_of, put_vectors, tidy, use_space
from hubbub.search.index_words import Frequencies, put_terms
from hubbub.search.postings import forget_changes
from hubbub.search.ranking import Asked, explain, rank
from hubbub.search.rebuilding import is_to_rebuild, rebuild_some, remove_before
from hubbub.search.signs import SignsCache
from hubbub.search.vectors import QueryVectors, embedded_text

P = ParamSpec("P")
T = TypeVar("T")

ROOM = "search"
_SCHEMA = load_sql("hubbub.search", "schema.sql")
_CHANGES = load_sql("hubbub.search", "changes.sql")
SCHEMA = (_SCHEMA["passages"], _SCHEMA["terms"], _CHANGES["changes"], _CHANGES["compounds"])
SQL = load_sql("hubbub.search", "search.sql")

REBUILT_AT_ONCE = 50
"""How many passages of an earlier version are indexed in one transaction: about 20 ms of the writer's time."""
REMOVED_AT_ONCE = 50
"""How many documents are removed in one transaction: each transaction costs FTS5 some milliseconds."""
REBUILD_PAUSE_SECONDS = 0.02
REBUILD_AGAIN_SECONDS = 10.0

log = logging.getLogger(__name__)


class SqliteSearch:
    """Finds passages in a SQLite file. Words alone serve without an embedder, and while it fails.

    An index that an earlier version made is brought up to date in the background, and everything is found meanwhile.
    """

    def __init__(self, database: Sqlite, embedder: Embedder | None) -> None:
        self._database = database
        self._embedder = embedder
        self._vectors = QueryVectors(embedder)
        self._reads = ReadPool(database, "search")
        self._frequencies = Frequencies()
        self._signs = SignsCache()
        self._rebuilding: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._database.migrate(ROOM, SCHEMA)
        if self._embedder is not None:
            await self._database.write(use_space, self._embedder.name, self._embedder.dimensions)
        if await self._database.read(is_to_rebuild) and await self._database.write(rebuild_some, REBUILT_AT_ONCE):
            self._rebuilding = asyncio.create_task(self._rebuild(), name="rebuild-search")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop rebuilding; the database belongs to whoever opened it."""
        if self._rebuilding is not None:
            self._rebuilding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._rebuilding

    @property
    def tunes(self) -> frozenset[str]:
        return frozenset({"mode", "minimum_score"})

    async def find(
        self,
        query: str,
        collection_ids: Sequence[str],
        *,
        limit: int = 8,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
    ) -> list[Hit]:
        return await self._find(query, collection_ids, None, limit, retrieval, reader)

    async def find_among(
        self,
        query: str,
        collection_ids: Sequence[str],
        document_ids: Sequence[str],
        *,
        limit: int = 8,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
    ) -> list[Hit]:
        return await self._find(query, collection_ids, list(document_ids), limit, retrieval, reader)

    async def explain(
        self,
        query: str,
        collection_ids: Sequence[str],
        passage_ids: Sequence[str],
        *,
        document_ids: Sequence[str] | None = None,
        depth: int = 8,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
    ) -> dict[str, Why]:
        among = None if document_ids is None else list(document_ids)
        asked = await self._asked(query, collection_ids, among, depth, retrieval, reader)
        return {} if asked is None else await self._read(explain, asked, passage_ids)

    async def _find(
        self,
        query: str,
        collection_ids: Sequence[str],
        document_ids: list[str] | None,
        limit: int,
        retrieval: Retrieval | None,
        reader: Reader | None,
    ) -> list[Hit]:
        asked = await self._asked(query, collection_ids, document_ids, limit, retrieval, reader)
        return [] if asked is None else await self._read(rank, asked)

    async def _asked(
        self,
        query: str,
        collection_ids: Sequence[str],
        document_ids: list[str] | None,
        limit: int,
        retrieval: Retrieval | None,
        reader: Reader | None,
    ) -> Asked | None:
        """Return what is looked for, with its vector; None where nothing can be found."""
        retrieval = retrieval or Retrieval()
        if limit < 1 or not collection_ids or not query.strip():
            return None
        vector = await self._vectors.of(query) if retrieval.mode != "text" else None
        return Asked(
            query,
            sorted(set(collection_ids)),
            limit,
            retrieval,
            vector,
            self._embedder.name if self._embedder and vector else None,
            reader,
            document_ids,
            self._embedder.languages if isinstance(self._embedder, OfLanguages) else None,
        )

    async def _read(
        self,
        work: Callable[Concatenate[Connection, Asked, Frequencies, SignsCache, P], T],
        asked: Asked,
        *more: P.args,
        **named: P.kwargs,
    ) -> T:
        try:
            return await self._reads.read(work, asked, self._frequencies, self._signs, *more, **named)
        except StoreError as error:
            raise SearchError("The search could not be done. Try again.", detail=error.for_operators) from error

    async def put(self, document: Document, passages: Sequence[Passage]) -> None:
        await self._database.write(_put, document, passages)

    async def remove(self, document_id: str) -> None:
        await self._database.write(_remove, [document_id])

    async def remove_many(self, document_ids: Sequence[str]) -> None:
        for start in range(0, len(document_ids), REMOVED_AT_ONCE):
            await self._database.write(_remove, document_ids[start : start + REMOVED_AT_ONCE])

    async def rename(self, document_id: str, name: str) -> bool:
        """Give a document another name; see `Renames`. Its vectors stay."""
        await self._database.write(_rename, document_id, name)
        return True

    async def passages(self, document_id: str) -> list[Passage]:
        return await self._database.read(_passages, document_id)

    async def counts(self) -> dict[str, tuple[int, int]]:
        """Return for each document how many passages it has, and how many of these have a vector."""
        return await self._database.read(lambda connection: {row[0]: row[1:] for row in connection.all(SQL["counts"])})

    async def embed_next(self, limit: int = 16) -> Sequence[str]:
        """Embed some passages that have no vector yet; see `EmbedsLater`.

        Raises:
            ModelError: the embedder failed; nothing has changed.
        """
        if self._embedder is None:
            return []
        while waiting := await self._database.read(lambda connection: connection.all(SQL["unembedded"], (limit,))):
            vectors = await self._embedder.embed([embedded_text(*row[3:]) for row in waiting])
            done = await self._database.write(_put_vectors, self._embedder.name, waiting, vectors)
            if done is None:
                return []
            if done:
                return done
        return []

    async def _rebuild(self) -> None:
        """Index what an earlier version has stored. Any number of processes may do so at once; none loses anything."""
        log.info("The search index is brought up to date in the background.")
        while True:
            try:
                if not await self._database.write(rebuild_some, REBUILT_AT_ONCE):
                    log.info("The search index is up to date.")
                    return
                await asyncio.sleep(REBUILD_PAUSE_SECONDS)
            except StoreError as error:
                log.warning("The search index could not be brought up to date yet: %s", error.for_operators)
                await asyncio.sleep(REBUILD_AGAIN_SECONDS)


def _put(connection: Connection, document: Document, passages: Iterable[Passage]) -> None:
    _remove(connection, [document.id])
    put_passages(connection, document, passages)
    put_terms(connection, connection.all(SQL["waiting_of_document"], (document.id,)))


def _rename(connection: Connection, document_id: str, name: str) -> None:
    connection.all(SQL["rename"], (name, document_id))
    connection.all(SQL["drop_terms"], (document_id,))
    connection.all(SQL["wait_again"], (document_id,))
    put_terms(connection, connection.all(SQL["waiting_of_document"], (document_id,)))


def put_passages(connection: Connection, document: Document, passages: Iterable[Passage]) -> None:
    """Put a document's passages into their table, where it has none."""
    of_document = (document.name, document.title)
    rows = (
        (one.id, document.id, document.collection_id, one.number, one.page, one.heading, one.text, *of_document)
        for one in passages
    )
    connection.many(SQL["put"], rows)


def _remove(connection: Connection, document_ids: Sequence[str]) -> None:
    ids = json.dumps(document_ids)
    rows = [row[0] for row in connection.all(SQL["embedded_rows"], (ids,))]
    blocks = blocks_of(connection, rows) if rows else []
    remove_before(connection, rows)
    connection.all(SQL["remove"], (ids,))  # in one statement: FTS5 writes to the file after each
    forget_changes(connection)
    tidy(connection, blocks)


def _passages(connection: Connection, document_id: str) -> list[Passage]:
    return [Passage(*row) for row in connection.all(SQL["passages"], (document_id,))]


def _put_vectors(
    connection: Connection, space: str, waiting: Sequence[Row], vectors: Sequence[bytes]
) -> list[str] | None:
    """Store the vectors of those passages that are still there; None where another embedder has taken over."""
    there = connection.one(SQL["space"])
    if there is None or there[0] != space:
        return None
    document_ids: list[str] = []
    embedded: list[Embedded] = []
    for (row, passage_id, document_id, *_), vector in zip(waiting, vectors, strict=True):
        still = connection.one(SQL["still_unembedded"], (row, passage_id))
        if still is not None:
            embedded.append(Embedded(row, still[0], vector))
            document_ids.append(document_id)
    put_vectors(connection, embedded)
    connection.many(SQL["mark_embedded"], ((one.row,) for one in embedded))
    return document_ids
