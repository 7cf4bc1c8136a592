"""Give what a guest kept to the person that they signed in as, in PostgreSQL: all that it holds, or nothing of it."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql, read_sql
from hubbub.core.errors import NotFound
from hubbub.identity.guests_sqlite import NOTHING

STEPS = (read_sql("hubbub.identity", "postgres/guests_schema.sql"),)
_SQL = load_sql("hubbub.identity", "postgres/guests.sql")


@dataclass(frozen=True)
class Givable:
    """One kind of things: how they are given to somebody else, and how many somebody has, where that is told."""

    give: Callable[[Connection, str, str], Awaitable[None]]
    count: Callable[[Connection, str], Awaitable[int]] | None = None


Kinds: TypeAlias = Mapping[str, Givable]


class PostgresGuests:
    """A `GuestStore` in PostgreSQL."""

    def __init__(self, database: Postgres, kinds: Kinds, *, lock: Callable[[Connection, str], Awaitable[None]]) -> None:
        """Take the kinds of things that the database holds, in the order in which they are given.

        `lock` keeps away whoever would add to a guest's things meanwhile.
        """
        self._database = database
        self._kinds = kinds
        self._lock = lock

    async def __aenter__(self) -> Self:
        await self._database.migrate("guests", STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def count(self, guest_id: str) -> dict[str, int]:
        return await self._database.read(self._count, guest_id)

    async def taker(self, guest_id: str) -> str | None:
        row = await self._database.one(_SQL["taker"], guest_id)
        return row[0] if row else None

    async def begin(self, guest_id: str, person_id: str) -> dict[str, int]:
        async def give(connection: Connection) -> dict[str, int]:
            if await connection.run(_SQL["begin"], guest_id, person_id, time.time()) == 0:
                raise NotFound(NOTHING)
            await self._lock(connection, guest_id)
            counts = await self._count(connection, guest_id)
            for kind in self._kinds.values():
                await kind.give(connection, guest_id, person_id)
            return counts

        return await self._database.write(give)

    async def finish(self, guest_id: str, person_id: str) -> None:
        await self._database.run(_SQL["finish"], time.time(), guest_id, person_id)

    async def unfinished(self) -> list[tuple[str, str]]:
        return [(guest_id, person_id) for guest_id, person_id in await self._database.all(_SQL["unfinished"])]

    async def taken_by(self, person_id: str) -> list[str]:
        return [row[0] for row in await self._database.all(_SQL["taken_by"], person_id)]

    async def forget_person(self, person_id: str) -> int:
        return await self._database.write(Connection.run, _SQL["forget_person"], person_id)

    async def _count(self, connection: Connection, guest_id: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for name, kind in self._kinds.items():
            if kind.count is not None:
                counts[name] = await kind.count(connection, guest_id)
        return counts


async def count_keys(connection: Connection, person_id: str) -> int:
    """Return how many keys of somebody's hold."""
    row = await connection.one(_SQL["count_keys"], person_id)
    return row[0] if row else 0


async def give_keys(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Let all keys of somebody be somebody else's, as a part of a transaction."""
    await connection.run(_SQL["give_keys"], giver_id, taker_id)
