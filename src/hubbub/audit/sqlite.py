"""Keep the audit in SQLite: each entry in the transaction of the deed that it tells of."""

import time
from collections.abc import AsyncGenerator, Callable
from types import TracebackType
from typing import Self

import msgspec

from hubbub.audit.chain import FIRST, Entry, Kept, Outcome, Verdict, digest_of, verified
from hubbub.connections.sqlite import Connection, Sqlite, Write, load_sql, read_sql

_SCHEMA = read_sql("hubbub.audit", "schema.sql")
_SQL = load_sql("hubbub.audit", "audit.sql")
PAGE = 500


def record(connection: Connection, entry: Entry) -> None:
    """Append an entry: part of the transaction that does the deed, so that there is neither without the other."""
    number, before = connection.one(_SQL["last"]) or (0, FIRST)
    data = msgspec.json.encode(entry)
    connection.all(_SQL["append"], (number + 1, data.decode(), digest_of(before, number + 1, data)))


class SqliteAudit:
    """The audit in a database file. Whoever writes to the same file calls `record` in a transaction of their own."""

    def __init__(self, database: Sqlite, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def __aenter__(self) -> Self:
        await self._database.migrate("audit", [_SCHEMA])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def recording(
        self, who: str, deed: str, what: str = "", where: str = "", outcome: Outcome = "done", detail: str = ""
    ) -> Write:
        """Return what appends an entry. Called, it does so by itself: for deeds that are not stored in this file."""
        entry = Entry(at=self._clock(), who=who, deed=deed, what=what, where=where, outcome=outcome, detail=detail)
        return self._database.writing(record, entry)

    async def entries(self, after: int = 0) -> AsyncGenerator[Kept]:
        """Yield the entries above a number, in order."""
        while rows := await self._database.read(Connection.all, _SQL["after"], (after, PAGE)):
            for number, entry, digest in rows:
                yield Kept(number, entry.encode(), digest)
            after = rows[-1][0]

    async def verify(self, known: tuple[int, bytes] | None = None) -> Verdict:
        """Check the chain from its first entry on; `known` is an entry's number and digest as they once were."""
        return await verified(self.entries(), known)
