"""Keep API keys in PostgreSQL."""

from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Self

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql, read_sql
from hubbub.core.errors import Conflict
from hubbub.identity.base import Key, key_of, limits_text

STEPS = tuple(read_sql("hubbub.identity", f"postgres/{name}.sql") for name in ("schema", "scopes"))
_SQL = load_sql("hubbub.identity", "postgres/keys.sql")


class PostgresKeys:
    """A `Keys` in PostgreSQL."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("identity", STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def add(self, key: Key, digest: bytes) -> None:
        async def insert(connection: Connection) -> None:
            whose = (key.person_id, key.created_at, key.expires_at, key.owner_id, limits_text(key))
            values = (key.id, digest, key.name, *whose)
            if await connection.run(_SQL["add"], *values):
                return
            if await connection.one(_SQL["is_taken"], key.name, key.owner_id):
                raise Conflict(f"There is an API key {key.name!r} already. Revoke it first, or choose another name.")
            raise Conflict("There is an API key with this id already.")

        await self._database.write(insert)

    async def find(self, digest: bytes) -> Key | None:
        row = await self._database.one(_SQL["find"], digest)
        return key_of(row) if row else None

    async def keys(self) -> list[Key]:
        return [key_of(row) for row in await self._database.all(_SQL["keys"])]

    async def revoke(self, key_id: str, at: float) -> None:
        await self._database.run(_SQL["revoke"], at, key_id)

    async def forget_person(self, person_id: str) -> int:
        return await self._database.write(Connection.run, _SQL["forget_person"], person_id)

    async def ended(self, key_ids: Collection[str], now: float) -> frozenset[str]:
        return frozenset([row[0] for row in await self._database.all(_SQL["ended"], list(key_ids), now)])

    async def note_use(self, times: Mapping[str, float]) -> None:
        rows = sorted(times.items())  # in one order everywhere: two workers never wait for each other
        await self._database.write(
            Connection.run, _SQL["note_use"], [key_id for key_id, _ in rows], [at for _, at in rows]
        )
