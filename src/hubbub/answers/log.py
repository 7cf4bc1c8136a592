"""Number the events of all open answers, commit what arrived together, then push it to the readers.

An event that a reader gets is on disk already. When and how often to commit is the beat's to say.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from types import TracebackType
from typing import Self, TypeAlias

from hubbub.answers.base import AnswerStore, Record, Source
from hubbub.answers.beat import Beat
from hubbub.core.answer import Answer, fold
from hubbub.core.errors import HubbubError, NotFound
from hubbub.core.events import ENDINGS, Ending, Event, Failed, Text, decode, encode

logger = logging.getLogger(__name__)

PENDING_EVENTS = 64
"""So many events of an answer may wait for their commit; then who sends waits as well."""
MERGED_CHARACTERS = 16 * 1024
PORTION_BYTES = 64 * 1024
"""A reader that comes late is given the past in portions, each when the one before has gone."""

INTERRUPTED = Failed(
    "interrupted",
    "The server stopped while this was being written. What was written is kept; you can ask for the answer again.",
    is_retryable=True,
)

Render: TypeAlias = Callable[[Sequence[Record]], bytes]


class Reader:
    """A sink of frames: what is committed is pushed into it at once, without waking anybody.

    `render` makes the frames of some records, for all readers that use the same function together;
    `write` takes them, or says False: then the reader has to be served by `follow` until it has
    caught up.
    """

    def __init__(self, render: Render, write: Callable[[bytes], bool]) -> None:
        self.render = render
        self.write = write
        self.number = 0
        self.is_released = asyncio.Event()


class _Open:
    """An open answer: what is committed of it, what waits to be, and who reads."""

    def __init__(self, answer_id: str, owner_id: str) -> None:
        self.id = answer_id
        self.owner_id = owner_id
        self.events: list[Event] = []
        self.records: list[Record] = []
        self.pending: list[Event] = []
        self.readers: dict[Reader, None] = {}
        self.has_ended = False
        self.has_text = False
        self.fault: HubbubError | None = None
        """Why pending events were lost; told to whoever sends next."""
        self.trouble: HubbubError | None = None
        """Why the ending can't be stored; told to the readers."""
        self.changed = asyncio.Event()

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def push(self, records: Sequence[Record]) -> None:
        frames: dict[Render, bytes] = {}
        for reader in list(self.readers):
            data = frames.get(reader.render)
            if data is None:
                data = frames[reader.render] = reader.render(records)
            if reader.write(data):
                reader.number = records[-1].number
            else:
                self.release(reader)

    def release(self, reader: Reader) -> None:
        self.readers.pop(reader, None)
        reader.is_released.set()


