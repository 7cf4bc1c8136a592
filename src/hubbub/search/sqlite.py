"""Search a SQLite file: FTS5 finds words, sqlite-vec finds meanings, and the two rankings are fused."""

import json
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from hubbub.connections.sqlite import Connection, Row, Sqlite, load_sql
from hubbub.core.documents import Document, Hit, Passage, Retrieval, Vector
from hubbub.core.embedding import Embedder
from hubbub.core.errors import SearchError, StoreError
from hubbub.core.terms import STOP_WORDS, words
from hubbub.search.fusion import fuse, worth
from hubbub.search.vectors import QueryVectors, embedded_text

ROOM = "search"
SCHEMA = (load_sql("hubbub.search", "schema.sql")["passages"],)
SQL = load_sql("hubbub.search", "search.sql")

DEPTH = 50
"""How far each ranking is read before they are fused."""
MAX_DEPTH = 4_096
"""sqlite-vec gives no more neighbours than these."""
MAX_TERMS = 32
CHUNK = 64
"""Vectors a chunk. sqlite-vec gives each collection whole chunks: with its default of 1024 a hundred small
collections took 171 MB instead of 23, and putting was eight times slower; finding among 8,000 takes 4.8 ms, not 3.2."""


class SqliteSearch:
    """Finds passages in a SQLite file. Words alone serve without an embedder, and while it fails."""

    def __init__(self, database: Sqlite, embedder: Embedder | None) -> None:
        self._database = database
        self._embedder = embedder
        self._vectors = QueryVectors(embedder)

    async def __aenter__(self) -> Self:
        await self._database.migrate(ROOM, SCHEMA)
        if self._embedder is not None:
            await self._database.write(_use_space, self._embedder)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to do: the database belongs to whoever opened it."""

    @property
    def tunes(self) -> frozenset[str]:
        return frozenset({"mode", "minimum_score"})

    async def find(
        self, query: str, collection_ids: Sequence[str], *, limit: int = 8, retrieval: Retrieval | None = None
    ) -> list[Hit]:
        retrieval = retrieval or Retrieval()
        if limit < 1 or not collection_ids or not query.strip():
            return []
        vector = await self._vectors.of(query) if retrieval.mode != "text" else None
        space = self._embedder.name if self._embedder and vector else None
        ids = sorted(set(collection_ids))
        try:
            return await self._database.read(_find, query, ids, limit, vector, space, retrieval)
        except StoreError as error:
            raise SearchError("The search could not be done. Try again.", detail=error.for_operators) from error

    async def put(self, document: Document, passages: Sequence[Passage]) -> None:
        await self._database.write(_put, document, passages)

    async def remove(self, document_id: str) -> None:
        await self._database.write(_remove, document_id)

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


def _find(
    connection: Connection,
    query: str,
    collection_ids: list[str],
    limit: int,
    vector: Vector | None,
    space: str | None,
    retrieval: Retrieval,
) -> list[Hit]:
    depth = min(max(DEPTH, limit), MAX_DEPTH)
    rankings = [_find_words(connection, query, collection_ids, depth)] if retrieval.mode != "vectors" else []
    if vector is not None and _space(connection) == space:
        rankings.append(_find_vectors(connection, vector, collection_ids, depth))
    best = worth(fuse(rankings), retrieval.minimum_score)[:limit]
    found = {row[0]: row[1:] for row in connection.all(SQL["hits"], {"rows": json.dumps([row for row, _ in best])})}
    return [Hit(*found[row], score=score) for row, score in best]


def _find_words(connection: Connection, query: str, collection_ids: list[str], depth: int) -> list[int]:
    """Return the rows that hold all words of the query; where these are too few, then those that hold any."""
    wanted = _quoted_terms(query)
    if not wanted:
        return []
    collections = " OR ".join(f"c{collection_id.encode().hex()}x" for collection_id in collection_ids)
    bindings = {"collection_ids": json.dumps(collection_ids), "limit": depth}
    rows: list[int] = []
    for operator in (" AND ", " OR ") if len(wanted) > 1 else (" OR ",):
        match = f"inside : ({collections}) AND {{title heading text}} : ({operator.join(wanted)})"
        rows += [row[0] for row in connection.all(SQL["find_words"], {"match": match, **bindings})]
        if len(rows) >= depth:
            break
    return list(dict.fromkeys(rows))[:depth]


def _find_vectors(connection: Connection, vector: Vector, collection_ids: list[str], depth: int) -> list[int]:
    # One query a collection: a partition can only be named by "=".
    found: list[Row] = []
    for collection_id in collection_ids:
        bindings = {"vector": vector, "limit": depth, "collection_id": collection_id}
        found += connection.all(SQL["find_vectors"], bindings)
    return [row for row, _ in sorted(found, key=lambda row: (row[1], row[0]))[:depth]]


def _quoted_terms(query: str) -> list[str]:
    found = list(dict.fromkeys(words(query)))
    telling = [word for word in found if word not in STOP_WORDS]
    return [f'"{word}"' for word in (telling or found)[:MAX_TERMS]]  # a quoted word is only a word


def _put(connection: Connection, document: Document, passages: Iterable[Passage]) -> None:
    _remove(connection, document.id)
    put_passages(connection, document, passages)


def put_passages(connection: Connection, document: Document, passages: Iterable[Passage]) -> None:
    """Put a document's passages into their table, where it has none."""
    of_document = (document.name, document.title)
    rows = (
        (one.id, document.id, document.collection_id, one.number, one.page, one.heading, one.text, *of_document)
        for one in passages
    )
    connection.many(SQL["put"], rows)


def _remove(connection: Connection, document_id: str) -> None:
    if _space(connection) is not None:
        connection.all(SQL["remove_vectors"], (document_id,))
    connection.all(SQL["remove"], (document_id,))


def _passages(connection: Connection, document_id: str) -> list[Passage]:
    return [Passage(*row) for row in connection.all(SQL["passages"], (document_id,))]


def _put_vectors(
    connection: Connection, space: str, waiting: Sequence[Row], vectors: Sequence[Vector]
) -> list[str] | None:
    """Store the vectors of those passages that are still there; None where another embedder has taken over."""
    if _space(connection) != space:
        return None
    document_ids: list[str] = []
    for (row, passage_id, document_id, *_), vector in zip(waiting, vectors, strict=True):
        still = connection.one(SQL["still_unembedded"], (row, passage_id))
        if still is not None:
            connection.all(SQL["put_vector"], (row, still[0], vector))
            connection.all(SQL["mark_embedded"], (row,))
            document_ids.append(document_id)
    return document_ids


def _space(connection: Connection) -> str | None:
    """Return the name of the embedder that made the vectors that are there."""
    row = connection.one(SQL["space"])
    return row[0] if row else None


def _use_space(connection: Connection, embedder: Embedder) -> None:
    """Make room for an embedder's vectors; those of another one are dropped, to be made anew."""
    if connection.one(SQL["space"]) == (embedder.name, embedder.dimensions):
        return
    connection.all(SQL["forget_vectors"])
    connection.all(
        f"create virtual table passage_vector using vec0 ("
        f"collection_id text partition key, embedding float[{int(embedder.dimensions)}], chunk_size={CHUNK})"
    )
    connection.all(SQL["name_space"], (embedder.name, embedder.dimensions))
