"""Keep the audit in PostgreSQL: each entry in the transaction of the deed that it tells of."""

import time
from collections.abc import AsyncGenerator, Callable
from types import TracebackType
from typing import Self

import msgspec

from hubbub.audit.chain import FIRST, Entry, Kept, Outcome, Verdict, digest_of, verified
from hubbub.connections.postgres import Connection, Postgres, PostgresWrite
from hubbub.connections.sql import load_sql, read_sql

STEPS = (read_sql("hubbub.audit", "postgres/schema.sql"),)
_SQL = load_sql("hubbub.audit", "postgres/audit.sql")
PAGE = 500


async def record(connection: Connection, entry: Entry) -> None:
    """Append an entry: part of the transaction that does the deed, so that there is neither without the other.

    Whoever appends at the same time waits for the transaction's end: call it last.
    """
    await connection.all(_SQL["lock"])
    number, before = await connection.one(_SQL["last"]) or (0, FIRST)
    data = msgspec.json.encode(entry)
    await connection.run(_SQL["append"], number + 1, data.decode(), digest_of(before, number + 1, data))


class PostgresAudit:
    """The audit in PostgreSQL. Whoever writes to the same database calls `record` in a transaction of their own."""

    def __init__(self, database: Postgres, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def __aenter__(self) -> Self:
        await self._database.migrate("audit", STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def recording(
        self, who: str, deed: str, what: str = "", where: str = "", outcome: Outcome = "done", detail: str = ""
    ) -> PostgresWrite:
        """Return what appends an entry. Called, it does so by itself: for deeds that are not stored here."""
        entry = Entry(at=self._clock(), who=who, deed=deed, what=what, where=where, outcome=outcome, detail=detail)
        return self._database.writing(record, entry)

    async def entries(self, after: int = 0) -> AsyncGenerator[Kept]:
        """Yield the entries above a number, in order."""
        while rows := await self._database.all(_SQL["after"], after, PAGE):
            for number, entry, digest in rows:
                yield Kept(number, entry.encode(), digest)
            after = rows[-1][0]

    async def verify(self, known: tuple[int, bytes] | None = None) -> Verdict:
        """Check the chain from its first entry on; `known` is an entry's number and digest as they once were."""
        return await verified(self.entries(), known)
