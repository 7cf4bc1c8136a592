"""Keep API keys in SQLite."""

from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Self

import msgspec

from hubbub.connections.sqlite import Connection, Sqlite, load_sql, read_sql
from hubbub.core.errors import Conflict
from hubbub.identity.base import Key, key_of, limits_text

_SCHEMA = tuple(read_sql("hubbub.identity", f"{name}.sql") for name in ("schema", "scopes"))
_SQL = load_sql("hubbub.identity", "keys.sql")
_GIVING = load_sql("hubbub.identity", "giving.sql")


class SqliteKeys:
    """A `Keys` in a database file."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("identity", _SCHEMA)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def add(self, key: Key, digest: bytes) -> None:
        def insert(connection: Connection) -> None:
            if connection.one(_SQL["is_taken"], (key.name, key.owner_id)):
                raise Conflict(f"There is an API key {key.name!r} already. Revoke it first, or choose another name.")
            whose = (key.person_id, key.created_at, key.expires_at, key.owner_id, limits_text(key))
            values = (key.id, digest, key.name, *whose)
            connection.all(_SQL["add"], values)
            if connection.changes() == 0:
                raise Conflict("There is an API key with this id already.")

        await self._database.write(insert)

    async def find(self, digest: bytes) -> Key | None:
        row = await self._database.read(Connection.one, _SQL["find"], (digest,))
        return key_of(row) if row else None

    async def keys(self) -> list[Key]:
        return [key_of(row) for row in await self._database.read(Connection.all, _SQL["keys"])]

    async def revoke(self, key_id: str, at: float) -> None:
        await self._database.write(Connection.all, _SQL["revoke"], (at, key_id))

    async def ended(self, key_ids: Collection[str], now: float) -> frozenset[str]:
        ids = msgspec.json.encode(list(key_ids)).decode()
        return frozenset(row[0] for row in await self._database.read(Connection.all, _SQL["ended"], (ids, now)))

    async def note_use(self, times: Mapping[str, float]) -> None:
        rows = [(at, key_id) for key_id, at in times.items()]
        await self._database.write(Connection.many, _SQL["note_use"], rows)


def count_keys(connection: Connection, person_id: str) -> int:
    """Return how many keys of somebody's hold."""
    row = connection.one(_GIVING["count_keys"], (person_id,))
    return row[0] if row else 0


def give_keys(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Let all keys of somebody be somebody else's, as a part of a transaction."""
    connection.all(_GIVING["give_keys"], (taker_id, giver_id))
