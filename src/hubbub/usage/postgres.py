"""Keep what was used in PostgreSQL, beside the answers: in the transaction that stores their endings."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Self

import msgspec

from hubbub.connections.postgres import Connection, Postgres, PostgresWrite
from hubbub.connections.sql import load_sql, read_sql
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
    CounterRow,
    Record,
    Reservation,
    Standing,
    Standings,
    Total,
    used_of,
)
from hubbub.usage.refusals import OverBound

STEPS = (read_sql("hubbub.usage", "postgres/schema.sql"),)
_SQL = load_sql("hubbub.usage", "postgres/usage.sql")


class PostgresUsage:
    """A `UsageStore` in PostgreSQL."""

    def __init__(self, database: Postgres, *, has_bounds: bool = True) -> None:
        """Take whether any bound is set. Without, nobody looks for reservations before there is one."""
        self._database = database
        self._has_bounds = has_bounds
        self._has_reservations = True

    async def __aenter__(self) -> Self:
        await self._database.migrate("usage", STEPS)
        self._has_reservations = await self._database.write(_tidy, time.time()) or self._has_bounds
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def reserving(self, reservation: Reservation, told: Callable[[Standings], None], *, obliged: bool) -> PostgresWrite:
        self._has_reservations = True
        charges = reservation.charges
        amount = reservation.amount.values
        values = (reservation.answer_id, *amount, *_who(reservation.asker), charges.text)

        async def reserve(connection: Connection) -> None:
            # Counted first and undone where it is too much: a statement less, and most are not refused.
            counted = await connection.all(_SQL["count"], *_columns(charges.rows, 4), *amount)
            of_counters = {tuple(row)[:3]: tuple(row)[3:] for row in counted}
            used = [of_counters[row[:3]] for row in charges.rows]
            if not obliged and (over := charges.over(used, reservation.amount)):
                raise OverBound(over, reservation.amount)
            await connection.run(_SQL["reserve"], *values)
            told(partial(charges.standings, used))

        return self._database.writing(reserve)

    def settling(self, records: Sequence[Record], *, looks: bool = False) -> PostgresWrite:
        rows = [(record.answer_id, record.values, _who(record.asker)) for record in records]
        used = used_of(records)
        looks = looks or self._has_reservations

        async def settle(connection: Connection) -> None:
            askers = await _give_back(connection, used) if looks else {}
            await connection.many(_SQL["record"], [(*row, *askers.get(answer_id, who)) for answer_id, row, who in rows])

        return self._database.writing(settle)

    def releasing(self, answer_id: str) -> PostgresWrite:
        return self._database.writing(_give_back, {answer_id: [0, 0, 0]})

    async def of_person(self, person: str) -> AsyncGenerator[Mapping[str, str | int]]:
        """Yield what a person used, record by record."""
        after = ""
        while window := await self._window(after):
            for row in await self._database.all(_SQL["of_person"], after, window, person):
                yield dict(zip(OF_PERSON, row, strict=True))
            after = window

    async def forget_person(self, person_id: str) -> int:
        """Name a person no more in what was used; the amounts stay, since they are part of sums."""
        after, count = "", 0
        while window := await self._window(after):
            count += await self._database.run(_SQL["forget_person"], after, window, person_id)
            after = window
        await self._database.run(_SQL["forget_counters_of"], person_id)
        return count

    async def _window(self, after: str) -> str:
        row = await self._database.one(_SQL["window"], after, WINDOW)
        return row[0] if row and row[0] else ""

    async def standings(self, charges: Sequence[Charge]) -> list[Standing]:
        return await self._database.read(_standings, charges)

    async def report(self, by: By, start: int, end: int, offsets: Sequence[tuple[int, str]] = ()) -> list[Total]:
        if by != "day":
            return [Total(*row) for row in await self._database.all(_SQL[f"by_{by}"], start, end)]

        async def by_days(connection: Connection) -> list[Total]:
            found: list[Total] = []
            ends = [begin for begin, _ in offsets[1:]] + [end]
            for (begin, name), until in zip(offsets, ends, strict=True):
                rows = await connection.all(_SQL["in_all"], max(begin, start), min(until, end))
                found += [Total(name, *tuple(row)[1:]) for row in rows]
            return found

        return await self._database.read(by_days)


async def _standings(connection: Connection, charges: Sequence[Charge]) -> list[Standing]:
    """Return how bounds stand."""
    found: list[Standing] = []
    for charge in charges:
        row = await connection.one(_SQL["counter"], *charge.counter.row)
        used = Amount() if row is None else Amount(*row)
        found += [Standing(charge.counter, one, used.of(one.measure)) for one in charge.bounds]
    return found


async def _give_back(
    connection: Connection, used: Mapping[str, Sequence[int]]
) -> dict[str, tuple[str, str, list[str]]]:
    """Count what answers used in place of what was reserved for them; return for whom that was."""
    askers: dict[str, tuple[str, str, list[str]]] = {}
    changes: dict[CounterRow, list[int]] = {}
    for answer_id, *reserved, person, key, groups, counters in await connection.all(_SQL["release"], list(used)):
        askers[answer_id] = (person, key, groups)
        for counter in msgspec.json.decode(counters, type=list[CounterRow]):
            change = changes.setdefault(counter, [0, 0, 0])
            for place, (after, before) in enumerate(zip(used[answer_id], reserved, strict=True)):
                change[place] += after - before
    if rows := [(*counter, *change) for counter, change in changes.items() if any(change)]:
        await connection.run(_SQL["correct"], *_columns(rows, 7))
    return askers


async def _tidy(connection: Connection, now: float) -> bool:
    """Drop what is of no use any more; return whether reservations are left."""
    await connection.run(_SQL["forget_counters"], int(now - KEPT_SECONDS))
    if await connection.one(_SQL["has_reserved"]) is None:
        return False
    has_answers = await connection.one(_SQL["has_answers"]) is not None
    kept = await connection.all(_SQL["of_no_open_answer" if has_answers else "all_reserved"])
    lost = {answer_id: used for answer_id, *used in kept if any(used) or time_of(answer_id) < now - LOST_SECONDS}
    await _give_back(connection, lost)
    return True


def _columns(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    """Return rows as one list a column, as `unnest` takes them."""
    return [[row[column] for row in rows] for column in range(width)]


def _who(asker: Asker) -> tuple[str, str, list[str]]:
    return asker.person, asker.key, list(asker.groups)
