"""Keep the audit in SQLite: each entry in the transaction of the deed that it tells of."""

import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
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
from hubbub.connections.joining import Joining
from hubbub.connections.sqlite import Connection, Sqlite, Write, load_sql, read_sql
from hubbub.core.shown import ShownSetting

_STEPS = [read_sql("hubbub.audit", "schema.sql"), read_sql("hubbub.audit", "pruned.sql")]
_SQL = load_sql("hubbub.audit", "audit.sql")
PAGE = 500
SETTINGS, MOST_TOLD = "settings", 20
LOOKED_THROUGH = 20_000
"""So many entries are looked through for a page of those that a filter takes: some 30 ms."""


def record(connection: Connection, entry: Entry) -> None:
    """Append an entry: part of the transaction that does the deed, so that there is neither without the other."""
    _append(connection, msgspec.json.encode(entry))


class SqliteAudit:
    """The audit in a database file. Whoever writes to the same file calls `record` in a transaction of their own.

    Deeds in other files leave their entries in an outbox there, which is emptied before they are acknowledged, and
    when the audit is opened.
    """

    def __init__(
        self, database: Sqlite, *, outboxes: Sequence[Outbox] = (), clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._outboxes = outboxes
        self._clock = clock

    async def __aenter__(self) -> Self:
        await self._database.migrate("audit", _STEPS)
        for outbox in self._outboxes:
            await outbox.open()
        await self.collect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def recording(self, entry: Entry) -> Write:
        """Return what appends an entry. Called, it does so by itself."""
        return self._database.writing(record, entry)

    def joining(self, entry_of: EntryOf) -> Joining:
        """Return what a write to this file, or to one with an outbox, joins to itself."""

        def here(connection: Connection, done: Any) -> None:
            record(connection, entry_of(done))

        def there(connection: Connection, done: Any) -> None:
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
        while rows := await self._database.read(Connection.all, _SQL["after"], (after, PAGE)):
            for number, entry, digest in rows:
                yield kept_of(number, entry, digest)
            after = rows[-1][0]

    async def find(self, wanted: Filter, *, before: int = 0, limit: int = 100) -> Found:
        """Return entries that a filter takes, the newest first, looking through a bounded number."""
        place, looked = before or await self.last() + 1, 0
        found: list[tuple[int, Entry]] = []
        while looked < LOOKED_THROUGH:
            rows = await self._database.read(Connection.all, _SQL["before"], (place, PAGE))
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

        def note(connection: Connection) -> None:
            row = connection.one(_SQL["state"], (SETTINGS,))
            before = msgspec.json.decode(row[0], type=dict[str, str]) if row else now
            entry = settings_entry(before, now, self._clock())
            if entry is not None:
                record(connection, entry)
            if entry is not None or row is None:
                connection.all(_SQL["put_state"], (SETTINGS, msgspec.json.encode(now).decode()))

        await self._database.write(note)

    async def last(self) -> int:
        """Return the number of the last entry; 0: there is none."""
        row = await self._database.read(Connection.one, _SQL["last"])
        return row[0] if row else 0

    async def prune(self, before: float, *, most: int) -> int:
        """Delete the oldest entries from before a time, in a transaction that records it."""

        def delete(connection: Connection) -> int:
            old: list[tuple[int, bytes]] = []
            for number, text, digest in connection.all(_SQL["oldest"], (most,)):
                if entry_in(text).at >= before:
                    break
                old.append((number, digest))
            if not old:
                return 0
            number, digest = old[-1]
            until = pruned_until(number, digest)
            record(connection, Entry(at=self._clock(), who="", deed=PRUNED, what=until, detail=f"{len(old)} entries"))
            connection.all(_SQL["start_behind"], (number, digest))
            connection.all(_SQL["delete_until"], (number,))
            connection.all(_SQL["forget_starts"], (number,))
            return len(old)

        return await self._database.write(delete)

    async def verify(self, known: tuple[int, bytes] | None = None) -> Verdict:
        """Check the chain from its first entry on; `known` is an entry's number and digest as they once were."""
        return await verified_whole(self._start, self.entries, known)

    async def _start(self) -> tuple[int, bytes]:
        row = await self._database.read(Connection.one, _SQL["start"])
        return (row[0], row[1]) if row else (0, FIRST)


def digests_of(settings: Sequence[ShownSetting]) -> dict[str, str]:
    """Return what settings are compared by."""
    return {one.name: hashlib.sha256(one.value.encode()).hexdigest()[:16] for one in settings}


def settings_entry(before: Mapping[str, str], now: Mapping[str, str], at: float) -> Entry | None:
    """Return the entry that says which settings are others now; None: none is."""
    changed = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
    if not changed:
        return None
    told = ", ".join(changed[:MOST_TOLD]) + (" …" if len(changed) > MOST_TOLD else "")
    return Entry(at=at, who="", deed="settings changed", where="the server", detail=told)


def _append(connection: Connection, data: bytes) -> None:
    number, before = connection.one(_SQL["last"]) or connection.one(_SQL["start"]) or (0, FIRST)
    connection.all(_SQL["append"], (number + 1, data.decode(), digest_of(before, number + 1, data)))


def _take(connection: Connection, outbox: str, waiting: Sequence[tuple[int, str]]) -> None:
    """Append those that were not taken over yet."""
    row = connection.one(_SQL["taken"], (outbox,))
    taken = row[0] if row else 0
    for place, entry in waiting:
        if place > taken:
            _append(connection, entry.encode())
    connection.all(_SQL["take"], (outbox, max(taken, waiting[-1][0])))
