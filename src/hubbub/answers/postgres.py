"""Keep the logs of answers in PostgreSQL, for the workers of any number of machines."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import Self

import msgspec

from hubbub.answers.base import NOBODY, Beside, Found, GivenUp, News, Peer, Record, Whole
from hubbub.answers.journal import Batch, Journal, portions_of, range_of, records_among, records_of, split
from hubbub.connections.alive import has_ended, this_process
from hubbub.connections.postgres import Connection, Postgres, PostgresWrite, Row
from hubbub.connections.postgres_faults import InTheWay, Unreachable
from hubbub.connections.sql import load_sql, read_sql
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict, StoreError, StoreLost

STEPS = tuple(read_sql("hubbub.answers", f"postgres/{name}.sql") for name in ("schema", "trace", "process"))
_SQL = load_sql("hubbub.answers", "postgres/answers.sql")

PORTIONS_AT_ONCE = 4
PATIENCE_SECONDS = 8.0
"""So long events wait for transactions that are in their way, before their answers are told."""
AGAIN_SECONDS = 0.2


class PostgresAnswers:
    """A `SharedStore` in PostgreSQL. All times are of the database's clock: those of machines differ.

    Entering makes this a worker of its own; leaving takes it off the list.
    """

    def __init__(self, database: Postgres, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._journal = Journal(clock)
        self.beside_endings: Callable[[Sequence[Answer]], Beside] | None = None
        self.on_news: Callable[[], None] = lambda: None
        """Called when others have stored something that may matter here. Set by who looks."""
        self._is_heard = False
        """Whether others are there that listen."""
        self._follows = False
        self._ahead_seconds = 0.0
        """How far the database's clock is ahead of this process's monotonic one."""
        self._cursors: dict[int, int] = {}
        """By worker, the place from which on its journal has not been seen here."""

    async def __aenter__(self) -> Self:
        await self._database.migrate("answers", STEPS)
        self._journal.join(await self._database.write(_join))
        await self._read_clock()
        self._database.listen(self._hear)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._database.commits.run(_SQL["leave"], self._journal.worker)

    def now(self) -> float:
        """Return the database's time, in seconds since the epoch."""
        return time.monotonic() + self._ahead_seconds

    async def open(
        self,
        answer_id: str,
        owner_id: str,
        grace_seconds: float | None = None,
        keep_seconds: float | None = None,
        beside: Beside | None = None,
        credential: str | None = None,
        trace: str | None = None,
    ) -> None:
        along = self._along(beside)
        number = self._journal.worker
        values = (answer_id, owner_id, number, self._journal.place, grace_seconds, keep_seconds, credential, trace)

        async def insert(connection: Connection) -> None:
            await _check_member(connection, number)
            if await connection.run(_SQL["open"], *values) == 0:
                raise Conflict("There is an answer with this id already.")
            if along is not None:
                await along.work(connection)

        await self._database.write(insert)
        if beside is not None and along is None:
            try:
                await beside()
            except BaseException:
                with contextlib.suppress(StoreError):  # on a full disk nothing can be forgotten either
                    await self.forget([answer_id])
                raise

    async def open_for_others(
        self,
        answer_id: str,
        owner_id: str,
        grace_seconds: float | None = None,
        keep_seconds: float | None = None,
        records: Sequence[Record] = (),
        beside: Beside | None = None,
        credential: str | None = None,
        trace: str | None = None,
    ) -> None:
        along = self._along(beside)
        values = (answer_id, owner_id, NOBODY, range_of(NOBODY)[0], grace_seconds, keep_seconds, credential, trace)

        async def insert(connection: Connection) -> None:
            if await connection.run(_SQL["open"], *values) == 0:
                raise Conflict("There is an answer with this id already.")
            if records:
                await connection.run(_SQL["settle"], *_columns(portions_of(answer_id, records), 3))
            if along is not None:
                await along.work(connection)

        if beside is not None and along is None:
            await beside()
        await self._database.write(insert)

    async def take_in(self, owner_id: str, answers: Sequence[Whole], beside: Beside) -> None:
        along = self._along(beside)

        async def insert(connection: Connection) -> None:
            await _insert_whole(connection, owner_id, answers)
            if along is not None:
                await along.work(connection)

        await self._database.write(insert)
        if along is None:
            try:
                await beside()
            except BaseException:
                with contextlib.suppress(StoreError):
                    await self.forget([one.answer.id for one in answers])
                raise

    def _along(self, beside: Beside | None) -> PostgresWrite | None:
        """Return what goes into the same transaction, since it goes into the same database."""
        return beside if isinstance(beside, PostgresWrite) and beside.database is self._database else None

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        batch = self._journal.batch(records, ended)
        beside = self.beside_endings(ended) if self.beside_endings is not None and ended else None
        along = self._along(beside)
        await self._append_surely(batch, along)
        self._journal.stored(batch)
        if beside is not None and along is None:
            await beside()

    async def _append_surely(self, batch: Batch, along: PostgresWrite | None) -> None:
        """Store a batch. Where a connection was lost it may have been stored, or be stored yet: frozen servers wake up.

        A second time it changes nothing, but another one in its place would: so it is sent until that is known.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        may_be_stored = False
        while True:
            try:
                return await self._append(batch, along)
            except (GivenUp, StoreLost):
                raise
            except StoreError as error:
                may_be_stored |= isinstance(error, Unreachable)
                if not may_be_stored and not (isinstance(error, InTheWay) and time.monotonic() <= until):
                    raise
            await asyncio.sleep(AGAIN_SECONDS)

    async def _append(self, batch: Batch, along: PostgresWrite | None) -> None:
        floor = batch.cleared if batch.floor is None else batch.floor
        values = (
            batch.worker,
            batch.place,
            batch.lines,
            *_columns(batch.portions, 3),
            *_columns(batch.results, 2),
            batch.cleared,
            floor,
            self._is_heard,
        )

        async def insert(connection: Connection) -> None:
            if await connection.one(_SQL["append"], *values) is None:
                raise _given_up()
            if along is not None:
                await along.work(connection)

        if along is None:  # a single statement is a transaction, in one round trip
            if await self._database.commits.one(_SQL["append"], *values) is None:
                raise _given_up()
        else:
            await self._database.commits.write(insert)

    async def read(self, answer_id: str, after: int = 0, *, limit: int = 1000) -> list[Record]:
        number, unsettled = self._journal.worker, self._journal.unsettled(answer_id)
        found: list[Record] = []
        last = after
        while True:
            portions = 0
            beside: list[Record] = []
            for kind, place, data in await self._database.all(_SQL["read"], answer_id, last, PORTIONS_AT_ONCE, number):
                if kind == "portion":
                    portions, last = portions + 1, place
                    found += [record for record in split(answer_id, place, data) if record.number > after]
                elif kind == "here":  # what else is in the journal was seen here, before this look
                    beside = unsettled
                else:
                    beside += records_among(answer_id, data)
            if len(found) >= limit or portions < PORTIONS_AT_ONCE:
                beside.sort(key=_number)
                return [*found, *(record for record in beside if record.number > last)][:limit]

    async def find(self, answer_ids: Collection[str]) -> list[Found]:
        return [
            Found(*rest, result=None if result is None else msgspec.json.decode(result, type=Answer))
            for *rest, result in await self._database.all(_SQL["find"], list(answer_ids))
        ]

    async def forget(self, answer_ids: Collection[str]) -> None:
        await self._database.write(Connection.run, _SQL["forget"], sorted(answer_ids))

    async def owners(self, after: str, limit: int) -> list[tuple[str, str]]:
        return [(row[0], row[1]) for row in await self._database.all(_SQL["owners"], after, limit)]

    async def keep_longer(self, owner_ids: Sequence[str], until: float) -> None:
        await self._database.run(_SQL["keep_longer"], list(owner_ids), until)

    async def renew(self) -> tuple[Sequence[Peer], bool]:
        await self._database.run(_SQL["forget_expired"])
        was_given_up = await self._database.run(_SQL["renew"], self._journal.worker) == 0
        if was_given_up:
            self._journal.join(await self._database.write(_join))
        others = [
            Peer(number, seen_at, has_open, has_ended(process))
            for number, seen_at, has_open, process in await self._database.all(_SQL["others"], self._journal.worker)
        ]
        self._is_heard = any(peer.seen_at for peer in others)
        await self._read_clock()
        return others, was_given_up

    async def claim(self, number: int) -> list[Found]:
        return await self._database.write(_claim, number, self._journal.worker, self._journal.place)

    async def mine(self) -> list[Found]:
        return [_found(row) for row in await self._database.all(_SQL["mine"], self._journal.worker)]

    async def look(self, followed: Collection[str]) -> News:
        self._follows = bool(followed)
        records = await self._records_of_others(followed) if followed else []
        marks = await self._database.all(_SQL["news"], self._journal.worker)
        return News(
            records,
            {key: reason for key, reason, _ in marks if reason is not None},
            {key: at for key, _, at in marks if at is not None},
        )

    async def _records_of_others(self, followed: Collection[str]) -> list[Record]:
        records: list[Record] = []
        # Asked before the look: who has left by then has said all that there will be.
        cursors = self._cursors
        alive = {row[0] for row in await self._database.all(_SQL["alive"], list(cursors))} if cursors else set[int]()
        rows = await self._database.all(_SQL["look"], self._journal.worker, list(cursors), list(cursors.values()))
        for other, place, data in rows:
            if place is not None:
                records += [record for record in records_of(data) if record.answer_id in followed]
                cursors[other] = place + 1
            else:
                cursors.setdefault(other, range_of(other)[0])
        for other in cursors.keys() - alive - {row[0] for row in rows if row[1] is not None}:
            del cursors[other]
        return records

    async def ask_to_stop(self, answer_id: str, reason: str) -> None:
        await self._database.run(_SQL["ask_to_stop"], reason, answer_id)

    async def tell_watched(self, answer_ids: Collection[str]) -> None:
        await self._database.write(Connection.run, _SQL["tell_watched"], sorted(answer_ids))

    def _hear(self, payload: str) -> None:
        kind, _, worker = payload.partition(" ")
        is_mine = worker == str(self._journal.worker)
        if not kind or (kind == "journal" and self._follows and not is_mine) or (kind == "marks" and is_mine):
            self.on_news()

    async def _read_clock(self) -> None:
        began = time.monotonic()
        row = await self._database.one(_SQL["now"])
        if row is not None:
            self._ahead_seconds = row[0] - (began + time.monotonic()) / 2


def _number(record: Record) -> int:
    return record.number


def _columns(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    """Return rows as one list a column, as `unnest` takes them."""
    return [[row[column] for row in rows] for column in range(width)]


def _found(row: Row) -> Found:
    answer_id, owner_id, grace_seconds, stop_reason, credential, trace = row
    return Found(answer_id, owner_id, grace_seconds, stop_reason=stop_reason, credential=credential, trace=trace)


def _given_up() -> GivenUp:
    return GivenUp("The other workers had not heard of this one for too long. Try again.")


async def _insert_whole(connection: Connection, owner_id: str, answers: Sequence[Whole]) -> None:
    for one in answers:
        opened = (one.answer.id, owner_id, NOBODY, range_of(NOBODY)[0], None, None, None, None)
        if await connection.run(_SQL["open"], *opened) == 0:
            raise Conflict("There is an answer with this id already.")
    portions = [portion for one in answers for portion in portions_of(one.answer.id, one.records)]
    results = [(one.answer.id, msgspec.json.encode(one.answer)) for one in answers]
    await connection.run(_SQL["settle"], *_columns(portions, 3))
    await connection.run(_SQL["end"], *_columns(results, 2))


async def _check_member(connection: Connection, number: int) -> None:
    """See that this worker is one, and stays so until the transaction is over."""
    if await connection.one(_SQL["is_member"], number) is None:
        raise _given_up()


async def _join(connection: Connection) -> int:
    await connection.run(_SQL["clear_left"])
    row = await connection.one(_SQL["join"], this_process())
    if row is None:
        raise GivenUp("The database does not let a worker join.")
    return row[0]


async def _claim(connection: Connection, number: int, by: int, place: int) -> list[Found]:
    await _check_member(connection, by)
    await connection.run(_SQL["leave"], number)  # waits for what that worker is just writing
    orphans = sorted((_found(row) for row in await connection.all(_SQL["orphans"], by, place, number)), key=_id)
    settled = dict.fromkeys([orphan.id for orphan in orphans], 0)
    settled.update(dict([tuple(row) for row in await connection.all(_SQL["last_settled"], list(settled))]))
    unsettled: dict[str, list[Record]] = {}
    for _, lines in await connection.all(_SQL["journal"], *range_of(number)):
        for record in records_of(lines):
            if record.answer_id in settled and record.number > settled[record.answer_id]:
                unsettled.setdefault(record.answer_id, []).append(record)
    portions = [portion for key, records in unsettled.items() for portion in portions_of(key, records)]
    await connection.run(_SQL["settle"], *_columns(portions, 3))
    await connection.run(_SQL["clear"], *range_of(number))
    return orphans


def _id(found: Found) -> str:
    return found.id
