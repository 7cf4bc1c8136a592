"""Keep the logs of answers in SQLite, for all workers of one machine."""

import contextlib
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Self

import msgspec

from hubbub.answers.base import NOBODY, Beside, Found, GivenUp, News, Peer, Record
from hubbub.connections.sqlite import Connection, Row, Sqlite, Write, load_sql, read_sql
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict, StoreError

_SCHEMA = tuple(read_sql("hubbub.answers", f"{name}.sql") for name in ("schema", "journal", "expiry", "credential"))
_SQL = load_sql("hubbub.answers", "answers.sql")

SETTLE_SECONDS = 2.0
"""So long an event lies in the journal before it goes to where it is found by its answer."""
SETTLE_BYTES = 16 * 1024
"""So much of one answer is not kept for that long: what lies in the journal alone is in memory as well."""
PORTIONS_AT_ONCE = 4
KEEP_SECONDS = 5.0
"""So long the journal keeps what is settled: other workers follow it there."""
CLEAR_SECONDS = 1.0
RANGE = 2**40
"""So many times a worker can write in its life."""


class _Unsettled:
    """Events of one answer that stand in the journal alone."""

    __slots__ = ("bytes", "place", "records", "since")

    def __init__(self, since: float, place: int) -> None:
        self.since = since
        self.place = place
        self.records: list[Record] = []
        self.bytes = 0


