from collections.abc import AsyncIterator

import pytest

from hubbub.connections.postgres import Postgres
from hubbub.core.messages import Chat, Message
from hubbub.history.links_postgres import PostgresLinks
from hubbub.history.postgres import PostgresHistory
from hubbub.history.records_postgres import PostgresRecords
from hubbub.history.sessions_postgres import PostgresSessions
from hubbub.testing.history import AnnotatedHistoryContract
from hubbub.testing.records import RecordsContract
from hubbub.testing.sessions import SessionsContract
from tests.history.links_contract import LinksContract


class TestPostgresHistory(AnnotatedHistoryContract):
    @pytest.fixture
    async def history(self, postgres: Postgres) -> AsyncIterator[PostgresHistory]:
        async with PostgresHistory(postgres) as history:
            yield history

    async def test_a_question_with_a_nul_is_kept(self, history: PostgresHistory) -> None:
        message = Message("m1", "c1", None, "user", "a\0b", 2.0)
        await history.adding([message], chat=Chat("c1", "ann", "a\0b", 1.0, 1.0))()
        [kept] = await history.messages("c1")
        assert kept.text == "a\ufffdb"


class TestPostgresSessions(SessionsContract):
    @pytest.fixture
    async def sessions(self, postgres: Postgres) -> AsyncIterator[PostgresSessions]:
        async with PostgresSessions(postgres) as sessions:
            yield sessions


class TestPostgresLinks(LinksContract):
    @pytest.fixture
    async def kept(self, postgres: Postgres) -> AsyncIterator[tuple[PostgresLinks, PostgresHistory]]:
        async with PostgresHistory(postgres) as history, PostgresLinks(postgres) as links:
            yield links, history


class TestPostgresRecords(RecordsContract):
    @pytest.fixture
    async def kept(self, postgres: Postgres) -> AsyncIterator[tuple[PostgresHistory, PostgresRecords]]:
        async with PostgresHistory(postgres) as history:
            yield history, history.records
