"""Keep the passages themselves, and the account of which of them are in an index elsewhere.

The index forgets slowly: what is deleted there can be found for seconds. So it only ranks, and what it
finds counts if it stands here. A crash leaves nothing behind: what is on its way is noted before it leaves.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from hubbub.connections.sqlite import Connection, Row, Sqlite, load_sql
from hubbub.core.documents import Document, Passage
from hubbub.search.sqlite import ROOM, SCHEMA, put_passages
from hubbub.search.sqlite import SQL as SEARCH_SQL

SQL = load_sql("hubbub.search", "azure.sql")


HitFields: TypeAlias = tuple[str, str, str, str, str, int | None, str]
"""document_id, collection_id, name, title, text, page and heading."""


class Known(msgspec.Struct, frozen=True):
    """What stands here about the ids that the index found."""

    hits: dict[str, HitFields]
    """By the passage's id."""
    is_outdated: bool
    """Whether the index answered with passages that were replaced or removed."""


class Unembedded(msgspec.Struct, frozen=True):
    """A passage in the index that has no vector there."""

    row: int
    id: str
    document_id: str
    heading: str
    text: str


class Ledger:
    """The passages in a SQLite file, in the table that the library counts them in."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def open(self, place: str, space: str | None) -> None:
        """Take up the account of an index whose vectors are of this space (None: none are made).

        Of another index nothing is known, so everything goes there anew; with another space's
        vectors everything is embedded anew. That holds, too, for a file that was searched by itself.
        """
        await self._database.migrate(ROOM, SCHEMA)
        await self._database.migrate("azure", [SQL["create_tables"], SQL["name_by_what_they_are"]])
        await self._database.write(_open, place, space)

    async def forget_index(self) -> None:
        """Note that nothing is in the index: it is new."""
        await self._database.write(_forget_index)

    async def announce(self, document_id: str, passages: Sequence[Passage]) -> None:
        """Note that passages are on their way to the index. They don't count yet."""
        ids = [(passage.id, document_id) for passage in passages]
        await self._database.write(lambda connection: connection.many(SQL["announce"], ids))

    async def put(self, document: Document, passages: Sequence[Passage]) -> None:
        """Let passages that are in the index count, in place of those that the document had."""
        await self._database.write(_put, document, passages)

    async def remove(self, document_id: str) -> list[str]:
        """Let no passage of a document count any more; returns the ids that may be in the index."""
        return await self._database.write(_remove, document_id)

    async def passages(self, document_id: str) -> list[Passage]:
        """Return a document's passages in reading order."""
        rows = await self._all(SEARCH_SQL["passages"], (document_id,))
        return [Passage(*row) for row in rows]

    async def counts(self) -> dict[str, tuple[int, int]]:
        """Return for each document how many passages it has, and how many of these have a vector."""
        return {row[0]: row[1:] for row in await self._all(SEARCH_SQL["counts"])}

    async def known(self, ids: Sequence[str]) -> Known:
        """Return what counts of what the index found."""
        hits: dict[str, HitFields] = {}
        is_outdated = False
        for passage_id, is_here, is_there, *rest in await self._all(SQL["hits"], {"ids": json.dumps(ids)}):
            if is_here:
                document_id, collection_id, name, title, text, page, heading = rest
                hits[passage_id] = document_id, collection_id, name, title, text, page, heading
            else:
                is_outdated = is_outdated or bool(is_there)
        return Known(hits, is_outdated)

    async def strays(self, busy: Iterable[str], limit: int) -> list[str]:
        """Return ids that may be in the index and don't count, except those of documents that are being put."""
        rows = await self._all(SQL["strays"], {"busy": json.dumps(sorted(busy)), "limit": limit})
        return [row[0] for row in rows]

    async def gone(self, ids: Sequence[str]) -> None:
        """Note that passages are in the index no more."""
        await self._write(SQL["gone"], {"ids": json.dumps(ids)})

    async def missing(self, limit: int) -> list[tuple[Document, Passage]]:
        """Return passages that count and are not known to be in the index, oldest first."""
        return [_with_document(row) for row in await self._all(SQL["missing"], {"limit": limit})]

    async def arrived(self, passages: Sequence[Passage]) -> None:
        """Note that passages are in the index."""
        ids = [(passage.id, passage.document_id) for passage in passages]
        await self._database.write(lambda connection: connection.many(SQL["confirm"], ids))

    async def lost(self, ids: Iterable[str]) -> None:
        """Note that the index does not have passages that it should have."""
        await self._write(SQL["lost"], {"ids": json.dumps(sorted(ids))})

    async def unembedded(self, limit: int) -> list[Unembedded]:
        """Return passages in the index that have no vector there, oldest first."""
        return [Unembedded(*row) for row in await self._all(SQL["unembedded"], {"limit": limit})]

    async def embedded(self, passages: Sequence[Unembedded]) -> list[str]:
        """Note that passages have their vectors; returns the documents of those that are still there."""

        def mark(connection: Connection) -> list[str]:
            document_ids: list[str] = []
            for passage in passages:
                connection.all(SQL["mark_embedded"], (passage.row, passage.id))
                if connection.changes():
                    document_ids.append(passage.document_id)
            return document_ids

        return await self._database.write(mark)

    async def embedded_of(self, counts: Mapping[str, int]) -> None:
        """Note that so many passages of documents have vectors, the oldest first."""
        values = list(counts.items())
        await self._database.write(lambda connection: connection.many(SQL["embed_oldest"], values))

    async def documents_of(self, ids: Sequence[str]) -> list[str]:
        """Return the documents that passages in the index were put for."""
        return [row[0] for row in await self._all(SQL["documents_of"], {"ids": json.dumps(ids)})]

    async def unsettle(self, document_id: str) -> None:
        """Note that nothing of a document is in the index."""
        await self._write(SQL["unsettle"], {"document_id": document_id})

    async def _all(self, query: str, bindings: Sequence[str] | dict[str, str | int] = ()) -> list[Row]:
        return await self._database.read(lambda connection: connection.all(query, bindings))

    async def _write(self, query: str, bindings: dict[str, str]) -> None:
        await self._database.write(lambda connection: connection.all(query, bindings))


