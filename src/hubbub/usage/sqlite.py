"""Keep what was used in SQLite, beside the answers: in the transaction that stores their endings."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Self

import msgspec

from hubbub.connections.sqlite import Connection, Sqlite, Write, read_sql
from hubbub.core.errors import StoreError
from hubbub.core.identifiers import time_of
from hubbub.core.lasting import Lasting
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
from hubbub.usage.counting_sqlite import NOTHING, ROWS, SQL, Counting, Reserved
from hubbub.usage.refusals import OverBound

_SCHEMA = read_sql("hubbub.usage", "schema.sql")
SETTLED_AT_ONCE = 4 * ROWS
"""So many reservations are settled in one transaction, or all at the end of the process."""
logger = logging.getLogger(__name__)


class SqliteUsage:
    """A `UsageStore` in a database file."""

    def __init__(self, database: Sqlite, *, has_bounds: bool = True) -> None:
        """Take whether any bound is set. Without, nobody looks for reservations before there is one."""
        self._database = database
        self._has_bounds = has_bounds
        self._has_reservations = True
        self._ended: dict[str, None] = {}
        """Answers whose reservations are still to be settled, in order; a failed write's, too, which are skipped."""
        self._settling: asyncio.Task[None] | None = None
        self._waits = Lasting(logger)

    async def __aenter__(self) -> Self:
        await self._database.migrate("usage", [_SCHEMA])
        self._has_reservations = await self._database.write(_tidy, time.time()) or self._has_bounds
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._settling is not None:
            await self._settling
        await self._settle_ended()

    def reserving(self, reservation: Reservation, told: Callable[[Standings], None], *, obliged: bool) -> Write:
        self._has_reservations = True
        charges, amount = reservation.charges, reservation.amount.values
        reserved = Reserved(reservation.answer_id, *amount, *_who(reservation.asker), charges.text)

        def reserve(connection: Connection) -> None:
            counting = connection.known(Counting)
            used = counting.count(connection, charges.text, amount)
            if not obliged and charges.over(used, reservation.amount):
                counting.settle(connection)  # what other workers' answers did not use
                used = counting.used(charges.text)
                if over := charges.over(used, reservation.amount):
                    raise OverBound(over, reservation.amount)
            counting.reserve(connection, reserved)
            told(partial(charges.standings, used))

        return self._database.writing(reserve)

    def settling(self, records: Sequence[Record], *, looks: bool = False) -> Write:
        rows = [(record.answer_id, record.values, _who(record.asker)) for record in records]
        used = used_of(records)
        looks = looks or self._has_reservations

        def settle(connection: Connection) -> None:
            askers = connection.known(Counting).end(connection, used) if looks else {}
            connection.many(SQL["record"], [(*row, *askers.get(answer_id, who)) for answer_id, row, who in rows])
            self._ended |= dict.fromkeys(askers)

        if len(self._ended) >= SETTLED_AT_ONCE and (self._settling is None or self._settling.done()):
            self._settling = asyncio.create_task(self._settle_ended())
        return self._database.writing(settle)

    async def _settle_ended(self) -> None:
        """Settle the reservations of answers that ended. Where that fails, it is done with the next ones."""
        ended = list(self._ended)
        if not ended:
            return
        try:
            await self._database.write(lambda connection: connection.known(Counting).settle(connection, ended))
        except StoreError as error:
            self._waits.met("what ended answers had reserved counts until it can be settled", error.for_operators)
        else:
            self._waits.over()
            for answer_id in ended:
                del self._ended[answer_id]

    def releasing(self, answer_id: str) -> Write:
        def release(connection: Connection) -> None:
            connection.known(Counting).give_back(connection, {answer_id: NOTHING})

        return self._database.writing(release)

    async def of_person(self, person: str) -> AsyncGenerator[Mapping[str, str | int]]:
        """Yield what a person used, record by record."""
        after = ""
        while window := await self._window(after):
            rows = await self._database.read(Connection.all, SQL["of_person"], (after, window, person))
            for row in rows:
                yield dict(zip(OF_PERSON, row, strict=True))
            after = window

    async def forget_person(self, person_id: str) -> int:
        """Name a person no more in what was used; the amounts stay, since they are part of sums."""

        def forget(connection: Connection, after: str, window: str) -> int:
            connection.all(SQL["forget_person"], (after, window, person_id))
            return connection.changes()

        after, count = "", 0
        while window := await self._window(after):
            count += await self._database.write(forget, after, window)
            after = window

        def forget_counters(connection: Connection) -> None:
            connection.known(Counting).forget_person(connection, person_id)

        await self._database.write(forget_counters)
        return count

    async def _window(self, after: str) -> str:
        """Return the last id of so many records behind one: what is looked through at a time."""
        row = await self._database.read(Connection.one, SQL["window"], (after, WINDOW))
        return row[0] if row and row[0] else ""

    async def standings(self, charges: Sequence[Charge]) -> list[Standing]:
        return await self._database.read(_standings, charges)

    async def report(self, by: By, start: int, end: int, offsets: Sequence[tuple[int, str]] = ()) -> list[Total]:
        if by != "day":
            rows = await self._database.read(Connection.all, SQL[f"by_{by}"], (start, end))
            return [Total(*row) for row in rows]

        def by_days(connection: Connection) -> list[Total]:
            found: list[Total] = []
            ends = [begin for begin, _ in offsets[1:]] + [end]
            for (begin, name), until in zip(offsets, ends, strict=True):
                rows = connection.all(SQL["in_all"], (max(begin, start), min(until, end)))
                found += [Total(name, *row[1:]) for row in rows]
            return found

        return await self._database.read(by_days)


def _standings(connection: Connection, charges: Sequence[Charge]) -> list[Standing]:
    """Return how bounds stand, without what was reserved for answers that ended."""
    excess: dict[CounterRow, list[int]] = {}
    for counters, *too_much in connection.all(SQL["excess"]):
        for counter in msgspec.json.decode(counters, type=list[CounterRow]):
            excess[counter] = [sum(pair) for pair in zip(excess.get(counter, NOTHING), too_much, strict=True)]
    found: list[Standing] = []
    for charge in charges:
        row = connection.one(SQL["counter"], charge.counter.row) or NOTHING
        too_much = excess.get(charge.counter.row, NOTHING)
        used = Amount(*(counted - more for counted, more in zip(row, too_much, strict=True)))
        found += [Standing(charge.counter, one, used.of(one.measure)) for one in charge.bounds]
    return found


def _tidy(connection: Connection, now: float) -> bool:
    """Drop what is of no use any more; return whether reservations are left."""
    connection.all(SQL["forget_counters"], (int(now - KEPT_SECONDS),))
    if connection.one(SQL["has_reserved"]) is None:
        return False
    counting = connection.known(Counting)
    counting.settle(connection)
    has_answers = connection.one(SQL["has_answers"]) is not None
    kept = connection.all(SQL["of_no_open_answer" if has_answers else "all_reserved"])
    lost = {key: NOTHING for (key,) in kept if time_of(key) < now - LOST_SECONDS}
    counting.give_back(connection, lost)
    return True


def _who(asker: Asker) -> tuple[str, str, str]:
    return asker.person, asker.key, msgspec.json.encode(asker.groups).decode() if asker.groups else "[]"
