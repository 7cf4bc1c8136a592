"""Say what of a worker's events is to be written where: at once to its journal, later to where its answer is found."""

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from hubbub.answers.base import Record
from hubbub.core.answer import Answer

SETTLE_SECONDS = 2.0
"""So long an event lies in the journal before it goes to where it is found by its answer."""
SETTLE_BYTES = 16 * 1024
"""So much of one answer is not kept for that long: what lies in the journal alone is in memory as well."""
KEEP_SECONDS = 5.0
"""So long the journal keeps what is settled: other workers follow it there."""
CLEAR_SECONDS = 1.0
PORTION_BYTES = 256 * 1024
"""So much stands in one portion, or a single event: whoever reads on in the middle of an answer reads one again."""
RANGE = 2**40
"""So many times a worker can write in its life: its places begin at its number times this."""


class Batch(msgspec.Struct, frozen=True):
    """What is written at once."""

    worker: int
    place: int
    """Where in the journal."""
    lines: bytes
    """What goes there."""
    portions: Sequence[tuple[str, int, bytes]]
    """What is settled: the answer, the number of its last event, and the events."""
    results: Sequence[tuple[str, bytes]]
    """The answers that end, with what they came to."""
    cleared: int
    floor: int | None
    """From and up to which place the journal is cleared; None: not now."""
    fresh: Mapping[str, Sequence[Record]]
    settled: frozenset[str]


class _Unsettled:
    """Events of one answer that stand in the journal alone."""

    __slots__ = ("bytes", "place", "records", "since")

    def __init__(self, since: float, place: int) -> None:
        self.since = since
        self.place = place
        self.records: list[Record] = []
        self.bytes = 0


class Journal:
    """What a worker has written, as far as it matters for what it writes next."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.worker = 0
        self.place = 0
        """Where it writes next."""
        self._cleared = 0
        self._marks: list[tuple[float, int]] = []
        """Times, and the places that the journal had come to: for what may be cleared."""
        self._unsettled: dict[str, _Unsettled] = {}
        """By answer, the one with the oldest event first."""
        self._long: set[str] = set()
        """Those of them that are long enough to be settled."""

    def join(self, number: int) -> None:
        """Begin as the worker with this number."""
        self.worker = number
        self.place = self._cleared = number * RANGE
        self._unsettled.clear()
        self._long.clear()
        self._marks.clear()

    def unsettled(self, answer_id: str) -> list[Record]:
        """Return the events of an answer that stand in the journal alone."""
        kept = self._unsettled.get(answer_id)
        return list(kept.records) if kept else []

    def batch(self, records: Sequence[Record], ended: Sequence[Answer]) -> Batch:
        """Return what is to be written for these events. Nothing changes here until `stored`."""
        now = self._clock()
        fresh: dict[str, list[Record]] = {}
        for record in records:
            fresh.setdefault(record.answer_id, []).append(record)
        settled = self._due(now)
        for answer in ended:
            settled[answer.id] = [*self.unsettled(answer.id), *fresh.pop(answer.id, ())]
        return Batch(
            self.worker,
            self.place,
            lines_of(records),
            [portion for key, of_it in settled.items() for portion in portions_of(key, of_it)],
            [(answer.id, msgspec.json.encode(answer)) for answer in ended],
            self._cleared,
            self._floor(now, settled),
            fresh,
            frozenset(settled),
        )

    def stored(self, batch: Batch) -> None:
        """Take that a batch was written, unless this has joined anew since."""
        if batch.worker != self.worker:
            return
        now = self._clock()
        for answer_id in batch.settled:
            self._unsettled.pop(answer_id, None)
            self._long.discard(answer_id)
        for answer_id, of_it in batch.fresh.items():
            kept = self._unsettled.get(answer_id)
            if kept is None:
                kept = self._unsettled[answer_id] = _Unsettled(now, batch.place)
            kept.records.extend(of_it)
            kept.bytes += sum([len(record.data) for record in of_it])
            if kept.bytes >= SETTLE_BYTES:
                self._long.add(answer_id)
        self.place = batch.place + 1
        if batch.floor is not None:
            self._cleared = batch.floor

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
        self._marks.append((now, self.place))
        while len(self._marks) > 1 and now - self._marks[1][0] >= KEEP_SECONDS:
            self._marks.pop(0)
        if now - self._marks[0][0] < KEEP_SECONDS:
            return None
        oldest = next((kept.place for key, kept in self._unsettled.items() if key not in settled), self.place)
        return min(oldest, self._marks[0][1])


def range_of(worker: int) -> tuple[int, int]:
    """Return the first place of a worker's journal, and the first one behind it."""
    return worker * RANGE, (worker + 1) * RANGE


def lines_of(records: Sequence[Record]) -> bytes:
    """Return events as the journal has them."""
    return b"\n".join([b"%b %d %b" % (one.answer_id.encode(), one.number, one.data) for one in records])


def records_of(lines: bytes) -> list[Record]:
    """Return the events that stand in lines of the journal."""
    parts = [line.split(b" ", 2) for line in lines.split(b"\n") if line]
    return [Record(answer_id.decode(), int(number), data) for answer_id, number, data in parts]


def records_among(answer_id: str, lines: bytes) -> list[Record]:
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


def portions_of(answer_id: str, records: Sequence[Record]) -> list[tuple[str, int, bytes]]:
    """Return events of one answer that follow each other as portions, each with the number of its last event."""
    data = joined(records)
    if len(data) <= PORTION_BYTES:
        return [(answer_id, records[-1].number, data)] if records else []
    portions: list[tuple[str, int, bytes]] = []
    begin, size = 0, 0
    for place, record in enumerate(records):
        size += len(record.data)
        if size > PORTION_BYTES and place > begin:
            portions.append((answer_id, records[place - 1].number, joined(records[begin:place])))
            begin, size = place, len(record.data)
    return [*portions, (answer_id, records[-1].number, joined(records[begin:]))]


def joined(records: Sequence[Record]) -> bytes:
    """Return events of one answer that follow each other as a portion has them."""
    return b"\n".join([record.data for record in records])


def split(answer_id: str, last_number: int, data: bytes) -> list[Record]:
    """Return the events that stand in a portion."""
    lines = data.split(b"\n")
    return [Record(answer_id, number, line) for number, line in enumerate(lines, last_number - len(lines) + 1)]
