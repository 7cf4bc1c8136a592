"""Search in PostgreSQL: its full text finds words, pgvector finds meanings, and the two rankings are fused."""

import logging
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Self

from hubbub.connections.postgres import Connection, Postgres, Row, plain
from hubbub.connections.threads import in_a_thread
from hubbub.core.documents import Document, Hit, Passage, Retrieval, Vector
from hubbub.core.embedding import Embedder, OfLanguages
from hubbub.core.errors import SearchError, StoreError
from hubbub.core.people import Reader
from hubbub.search.document_readers_postgres import closed_of
from hubbub.search.fusion import fuse, worth
from hubbub.search.library_postgres import SEARCH_STEPS
from hubbub.search.permissions_postgres import usable_of
from hubbub.search.postgres_vectors import find_near, has_vectors, put_vectors, use_space
from hubbub.search.postgres_words import SQL, TermCounts, find_words, terms_of, vectors_of
from hubbub.search.ranking import DEPTH, Asked, told
from hubbub.search.vectors import QueryVectors, embedded_text

QUICK_CHARACTERS = 2_000
"""A longer query is cut into words in a thread, so that nobody else's answer waits for it."""
TAKEN_SECONDS = 120.0
"""So long a worker may take to embed the passages that it took; then another one takes them."""
AT_ONCE = 50
"""How many documents are removed in one transaction."""

log = logging.getLogger(__name__)


