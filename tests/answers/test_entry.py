"""What is held of an open answer, and what of it is pushed to whom."""

import asyncio
from collections.abc import Sequence

import pytest

from hubbub.answers.base import Record
from hubbub.answers.entry import (
    FIRST_AT_ONCE,
    HELD_BYTES,
    KEPT_SECONDS,
    LEAST_HELD_BYTES,
    MOST_AT_ONCE,
    PORTION_BYTES,
    Entry,
    Past,
    Reader,
    portion,
    share,
)
from hubbub.answers.memory import MemoryAnswers
from tests.jumping import jumping

PLENTY = 10**9


def records(*sizes: int, first: int = 1) -> list[Record]:
    return [Record("a", number, b"x" * size) for number, size in enumerate(sizes, first)]


def bytes_of(found: Sequence[Record]) -> int:
    return sum(len(record.data) for record in found)


class Sink:
    """Takes the numbers that it is given, unless it is full, and counts what is rendered for it."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.rendered = 0
        self.is_full = False
        self.reader = Reader(self.render, self.numbers.extend, lambda: not self.is_full)

    def render(self, found: Sequence[Record]) -> list[int]:
        self.rendered += 1
        return [record.number for record in found]


@pytest.mark.parametrize("at_once", [1, 3, 20])
def test_as_much_is_held_as_may_be_and_half_of_it_once_it_was_too_much(at_once: int) -> None:
    entry, told, held, said = Entry("a"), records(*[100] * 100), 0, 0
    for place in range(0, len(told), at_once):
        fresh = told[place : place + at_once]
        assert entry.take(fresh, 1000) == bytes_of(fresh)
        said += len(fresh)
        held += len(fresh)
        held = held if held <= 10 else 5
        assert entry.records == told[said - held : said]
        assert (entry.number, entry.dropped) == (said, said - held)


def test_what_is_shed_is_known_by_its_number_and_leaves_room() -> None:
    entry = Entry("a")
    entry.take(records(400, 400), 1000)
    entry.shed()
    assert (entry.records, entry.dropped, entry.number) == ([], 2, 2)
    entry.take(records(900, first=3), 1000)
    assert [record.number for record in entry.records] == [3]


async def test_readers_that_render_alike_share_what_is_rendered() -> None:
    entry, one = Entry("a"), Sink()
    taken: list[int] = []
    entry.readers = [one.reader, Reader(one.reader.render, taken.extend, lambda: True)]
    other = Sink()
    entry.readers.append(other.reader)
    entry.publish(records(5, 5), PLENTY)
    assert one.numbers == taken == other.numbers == [1, 2]
    assert (one.rendered, other.rendered) == (1, 1)
    assert [reader.number for reader in entry.readers] == [2, 2, 2]


async def test_who_has_no_room_is_released_and_others_are_not() -> None:
    entry, full, roomy = Entry("a"), Sink(), Sink()
    full.is_full = True
    entry.readers = [full.reader, roomy.reader]
    waits = [sink.reader.until_released() for sink in (full, roomy)]
    changed = entry.changed
    entry.publish(records(5), PLENTY)
    assert [wait.done() for wait in waits] == [True, False]
    assert entry.readers == [roomy.reader]
    assert (full.numbers, roomy.numbers) == ([], [1])
    assert changed.is_set()
    assert not entry.changed.is_set()  # that is the next change


@pytest.mark.parametrize(
    ("sizes", "is_pushed"),
    [
        ((PORTION_BYTES - 1, 1), True),
        ((PORTION_BYTES - 1, 2), False),
        ((3 * PORTION_BYTES,), True),
    ],
    ids=["a portion", "more than a portion", "one that can not be cut"],
)
async def test_no_more_than_a_portion_is_pushed(sizes: Sequence[int], is_pushed: bool) -> None:
    entry, sink = Entry("a"), Sink()
    entry.readers = [sink.reader]
    waits = sink.reader.until_released()
    entry.publish(records(*sizes), PLENTY)
    assert (sink.numbers == [*range(1, len(sizes) + 1)]) == is_pushed == (not waits.done())
    assert bool(entry.readers) == is_pushed


async def test_a_reader_is_released_as_often_as_somebody_asks() -> None:
    sink = Sink()
    sink.reader.leave()  # nobody waits for it yet
    assert sink.reader.has_left
    waits = sink.reader.until_released()
    sink.reader.release()
    sink.reader.release()
    assert waits.done()


def test_what_has_ended_is_held_a_moment_longer() -> None:
    async def end() -> None:
        entry, sink = Entry("a"), Sink()
        entry.publish(records(5, 5, 5), PLENTY)
        entry.readers = [sink.reader]
        waits, changed = sink.reader.until_released(), entry.changed
        entry.end()
        assert entry.has_ended
        assert entry.last == 3
        assert waits.done()
        assert changed.is_set()
        assert entry.readers == []
        await asyncio.sleep(0.9 * KEPT_SECONDS)
        assert len(entry.records) == 3
        await asyncio.sleep(0.2 * KEPT_SECONDS)
        assert (entry.records, entry.number) == ([], 3)

    jumping(end())


def test_the_more_answers_the_less_is_held_of_each() -> None:
    assert share(0) == share(1) == HELD_BYTES
    assert share(64) == HELD_BYTES // 64
    assert share(10**6) == LEAST_HELD_BYTES


def test_a_portion_is_as_long_as_it_may_be_and_never_empty() -> None:
    fitting = records(PORTION_BYTES - 10, 10, 1)
    assert portion(fitting) == fitting[:2]
    assert portion(fitting, 1) == fitting[1:]
    assert portion(records(3 * PORTION_BYTES, 1)) == records(3 * PORTION_BYTES)
    assert portion([]) == portion(fitting, 3) == []
    assert len(portion(records(*[1] * (MOST_AT_ONCE + 1)))) == MOST_AT_ONCE


class Asked(MemoryAnswers):
    """Notes of how many records it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: list[int] = []

    async def read(self, answer_id: str, after: int = 0, *, limit: int = 1000) -> list[Record]:
        self.limits.append(limit)
        return await super().read(answer_id, after, limit=limit)


async def read_all(told: list[Record]) -> list[int]:
    """Read it in portions; return for how many the store was asked each time."""
    store = Asked()
    await store.open("a", "ann")
    await store.append(told)
    past, seen = Past(store, "a"), list[Record]()
    while found := await past.read(len(seen)):
        seen += found
    assert seen == told
    return store.limits


async def test_of_short_ones_more_and_more_are_read_at_once() -> None:
    assert await read_all(records(*[1] * 3000)) == [
        FIRST_AT_ONCE,
        4 * FIRST_AT_ONCE,
        *[MOST_AT_ONCE] * 4,
    ]


async def test_of_long_ones_hardly_more_are_read_than_make_a_portion() -> None:
    assert await read_all(records(*[PORTION_BYTES // 2] * 6)) == [FIRST_AT_ONCE, 3, 3, 12]
