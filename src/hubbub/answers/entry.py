"""An open answer as one worker knows it: the last of what is stored of it, and who reads."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from hubbub.answers.base import AnswerStore, Record
from hubbub.core.answer import Folding
from hubbub.core.errors import HubbubError
from hubbub.core.events import Event

PORTION_BYTES = 16 * 1024
"""A reader that comes late is given the past in portions, each when the one before has gone."""

HELD_BYTES = 4 * 1024 * 1024
"""So much of all open answers is held in memory, each an equal part; readers that are behind go to the store."""
LEAST_HELD_BYTES = 16 * 1024
"""So much of each is held in any case."""

FIRST_AT_ONCE = 64
MOST_AT_ONCE = 1000
"""So many records are looked at for a portion: first the former, then what the last portion had, or more of them."""

KEPT_SECONDS = 1.0
"""So long an answer that has ended is still in memory for its readers. One that sleeps would keep it for as long."""

FIRST_WATCHER_SECONDS = 10.0
"""So long after its beginning an answer counts as watched: whoever asked is still on the way."""

T = TypeVar("T")
Render: TypeAlias = Callable[[Sequence[Record]], T]


class Reader(Generic[T]):
    """A sink of frames, or of records: what is committed is pushed into it at once, without waking anybody.

    `render` makes what is taken of the next records, for all readers that use the same function
    together, and `write` takes them. Where `has_room` says no, nothing is rendered: the reader has
    to be served by `follow` until it has caught up.
    """

    __slots__ = ("_released", "has_left", "has_room", "number", "render", "write")

    def __init__(self, render: Render[T], write: Callable[[T], object], has_room: Callable[[], bool]) -> None:
        self.render = render
        self.write = write
        self.has_room = has_room
        self.number = 0
        self.has_left = False
        self._released: asyncio.Future[None] | None = None

    def leave(self) -> None:
        """End the reading: `follow` yields nothing more."""
        self.has_left = True
        self.release()

    def until_released(self) -> "asyncio.Future[None]":
        """Return what is done when `follow` has to look after it: a future, which takes less than an event does."""
        self._released = asyncio.get_running_loop().create_future()
        return self._released

    def release(self) -> None:
        """Let `follow` look after it, if that waits."""
        if self._released is not None and not self._released.done():
            self._released.set_result(None)


class Entry:
    """An open answer, made by another worker. `records` are the last of those that are stored."""

    __slots__ = (
        "_changed",
        "_held_bytes",
        "dropped",
        "has_ended",
        "id",
        "is_over",
        "last",
        "readers",
        "records",
        "trouble",
        "watchers",
    )

    def __init__(self, answer_id: str) -> None:
        self.id = answer_id
        self.records: list[Record] = []
        self.dropped = 0
        """How many come before those; they stand in the store alone."""
        self._held_bytes = 0
        self.readers: list[Reader[Any]] = []
        self.watchers = 0
        """How many follow it."""
        self.has_ended = False
        self.last = 0
        """The number of the last record, once it has ended."""
        self.is_over = False
        """Whether nothing more comes here, though it goes on: it is made by another worker from now on."""
        self.trouble: HubbubError | None = None
        """Why the ending can't be stored; told to the readers."""
        self._changed: asyncio.Event | None = None

    @property
    def number(self) -> int:
        """The number of the last record that is published."""
        return self.dropped + len(self.records)

    def take(self, records: Sequence[Record], most_bytes: int) -> int:
        """Take the next records, which are stored, and hold so much of all; returns how many bytes they are."""
        fresh_bytes = sum([len(record.data) for record in records])
        self.records.extend(records)
        self._held_bytes += fresh_bytes
        if self._held_bytes > most_bytes:
            self._hold(most_bytes // 2)  # not as much as may be: else it would be done for each record
        return fresh_bytes

    def _hold(self, most_bytes: int) -> None:
        place = 0
        while self._held_bytes > most_bytes:
            self._held_bytes -= len(self.records[place].data)
            place += 1
        del self.records[:place]
        self.dropped += place

    def publish(self, records: Sequence[Record], most_bytes: int) -> None:
        """Take the next records, which are stored, and push them to the readers; hold so much of all.

        What is more than a portion is not pushed: readers fetch it, each as it has room.
        """
        is_long = self.take(records, most_bytes) > PORTION_BYTES and len(records) > 1
        readers = self.readers
        frames: dict[Render[Any], Any] = {}
        for reader in list(readers):
            if is_long or not reader.has_room():
                self._release(reader)
                continue
            data = frames.get(reader.render)
            if data is None:
                data = frames[reader.render] = reader.render(records)
            reader.write(data)
            reader.number = records[-1].number
        self.wake()

    @property
    def changed(self) -> asyncio.Event:
        """What is set when something changes next."""
        if self._changed is None:
            self._changed = asyncio.Event()
        return self._changed

    def wake(self) -> None:
        """Let those go on that wait for something to change."""
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    def end(self) -> None:
        """Note that it has ended. A moment later it lets its records go: who has not read them by then is slow."""
        self.has_ended = True
        self.last = self.number
        self.release_all()
        asyncio.get_running_loop().call_later(KEPT_SECONDS, self.shed)

    def shed(self) -> None:
        """Let go of what is stored anyway. Readers that are behind go on from there."""
        self.dropped += len(self.records)
        self.records.clear()
        self._held_bytes = 0

    def release_all(self) -> None:
        """Let everybody look for themselves what is the matter."""
        for reader in list(self.readers):
            self._release(reader)
        self.wake()

    def _release(self, reader: Reader[Any]) -> None:
        if reader in self.readers:
            self.readers.remove(reader)
        reader.release()


class OwnEntry(Entry):
    """An open answer that is made here, with what waits to be stored."""

    __slots__ = ("fault", "folding", "grace_seconds", "has_said", "holds", "owner_id", "pending", "unwatched_since")

    def __init__(self, answer_id: str, owner_id: str, grace_seconds: float | None, now: float) -> None:
        super().__init__(answer_id)
        self.owner_id = owner_id
        self.grace_seconds = grace_seconds
        self.unwatched_since = now + FIRST_WATCHER_SECONDS
        self.holds = 0
        """How many count as watching it while they don't follow it for a moment."""
        self.folding = Folding(answer_id)
        self.pending: list[Event] = []
        self.has_said = False
        """Whether anything of the answer itself came, be it a thought or a call of a tool."""
        self.fault: HubbubError | None = None
        """Why pending events were lost; told to whoever sends next."""

    def shed(self) -> None:
        super().shed()
        self.folding.shed()


def share(count: int) -> int:
    """Return how many bytes of each of so many open answers are held."""
    return max(LEAST_HELD_BYTES, HELD_BYTES // max(1, count))


def portion(records: Sequence[Record], place: int = 0) -> list[Record]:
    """Return the records from a place on, as many as make a portion, at least one if there is one."""
    taken: list[Record] = []
    room = PORTION_BYTES
    for record in records[place : place + MOST_AT_ONCE]:
        if taken and len(record.data) > room:
            break
        taken.append(record)
        room -= len(record.data)
    return taken


class Past:
    """Reads what is stored of an answer, a portion at a time, and not much more than that."""

    __slots__ = ("_answer_id", "_limit", "_store")

    def __init__(self, store: AnswerStore, answer_id: str) -> None:
        self._store = store
        self._answer_id = answer_id
        self._limit = FIRST_AT_ONCE

    async def read(self, after: int) -> list[Record]:
        """Return the next portion above a number; empty where nothing more is stored."""
        records = await self._store.read(self._answer_id, after, limit=self._limit)
        taken = portion(records)
        if len(taken) < len(records):
            self._limit = len(taken) + 1
        else:
            self._limit = min(MOST_AT_ONCE, 4 * self._limit)
        return taken
