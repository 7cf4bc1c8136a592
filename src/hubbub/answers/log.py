"""Number the events of all open answers, commit what arrived together, then wake the readers.

An event that a reader gets is on disk already. Events that arrive while a commit is under way are
committed together by the next one, so the number of commits does not grow with that of answers.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Self

from hubbub.answers.base import AnswerStore, Record
from hubbub.core.answer import Answer, fold
from hubbub.core.errors import HubbubError, NotFound
from hubbub.core.events import ENDINGS, Ending, Event, Failed, decode, encode

logger = logging.getLogger(__name__)

INTERRUPTED = Failed(
    "interrupted",
    "The server stopped while this was being written. What was written is kept; you can ask for the answer again.",
    is_retryable=True,
)


class _Open:
    """An open answer: its committed events, and what its readers wait for."""

    def __init__(self, answer_id: str, owner_id: str) -> None:
        self.id = answer_id
        self.owner_id = owner_id
        self.events: list[Event] = []
        self.records: list[Record] = []
        self.has_ended = False
        self.trouble: HubbubError | None = None
        self.changed = asyncio.Event()

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class _Batch:
    """Events that are committed together."""

    def __init__(self) -> None:
        self.events: list[tuple[_Open, Event]] = []
        self.done = asyncio.Event()
        self.error: HubbubError | None = None


class Log:
    """The log of all answers. Open ones are followed in memory, ended ones from the store."""

    def __init__(self, store: AnswerStore) -> None:
        self._store = store
        self._open: dict[str, _Open] = {}
        self._batch = _Batch()
        self._arrived = asyncio.Event()
        self._committing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        for answer_id in await self._store.unended():
            await self._end_abandoned(answer_id)
        self._committing = asyncio.create_task(self._commit_batches(), name="log")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._committing is not None:
            self._committing.cancel()
            await asyncio.wait({self._committing})

    async def open(self, answer_id: str, owner_id: str) -> None:
        """Begin an empty log; it is stored when this returns.

        Raises:
            Conflict: there is an answer with this id.
        """
        await self._store.open(answer_id, owner_id)
        self._open[answer_id] = _Open(answer_id, owner_id)

    async def append(self, answer_id: str, event: Event) -> None:
        """Add an event; it is stored, and on its way to the readers, when this returns.

        Cancelled, it may be stored all the same. Nothing can follow an ending.

        Raises:
            StoreError: it could not be stored; the log is as it was.
        """
        entry = self._open[answer_id]
        batch = self._batch
        batch.events.append((entry, event))
        self._arrived.set()
        await batch.done.wait()
        if batch.error is not None:
            raise batch.error

    async def owner(self, answer_id: str) -> str | None:
        """Return whose answer it is; None where there is no such answer."""
        entry = self._open.get(answer_id)
        return entry.owner_id if entry else await self._store.owner(answer_id)

    async def follow(
        self, answer_id: str, after: int = 0, *, patience_seconds: float = 15.0
    ) -> AsyncGenerator[Sequence[Record]]:
        """Yield the records above a number, in order and none twice, until the answer has ended.

        Yields an empty sequence when nothing came for `patience_seconds`, so that the reader can
        show that it lives.

        Raises:
            HubbubError: an open answer's ending can't be stored now; the reader may come again.
        """
        entry = self._open.get(answer_id)
        if entry is None:
            while records := await self._store.read(answer_id, after):
                yield records
                after = records[-1].number
            return
        while True:
            changed = entry.changed
            if records := entry.records[after:]:
                yield records
                after = records[-1].number
            elif entry.has_ended:
                return
            elif entry.trouble is not None:
                raise entry.trouble
            else:
                try:
                    await asyncio.wait_for(changed.wait(), patience_seconds)
                except TimeoutError:
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
        entry.wake()

    async def _commit_batches(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            batch, self._batch = self._batch, _Batch()
            try:
                await self._commit(batch)
            except HubbubError as error:
                batch.error = error
            except Exception:  # a bug must not leave every answer waiting for ever
                logger.exception("A batch of events could not be committed.")
                batch.error = HubbubError("Something went wrong on our side. Try again.", code="internal")
            batch.done.set()

    async def _commit(self, batch: _Batch) -> None:
        numbers: dict[str, int] = {}
        records: list[Record] = []
        ended: list[Answer] = []
        for entry, event in batch.events:
            number = numbers.get(entry.id, len(entry.records)) + 1
            numbers[entry.id] = number
            records.append(Record(entry.id, number, encode(event)))
            if isinstance(event, ENDINGS):
                own = [other for owner, other in batch.events if owner is entry]
                ended.append(fold(entry.id, entry.events + own))
        await self._store.append(records, ended)
        touched: dict[str, _Open] = {}
        for (entry, event), record in zip(batch.events, records, strict=True):
            entry.events.append(event)
            entry.records.append(record)
            entry.has_ended = isinstance(event, ENDINGS)
            touched[entry.id] = entry
        for entry in touched.values():
            if entry.has_ended:
                self._open.pop(entry.id, None)
            entry.wake()

    async def _end_abandoned(self, answer_id: str) -> None:
        events: list[Event] = []
        while records := await self._store.read(answer_id, len(events)):
            events.extend(decode(record.data) for record in records)
        ending: Ending = INTERRUPTED
        record = Record(answer_id, len(events) + 1, encode(ending))
        await self._store.append([record], [fold(answer_id, [*events, ending])])