class PostgresSearch:
    """Finds passages in PostgreSQL. Words alone serve without pgvector, without an embedder, and while it fails."""

    def __init__(self, database: Postgres, embedder: Embedder | None) -> None:
        self._database = database
        self._embedder = embedder
        self._counts = TermCounts()
        self.embeds = False
        """Whether vectors are made here: there is an embedder, and pgvector."""

    async def __aenter__(self) -> Self:
        await self._database.migrate("search", SEARCH_STEPS)
        if self._embedder is not None:
            self.embeds = await has_vectors(self._database)
            if self.embeds:
                space = (self._embedder.name, self._embedder.dimensions)
                await self._database.write(use_space, *space)
        self._vectors = QueryVectors(self._embedder if self.embeds else None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open but the database, which is its owner's to close."""

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

    async def _find(
        self,
        query: str,
        collection_ids: Sequence[str],
        document_ids: list[str] | None,
        limit: int,
        retrieval: Retrieval | None,
        reader: Reader | None,
    ) -> list[Hit]:
        retrieval = retrieval or Retrieval()
        if limit < 1 or not collection_ids or not query.strip():
            return []
        vector = await self._vectors.of(query) if retrieval.mode != "text" else None
        asked = Asked(
            query,
            sorted(set(collection_ids)),
            min(limit, 10_000),
            retrieval,
            vector,
            self._embedder.name if self._embedder and vector else None,
            reader,
            document_ids,
            self._embedder.languages if isinstance(self._embedder, OfLanguages) else None,
        )
        try:
            return await self._database.read(self._rank, asked)
        except StoreError as error:
            raise SearchError("The search could not be done. Try again.", detail=error.for_operators) from error

    async def _rank(self, connection: Connection, asked: Asked) -> list[Hit]:
        """Return the best passages, best first: what the reader may use, as it is in the transaction that searches."""
        depth, ids, retrieval = max(DEPTH, asked.limit), asked.collection_ids, asked.retrieval
        if asked.reader is not None and not (ids := sorted(await usable_of(connection, asked.reader, ids))):
            return []
        closed = frozenset(await closed_of(connection, asked.reader, ids))
        documents = None if asked.document_ids is None else [one for one in asked.document_ids if one not in closed]
        ((space, languages, total, embedded, *_),) = await connection.all(SQL["settle"], ids)
        asked = told(asked, languages or ())
        words: list[int] = []
        if retrieval.mode != "vectors":
            among: list[str] = languages or []
            wanted = asked.query, among, asked.language
            cut = await in_a_thread(lambda: terms_of(*wanted)) if _is_long(asked.query) else terms_of(*wanted)
            words = await find_words(connection, self._counts, cut, total, among, ids, depth, documents, sorted(closed))
        near: list[int] = []
        if asked.vector is not None and space == asked.space:
            near = await find_near(connection, asked.vector, ids, embedded, depth, documents, sorted(closed))
        if words and not asked.is_understood:
            # The vectors of a language that their model doesn't know rank badly: they only come after the words' own.
            near = [row for row in near if row not in set(words)]
            fused = fuse([[*words, *near]])
        else:
            fused = fuse([words, near])
        best = worth(fused, retrieval.minimum_score)[: asked.limit]
        found = {row[0]: row for row in await connection.all(SQL["hits"], [row for row, _ in best])}
        return [Hit(*list(found[row])[1:], score=score) for row, score in best]

    async def put(self, document: Document, passages: Sequence[Passage]) -> None:
        vectors, languages = await in_a_thread(lambda: vectors_of(document, passages))

        async def put(connection: Connection) -> None:
            await _remove(connection, [document.id])
            await connection.run(SQL["put_languages"], languages)
            await connection.run(
                SQL["put"],
                document.id,
                document.collection_id,
                plain(document.name),
                plain(document.title),
                [one.id for one in passages],
                [one.number for one in passages],
                [one.page for one in passages],
                [plain(one.heading) for one in passages],
                [plain(one.text) for one in passages],
                vectors,
            )

        await self._database.write(put)

    async def remove(self, document_id: str) -> None:
        await self._database.write(_remove, [document_id])

    async def remove_many(self, document_ids: Sequence[str]) -> None:
        for start in range(0, len(document_ids), AT_ONCE):
            await self._database.write(_remove, document_ids[start : start + AT_ONCE])

    async def rename(self, document_id: str, name: str) -> bool:
        """Give a document another name; see `Renames`. Its vectors stay."""
        while texts := await self._database.all(SQL["texts"], document_id):
            rows = [row[0] for row in texts]
            collection_id, title = texts[0][3:]
            document = Document(document_id, collection_id, name, "", 0, title=title)
            passages = [Passage("", document_id, 0, row[2], heading=row[1]) for row in texts]
            terms, languages = await in_a_thread(partial(vectors_of, document, passages))
            if await self._database.write(_rename, document, rows, terms, languages):
                break
        return True

    async def passages(self, document_id: str) -> list[Passage]:
        return [Passage(*row) for row in await self._database.all(SQL["passages"], document_id)]

    async def counts(self) -> dict[str, tuple[int, int]]:
        """Return for each document how many passages it has, and how many of these have a vector."""
        return {row[0]: (row[1], row[2]) for row in await self._database.all(SQL["counts"])}

    async def embed_next(self, limit: int = 16) -> Sequence[str]:
        """Embed some passages that have no vector yet; see `EmbedsLater`. Any number of workers may do so at once.

        Raises:
            ModelError: the embedder failed; nothing has changed.
        """
        if self._embedder is None or not self.embeds:
            return []
        while waiting := await self._database.all(SQL["take_unembedded"], limit, TAKEN_SECONDS):
            waiting.sort(key=_row_id)
            rows = [row[0] for row in waiting]
            try:
                vectors = await self._embedder.embed([embedded_text(*list(row)[2:]) for row in waiting])
            except BaseException:
                await self._database.run(SQL["give_back"], rows)
                raise
            done = await self._put_vectors(rows, vectors)
            if done is None:
                await self._database.run(SQL["give_back"], rows)
                return []
            if done:
                return done
        return []

    async def _put_vectors(self, rows: Sequence[int], vectors: Sequence[Vector]) -> list[str] | None:
        """Store the vectors of those passages that are still there; None where another embedder has taken over."""
        assert self._embedder is not None  # noqa: S101 (who calls has one)
        space = (self._embedder.name, self._embedder.dimensions)
        return await self._database.write(put_vectors, *space, rows, vectors)


async def _remove(connection: Connection, document_ids: Sequence[str]) -> None:
    ids = list(document_ids)
    await connection.all(SQL["lock_document"], ids)  # two who put one document take turns
    await connection.run(SQL["remove"], ids)


async def _rename(
    connection: Connection, document: Document, rows: Sequence[int], terms: Sequence[str], languages: Sequence[str]
) -> bool:
    """Store a document's new name and terms; False where its passages have been put anew meanwhile."""
    await connection.all(SQL["lock_document"], [document.id])
    if [row[0] for row in await connection.all(SQL["rows_of"], document.id)] != list(rows):
        return False
    await connection.run(SQL["rename"], document.id, plain(document.name))
    await connection.run(SQL["put_languages"], list(languages))
    await connection.run(SQL["put_terms"], list(rows), list(terms))
    return True


def _is_long(query: str) -> bool:
    return len(query) > QUICK_CHARACTERS


def _row_id(row: Row) -> int:
    return row[0]
