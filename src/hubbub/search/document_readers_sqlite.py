"""Keep in SQLite who may read single documents, in the library's tables."""

import json
from collections.abc import Sequence

from hubbub.connections.sqlite import Connection, Sqlite, load_sql
from hubbub.core.errors import NotFound, SearchError, StoreError
from hubbub.core.people import Reader
from hubbub.search.document_readers import Sight

SQL = load_sql("hubbub.search", "document_rights.sql")
RIGHTS_SQL = load_sql("hubbub.search", "library.sql")


class SqliteReaders:
    """Who may read single documents, in the library's database, which its owner opens."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def of(self, document_id: str) -> list[str] | None:
        return await self._database.read(_readers, document_id)

    async def put(self, document_id: str, subjects: Sequence[str] | None) -> None:
        await self._database.write(put_readers, document_id, subjects)

    async def closed(self, asked: Sequence[tuple[Reader, Sequence[str]]]) -> list[list[str]]:
        def closed(connection: Connection) -> list[list[str]]:
            return [_closed(connection, "closed_among", reader, ids) for reader, ids in asked]

        return await self._database.read(closed)

    async def given(self, subject: str) -> list[str]:
        rows = await self._database.read(lambda connection: connection.all(SQL["given"], {"subject": subject}))
        return [row[0] for row in rows]


def subjects_of(reader: Reader | None) -> str | None:
    """Return what a reader is, for a query; None for who sees all documents."""
    return None if reader is None or reader.reads_all else json.dumps(reader.subjects)


def closed_of(connection: Connection, reader: Reader | None, collection_ids: Sequence[str]) -> list[str]:
    """Return the documents of collections that are restricted to others, in the transaction that this is called in."""
    return _closed(connection, "closed", reader, collection_ids)


def sight_of(connection: Connection, reader: Reader, collection_ids: Sequence[str]) -> Sight:
    """Return what a reader sees of restricted documents, in the transaction that this is called in."""
    asked = {"ids": json.dumps(list(collection_ids)), "subjects": subjects_of(reader)}
    ((are_any, sees_any, revision),) = connection.all(RIGHTS_SQL["sight"], asked)
    return Sight(bool(are_any), bool(sees_any), revision)


async def closed_now(database: Sqlite, reader: Reader | None, collection_ids: Sequence[str]) -> list[str]:
    """Return the documents of collections that are restricted to others now, for a search elsewhere."""
    try:
        return await database.read(closed_of, reader, collection_ids)
    except StoreError as error:
        raise SearchError("The search could not be done. Try again.", detail=error.for_operators) from error


def put_readers(connection: Connection, document_id: str, subjects: Sequence[str] | None) -> None:
    """Restrict a document to these, in the transaction that this is called in; None: restrict it no more.

    Raises:
        NotFound: there is no such document.
    """
    connection.all(SQL["restrict"], {"id": document_id, "is_restricted": int(subjects is not None)})
    if not connection.changes():
        raise NotFound("There is no such document.")
    connection.all(SQL["drop_readers"], {"id": document_id})
    for subject in subjects or ():
        connection.all(SQL["put_reader"], {"id": document_id, "subject": subject})


def _readers(connection: Connection, document_id: str) -> list[str] | None:
    row = connection.one(SQL["restriction"], {"id": document_id})
    if row is None or not row[0]:
        return None
    return [row[0] for row in connection.all(SQL["readers"], {"id": document_id})]


def _closed(connection: Connection, query: str, reader: Reader | None, ids: Sequence[str]) -> list[str]:
    if (subjects := subjects_of(reader)) is None:
        return []
    asked = {"ids": json.dumps(list(ids)), "subjects": subjects}
    return [row[0] for row in connection.all(RIGHTS_SQL[query], asked)]
