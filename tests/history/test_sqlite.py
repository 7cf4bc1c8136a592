from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.connections.sqlite import Connection, Sqlite, read_sql
from hubbub.core.messages import Chat, Message
from hubbub.history.links_sqlite import SqliteLinks
from hubbub.history.records_sqlite import SqliteRecords
from hubbub.history.sessions_sqlite import SqliteSessions
from hubbub.history.sqlite import SCHEMA, SqliteHistory
from hubbub.testing.history import AnnotatedHistoryContract
from hubbub.testing.records import RecordsContract
from hubbub.testing.sessions import SessionsContract
from tests.databases import pages_read
from tests.history.links_contract import LinksContract

WITHOUT_ROWIDS = SCHEMA[: SCHEMA.index(read_sql("hubbub.history", "rowids.sql"))]


class TestSqliteHistory(AnnotatedHistoryContract):
    @pytest.fixture
    async def history(self, tmp_path: Path) -> AsyncIterator[SqliteHistory]:
        async with Sqlite(tmp_path / "hubbub.db") as database, SqliteHistory(database) as history:
            yield history


class TestSqliteSessions(SessionsContract):
    @pytest.fixture
    async def sessions(self, tmp_path: Path) -> AsyncIterator[SqliteSessions]:
        async with Sqlite(tmp_path / "hubbub.db") as database, SqliteSessions(database) as sessions:
            yield sessions


class TestSqliteLinks(LinksContract):
    @pytest.fixture
    async def kept(self, tmp_path: Path) -> AsyncIterator[tuple[SqliteLinks, SqliteHistory]]:
        database = Sqlite(tmp_path / "hubbub.db")
        async with database, SqliteHistory(database) as history, SqliteLinks(database) as links:
            yield links, history


class TestSqliteRecords(RecordsContract):
    @pytest.fixture
    async def kept(self, tmp_path: Path) -> AsyncIterator[tuple[SqliteHistory, SqliteRecords]]:
        async with Sqlite(tmp_path / "hubbub.db") as database, SqliteHistory(database) as history:
            yield history, history.records


async def test_a_database_without_rowids_keeps_all_it_holds(tmp_path: Path) -> None:
    rows = {
        "chat": [("c1", "ann", "Harbour", 1.0, 2.0)],
        "message": [
            ("m1", "c1", None, "user", "Where?", 3.0, "", "[]", "same", "{}"),
            ("a1", "c1", "m1", "assistant", "", 4.0, "llama", '["books"]', None, ""),
        ],
        "annotation": [("c1", b"{}")],
    }
    columns = {
        "chat": "id, owner_id, title, created_at, updated_at",
        "message": "id, chat_id, parent_id, role, text, created_at, model, collections, fingerprint, asked_with",
        "annotation": "*",
    }
    async with Sqlite(tmp_path / "hubbub.db") as database:
        await database.migrate("history", WITHOUT_ROWIDS)

        def fill(connection: Connection) -> None:
            for table, held in rows.items():
                names = "" if columns[table] == "*" else f"({columns[table]})"
                connection.many(f"insert into {table} {names} values ({', '.join('?' * len(held[0]))})", held)

        await database.write(fill)
        await database.migrate("history", SCHEMA)
        for table, held in rows.items():
            kept = await database.read(Connection.all, f"select {columns[table]} from {table}")
            assert sorted(kept, key=str) == sorted(held, key=str)
        await database.write(Connection.all, "delete from chat")
        for table in rows:
            assert await database.read(Connection.all, f"select * from {table}") == []


async def test_a_message_is_found_without_reading_the_long_ones_beside_it(tmp_path: Path) -> None:
    ids = [f"m{number}" for number in range(30)]
    async with Sqlite(tmp_path / "hubbub.db") as database, SqliteHistory(database) as history:
        chat = Chat("c1", "ann", "Long texts", 1.0, 1.0)
        await history.adding([Message(one, "c1", None, "user", "long " * 60_000) for one in ids], chat=chat)()
        pages = pages_read(
            str(tmp_path / "hubbub.db"), "select role from message where id = ?", [(one,) for one in ids]
        )
    assert pages < 4 * len(ids)  # each text alone is 73 pages