class SqliteAnswers:
    """A `SharedStore` in a database file, which it shares with whoever else uses that.

    Entering makes this a worker of its own; leaving takes it off the list.
    """

    def __init__(self, database: Sqlite, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self.beside_endings: Callable[[Sequence[Answer]], Beside] | None = None
        self._number = 0
        self._place = 0
        self._cleared = 0
        self._marks: list[tuple[float, int]] = []
        """Times, and the places that the journal had come to: for what may be cleared."""
        self._unsettled: dict[str, _Unsettled] = {}
        """By answer, the one with the oldest event first."""
        self._long: set[str] = set()
        """Those of them that are long enough to be settled."""
        self._cursors: dict[int, int] = {}
        """By worker, the place from which on its journal has not been seen here."""

    async def __aenter__(self) -> Self:
        await self._database.migrate("answers", _SCHEMA)
        self._join(await self._database.write(_join))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._database.write(Connection.all, _SQL["leave"], (self._number,))

    async def open(
        self,
        answer_id: str,
        owner_id: str,
        grace_seconds: float | None = None,
        keep_seconds: float | None = None,
        beside: Beside | None = None,
        credential: str | None = None,
    ) -> None:
        along = self._along(beside)
        number = self._number
        now = time.time()
        expires_at = None if keep_seconds is None else now + keep_seconds
        values = (answer_id, owner_id, now, number, self._place, grace_seconds, expires_at, credential)

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
    ) -> None:
        along = self._along(beside)
        now = time.time()
        expires_at = None if keep_seconds is None else now + keep_seconds
        values = (answer_id, owner_id, now, NOBODY, NOBODY * RANGE, grace_seconds, expires_at, credential)

        def insert(connection: Connection) -> None:
            connection.all(_SQL["open"], values)
            if connection.changes() == 0:
                raise Conflict("There is an answer with this id already.")
            if records:
                connection.all(_SQL["settle"], (answer_id, records[-1].number, _joined(records)))
            if along is not None:
                along.work(connection)

        if beside is not None and along is None:
            await beside()
        await self._database.write(insert)

    def _along(self, beside: Beside | None) -> Write | None:
        """Return what goes into the same transaction, since it goes into the same database."""
        return beside if isinstance(beside, Write) and beside.database is self._database else None

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        now = self._clock()
        fresh: dict[str, list[Record]] = {}
        for record in records:
            fresh.setdefault(record.answer_id, []).append(record)
        settled = self._due(now)
        for answer in ended:
            kept = self._unsettled.get(answer.id)
            settled[answer.id] = [*(kept.records if kept else ()), *fresh.pop(answer.id, ())]
        # They are this worker's number and place now: by the time that this is written it may have joined anew.
        number, place, cleared, lines = self._number, self._place, self._cleared, _lines(records)
        portions = [(key, of_it[-1].number, _joined(of_it)) for key, of_it in settled.items() if of_it]
        results = [(msgspec.json.encode(answer), answer.id) for answer in ended]
        floor = self._floor(now, settled)
        beside = self.beside_endings(ended) if self.beside_endings is not None and ended else None
        along = self._along(beside)

        def insert(connection: Connection) -> None:
            _check_member(connection, number)
            connection.all(_SQL["append"], (place, lines))
            connection.many(_SQL["settle"], portions)
            connection.many(_SQL["end"], results)
            if along is not None:
                along.work(connection)
            if floor is not None:
                connection.all(_SQL["clear"], (cleared, floor))

        await self._database.write(insert)
        if number != self._number:
            return
        for answer_id in settled:
            self._unsettled.pop(answer_id, None)
            self._long.discard(answer_id)
        for answer_id, of_it in fresh.items():
            kept = self._unsettled.get(answer_id)
            if kept is None:
                kept = self._unsettled[answer_id] = _Unsettled(now, place)
            kept.records.extend(of_it)
            kept.bytes += sum([len(record.data) for record in of_it])
            if kept.bytes >= SETTLE_BYTES:
                self._long.add(answer_id)
        self._place += 1
        self._cleared = self._cleared if floor is None else floor
        if beside is not None and along is None:
            await beside()

    async def read(self, answer_id: str, after: int = 0, *, limit: int = 1000) -> list[Record]:
        kept = self._unsettled.get(answer_id)
        number, unsettled = self._number, list(kept.records) if kept else []

        def look(connection: Connection) -> list[Record]:
            found: list[Record] = []
            last = after
            while rows := connection.all(_SQL["portions"], (answer_id, last, PORTIONS_AT_ONCE)):
                for last, data in rows:
                    found += [record for record in _split(answer_id, last, data) if record.number > after]
                    if len(found) >= limit:
                        return found[:limit]
            begun_at = connection.one(_SQL["begun_at"], (answer_id,))
            if begun_at is None:  # all is settled
                return found
            worker, place = begun_at
            if worker == number:  # what else is in the journal was seen here, before this look
                return [*found, *(record for record in unsettled if record.number > last)][:limit]
            for _, lines in connection.all(_SQL["journal"], (place, _range(worker)[1])):
                found += [record for record in _lines_of(answer_id, lines) if record.number > last]
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

    async def renew(self) -> tuple[Sequence[Peer], bool]:
        number, was_given_up, others = await self._database.write(_renew, self._number)
        if was_given_up:
            self._join(number)
        return others, was_given_up

    async def claim(self, number: int) -> list[Found]:
        return await self._database.write(_claim, number, self._number, self._place)

    async def mine(self) -> list[Found]:
        return [_found(row) for row in await self._database.read(Connection.all, _SQL["mine"], (self._number,))]

    async def look(self, followed: Collection[str]) -> News:
        cursors = dict(self._cursors)
        news = await self._database.read(_look, self._number, cursors, followed)
        self._cursors = cursors
        return news

    async def ask_to_stop(self, answer_id: str, reason: str) -> None:
        await self._database.write(Connection.all, _SQL["ask_to_stop"], (reason, answer_id))

    async def tell_watched(self, answer_ids: Collection[str]) -> None:
        await self._database.write(Connection.all, _SQL["tell_watched"], (time.time(), json.dumps(list(answer_ids))))

    def _join(self, number: int) -> None:
        self._number = number
        self._place = self._cleared = number * RANGE
        self._unsettled.clear()
        self._long.clear()
        self._marks.clear()

    def _due(self, now: float) -> dict[str, list[Record]]:
        """Return the records that are to be settled by now, by answer."""
        due = {answer_id: self._unsettled[answer_id].records for answer_id in self._long}
        for answer_id, kept in self._unsettled.items():
            if now - kept.since < SETTLE_SECONDS:
                break
            due[answer_id] = kept.records
        return due

    def _floor(self, now: float, settled: Mapping[str, object]) -> int | None:
        """Return up to which place the journal may be cleared; None where that is not to be done now."""
        if self._marks and now - self._marks[-1][0] < CLEAR_SECONDS:
            return None
        self._marks.append((now, self._place))
        while len(self._marks) > 1 and now - self._marks[1][0] >= KEEP_SECONDS:
            self._marks.pop(0)
        if now - self._marks[0][0] < KEEP_SECONDS:
            return None
        oldest = next((kept.place for key, kept in self._unsettled.items() if key not in settled), self._place)
        return min(oldest, self._marks[0][1])


