"""Keep the audit in PostgreSQL: each entry in the transaction of the deed that it tells of, one chain for all machines.

An entry's digest needs the one before it, so that only one transaction appends at a time, under an advisory lock. It
is taken last, behind all that the deed does, and held until the commit: deeds wait for each other's commits alone.
"""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec

from hubbub.audit.base import EntryOf, Filter, Found
from hubbub.audit.chain import (
    FIRST,
    PRUNED,
    Entry,
    Kept,
    Verdict,
    digest_of,
    entry_in,
    kept_of,
    pruned_until,
    verified_whole,
)
from hubbub.audit.outbox import Outbox, put_out
from hubbub.audit.sqlite import LOOKED_THROUGH, PAGE, SETTINGS, digests_of, settings_entry
from hubbub.connections.joining import Joining
from hubbub.connections.postgres import Connection, Postgres, PostgresWrite
from hubbub.connections.sql import load_sql, read_sql
from hubbub.connections.sqlite import Connection as FileConnection
from hubbub.core.shown import ShownSetting

STEPS = (read_sql("hubbub.audit", "postgres/schema.sql"),)
_SQL = load_sql("hubbub.audit", "postgres/audit.sql")
LOCK = 0x61756469
"""The advisory lock of whoever appends."""


async def record(connection: Connection, entry: Entry) -> None:
    """Append an entry: the last part of the transaction that does the deed."""
    await connection.all(_SQL["lock"], LOCK)
    await _append(connection, msgspec.json.encode(entry))


class PostgresAudit:
    """The audit in PostgreSQL. Deeds in a file beside it leave their entries in an outbox there, as with SQLite."""

    def __init__(
        self, database: Postgres, *, outboxes: Sequence[Outbox] = (), clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._outboxes = outboxes
        self._clock = clock

    async def __aenter__(self) -> Self:
        await self._database.migrate("audit", STEPS)
        for outbox in self._outboxes:
            await outbox.open()
        await self.collect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def recording(self, entry: Entry) -> PostgresWrite:
        """Return what appends an entry. Called, it does so by itself."""
        return self._database.writing(record, entry)

    def joining(self, entry_of: EntryOf) -> Joining:
        """Return what a write to this database, or to a file with an outbox, joins to itself."""

        async def here(connection: Connection, done: Any) -> None:
            await record(connection, entry_of(done))

        def there(connection: FileConnection, done: Any) -> None:
            put_out(connection, entry_of(done))

        return Joining({self._database: here, **{outbox.database: there for outbox in self._outboxes}})

    async def collect(self) -> None:
        """Append what waits in the outboxes; each once, whoever is killed in between and whoever else does so."""
        for outbox in self._outboxes:
            while waiting := await outbox.waiting():
                await self._database.write(_take, outbox.id, waiting)
                await outbox.drop(waiting[-1][0])

    async def entries(self, after: int = 0) -> AsyncGenerator[Kept]:
        """Yield the entries above a number, in order."""
        while rows := await self._database.all(_SQL["after"], after, PAGE):
            for number, entry, digest in rows:
                yield kept_of(number, entry, digest)
            after = rows[-1][0]

    async def find(self, wanted: Filter, *, before: int = 0, limit: int = 100) -> Found:
        """Return entries that a filter takes, the newest first, looking through a bounded number."""
        place, looked = before or await self.last() + 1, 0
        found: list[tuple[int, Entry]] = []
        while looked < LOOKED_THROUGH:
            rows = await self._database.all(_SQL["before"], place, PAGE)
            for number, text in rows:
                place, looked = number, looked + 1
                entry = entry_in(text)
                if wanted.takes(entry):
                    found.append((number, entry))
                    if len(found) == limit:
                        return Found(found, place)
            if len(rows) < PAGE:
                return Found(found, 0)
        return Found(found, place)

    async def note_settings(self, settings: Sequence[ShownSetting]) -> None:
        """Record which settings are others than when this was called last; not their values."""
        now = digests_of(settings)

        async def note(connection: Connection) -> None:
            await connection.all(_SQL["lock"], LOCK)  # of several workers one records it
            row = await connection.one(_SQL["state"], SETTINGS)
            before = msgspec.json.decode(row[0], type=dict[str, str]) if row else now
            entry = settings_entry(before, now, self._clock())
            if entry is not None:
                await record(connection, entry)
            if entry is not None or row is None:
                await connection.run(_SQL["put_state"], SETTINGS, msgspec.json.encode(now).decode())

        await self._database.write(note)

    async def last(self) -> int:
        """Return the number of the last entry; 0: there is none."""
        row = await self._database.one(_SQL["last"])
        return row[0] if row else 0

    async def prune(self, before: float, *, most: int) -> int:
        """Delete the oldest entries from before a time, in a transaction that records it."""

        async def delete(connection: Connection) -> int:
            await connection.all(_SQL["lock"], LOCK)
            old: list[tuple[int, bytes]] = []
            for number, text, digest in await connection.all(_SQL["oldest"], most):
                if entry_in(text).at >= before:
                    break
                old.append((number, digest))
            if not old:
                return 0
            number, digest = old[-1]
            until = pruned_until(number, digest)
            told = Entry(at=self._clock(), who="", deed=PRUNED, what=until, detail=f"{len(old)} entries")
            await record(connection, told)
            await connection.run(_SQL["start_behind"], number, digest)
            await connection.run(_SQL["delete_until"], number)
            await connection.run(_SQL["forget_starts"], number)
            return len(old)

        return await self._database.write(delete)

    async def verify(self, known: tuple[int, bytes] | None = None) -> Verdict:
        """Check the chain from its first entry on; `known` is an entry's number and digest as they once were."""
        return await verified_whole(self._start, self.entries, known)

    async def _start(self) -> tuple[int, bytes]:
        row = await self._database.one(_SQL["start"])
        return (row[0], row[1]) if row else (0, FIRST)


async def _append(connection: Connection, data: bytes) -> None:
    row = await connection.one(_SQL["last"]) or await connection.one(_SQL["start"])
    number, before = row or (0, FIRST)
    await connection.run(_SQL["append"], number + 1, data.decode(), digest_of(before, number + 1, data))


async def _take(connection: Connection, outbox: str, waiting: Sequence[tuple[int, str]]) -> None:
    """Append those that were not taken over yet."""
    await connection.all(_SQL["lock"], LOCK)
    row = await connection.one(_SQL["taken"], outbox)
    taken = row[0] if row else 0
    for place, entry in waiting:
        if place > taken:
            await _append(connection, entry.encode())
    await connection.run(_SQL["take"], outbox, max(taken, waiting[-1][0]))
