from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.answers.base import Record
from hubbub.answers.sqlite import SqliteAnswers
from hubbub.connections.sqlite import Sqlite
from hubbub.core.errors import StoreError
from tests.answers.contract import AnswerStoreContract


class TestSqliteAnswers(AnswerStoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[SqliteAnswers]:
        async with Sqlite(tmp_path / "hubbub.db") as database, SqliteAnswers(database) as store:
            yield store

    async def test_a_batch_is_stored_whole_or_not_at_all(self, store: SqliteAnswers) -> None:
        await store.open("a", "ann")
        await store.append([Record("a", 1, b"1")])
        with pytest.raises(StoreError):
            await store.append([Record("a", 2, b"2"), Record("a", 1, b"again")])
        assert [record.number for record in await store.read("a")] == [1]
