"""Keep in PostgreSQL who may read single documents, in the library's tables."""

from collections.abc import Sequence

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql
from hubbub.core.errors import NotFound
from hubbub.core.people import Reader
from hubbub.search.document_readers import Sight

SQL = load_sql("hubbub.search", "postgres/document_rights.sql")
RIGHTS_SQL = load_sql("hubbub.search", "postgres/library.sql")


class PostgresReaders:
    """Who may read single documents, in the library's database, which its owner opens."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def of(self, document_id: str) -> list[str] | None:
        async def readers(connection: Connection) -> list[str] | None:
            row = await connection.one(SQL["restriction"], document_id)
            if row is None or not row[0]:
                return None
            return [row[0] for row in await connection.all(SQL["readers"], document_id)]

        return await self._database.read(readers)

    async def put(self, document_id: str, subjects: Sequence[str] | None) -> None:
        await self._database.write(put_readers, document_id, subjects)

    async def closed(self, asked: Sequence[tuple[Reader, Sequence[str]]]) -> list[list[str]]:
        async def closed(connection: Connection) -> list[list[str]]:
            return [await _closed(connection, "closed_among", reader, ids) for reader, ids in asked]

        return await self._database.read(closed)

    async def given(self, subject: str) -> list[str]:
        return [row[0] for row in await self._database.all(SQL["given"], subject)]


def subjects_of(reader: Reader | None) -> list[str] | None:
    """Return what a reader is, for a query; None for who sees all documents."""
    return None if reader is None or reader.reads_all else list(reader.subjects)


async def closed_of(connection: Connection, reader: Reader | None, collection_ids: Sequence[str]) -> list[str]:
    """Return the documents of collections that are restricted to others, in the transaction that this is called in."""
    return await _closed(connection, "closed", reader, collection_ids)


async def sight_of(connection: Connection, reader: Reader, collection_ids: Sequence[str]) -> Sight:
    """Return what a reader sees of restricted documents, in the transaction that this is called in."""
    asked = (subjects_of(reader), list(collection_ids))
    ((are_any, sees_any, revision),) = await connection.all(RIGHTS_SQL["sight"], *asked)
    return Sight(are_any, sees_any, revision)


async def put_readers(connection: Connection, document_id: str, subjects: Sequence[str] | None) -> None:
    """Restrict a document to these, in the transaction that this is called in; None: restrict it no more.

    Raises:
        NotFound: there is no such document.
    """
    if await connection.run(SQL["restrict"], document_id, subjects is not None) == 0:
        raise NotFound("There is no such document.")
    await connection.run(SQL["drop_readers"], document_id)
    if subjects:
        await connection.run(SQL["put_readers"], document_id, list(subjects))


async def _closed(connection: Connection, query: str, reader: Reader | None, ids: Sequence[str]) -> list[str]:
    if (subjects := subjects_of(reader)) is None:
        return []
    return [row[0] for row in await connection.all(RIGHTS_SQL[query], subjects, list(ids))]
