"""Keep what was used in SQLite, beside the answers: in the transaction that stores their endings."""

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, cast

import msgspec

from hubbub.connections.sqlite import Connection, Sqlite, Write, load_sql, read_sql
from hubbub.core.identifiers import time_of
from hubbub.usage.base import Amount, Asker, By, Charge, Record, Reservation, Standing, Total
from hubbub.usage.refusals import OverBound

_SCHEMA = read_sql("hubbub.usage", "schema.sql")
_SUMS = (
    "sum(questions), count(*), sum(input_tokens), sum(cached_tokens), sum(output_tokens), sum(reasoning_tokens), "
    "sum(money), sum(is_estimated)"
)
_SQL = {name: query.replace("{sums}", _SUMS) for name, query in load_sql("hubbub.usage", "usage.sql").items()}

KEPT_SECONDS = 40 * 86_400
"""Counters of windows that began before that are of no use any more."""
LOST_SECONDS = 3_600
"""A reservation that is older, and whose answer is not open, was left by a crash."""


class SqliteUsage:
    """A `UsageStore` in a database file."""

    def __init__(self, database: Sqlite, *, has_bounds: bool = True) -> None:
        """Take whether any bound is set. Without, nobody looks for reservations but for those of an earlier run."""
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
        def reserve(connection: Connection) -> None:
            standings = _standings(connection, reservation.charges, reservation.amount)
            over = [one for one in standings if one.used > one.bound.most and _needs(reservation.amount, one)]
            if over and not obliged:
                raise OverBound(over, reservation.amount)
            amount = _values(reservation.amount)
            for charge in reservation.charges:
                one = charge.counter
                connection.all(_SQL["count"], (one.scope, one.subject, one.window, one.start, *amount))
            counters = [
                (c.counter.scope, c.counter.subject, c.counter.window, c.counter.start) for c in reservation.charges
            ]
            connection.all(_SQL["reserve"], (reservation.answer_id, *amount, *_who(reservation.asker), _json(counters)))
            told(standings)

        return self._database.writing(reserve)

    def settling(self, records: Sequence[Record]) -> Write:
        rows = [(record.answer_id, _row(record), _who(record.asker), record.amount) for record in records]
        looks = self._has_reservations

        def settle(connection: Connection) -> None:
            if not looks:
                connection.many(_SQL["record"], [(*row, *who) for _, row, who, _ in rows])
                return
            askers: dict[str, tuple[str, str, str]] = {}
            for answer_id in dict.fromkeys(answer_id for answer_id, *_ in rows):
                used = [amount for of, _, _, amount in rows if of == answer_id]
                if (asker := _give_back(connection, answer_id, used)) is not None:
                    askers[answer_id] = asker
            connection.many(_SQL["record"], [(*row, *askers.get(answer_id, who)) for answer_id, row, who, _ in rows])

        return self._database.writing(settle)

    def releasing(self, answer_id: str) -> Write:
        return self._database.writing(_give_back, answer_id, ())

    async def standings(self, charges: Sequence[Charge]) -> list[Standing]:
        return await self._database.read(_standings, charges, Amount())

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


def _standings(connection: Connection, charges: Sequence[Charge], amount: Amount) -> list[Standing]:
    """Return how bounds stand once an amount is counted in."""
    found: list[Standing] = []
    for charge in charges:
        counter = charge.counter
        row = connection.one(_SQL["counter"], (counter.scope, counter.subject, counter.window, counter.start))
        used = Amount() if row is None else Amount(*row)
        found += [Standing(counter, one, used.of(one.measure) + amount.of(one.measure)) for one in charge.bounds]
    return found


def _needs(amount: Amount, standing: Standing) -> bool:
    """Tell whether an amount is any of what is bounded: what costs nothing passes where the money is gone."""
    return amount.of(standing.bound.measure) > 0


def _give_back(connection: Connection, answer_id: str, used: Sequence[Amount]) -> tuple[str, str, str] | None:
    """Count what was used in place of what was reserved; return for whom that was, None where nothing was."""
    row = connection.one(_SQL["reserved"], (answer_id,))
    if row is None:
        return None
    *reserved, person, key, groups, counters = row
    spent = [sum(one) for one in zip(*map(_values, used), strict=True)] or [0, 0, 0]
    change = [after - before for after, before in zip(spent, reserved, strict=True)]
    for counter in cast(list[list[str | int]], msgspec.json.decode(counters)):
        connection.all(_SQL["correct"], (*counter, *change))
    connection.all(_SQL["release"], (answer_id,))
    return person, key, groups


def _tidy(connection: Connection, now: float) -> bool:
    """Drop what is of no use any more; return whether reservations are left."""
    connection.all(_SQL["forget_counters"], (int(now - KEPT_SECONDS),))
    if connection.one(_SQL["has_reserved"]) is None:
        return False
    has_answers = connection.one(_SQL["has_answers"]) is not None
    for (answer_id,) in connection.all(_SQL["of_no_open_answer" if has_answers else "all_reserved"]):
        if time_of(answer_id) < now - LOST_SECONDS:
            _give_back(connection, answer_id, ())
    return True


def _values(amount: Amount) -> tuple[int, int, int]:
    return amount.questions, amount.tokens, amount.money


def _who(asker: Asker) -> tuple[str, str, str]:
    return asker.person, asker.key, _json(asker.groups) if asker.groups else "[]"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _row(record: Record) -> tuple[str | int, ...]:
    return (
        record.answer_id,
        record.place,
        record.at,
        record.kind,
        record.outcome,
        record.model,
        record.deployment,
        record.questions,
        record.input_tokens,
        record.cached_tokens,
        record.output_tokens,
        record.reasoning_tokens,
        record.money,
        int(record.is_estimated),
    )
