"""Keep the logs of answers in SQLite."""

import json
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import msgspec

from hubbub.answers.base import Record
from hubbub.connections.sqlite import Connection, Sqlite, load_sql, read_sql
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict

_SCHEMA = read_sql("hubbub.answers", "schema.sql")
_SQL = load_sql("hubbub.answers", "answers.sql")


class SqliteAnswers:
    """An `AnswerStore` in a database file, which it shares with whoever else uses that."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("answers", [_SCHEMA])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def open(self, answer_id: str, owner_id: str) -> None:
        def insert(connection: Connection) -> int:
            connection.all(_SQL["open"], (answer_id, owner_id, time.time()))
            return connection.changes()

        if await self._database.write(insert) == 0:
            raise Conflict("There is an answer with this id already.")

    async def owner(self, answer_id: str) -> str | None:
        row = await self._database.read(Connection.one, _SQL["owner"], (answer_id,))
        return None if row is None else row[0]

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        events = [(record.answer_id, record.number, record.data) for record in records]
        results = [(msgspec.json.encode(answer), answer.id) for answer in ended]

        def insert(connection: Connection) -> None:
            connection.many(_SQL["append"], events)
            connection.many(_SQL["end"], results)

        await self._database.write(insert)

    async def read(self, answer_id: str, after: int = 0, *, limit: int = 1000) -> list[Record]:
        rows = await self._database.read(Connection.all, _SQL["read"], (answer_id, after, limit))
        return [Record(answer_id, number, data) for number, data in rows]

    async def answers(self, answer_ids: Sequence[str]) -> list[Answer]:
        rows = await self._database.read(Connection.all, _SQL["results"], (json.dumps(list(answer_ids)),))
        return [msgspec.json.decode(row[0], type=Answer) for row in rows]

    async def unended(self) -> list[str]:
        return [row[0] for row in await self._database.read(Connection.all, _SQL["unended"])]

    async def forget(self, answer_ids: Sequence[str]) -> None:
        await self._database.write(Connection.all, _SQL["forget"], (json.dumps(list(answer_ids)),))
