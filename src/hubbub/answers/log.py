"""Number the events of all open answers, commit what arrived together, then push it to the readers.

An event that a reader gets is on disk already. When and how often to commit is the commit loop's to say.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Iterable, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from msgspec.structs import replace

from hubbub.answers.base import AnswerStore, Beside, Found, Record, Source
from hubbub.answers.batches import failure_of, merged, records_of, traced
from hubbub.answers.commit_loop import CommitLoop
from hubbub.answers.entry import Entry, OwnEntry, Past, Reader, portion, share
from hubbub.answers.remote import RemoteAnswers
from hubbub.core.answer import Answer, Folding, fold
from hubbub.core.documents import Hit
from hubbub.core.errors import HubbubError, NotFound
from hubbub.core.events import (
    ENDINGS,
    SAID,
    Asked,
    Ending,
    Event,
    Failed,
    Queued,
    Searched,
    decode,
    encode,
)

logger = logging.getLogger(__name__)

COMMIT_CHARACTERS = 512 * 1024
"""About so much is stored at once of what answers come to. All the others wait for that, too."""
CLOSE_SECONDS = 10.0
"""So long it waits at its end for a store that does not answer."""
SLICE = 200
"""So many answers are pushed to their readers before others have their turn: about 3 ms."""

_URGENT = (*ENDINGS, Asked, Queued, Searched)
"""Somebody waits for these, and for the first of what an answer says."""

INTERRUPTED = Failed(
    "interrupted",
    "The server stopped while this was being written. What was written is kept; you can ask for the answer again.",
    is_retryable=True,
)


class Log:
    """The log of all answers. Those made here are followed in memory, others from the store."""

    def __init__(
        self,
        store: AnswerStore,
        sources: Sequence[Source] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self._clock = clock
        self._own: dict[str, OwnEntry] = {}
        self.remote = RemoteAnswers(store)
        """The answers that are followed here and made by other workers."""
        self._waiting: dict[str, OwnEntry] = {}
        self._trouble: HubbubError | None = None
        """Why nothing can be stored of any answer, as far as is known."""
        self._committed = asyncio.Event()
        self.commit_loop = CommitLoop(self._commit, sources)
        self._committing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._committing = asyncio.create_task(self.commit_loop.run(), name="commit loop")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._committing is None:
            return
        self.commit_loop.end()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.wait({self._committing})
                while self._waiting:
                    await self._commit()
        except TimeoutError:
            logger.warning("The store does not answer: what was said last is lost, and others end the answers.")
            self._committing.cancel()
            await asyncio.wait({self._committing})

    @property
    def reader_count(self) -> int:
        """How many readers follow answers that are open."""
        return sum(entry.watchers for entry in self._own.values()) + self.remote.reader_count

    @property
    def window_seconds(self) -> float:
        """The time between two rounds at present."""
        return self.commit_loop.window_seconds

    async def open(
        self,
        answer_id: str,
        owner_id: str,
        grace_seconds: float | None = None,
        keep_seconds: float | None = None,
        beside: Beside | None = None,
        credential: str | None = None,
        trace: str = "",
    ) -> None:
        """Begin an empty log; it is stored when this returns, with what goes `beside` it.

        It is forgotten after `keep_seconds`, if it has ended.

        Raises:
            Conflict: there is an answer with this id.
        """
        await self.store.open(answer_id, owner_id, grace_seconds, keep_seconds, beside, credential, **traced(trace))
        self._own[answer_id] = OwnEntry(answer_id, owner_id, grace_seconds, self._clock())

    async def open_for_others(
        self,
        answer_id: str,
        owner_id: str,
        grace_seconds: float | None,
        keep_seconds: float | None,
        first: Event | None,
        beside: Beside | None = None,
        credential: str | None = None,
        trace: str = "",
    ) -> None:
        """Store the log of an answer that another worker is to make, with its first event and what goes `beside` it.

        Raises:
            Conflict: there is an answer with this id.
        """
        records = [] if first is None else [Record(answer_id, 1, encode(first))]
        await self.store.open_for_others(
            answer_id, owner_id, grace_seconds, keep_seconds, records, beside, credential, **traced(trace)
        )

    async def adopt(self, found: Found) -> bool:
        """Go on with the log of an answer that another worker began; returns whether it has said anything."""
        records = await self.records(found.id)
        entry = OwnEntry(found.id, found.owner_id, found.grace_seconds, self._clock())
        entry.take(records, share(len(self._own) + 1))
        entry.folding = Folding(found.id, [decode(record.data) for record in records])
        entry.has_said = entry.folding.has_said
        self._own[found.id] = entry
        self.remote.hand_over(found.id)
        return entry.has_said

    def append(self, answer_id: str, event: Event) -> None:
        """Hand over an event. It is stored, and then pushed to the readers, with the next round.

        Texts that wait together become one event. How much may wait is bounded by how long an answer may get,
        and while a commit takes long no streams are read.

        Raises:
            StoreError: an event before could not be stored; the log is as if it and this one had never been.
        """
        entry = self._own[answer_id]
        if entry.fault is not None:
            raise entry.fault
        entry.pending.append(event)
        self._waiting[answer_id] = entry
        if isinstance(event, SAID):
            is_urgent, entry.has_said = not entry.has_said, True
        else:
            is_urgent = isinstance(event, _URGENT)
        self.commit_loop.tell(is_urgent=is_urgent)

    async def end(self, answer_id: str, ending: Ending) -> None:
        """Add the ending; it is stored when this returns.

        Raises:
            StoreError: it, or an event before it, could not be stored. Once told, this may be tried again.
        """
        entry = self._own[answer_id]
        if entry.fault is None:
            self.append(answer_id, ending)
        while entry.fault is None and not entry.has_ended:
            await self._committed.wait()
        if entry.fault is not None:
            fault, entry.fault = entry.fault, None
            raise fault

    def let_go(self, answer_id: str) -> None:
        """Forget an open answer that another worker has taken over. Its readers follow it there."""
        entry = self._own.pop(answer_id, None)
        self._waiting.pop(answer_id, None)
        if entry is not None:
            entry.is_over = True
            entry.release_all()

    def is_here(self, answer_id: str) -> bool:
        """Tell whether an answer is open and made by this worker."""
        return answer_id in self._own

    def hits(self, answer_id: str) -> Sequence[Hit] | None:
        """Return what was found for an open answer that is made here; None: nothing was searched yet."""
        entry = self._own.get(answer_id)
        return None if entry is None else entry.folding.hits

    def has_said(self, answer_id: str) -> bool:
        """Tell whether an answer that is made here has said anything yet."""
        entry = self._own.get(answer_id)
        return entry is not None and entry.has_said

    def unwatched(self, watched_remotely: Callable[[str], float]) -> list[str]:
        """Return the answers that nobody watches any more, for longer than their grace.

        `watched_remotely` gives the seconds since another worker last had somebody who watches.
        """
        now = self._clock()
        return [
            entry.id
            for entry in self._own.values()
            if entry.grace_seconds is not None
            and not (entry.watchers or entry.holds)
            and min(now - entry.unwatched_since, watched_remotely(entry.id)) >= entry.grace_seconds
        ]

    @contextmanager
    def holding(self, answer_id: str) -> Generator[None]:
        """Let an answer that is made here count as watched: whoever follows it may leave off for a moment."""
        entry = self._own.get(answer_id)
        if entry is None:
            yield
            return
        entry.holds += 1
        try:
            yield
        finally:
            entry.holds -= 1

    async def first(self, answer_id: str) -> Event | None:
        """Return the first event of an answer; None where there is none."""
        records = await self.store.read(answer_id, limit=1)
        return decode(records[0].data) if records else None

    async def records(self, answer_id: str) -> list[Record]:
        """Return all of an answer that is stored by now, which is all that anybody can have read."""
        records: list[Record] = []
        while more := await self.store.read(answer_id, len(records)):
            records += more
        return records

    async def owner(self, answer_id: str) -> str | None:
        """Return whose answer it is; None where there is no such answer."""
        entry = self._own.get(answer_id)
        if entry is not None:
            return entry.owner_id
        found = await self.store.find([answer_id])
        return found[0].owner_id if found else None

    async def follow(
        self, answer_id: str, after: int = 0, *, reader: Reader[Any] | None = None, patience_seconds: float = 15.0
    ) -> AsyncGenerator[Sequence[Record]]:
        """Yield the records above a number, in order and none twice, until the answer has ended.

        Where a reader is given, what is committed while it keeps up is pushed into it and not
        yielded. Yields an empty sequence when nothing was yielded for `patience_seconds`, so that
        the reader can show that it lives.

        Raises:
            HubbubError: an open answer's ending can't be stored now; the reader may come again.
        """
        while entry := await self._entry(answer_id):
            entry.watchers += 1
            try:
                async for records in self._follow(entry, after, reader, patience_seconds):
                    yield records
                    after = records[-1].number if records else after
                    if reader is not None:
                        after = max(after, reader.number)
            finally:
                entry.watchers -= 1
                if isinstance(entry, OwnEntry):
                    entry.unwatched_since = self._clock()
                elif not entry.watchers:
                    self.remote.forget(entry)
            if reader is not None:
                after = max(after, reader.number)
            if reader is not None and reader.has_left:
                return
            if entry.has_ended:
                if after >= entry.last:
                    return
                break
        past = Past(self.store, answer_id)
        while records := await past.read(after):
            after = records[-1].number
            yield records
            if reader is not None and reader.has_left:
                return

    async def answers(self, answer_ids: Collection[str]) -> dict[str, Answer]:
        """Return what each of these answers is now. One without a log never began: it was interrupted."""
        open_here = {key: entry.folding for key in answer_ids if (entry := self._own.get(key))}
        answers = {key: self._shown(key, folding) for key, folding in open_here.items() if folding.is_whole}
        others = [key for key in answer_ids if key not in answers]
        found = {one.id: one for one in await self.store.find(others)} if others else {}
        for key in others:
            one = found.get(key)
            if one is None:
                answers[key] = fold(key, [INTERRUPTED])
            else:
                answers[key] = one.result or fold(key, [decode(one.data) for one in await self.records(key)])
        return answers

    async def answer(self, answer_id: str) -> Answer:
        """Return what an answer is now.

        Raises:
            NotFound: there is no such answer.
        """
        if await self.owner(answer_id) is None:
            raise NotFound("There is no such answer.")
        return (await self.answers([answer_id]))[answer_id]

    async def reach(self, answer_id: str, least: int = 0) -> tuple[int, bool]:
        """Return the number of an answer's last event, and whether it is open. There has to be such an answer.

        Whoever has read on another worker may have come to an event (`least`) that is stored but not published here.

        Raises:
            HubbubError: it is open, nothing comes after `least` now, and nothing that comes can be stored.
        """
        if entry := self._own.get(answer_id):
            if least >= entry.number and (trouble := entry.trouble or self._trouble) is not None:
                raise trouble.with_traceback(None)
            if least > entry.number and await self.store.read(answer_id, least - 1, limit=1):
                return least, True
            return entry.number, True
        answer = await self.answer(answer_id)
        return answer.number, answer.state == "open"

    async def forget(self, answer_ids: Collection[str]) -> None:
        """Drop the logs of answers, which must have ended."""
        await self.store.forget(answer_ids)

    def report(self, answer_id: str, trouble: HubbubError) -> None:
        """Tell the readers of an open answer that its ending can't be stored now."""
        entry = self._own[answer_id]
        entry.trouble = trouble
        entry.release_all()

    def hinder(self, trouble: HubbubError | None) -> None:
        """Note why nothing can be stored of any answer, and tell all readers; None: it can again."""
        is_new = trouble is not None and self._trouble is None
        if is_new or trouble is None:
            self._trouble = trouble
        if is_new:
            for entry in list(self._own.values()):
                entry.release_all()
            self.remote.release_all()

    def _shown(self, answer_id: str, folding: Folding) -> Answer:
        """Return what an open answer is; where its ending can't be stored, it has failed as far as can be told."""
        answer = folding.answer()
        trouble = self._own[answer_id].trouble or self._trouble
        return answer if trouble is None else replace(answer, state="failed", failure=failure_of(trouble))

    async def _follow(
        self, entry: Entry, after: int, reader: Reader[Any] | None, patience_seconds: float
    ) -> AsyncGenerator[Sequence[Record]]:
        """Yield an open answer's records above a number until it has ended or is made elsewhere."""
        sink, past = reader, Past(self.store, entry.id)
        while True:
            # What is pushed is all that is new here: who is ahead already, from another worker, is not to get it twice.
            reader = sink if after <= entry.number else None
            changed = entry.changed.wait if reader is None else reader.until_released
            if reader is not None and reader.has_left:
                return
            if after < entry.dropped and not entry.has_ended:
                # No more than is published here: the rest may be pushed.
                records = [one for one in await past.read(after) if one.number <= entry.number]
            else:
                records = portion(entry.records, after - entry.dropped) if after >= entry.dropped else []
            if records:
                after = records[-1].number
                yield records
            elif entry.has_ended or entry.is_over or after < entry.dropped:
                return
            elif (trouble := entry.trouble or self._trouble) is not None:
                raise trouble.with_traceback(None)  # it is raised for each reader, and would keep what each one held
            else:
                if reader is not None:
                    reader.number = after
                    entry.readers.append(reader)
                is_quiet = False
                try:
                    async with asyncio.timeout(patience_seconds):
                        await changed()
                except TimeoutError:
                    is_quiet = True
                finally:
                    if reader is not None:
                        if reader in entry.readers:
                            entry.readers.remove(reader)
                        after = reader.number
                if is_quiet:
                    yield ()

    async def _entry(self, answer_id: str) -> Entry | None:
        if entry := self._own.get(answer_id):
            return entry
        entry = await self.remote.entry(answer_id)
        if own := self._own.get(answer_id):  # it was taken over meanwhile
            self.remote.hand_over(answer_id)
            return own
        return entry

    async def _commit(self) -> None:
        """Store what waits, all answers in one transaction, then push it. Of endings only so many at a time."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        self._put_off(waiting)
        batch = [(entry, merged(entry.pending)) for entry in waiting.values()]
        for entry, _ in batch:
            entry.pending = []
        fault: HubbubError | None = None
        try:
            stored = [(entry, events, records_of(entry, events)) for entry, events in batch]
            ended = [await self._ended(entry, events) for entry, events in batch if isinstance(events[-1], ENDINGS)]
            await self.store.append([record for _, _, records in stored for record in records], ended)
            del ended
        except HubbubError as error:
            fault = error
        except Exception:  # a bug must not leave every answer waiting for ever
            logger.exception("A batch of events could not be committed.")
            fault = HubbubError("Something went wrong on our side. Try again.", code="internal")
        else:
            most_bytes = share(len(self._own))
            for place, (entry, events, records) in enumerate(stored, start=1):
                self._publish(entry, events, records, most_bytes)
                if place % SLICE == 0:
                    await asyncio.sleep(0)  # others have their turn on the loop
        if fault is not None:
            for entry, _ in batch:
                entry.fault = fault
                entry.pending = []  # what came since would leave a gap
                self._waiting.pop(entry.id, None)
        self._committed.set()
        self._committed = asyncio.Event()

    def _put_off(self, waiting: dict[str, OwnEntry]) -> None:
        """Take away the longest of the answers that end, if they are too long together: the next round has them."""
        ending = [entry for entry in waiting.values() if isinstance(entry.pending[-1], ENDINGS)]
        if len(ending) < 2:
            return
        ending.sort(key=lambda entry: entry.folding.said_characters)
        size = 0
        for entry in ending:
            if size > COMMIT_CHARACTERS:
                self._waiting[entry.id] = waiting.pop(entry.id)
            size += entry.folding.said_characters
        if self._waiting:
            self.commit_loop.tell(is_urgent=True)

    async def _ended(self, entry: OwnEntry, events: Iterable[Event]) -> Answer:
        """Return what an answer comes to with its last events; they are not taken yet, since they may not be stored."""
        if entry.folding.is_whole:
            folding = entry.folding.copy()
        else:
            folding = Folding(entry.id, [decode(record.data) for record in await self.records(entry.id)])
        for event in events:
            folding.add(event)
        return folding.answer()

    def _publish(self, entry: OwnEntry, events: Sequence[Event], records: Sequence[Record], most_bytes: int) -> None:
        is_ending = isinstance(events[-1], ENDINGS)
        folding = entry.folding
        if not is_ending:  # what one that ends comes to is stored already
            for event in events:
                folding.add(event)
            if folding.is_whole and folding.said_characters > most_bytes:
                folding.shed()
        entry.publish(records, most_bytes)
        if is_ending:
            self._own.pop(entry.id, None)
            entry.end()
