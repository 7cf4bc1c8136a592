"""The library in SQLite fulfils the contract, and lives through a restart."""

from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from hubbub.connections.sqlite import Connection, Sqlite, load_sql
from hubbub.core.documents import Document
from hubbub.core.people import EVERYBODY, Permission, Right
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.sqlite import ROOM, SCHEMA
from hubbub.testing.library import LibraryContract, PutPassages, a_document


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Sqlite]:
    async with Sqlite(tmp_path / "hubbub.db") as database:
        await database.migrate(ROOM, SCHEMA)
        yield database


@pytest.fixture
async def library(database: Sqlite) -> AsyncIterator[SqliteLibrary]:
    async with SqliteLibrary(database) as library:
        yield library


class TestSqliteLibrary(LibraryContract):
    @pytest.fixture
    def put_passages(self, database: Sqlite) -> PutPassages:
        async def put(document: Document, passages: int, embedded: int) -> None:
            def insert(connection: Connection) -> None:
                for number in range(passages):
                    row = (f"{document.id}-{number}", document.id, document.collection_id, number, number < embedded)
                    connection.all(
                        "insert into passage (id, document_id, collection_id, number, is_embedded, heading, text, "
                        "name, title) values (?,?,?,?,?,'','','','')",
                        row,
                    )

            await database.write(insert)

        return put


async def test_another_process_sees_the_same_library(library: SqliteLibrary, database: Sqlite) -> None:
    document = await library.add(await a_document(library, "a.txt"))
    async with Sqlite(database.path) as again, SqliteLibrary(again) as other:
        assert await other.document(document.id) == document
        assert await other.unfinished() == [document]


async def test_whether_rights_have_changed_is_read_once_a_commit(
    library: SqliteLibrary, database: Sqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def note(cursor: object, statement: str, bindings: object) -> bool:
        read.extend([statement] if "rights_revision" in statement else [])
        return True

    def trace(raw: apsw.Connection) -> None:
        raw.exec_trace = note

    monkeypatch.setattr("hubbub.connections.sqlite_version.SEEN_SECONDS", 1000.0)
    collection = await library.create("papers", owner_id="ann", is_shared=False)
    monkeypatch.setattr(apsw, "connection_hooks", [trace])
    async with Sqlite(database.path) as traced, SqliteLibrary(traced) as watching:
        read.clear()
        number = await watching.permissions.revision()
        assert [await watching.permissions.revision() for _ in range(3)] == [number] * 3
        assert len(read) == 1
        await library.permissions.put(collection.id, [Permission(EVERYBODY, Right.USE)])
        assert await watching.permissions.revision() != number
        assert len(read) == 2


async def test_a_library_of_before_is_taken_over(database: Sqlite) -> None:
    sql = await database.read(lambda connection: load_sql("hubbub.search", "library.sql"))
    await database.migrate("library", [sql["create_tables"], sql["add_turns"]])
    collection = ("c", "papers", "ann", 0, "", 1.0)
    document = ("d", "c", "a.pdf", "a" * 64, 7, "application/pdf", "A", "ready", "", 2, 3.0, "", "", 0, 1)

    def insert(connection: Connection) -> None:
        connection.all("insert into collection values (?, ?, ?, ?, ?, ?)", collection)
        connection.all(f"insert into document values ({', '.join('?' * len(document))})", document)

    await database.write(insert)
    async with SqliteLibrary(database) as library:
        assert await library.documents("c") == [
            Document(
                "d", "c", "a.pdf", "a" * 64, 7, "application/pdf", "A", "ready", pages=2, added_at=3.0, progress=1.0
            )
        ]
