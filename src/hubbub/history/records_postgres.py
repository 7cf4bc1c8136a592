"""Keep records in PostgreSQL, in the database of the chats."""

from collections.abc import Sequence

from msgspec.structs import replace

from hubbub.connections.postgres import Connection, Postgres, plain
from hubbub.connections.sql import load_sql
from hubbub.core.errors import NotFound
from hubbub.history.asked_with import FIRST
from hubbub.history.base import Record

_SQL = load_sql("hubbub.history", "postgres/records.sql")


class PostgresRecords:
    """`Records` in PostgreSQL, whose table the history makes. NULs in texts are replaced."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def put(self, record: Record, data: bytes | None = None) -> None:
        kept = replace(record, about=plain(record.about))

        async def store(connection: Connection) -> None:
            if kept.chat_id is not None and await connection.one(_SQL["has_chat"], kept.chat_id) is None:
                raise NotFound("There is no such chat any more.")
            values = (kept.kind, kept.id, kept.owner_id, kept.chat_id, kept.updated_at, kept.about, data)
            await connection.run(_SQL["put"], *values)

        await self._database.write(store)

    async def exchange(self, before: Record, after: Record) -> bool:
        values = (after.updated_at, plain(after.about), before.kind, plain(before.id), before.about)
        return await self._database.write(Connection.run, _SQL["exchange"], *values) == 1

    async def get(self, kind: str, record_id: str) -> Record | None:
        row = await self._database.one(_SQL["get"], kind, plain(record_id))
        return Record(*row) if row else None

    async def data(self, kind: str, record_id: str) -> bytes | None:
        row = await self._database.one(_SQL["data"], kind, plain(record_id))
        return row[0] if row else None

    async def listed(
        self, kind: str, *, owner_id: str | None = None, limit: int, after: tuple[float, str] | None = None
    ) -> list[Record]:
        place = after or FIRST
        if owner_id is None:
            rows = await self._database.all(_SQL["of_all"], kind, *place, limit)
        else:
            rows = await self._database.all(_SQL["of_owner"], kind, owner_id, *place, limit)
        return [Record(*row) for row in rows]

    async def of_chat(self, kind: str, chat_id: str) -> list[Record]:
        return [Record(*row) for row in await self._database.all(_SQL["of_chat"], chat_id, kind)]

    async def count(self, kind: str, owner_id: str) -> int:
        row = await self._database.one(_SQL["count"], kind, owner_id)
        return row[0] if row else 0

    async def size_bytes(self, kind: str, owner_id: str) -> int:
        row = await self._database.one(_SQL["size_bytes"], kind, owner_id)
        return int(row[0]) if row else 0

    async def delete(self, kind: str, record_id: str) -> None:
        await self._database.run(_SQL["delete"], kind, plain(record_id))

    async def sweep(self, kind: str, before: float, *, held: Sequence[str] = ()) -> None:
        await self._database.run(_SQL["sweep"], kind, before, list(held))

    async def owned(self, owner_id: str, *, after: tuple[str, str] = ("", ""), limit: int) -> list[Record]:
        return [Record(*row) for row in await self._database.all(_SQL["owned"], owner_id, *after, limit)]

    async def forget_owned(self, owner_id: str) -> int:
        return await self._database.write(Connection.run, _SQL["forget_owned"], owner_id)

    async def give(self, kinds: Sequence[str], giver_id: str, taker_id: str) -> None:
        await self._database.write(Connection.run, _SQL["give"], taker_id, giver_id, list(kinds))
