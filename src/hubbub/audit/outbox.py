"""Keep entries beside deeds that are stored in another file, until the audit has taken them over."""

from collections.abc import Sequence

import msgspec

from hubbub.audit.chain import Entry
from hubbub.connections.sqlite import Connection, Sqlite, load_sql, read_sql

_SCHEMA = read_sql("hubbub.audit", "outbox.sql")
_SQL = load_sql("hubbub.audit", "audit.sql")
AT_ONCE = 100


class Outbox:
    """Entries in the transactions of the deeds that they tell of. A kill loses none: they are taken over later."""

    def __init__(self, database: Sqlite) -> None:
        self.database = database
        self._id = ""

    async def open(self) -> None:
        """Make the tables."""
        await self.database.migrate("outbox", [_SCHEMA])
        row = await self.database.read(Connection.one, _SQL["outbox_id"])
        self._id = str(row[0]) if row else ""

    @property
    def id(self) -> str:
        """What tells this file apart from one that is put in its place."""
        return self._id

    async def waiting(self) -> Sequence[tuple[int, str]]:
        """Return the oldest entries that wait, with their places."""
        return [(row[0], row[1]) for row in await self.database.read(Connection.all, _SQL["waiting"], (AT_ONCE,))]

    async def drop(self, place: int) -> None:
        """Forget the entries up to a place: they are kept elsewhere."""
        await self.database.write(Connection.all, _SQL["taken_over"], (place,))


def put_out(connection: Connection, entry: Entry) -> None:
    """Leave an entry to be taken over: part of the transaction that does the deed."""
    connection.all(_SQL["put_out"], (msgspec.json.encode(entry).decode(),))