def _range(worker: int) -> tuple[int, int]:
    return worker * RANGE, (worker + 1) * RANGE


def _lines(records: Sequence[Record]) -> bytes:
    return b"\n".join([b"%b %d %b" % (one.answer_id.encode(), one.number, one.data) for one in records])


def _records(lines: bytes) -> list[Record]:
    parts = [line.split(b" ", 2) for line in lines.split(b"\n") if line]
    return [Record(answer_id.decode(), int(number), data) for answer_id, number, data in parts]


def _lines_of(answer_id: str, lines: bytes) -> list[Record]:
    """Return one answer's records among many, without looking at the others."""
    found: list[Record] = []
    key = answer_id.encode() + b" "
    start = 0 if lines.startswith(key) else lines.find(b"\n" + key) + 1 or -1
    while start >= 0:
        end = lines.find(b"\n", start)
        number, data = lines[start + len(key) : end if end >= 0 else None].split(b" ", 1)
        found.append(Record(answer_id, int(number), data))
        start = lines.find(b"\n" + key, start) + 1 or -1
    return found


def _joined(records: Sequence[Record]) -> bytes:
    return b"\n".join([record.data for record in records])


def _split(answer_id: str, last_number: int, data: bytes) -> list[Record]:
    lines = data.split(b"\n")
    return [Record(answer_id, number, line) for number, line in enumerate(lines, last_number - len(lines) + 1)]


def _found(row: Row) -> Found:
    answer_id, owner_id, grace_seconds, stop_reason, credential = row
    return Found(answer_id, owner_id, grace_seconds, stop_reason=stop_reason, credential=credential)


def _check_member(connection: Connection, number: int) -> None:
    if connection.one(_SQL["is_member"], (number,)) is None:
        raise GivenUp("The other workers had not heard of this one for too long. Try again.")


def _join(connection: Connection) -> int:
    connection.all(_SQL["clear_left"])
    row = connection.one(_SQL["join"], (time.time(),))
    if row is None:
        raise GivenUp("The database does not let a worker join.")
    return row[0]


def _renew(connection: Connection, number: int) -> tuple[int, bool, list[Peer]]:
    connection.all(_SQL["forget_expired"], (time.time(),))
    connection.all(_SQL["renew"], (time.time(), number))
    was_given_up = connection.changes() == 0
    if was_given_up:
        number = _join(connection)
    return (
        number,
        was_given_up,
        [
            Peer(other, seen_at, bool(has_open))
            for other, seen_at, has_open in connection.all(_SQL["others"], {"number": number})
        ],
    )


def _claim(connection: Connection, number: int, by: int, place: int) -> list[Found]:
    _check_member(connection, by)
    connection.all(_SQL["leave"], (number,))
    orphans = [_found(row) for row in connection.all(_SQL["orphans"], (by, place, number))]
    settled = {orphan.id: connection.all(_SQL["last_settled"], (orphan.id,))[0][0] for orphan in orphans}
    unsettled: dict[str, list[Record]] = {}
    for _, lines in connection.all(_SQL["journal"], _range(number)):
        for record in _records(lines):
            if record.answer_id in settled and record.number > settled[record.answer_id]:
                unsettled.setdefault(record.answer_id, []).append(record)
    portions = [(key, records[-1].number, _joined(records)) for key, records in unsettled.items()]
    connection.many(_SQL["settle"], portions)
    connection.all(_SQL["clear"], _range(number))
    return orphans


def _look(connection: Connection, number: int, cursors: dict[int, int], followed: Collection[str]) -> News:
    """Return the news, and move the cursors on."""
    records: list[Record] = []
    others = {row[0] for row in connection.all(_SQL["others"], {"number": number})} if followed else set[int]()
    left = cursors.keys() - others if followed else set[int]()
    for other in (*others, *left):  # who has left may have said something last
        start, end = _range(other)
        rows = connection.all(_SQL["journal"], (cursors.get(other, start), end))
        records += [record for _, lines in rows for record in _records(lines) if record.answer_id in followed]
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
