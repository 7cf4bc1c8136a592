"""Keep what was used in SQLite, beside the answers: in the transaction that stores their endings."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Self, cast

import msgspec

from hubbub.connections.sqlite import Connection, Row, Sqlite, Value, Write, load_sql, read_sql
from hubbub.core.identifiers import time_of
from hubbub.usage.base import (
    KEPT_SECONDS,
    LOST_SECONDS,
    OF_PERSON,
    WINDOW,
    Amount,
    Asker,
    By,
    Charge,
    Record,
    Reservation,
    Standing,
    Total,
    needs,
    used_of,
)
from hubbub.usage.refusals import OverBound

_SCHEMA = read_sql("hubbub.usage", "schema.sql")
_SQL = load_sql("hubbub.usage", "usage.sql")
ROWS = 16
"""So many rows are bound in one statement: few enough that statements of each number of rows stay prepared."""


class SqliteUsage:
    """A `UsageStore` in a database file."""

    def __init__(self, database: Sqlite, *, has_bounds: bool = True) -> None:
        """Take whether any bound is set. Without, nobody looks for reservations before there is one."""
        self._database = database
        self._has_bounds = has_bounds
        self._has_reservations = True

    async def __aenter__(self) -> Self:
        await self._database.migrate("usage", [_SCHEMA])
        self._has_reservations = await self._database.write(_tidy, time.time()) or self._has_bounds
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def reserving(
        self, reservation: Reservation, told: Callable[[Sequence[Standing]], None], *, obliged: bool
    ) -> Write:
        self._has_reservations = True
        counters = [_counter(charge) for charge in reservation.charges]
        amount = reservation.amount.values
        values = (reservation.answer_id, *amount, *_who(reservation.asker), _json(counters))
        rows = [(*counter, *amount) for counter in counters]

        def reserve(connection: Connection) -> None:
            # Counted first and undone where it is too much: a statement less, and most are not refused.
            counted = {row[:3]: Amount(*row[3:]) for row in _with_rows(connection, "count", rows)}
            standings = [
                Standing(charge.counter, one, counted[counter[:3]].of(one.measure))
                for charge, counter in zip(reservation.charges, counters, strict=True)
                for one in charge.bounds
            ]
            over = [one for one in standings if one.used > one.bound.most and needs(reservation.amount, one)]
            if over and not obliged:
                raise OverBound(over, reservation.amount)
            connection.all(_SQL["reserve"], values)
            told(standings)

        return self._database.writing(reserve)

    def settling(self, records: Sequence[Record]) -> Write:
        rows = [(record.answer_id, record.values, _who(record.asker)) for record in records]
        used = used_of(records)
        looks = self._has_reservations

        def settle(connection: Connection) -> None:
            askers = _give_back(connection, used) if looks else {}
            connection.many(_SQL["record"], [(*row, *askers.get(answer_id, who)) for answer_id, row, who in rows])

        return self._database.writing(settle)

    def releasing(self, answer_id: str) -> Write:
        return self._database.writing(_give_back, {answer_id: [0, 0, 0]})

    async def of_person(self, person: str) -> AsyncGenerator[Mapping[str, str | int]]:
        """Yield what a person used, record by record."""
        after = ""
        while window := await self._window(after):
            rows = await self._database.read(Connection.all, _SQL["of_person"], (after, window, person))
            for row in rows:
                yield dict(zip(OF_PERSON, row, strict=True))
            after = window

    async def forget_person(self, person_id: str) -> int:
        """Name a person no more in what was used; the amounts stay, since they are part of sums."""

        def forget(connection: Connection, after: str, window: str) -> int:
            connection.all(_SQL["forget_person"], (after, window, person_id))
            return connection.changes()

        after, count = "", 0
        while window := await self._window(after):
            count += await self._database.write(forget, after, window)
            after = window
        await self._database.write(Connection.all, _SQL["forget_counters_of"], (person_id,))
        return count

    async def _window(self, after: str) -> str:
        """Return the last id of so many records behind one: what is looked through at a time."""
        row = await self._database.read(Connection.one, _SQL["window"], (after, WINDOW))
        return row[0] if row and row[0] else ""

    async def standings(self, charges: Sequence[Charge]) -> list[Standing]:
        return await self._database.read(_standings, charges)

    async def report(self, by: By, start: int, end: int, offsets: Sequence[tuple[int, str]] = ()) -> list[Total]:
        if by != "day":
            rows = await self._database.read(Connection.all, _SQL[f"by_{by}"], (start, end))
            return [Total(*row) for row in rows]

        def by_days(connection: Connection) -> list[Total]:
            found: list[Total] = []
            ends = [begin for begin, _ in offsets[1:]] + [end]
            for (begin, name), until in zip(offsets, ends, strict=True):
                rows = connection.all(_SQL["in_all"], (max(begin, start), min(until, end)))
                found += [Total(name, *row[1:]) for row in rows]
            return found

        return await self._database.read(by_days)


def _standings(connection: Connection, charges: Sequence[Charge]) -> list[Standing]:
    """Return how bounds stand."""
    found: list[Standing] = []
    for charge in charges:
        row = connection.one(_SQL["counter"], _counter(charge))
        used = Amount() if row is None else Amount(*row)
        found += [Standing(charge.counter, one, used.of(one.measure)) for one in charge.bounds]
    return found


def _counter(charge: Charge) -> tuple[str, str, str, int]:
    counter = charge.counter
    return counter.scope, counter.subject, counter.window, counter.start


def _give_back(connection: Connection, used: Mapping[str, Sequence[int]]) -> dict[str, tuple[str, str, str]]:
    """Count what answers used in place of what was reserved for them; return for whom that was."""
    askers: dict[str, tuple[str, str, str]] = {}
    changes: dict[tuple[str | int, ...], list[int]] = {}
    for answer_id, *reserved, person, key, groups, counters in _with_rows(
        connection, "release", [(answer_id,) for answer_id in used]
    ):
        askers[answer_id] = (person, key, groups)
        for counter in cast(list[list[str | int]], msgspec.json.decode(counters)):
            change = changes.setdefault(tuple(counter), [0, 0, 0])
            for place, (after, before) in enumerate(zip(used[answer_id], reserved, strict=True)):
                change[place] += after - before
    if rows := [(*counter, *change) for counter, change in changes.items() if any(change)]:
        _with_rows(connection, "correct", rows)
    return askers


def _with_rows(connection: Connection, name: str, rows: Sequence[Sequence[Value]]) -> list[Row]:
    """Run a statement over rows, which are all as wide, and return what it returns."""
    found: list[Row] = []
    for start in range(0, len(rows), ROWS):
        some = rows[start : start + ROWS]
        found += connection.all(_statement(name, len(some), len(some[0])), [value for row in some for value in row])
    return found


@lru_cache(maxsize=8 * ROWS)
def _statement(name: str, rows: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return _SQL[name].replace("{rows}", ", ".join([row] * rows))


def _tidy(connection: Connection, now: float) -> bool:
    """Drop what is of no use any more; return whether reservations are left."""
    connection.all(_SQL["forget_counters"], (int(now - KEPT_SECONDS),))
    if connection.one(_SQL["has_reserved"]) is None:
        return False
    has_answers = connection.one(_SQL["has_answers"]) is not None
    kept = connection.all(_SQL["of_no_open_answer" if has_answers else "all_reserved"])
    _give_back(connection, {key: (0, 0, 0) for (key,) in kept if time_of(key) < now - LOST_SECONDS})
    return True


def _who(asker: Asker) -> tuple[str, str, str]:
    return asker.person, asker.key, _json(asker.groups) if asker.groups else "[]"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
