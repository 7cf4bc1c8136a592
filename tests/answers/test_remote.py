"""Answers that other workers make are followed here: nothing is missed, nothing comes twice, nothing is kept on."""

import asyncio
from collections.abc import Collection

import pytest

from hubbub.answers.base import Found, Record
from hubbub.answers.entry import Entry
from hubbub.answers.memory import MemoryAnswers
from hubbub.answers.remote import RemoteAnswers
from hubbub.core.answer import Answer
from hubbub.core.errors import StoreError
from hubbub.core.events import Done, Text, encode


class Store(MemoryAnswers):
    """One that counts what is read of it, and may fail at that."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.fault: StoreError | None = None

    async def find(self, answer_ids: Collection[str]) -> list[Found]:
        await asyncio.sleep(0)
        return await super().find(answer_ids)

    async def read(self, answer_id: str, after: int = 0, *, limit: int = 1000) -> list[Record]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault.with_traceback(None)
        return await super().read(answer_id, after, limit=limit)


def said(*numbers: int, answer_id: str = "a") -> list[Record]:
    return [Record(answer_id, number, encode(Text(f"{number}"))) for number in numbers]


DONE = Record("a", 4, encode(Done()))


@pytest.fixture
async def store() -> Store:
    store = Store()
    await store.open("a", "ann", grace_seconds=5.0)
    await store.append(said(1, 2))
    return store


@pytest.fixture
def remote(store: Store) -> RemoteAnswers:
    return RemoteAnswers(store)


async def followed(remote: RemoteAnswers, answer_id: str = "a") -> Entry:
    entry = await remote.entry(answer_id)
    assert entry is not None
    return entry


async def end(store: Store) -> None:
    await store.append([*said(3), DONE], [Answer("a", 4, "done")])


async def test_an_open_answer_is_followed_until_it_is_forgotten(remote: RemoteAnswers, store: Store) -> None:
    await store.open("b", "ann")
    assert not remote.begins.is_set()
    entry = await followed(remote)
    assert remote.begins.is_set()
    assert entry.records == said(1, 2)
    assert await followed(remote) is entry
    other = await followed(remote, "b")
    assert (len(remote), remote.ids, remote.with_grace) == (2, {"a", "b"}, {"a"})
    entry.watchers, other.watchers = 2, 1
    assert remote.reader_count == 3
    remote.forget(Entry("a"))  # another one with its id
    assert remote.ids == {"a", "b"}
    remote.forget(entry)
    assert (remote.ids, remote.with_grace) == ({"b"}, frozenset())
    remote.forget(entry)
    assert await followed(remote) is not entry


async def test_however_much_is_stored_all_of_it_is_read(remote: RemoteAnswers, store: Store) -> None:
    await store.append(said(*range(3, 2501)))
    assert (await followed(remote)).number == 2500


async def test_what_has_ended_or_never_was_is_not_followed(remote: RemoteAnswers, store: Store) -> None:
    assert await remote.is_open("a")
    await end(store)
    for answer_id in ("a", "nothing"):
        assert await remote.entry(answer_id) is None
        assert not await remote.is_open(answer_id)
    assert not remote.begins.is_set()
    assert len(remote) == 0


async def test_who_come_together_follow_the_same(remote: RemoteAnswers, store: Store) -> None:
    one, other = await asyncio.gather(followed(remote), followed(remote))
    assert one is other
    assert one.records == said(1, 2)


async def test_what_can_not_be_read_is_not_kept_unless_somebody_follows_it(remote: RemoteAnswers, store: Store) -> None:
    store.fault = StoreError("It is silent.")
    with pytest.raises(StoreError):
        await remote.entry("a")
    assert len(remote) == 0
    reading = asyncio.create_task(remote.entry("a"))
    while not len(remote):
        await asyncio.sleep(0)
    entry = await followed(remote)
    entry.watchers += 1
    with pytest.raises(StoreError):
        await reading
    assert await followed(remote) is entry


async def test_what_comes_twice_is_dropped_and_what_is_missing_is_read(remote: RemoteAnswers, store: Store) -> None:
    entry = await followed(remote)
    before = store.reads
    await remote.take([*said(2, 3), *said(7, answer_id="b")])
    assert entry.records == said(1, 2, 3)
    await remote.take(said(1, 2))
    assert entry.records == said(1, 2, 3)
    assert (store.reads, remote.ids) == (before, {"a"})
    await store.append(said(3, 4, 5))
    await remote.take(said(5))
    assert entry.records == said(1, 2, 3, 4, 5)


async def test_with_its_ending_it_is_followed_no_more(remote: RemoteAnswers, store: Store) -> None:
    entry = await followed(remote)
    changed = entry.changed
    await remote.take([*said(3), DONE])
    assert (entry.has_ended, entry.last, len(remote)) == (True, 4, 0)
    assert changed.is_set()
    assert not entry.is_over


@pytest.mark.parametrize("is_thorough", [False, True])
async def test_what_nobody_told_is_found(remote: RemoteAnswers, store: Store, is_thorough: bool) -> None:
    entry = await followed(remote)
    before = store.reads
    await store.append(said(3))
    await remote.check(is_thorough=is_thorough)
    assert entry.number == (3 if is_thorough else 2)
    assert (store.reads > before) == is_thorough
    await store.append([DONE], [Answer("a", 4, "done")])
    await remote.check(is_thorough=is_thorough)
    assert (entry.has_ended, entry.number, len(remote)) == (True, 4, 0)


async def test_what_is_gone_is_handed_over(remote: RemoteAnswers, store: Store) -> None:
    entry = await followed(remote)
    changed = entry.changed
    await store.forget(["a"])
    await remote.check()
    assert (entry.is_over, entry.has_ended, len(remote)) == (True, False, 0)
    assert changed.is_set()
    remote.hand_over("a")  # there is nothing any more


async def test_all_are_released_at_once(remote: RemoteAnswers, store: Store) -> None:
    await store.open("b", "ann")
    changes = [(await followed(remote, key)).changed for key in "ab"]
    remote.release_all()
    assert all(change.is_set() for change in changes)
