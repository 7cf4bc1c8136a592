"""Keep the logs of answers in SQLite, for all workers of one machine."""

import contextlib
import json
import time
from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import Self

import msgspec

from hubbub.answers.base import NOBODY, Beside, Found, GivenUp, News, Peer, Record, Whole
from hubbub.answers.journal import KEEP_SECONDS as KEEP_SECONDS
from hubbub.answers.journal import SETTLE_SECONDS as SETTLE_SECONDS
from hubbub.answers.journal import Journal, portions_of, range_of, records_among, records_of, split
from hubbub.connections.alive import has_ended, this_process
from hubbub.connections.sqlite import Connection, Row, Sqlite, Write, load_sql, read_sql
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict, StoreError

SCHEMA = tuple(
    read_sql("hubbub.answers", f"{name}.sql")
    for name in ("schema", "journal", "expiry", "credential", "trace", "process", "rowids")
)
_SQL = load_sql("hubbub.answers", "answers.sql")

PORTIONS_AT_ONCE = 4


class SqliteAnswers:
    """A `SharedStore` in a database file, which it shares with whoever else uses that.

    Entering makes this a worker of its own; leaving takes it off the list.
    """

    def __init__(self, database: Sqlite, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._journal = Journal(clock)
        self.beside_endings: Callable[[Sequence[Answer]], Beside] | None = None
        self._cursors: dict[int, int] = {}
        """By worker, the place from which on its journal has not been seen here."""

    async def __aenter__(self) -> Self:
        await self._database.migrate("answers", SCHEMA)
        self._journal.join(await self._database.write(_join))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._database.write(_leave, self._journal.worker)

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
        now = time.time()
        expires_at = None if keep_seconds is None else now + keep_seconds
        values = (answer_id, owner_id, now, number, self._journal.place, grace_seconds, expires_at, credential, trace)

        def insert(connection: Connection) -> None:
            _check_member(connection, number)
            connection.all(_SQL["open"], values)
            if connection.changes() == 0:
                raise Conflict("There is an answer with this id already.")
            if along is not None:
                along.work(connection)

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
        now = time.time()
        expires_at = None if keep_seconds is None else now + keep_seconds
        values = (answer_id, owner_id, now, NOBODY, range_of(NOBODY)[0], grace_seconds, expires_at, credential, trace)

        def insert(connection: Connection) -> None:
            connection.all(_SQL["open"], values)
            if connection.changes() == 0:
                raise Conflict("There is an answer with this id already.")
            if records:
                connection.many(_SQL["settle"], portions_of(answer_id, records))
            if along is not None:
                along.work(connection)

        if beside is not None and along is None:
            await beside()
        await self._database.write(insert)

    async def take_in(self, owner_id: str, answers: Sequence[Whole], beside: Beside) -> None:
        along = self._along(beside)

        def insert(connection: Connection) -> None:
            for one in answers:
                _insert_whole(connection, owner_id, one)
            if along is not None:
                along.work(connection)

        await self._database.write(insert)
        if along is None:
            try:
                await beside()
            except BaseException:
                with contextlib.suppress(StoreError):
                    await self.forget([one.answer.id for one in answers])
                raise

    def _along(self, beside: Beside | None) -> Write | None:
        """Return what goes into the same transaction, since it goes into the same database."""
        return beside if isinstance(beside, Write) and beside.database is self._database else None

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        batch = self._journal.batch(records, ended)
        beside = self.beside_endings(ended) if self.beside_endings is not None and ended else None
        along = self._along(beside)

        def insert(connection: Connection) -> None:
            _check_member(connection, batch.worker)
            connection.all(_SQL["append"], (batch.place, batch.lines))
            connection.many(_SQL["settle"], batch.portions)
            connection.many(_SQL["end"], batch.results)
            if along is not None:
                along.work(connection)
            if batch.floor is not None:
                connection.all(_SQL["clear"], (batch.cleared, batch.floor))

        await self._database.write(insert)
        self._journal.stored(batch)
        if beside is not None and along is None:
            await beside()

    async def read(self, answer_id: str, after: int = 0, *, limit: int = 1000) -> list[Record]:
        number, unsettled = self._journal.worker, self._journal.unsettled(answer_id)

        def look(connection: Connection) -> list[Record]:
            found: list[Record] = []
            last = after
            while rows := connection.all(_SQL["portions"], (answer_id, last, PORTIONS_AT_ONCE)):
                for last, data in rows:
                    found += [record for record in split(answer_id, last, data) if record.number > after]
                    if len(found) >= limit:
                        return found[:limit]
            begun_at = connection.one(_SQL["begun_at"], (answer_id,))
            if begun_at is None:  # all is settled
                return found
            worker, place = begun_at
            if worker == number:  # what else is in the journal was seen here, before this look
                return [*found, *(record for record in unsettled if record.number > last)][:limit]
            for _, lines in connection.all(_SQL["journal"], (place, range_of(worker)[1])):
                found += [record for record in records_among(answer_id, lines) if record.number > last]
            return found[:limit]

        return await self._database.read(look)

    async def find(self, answer_ids: Collection[str]) -> list[Found]:
        rows = await self._database.read(Connection.all, _SQL["find"], (json.dumps(list(answer_ids)),))
        return [
            Found(*rest, result=None if result is None else msgspec.json.decode(result, type=Answer))
            for *rest, result in rows
        ]

    async def forget(self, answer_ids: Collection[str]) -> None:
        await self._database.write(Connection.all, _SQL["forget"], (json.dumps(list(answer_ids)),))

    async def owners(self, after: str, limit: int) -> list[tuple[str, str]]:
        rows = await self._database.read(Connection.all, _SQL["owners"], (after, limit))
        return [(row[0], row[1]) for row in rows]

    async def keep_longer(self, owner_ids: Sequence[str], until: float) -> None:
        values = (msgspec.json.encode(list(owner_ids)).decode(), until)
        await self._database.write(Connection.all, _SQL["keep_longer"], values)

    async def renew(self) -> tuple[Sequence[Peer], bool]:
        number, was_given_up, others = await self._database.write(_renew, self._journal.worker)
        if was_given_up:
            self._journal.join(number)
        peers = [Peer(other, at, bool(has_open), has_ended(process)) for other, at, has_open, process in others]
        return peers, was_given_up

    async def claim(self, number: int) -> list[Found]:
        return await self._database.write(_claim, number, self._journal.worker, self._journal.place)

    async def mine(self) -> list[Found]:
        return [_found(row) for row in await self._database.read(Connection.all, _SQL["mine"], (self._journal.worker,))]

    async def look(self, followed: Collection[str]) -> News:
        cursors = dict(self._cursors)
        news = await self._database.read(_look, self._journal.worker, cursors, followed)
        self._cursors = cursors
        return news

    async def ask_to_stop(self, answer_id: str, reason: str) -> None:
        await self._database.write(Connection.all, _SQL["ask_to_stop"], (reason, answer_id))

    async def tell_watched(self, answer_ids: Collection[str]) -> None:
        await self._database.write(Connection.all, _SQL["tell_watched"], (time.time(), json.dumps(list(answer_ids))))


def _insert_whole(connection: Connection, owner_id: str, whole: Whole) -> None:
    answer_id = whole.answer.id
    opened = (answer_id, owner_id, time.time(), NOBODY, range_of(NOBODY)[0], None, None, None, None)
    connection.all(_SQL["open"], opened)
    if connection.changes() == 0:
        raise Conflict("There is an answer with this id already.")
    connection.many(_SQL["settle"], portions_of(answer_id, whole.records))
    connection.all(_SQL["end"], (answer_id, msgspec.json.encode(whole.answer)))


def _found(row: Row) -> Found:
    answer_id, owner_id, grace_seconds, stop_reason, credential, trace = row
    return Found(answer_id, owner_id, grace_seconds, stop_reason=stop_reason, credential=credential, trace=trace)


class _Members(set[int]):
    """The workers that are known to be on the list."""


def _check_member(connection: Connection, number: int) -> None:
    members = connection.known(_Members)
    if number in members:
        return
    if connection.one(_SQL["is_member"], (number,)) is None:
        raise GivenUp("The other workers had not heard of this one for too long. Try again.")
    members.add(number)


def _leave(connection: Connection, number: int) -> None:
    connection.known(_Members).discard(number)
    connection.all(_SQL["leave"], (number,))


def _join(connection: Connection) -> int:
    connection.all(_SQL["clear_left"])
    row = connection.one(_SQL["join"], (time.time(), this_process()))
    if row is None:
        raise GivenUp("The database does not let a worker join.")
    return row[0]


def _renew(connection: Connection, number: int) -> tuple[int, bool, list[Row]]:
    connection.all(_SQL["forget_expired"], (time.time(),))
    connection.all(_SQL["renew"], (time.time(), number))
    was_given_up = connection.changes() == 0
    if was_given_up:
        number = _join(connection)
    return number, was_given_up, connection.all(_SQL["others"], {"number": number})


def _claim(connection: Connection, number: int, by: int, place: int) -> list[Found]:
    _check_member(connection, by)
    _leave(connection, number)
    orphans = [_found(row) for row in connection.all(_SQL["orphans"], (by, place, number))]
    settled = {orphan.id: connection.all(_SQL["last_settled"], (orphan.id,))[0][0] for orphan in orphans}
    unsettled: dict[str, list[Record]] = {}
    for _, lines in connection.all(_SQL["journal"], range_of(number)):
        for record in records_of(lines):
            if record.answer_id in settled and record.number > settled[record.answer_id]:
                unsettled.setdefault(record.answer_id, []).append(record)
    portions = [portion for key, records in unsettled.items() for portion in portions_of(key, records)]
    connection.many(_SQL["settle"], portions)
    connection.all(_SQL["clear"], range_of(number))
    return orphans


def _look(connection: Connection, number: int, cursors: dict[int, int], followed: Collection[str]) -> News:
    """Return the news, and move the cursors on."""
    records: list[Record] = []
    others = {row[0] for row in connection.all(_SQL["others"], {"number": number})} if followed else set[int]()
    left = cursors.keys() - others if followed else set[int]()
    for other in (*others, *left):  # who has left may have said something last
        start, end = range_of(other)
        rows = connection.all(_SQL["journal"], (cursors.get(other, start), end))
        records += [record for _, lines in rows for record in records_of(lines) if record.answer_id in followed]
        if rows:
            cursors[other] = rows[-1][0] + 1
    for other in left:
        del cursors[other]
    marks = connection.all(_SQL["news"], (number,))
    return News(
        records,
        {key: reason for key, reason, _ in marks if reason is not None},
        {key: at for key, _, at in marks if at is not None},
    )