def _open(connection: Connection, place: str, space: str | None) -> None:
    there = connection.one(SQL["place"])
    space = space or (there[1] if there else "")
    if there is None or there[0] != place:
        connection.all(SQL["forget_passages"])
    if there != (place, space) or connection.one(SEARCH_SQL["space"]):
        connection.all(SEARCH_SQL["forget_vectors"])  # a search of this file by itself will make its own again
        connection.all(SQL["use_place"], {"place": place, "space": space})


def _forget_index(connection: Connection) -> None:
    connection.all(SQL["forget_passages"])
    connection.all(SQL["unembed"])


def _put(connection: Connection, document: Document, passages: Sequence[Passage]) -> None:
    connection.all(SEARCH_SQL["remove"], (json.dumps([document.id]),))
    put_passages(connection, document, passages)
    connection.many(SQL["confirm"], ((passage.id, document.id) for passage in passages))


def _remove(connection: Connection, document_id: str) -> list[str]:
    ids = [row[0] for row in connection.all(SQL["ids_of_document"], {"document_id": document_id})]
    connection.all(SEARCH_SQL["remove"], (json.dumps([document_id]),))
    connection.many(SQL["announce"], ((passage_id, document_id) for passage_id in ids))
    return ids


def _with_document(row: Row) -> tuple[Document, Passage]:
    passage_id, document_id, collection_id, number, page, heading, text, name, title = row
    document = Document(document_id, collection_id, name, sha256="", size_bytes=0, title=title)
    return document, Passage(passage_id, document_id, number, text, page, heading)