class Log:
    """The log of all answers. Open ones are followed in memory, ended ones from the store."""

    def __init__(self, store: AnswerStore, sources: Sequence[Source] = ()) -> None:
        self._store = store
        self._open: dict[str, _Open] = {}
        self._waiting: dict[str, _Open] = {}
        self._committed = asyncio.Event()
        self._beat = Beat(self._commit, sources)
        self._beating: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        for answer_id in await self._store.unended():
            await self._end_abandoned(answer_id)
        self._beating = asyncio.create_task(self._beat.run(), name="beat")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait({self._beating})
            await self._commit()

    @property
    def reader_count(self) -> int:
        """How many readers keep up with open answers."""
        return sum(len(entry.readers) for entry in self._open.values())

    @property
    def window_seconds(self) -> float:
        """The time between two beats at present."""
        return self._beat.window_seconds

    async def open(self, answer_id: str, owner_id: str) -> None:
        """Begin an empty log; it is stored when this returns.

        Raises:
            Conflict: there is an answer with this id.
        """
        await self._store.open(answer_id, owner_id)
        self._open[answer_id] = _Open(answer_id, owner_id)

    async def append(self, answer_id: str, event: Event) -> None:
        """Hand over an event. It is stored, and then pushed to the readers, with the next beat.

        Returns at once unless many events of this answer wait already. Texts that wait together
        become one event.

        Raises:
            StoreError: an event before could not be stored; the log is as if it and this one had never been.
        """
        entry = self._open[answer_id]
        self._add(entry, event)
        while len(entry.pending) > PENDING_EVENTS and entry.fault is None:
            await self._committed.wait()

    async def end(self, answer_id: str, ending: Ending) -> None:
        """Add the ending; it is stored when this returns.

        Raises:
            StoreError: it, or an event before it, could not be stored. Once told, this may be tried again.
        """
        entry = self._open[answer_id]
        if entry.fault is None:
            self._add(entry, ending)
        while entry.fault is None and not entry.has_ended:
            await self._committed.wait()
        if entry.fault is not None:
            fault, entry.fault = entry.fault, None
            raise fault

    def _add(self, entry: _Open, event: Event) -> None:
        if entry.fault is not None:
            raise entry.fault
        is_text = isinstance(event, Text)
        entry.pending.append(event)
        self._waiting[entry.id] = entry
        self._beat.tell(is_urgent=not (is_text and entry.has_text))
        entry.has_text = entry.has_text or is_text

    async def owner(self, answer_id: str) -> str | None:
        """Return whose answer it is; None where there is no such answer."""
        entry = self._open.get(answer_id)
        return entry.owner_id if entry else await self._store.owner(answer_id)

    async def follow(
        self, answer_id: str, after: int = 0, *, reader: Reader | None = None, patience_seconds: float = 15.0
    ) -> AsyncGenerator[Sequence[Record]]:
        """Yield the records above a number, in order and none twice, until the answer has ended.

        Where a reader is given, what is committed while it keeps up is pushed into it and not
        yielded. Yields an empty sequence when nothing was yielded for `patience_seconds`, so that
        the reader can show that it lives.

        Raises:
            HubbubError: an open answer's ending can't be stored now; the reader may come again.
        """
        entry = self._open.get(answer_id)
        if entry is None:
            while records := await self._store.read(answer_id, after):
                for portion in _portions(records):
                    yield portion
                after = records[-1].number
            return
        while True:
            changed = entry.changed if reader is None else reader.is_released
            if records := _portion(entry.records, after):
                yield records
                after = records[-1].number
            elif entry.has_ended:
                return
            elif entry.trouble is not None:
                raise entry.trouble
            else:
                if reader is not None:
                    reader.number = after
                    reader.is_released.clear()
                    entry.readers[reader] = None
                try:
                    await asyncio.wait_for(changed.wait(), patience_seconds)
                    is_quiet = False
                except TimeoutError:
                    is_quiet = True
                finally:
                    if reader is not None:
                        entry.readers.pop(reader, None)
                        after = reader.number
                if is_quiet:
                    yield ()

    async def answers(self, answer_ids: Sequence[str]) -> dict[str, Answer]:
        """Return what each of these answers is now. One without a log never began: it was interrupted."""
        found = {answer.id: answer for answer in await self._store.answers(answer_ids)}
        for answer_id in answer_ids:
            if entry := self._open.get(answer_id):
                found[answer_id] = fold(answer_id, entry.events)
            elif answer_id not in found:
                found[answer_id] = fold(answer_id, [INTERRUPTED])
        return found

    async def answer(self, answer_id: str) -> Answer:
        """Return what an answer is now.

        Raises:
            NotFound: there is no such answer.
        """
        if await self.owner(answer_id) is None:
            raise NotFound("There is no such answer.")
        return (await self.answers([answer_id]))[answer_id]

    async def forget(self, answer_ids: Sequence[str]) -> None:
        """Drop the logs of answers, which must have ended."""
        await self._store.forget(answer_ids)

    def report(self, answer_id: str, trouble: HubbubError) -> None:
        """Tell the readers of an open answer that its ending can't be stored now."""
        entry = self._open[answer_id]
        entry.trouble = trouble
        self._release(entry)

    async def _commit(self) -> None:
        """Store what waits, all answers in one transaction, then push it."""
        if not self._waiting:
            return
        batch = [(entry, _merged(entry.pending)) for entry in self._waiting.values()]
        self._waiting = {}
        for entry, _ in batch:
            entry.pending = []
        fault: HubbubError | None = None
        try:
            stored = [(entry, events, _records(entry, events)) for entry, events in batch]
            ended = [fold(entry.id, entry.events + events) for entry, events in batch if _ends(events)]
            await self._store.append([record for _, _, records in stored for record in records], ended)
        except HubbubError as error:
            fault = error
        except Exception:  # a bug must not leave every answer waiting for ever
            logger.exception("A batch of events could not be committed.")
            fault = HubbubError("Something went wrong on our side. Try again.", code="internal")
        else:
            for entry, events, records in stored:
                self._publish(entry, events, records)
        if fault is not None:
            for entry, _ in batch:
                entry.fault = fault
                entry.pending = []  # what came since would leave a gap
                self._waiting.pop(entry.id, None)
        self._committed.set()
        self._committed = asyncio.Event()

    def _publish(self, entry: _Open, events: Sequence[Event], records: Sequence[Record]) -> None:
        entry.events.extend(events)
        entry.records.extend(records)
        entry.push(records)
        if _ends(events):
            entry.has_ended = True
            self._open.pop(entry.id, None)
            self._release(entry)
        else:
            entry.wake()

    @staticmethod
    def _release(entry: _Open) -> None:
        for reader in list(entry.readers):
            entry.release(reader)
        entry.wake()

    async def _end_abandoned(self, answer_id: str) -> None:
        events: list[Event] = []
        while records := await self._store.read(answer_id, len(events)):
            events.extend(decode(record.data) for record in records)
        ending: Ending = INTERRUPTED
        record = Record(answer_id, len(events) + 1, encode(ending))
        await self._store.append([record], [fold(answer_id, [*events, ending])])


def _merged(events: Sequence[Event]) -> list[Event]:
    """Return the events, texts that follow each other as one, up to a length."""
    if len(events) == 1:
        return list(events)
    merged: list[Event] = []
    run: list[str] = []
    length = 0
    for event in events:
        if isinstance(event, Text) and length + len(event.text) <= MERGED_CHARACTERS:
            run.append(event.text)
            length += len(event.text)
            continue
        if run:
            merged.append(Text("".join(run)))
        run, length = ([event.text], len(event.text)) if isinstance(event, Text) else ([], 0)
        if not run:
            merged.append(event)
    if run:
        merged.append(Text("".join(run)))
    return merged


def _records(entry: _Open, events: Sequence[Event]) -> list[Record]:
    first = len(entry.records) + 1
    return [Record(entry.id, number, encode(event)) for number, event in enumerate(events, first)]


def _ends(events: Sequence[Event]) -> bool:
    return isinstance(events[-1], ENDINGS)


def _portion(records: Sequence[Record], after: int) -> list[Record]:
    """Return records above a number, as many as make a portion, at least one if there is one."""
    portion: list[Record] = []
    room = PORTION_BYTES
    for record in records[after : after + 1000]:
        if portion and len(record.data) > room:
            break
        portion.append(record)
        room -= len(record.data)
    return portion


def _portions(records: Sequence[Record]) -> Iterator[list[Record]]:
    begun = 0
    while portion := _portion(records, begun):
        yield portion
        begun += len(portion)
