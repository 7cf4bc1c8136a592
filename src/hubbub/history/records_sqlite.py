"""Keep records in SQLite, in the database of the chats."""

import json
from collections.abc import Sequence

from hubbub.connections.sqlite import Connection, Sqlite, load_sql
from hubbub.core.errors import NotFound
from hubbub.history.asked_with import FIRST
from hubbub.history.base import Record

_SQL = load_sql("hubbub.history", "records.sql")


class SqliteRecords:
    """`Records` in a database file, whose table the history makes."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def put(self, record: Record, data: bytes | None = None) -> None:
        values = (record.kind, record.id, record.owner_id, record.chat_id, record.updated_at, record.about, data)

        def store(connection: Connection) -> None:
            if record.chat_id is not None and connection.one(_SQL["has_chat"], (record.chat_id,)) is None:
                raise NotFound("There is no such chat any more.")
            connection.all(_SQL["put"], values)

        await self._database.write(store)

    async def exchange(self, before: Record, after: Record) -> bool:
        values = (after.updated_at, after.about, before.kind, before.id, before.about)

        def store(connection: Connection) -> bool:
            connection.all(_SQL["exchange"], values)
            return connection.changes() == 1

        return await self._database.write(store)

    async def get(self, kind: str, record_id: str) -> Record | None:
        row = await self._database.read(Connection.one, _SQL["get"], (kind, record_id))
        return Record(*row) if row else None

    async def data(self, kind: str, record_id: str) -> bytes | None:
        row = await self._database.read(Connection.one, _SQL["data"], (kind, record_id))
        return row[0] if row else None

    async def listed(
        self, kind: str, *, owner_id: str | None = None, limit: int, after: tuple[float, str] | None = None
    ) -> list[Record]:
        place = after or FIRST
        if owner_id is None:
            rows = await self._database.read(Connection.all, _SQL["of_all"], (kind, *place, limit))
        else:
            rows = await self._database.read(Connection.all, _SQL["of_owner"], (kind, owner_id, *place, limit))
        return [Record(*row) for row in rows]

    async def of_chat(self, kind: str, chat_id: str) -> list[Record]:
        return [Record(*row) for row in await self._database.read(Connection.all, _SQL["of_chat"], (chat_id, kind))]

    async def count(self, kind: str, owner_id: str) -> int:
        row = await self._database.read(Connection.one, _SQL["count"], (kind, owner_id))
        return row[0] if row else 0

    async def size_bytes(self, kind: str, owner_id: str) -> int:
        row = await self._database.read(Connection.one, _SQL["size_bytes"], (kind, owner_id))
        return row[0] if row else 0

    async def delete(self, kind: str, record_id: str) -> None:
        await self._database.write(Connection.all, _SQL["delete"], (kind, record_id))

    async def sweep(self, kind: str, before: float, *, held: Sequence[str] = ()) -> None:
        await self._database.write(Connection.all, _SQL["sweep"], (kind, before, json.dumps(list(held))))

    async def owned(self, owner_id: str, *, after: tuple[str, str] = ("", ""), limit: int) -> list[Record]:
        rows = await self._database.read(Connection.all, _SQL["owned"], (owner_id, *after, limit))
        return [Record(*row) for row in rows]

    async def forget_owned(self, owner_id: str) -> int:
        def forget(connection: Connection) -> int:
            connection.all(_SQL["forget_owned"], (owner_id,))
            return connection.changes()

        return await self._database.write(forget)

    async def give(self, kinds: Sequence[str], giver_id: str, taker_id: str) -> None:
        await self._database.write(Connection.all, _SQL["give"], (taker_id, giver_id, json.dumps(list(kinds))))
