"""Give what a guest kept to the person that they signed in as, in SQLite: all that the file holds, or nothing of it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias

from hubbub.connections.sqlite import Connection, Sqlite, load_sql, read_sql
from hubbub.core.errors import NotFound

_SCHEMA = read_sql("hubbub.identity", "guests_schema.sql")
_SQL = load_sql("hubbub.identity", "guests.sql")
NOTHING = "There is nothing to take along."


@dataclass(frozen=True)
class Givable:
    """One kind of things: how they are given to somebody else, and how many somebody has, where that is told."""

    give: Callable[[Connection, str, str], None]
    count: Callable[[Connection, str], int] | None = None


Kinds: TypeAlias = Mapping[str, Givable]


class SqliteGuests:
    """Who took along what which guest did, in the database file that chats and keys are in."""

    def __init__(self, database: Sqlite, kinds: Kinds) -> None:
        """Take the kinds of things that the file holds, by their names, in the order in which they are given."""
        self._database = database
        self._kinds = kinds

    async def __aenter__(self) -> Self:
        await self._database.migrate("guests", [_SCHEMA])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def count(self, guest_id: str) -> dict[str, int]:
        """Return how many things of each kind a guest has."""

        def count(connection: Connection) -> dict[str, int]:
            return self._count(connection, guest_id)

        return await self._database.read(count)

    async def taker(self, guest_id: str) -> str | None:
        """Return who took along what a guest did; None: nobody."""
        row = await self._database.read(Connection.one, _SQL["taker"], (guest_id,))
        return row[0] if row else None

    async def begin(self, guest_id: str, person_id: str) -> dict[str, int]:
        """Give a person all that this file holds of a guest, and note that the rest is to follow; returns how many.

        May be done again: what the guest has done since then follows.

        Raises:
            NotFound: somebody else has taken it.
            Conflict: it can't be given now.
        """

        def give(connection: Connection) -> dict[str, int]:
            connection.all(_SQL["begin"], {"guest": guest_id, "person": person_id, "at": time.time()})
            row = connection.one(_SQL["taker"], (guest_id,))
            if row is None or row[0] != person_id:
                raise NotFound(NOTHING)
            counts = self._count(connection, guest_id)
            for kind in self._kinds.values():
                kind.give(connection, guest_id, person_id)
            return counts

        return await self._database.write(give)

    async def finish(self, guest_id: str, person_id: str) -> None:
        """Note that nothing is left to follow."""
        await self._database.write(Connection.all, _SQL["finish"], (time.time(), guest_id, person_id))

    async def unfinished(self) -> list[tuple[str, str]]:
        """Return the guests and persons for whom something is left to follow."""
        rows = await self._database.read(Connection.all, _SQL["unfinished"])
        return [(guest_id, person_id) for guest_id, person_id in rows]

    async def taken_by(self, person_id: str) -> list[str]:
        """Return the guests whose things a person took along."""
        return [row[0] for row in await self._database.read(Connection.all, _SQL["taken_by"], (person_id,))]

    async def forget_person(self, person_id: str) -> int:
        """Forget that a person took anything along."""

        def forget(connection: Connection) -> int:
            connection.all(_SQL["forget_person"], (person_id,))
            return connection.changes()

        return await self._database.write(forget)

    def _count(self, connection: Connection, guest_id: str) -> dict[str, int]:
        return {name: kind.count(connection, guest_id) for name, kind in self._kinds.items() if kind.count is not None}
