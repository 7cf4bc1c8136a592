"""An open answer as one worker knows it: what is stored of it, and who reads."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from hubbub.answers.base import Record
from hubbub.core.answer import Folding
from hubbub.core.errors import HubbubError
from hubbub.core.events import Event

PORTION_BYTES = 64 * 1024
"""A reader that comes late is given the past in portions, each when the one before has gone."""

KEPT_SECONDS = 1.0
"""So long an answer that has ended is still in memory for its readers. One that sleeps would keep it for as long."""

FIRST_WATCHER_SECONDS = 10.0
"""So long after its beginning an answer counts as watched: whoever asked is still on the way."""

Render: TypeAlias = Callable[[Sequence[Record]], bytes]


class Reader:
    """A sink of frames: what is committed is pushed into it at once, without waking anybody.

    `render` makes the frames of the next records, for all readers that use the same function
    together, and `write` takes them. Where `has_room` says no, nothing is rendered: the reader has
    to be served by `follow` until it has caught up.
    """

    __slots__ = ("_released", "has_left", "has_room", "number", "render", "write")

    def __init__(self, render: Render, write: Callable[[bytes], None], has_room: Callable[[], bool]) -> None:
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
    """An open answer, made by another worker. `records` are stored."""

    __slots__ = ("_changed", "has_ended", "id", "is_over", "last", "readers", "records", "trouble", "watchers")

    def __init__(self, answer_id: str) -> None:
        self.id = answer_id
        self.records: list[Record] = []
        self.readers: list[Reader] = []
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

    def publish(self, records: Sequence[Record]) -> None:
        """Take records that are stored, the next ones, and push them to the readers."""
        self.records.extend(records)
        readers = self.readers
        frames: dict[Render, bytes] = {}
        for reader in list(readers):
            if not reader.has_room():
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
        self.last = len(self.records)
        self.release_all()
        asyncio.get_running_loop().call_later(KEPT_SECONDS, self.shed)

    def shed(self) -> None:
        """Let go of what is stored anyway. Readers that are behind go on from there."""
        self.records = []

    def release_all(self) -> None:
        """Let everybody look for themselves what is the matter."""
        for reader in list(self.readers):
            self._release(reader)
        self.wake()

    def _release(self, reader: Reader) -> None:
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
        self.folding = Folding(self.id)


def portion(records: Sequence[Record], after: int) -> list[Record]:
    """Return records above a number, as many as make a portion, at least one if there is one.

    `records` are those from number 1 on.
    """
    taken: list[Record] = []
    room = PORTION_BYTES
    for record in records[after : after + 1000]:
        if taken and len(record.data) > room:
            break
        taken.append(record)
        room -= len(record.data)
    return taken


def portions(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Yield records in portions."""
    begun = 0
    while taken := portion(records, begun):
        yield taken
        begun += len(taken)
