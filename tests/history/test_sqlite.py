from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.connections.sqlite import Sqlite
from hubbub.history.links_sqlite import SqliteLinks
from hubbub.history.records_sqlite import SqliteRecords
from hubbub.history.sessions_sqlite import SqliteSessions
from hubbub.history.sqlite import SqliteHistory
from tests.history.contract import HistoryContract
from tests.history.links_contract import LinksContract
from tests.history.records_contract import RecordsContract
from tests.history.sessions_contract import SessionsContract


class TestSqliteHistory(HistoryContract):
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
