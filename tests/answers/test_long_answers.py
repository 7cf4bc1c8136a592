"""Much is said and nobody reads it: memory keeps little of it, and whoever comes later still gets all of it."""

import asyncio
import random
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from hubbub.answers.base import Record
from hubbub.answers.entry import PORTION_BYTES, Reader
from hubbub.answers.journal import SETTLE_BYTES
from hubbub.answers.log import COMMIT_CHARACTERS, Log
from hubbub.answers.memory import MemoryAnswers
from hubbub.answers.sqlite import SqliteAnswers
from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.answer import Answer
from hubbub.core.events import Done, Reasoning, Reclassified, Text, ToolCall
from tests.patience import patience

MANY = 64
WORDS = 4_000
ROUNDS = 32
"""So often so much is said: some 256 KB in all."""
MOST_BYTES = 200 * 1024


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Sqlite]:
    async with Sqlite(tmp_path / "hubbub.db") as database:
        yield database


@pytest.fixture
async def store(database: Sqlite) -> AsyncIterator[SqliteAnswers]:
    async with SqliteAnswers(database) as store:
        yield store


@pytest.fixture
async def log(store: SqliteAnswers) -> AsyncIterator[Log]:
    async with Log(store) as log:
        yield log


def said(place: int) -> str:
    return f"{place} " * (2 * WORDS // len(f"{place} "))


async def say(log: Log, answer_ids: Sequence[str], place: int) -> None:
    """Let each say something, and return once that is published."""
    numbers = [(await log.reach(key))[0] for key in answer_ids]
    for key in answer_ids:
        log.append(key, Text(said(place)))
    for key, number in zip(answer_ids, numbers, strict=True):
        while (await log.reach(key))[0] == number:
            await asyncio.sleep(0)


async def test_many_long_answers_are_held_in_part_and_told_whole(log: Log) -> None:
    answer_ids = [f"a{number}" for number in range(MANY)]
    await asyncio.gather(*(log.open(key, "ann") for key in answer_ids))
    await say(log, answer_ids, 0)
    tracemalloc.start()
    try:
        for place in range(1, ROUNDS):
            await say(log, answer_ids, place)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held / MANY < MOST_BYTES
    whole = "".join(said(place) for place in range(ROUNDS))
    opened = await log.answers(answer_ids)
    assert all((one.state, one.text) == ("open", whole) for one in opened.values())
    await asyncio.gather(*(log.end(key, Done()) for key in answer_ids))
    ended = await log.answers(answer_ids)
    assert all((one.state, one.text, one.number) == ("done", whole, ROUNDS + 1) for one in ended.values())


async def test_what_is_not_text_is_told_whole_as_well(log: Log) -> None:
    events = [
        Text("not " + "x" * 3000),
        Reclassified(),
        Reasoning("y" * 3000),
        ToolCall(0, "{", "c1", "look"),
        *(ToolCall(0, "z" * 1000) for _ in range(20)),
        Text("at last"),
    ]
    others = [f"b{number}" for number in range(300)]
    await asyncio.gather(*(log.open(key, "ann") for key in ("a", *others)))  # so many that little is held of each
    for number, event in enumerate(events, start=1):
        log.append("a", event)
        while (await log.reach("a"))[0] < number:
            await asyncio.sleep(0)
    opened = await log.answer("a")
    await log.end("a", Done("tool_calls"))
    ended = await log.answer("a")
    for answer in (opened, ended):
        assert answer.text == "at last"
        assert answer.reasoning == "not " + "x" * 3000 + "y" * 3000
        assert [(call.id, call.name, len(call.arguments)) for call in answer.calls] == [("c1", "look", 20_001)]


class Kept:
    """A sink that now and then has no room."""

    def __init__(self, seed: int) -> None:
        self.numbers: list[int] = []
        self.longest = 0
        self._random = random.Random(seed)

    def has_room(self) -> bool:
        return self._random.random() < 0.7

    def write(self, data: bytes) -> None:
        self.longest = max(self.longest, len(data))
        self.numbers += [int(line.split(b" ", 1)[0]) for line in data.split(b"\n") if line]


def rendered(records: Sequence[Record]) -> bytes:
    return b"".join(b"%d %b\n" % (record.number, record.data) for record in records)


async def test_readers_that_fall_behind_by_much_get_all_and_once(log: Log) -> None:
    answer_ids = [f"a{number}" for number in range(300)]
    await asyncio.gather(*(log.open(key, "ann") for key in answer_ids))

    async def read(seed: int, after: int) -> Kept:
        kept = Kept(seed)
        reader = Reader(rendered, kept.write, kept.has_room)
        async for records in log.follow("a0", after, reader=reader, patience_seconds=0.05):
            kept.write(rendered(records))
            for _ in range(seed * 3):
                await asyncio.sleep(0)
        return kept

    reading = [asyncio.create_task(read(seed, after)) for seed, after in enumerate((0, 0, 0, 1, 7))]
    for place in range(ROUNDS):
        await say(log, ["a0"], place)
    late = asyncio.create_task(read(2, 3))
    await asyncio.sleep(0)
    await log.end("a0", Done())
    async with asyncio.timeout(20):
        found = [(0, await reading[0]), (0, await reading[1]), (0, await reading[2])]
        found += [(1, await reading[3]), (7, await reading[4]), (3, await late)]
    for after, kept in found:
        assert kept.numbers == list(range(after + 1, ROUNDS + 2))
        assert kept.longest < PORTION_BYTES + 2 * len(said(0))


async def test_much_at_once_is_not_pushed(log: Log) -> None:
    kept = Kept(0)
    await log.open("a", "ann")

    async def read() -> None:
        async for records in log.follow("a", reader=Reader(rendered, kept.write, lambda: True), patience_seconds=0.05):
            kept.write(rendered(records))

    reading = asyncio.create_task(read())
    await say(log, ["a"], 0)
    for _ in range(30):
        log.append("a", Text(said(1)))
    await log.end("a", Done())
    async with patience():
        await reading
    assert kept.numbers == list(range(1, kept.numbers[-1] + 1))
    assert kept.longest <= 2 * PORTION_BYTES


class Weighed(MemoryAnswers):
    """A store that notes how much comes in one transaction."""

    most = 0

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        weight = sum(len(record.data) for record in records) + sum(len(answer.text) for answer in ended)
        self.most = max(self.most, weight)
        await super().append(records, ended)


async def test_endings_that_come_together_are_not_all_stored_together() -> None:
    store = Weighed()
    async with Log(store) as log:
        answer_ids = [f"a{number}" for number in range(MANY)]
        await asyncio.gather(*(log.open(key, "ann") for key in answer_ids))
        for place in range(8):
            await say(log, answer_ids, place)
        whole = "".join(said(place) for place in range(8))
        await asyncio.gather(*(log.end(key, Done()) for key in answer_ids))
        assert {answer.text for answer in (await log.answers(answer_ids)).values()} == {whole}
    assert len(whole) < store.most < COMMIT_CHARACTERS + 2 * len(whole)


async def test_a_long_answer_is_settled_before_its_time(database: Sqlite, store: SqliteAnswers, tmp_path: Path) -> None:
    await store.open("a", "ann")
    records = [Record("a", number, b"%d" % number + b"x" * (SETTLE_BYTES // 4)) for number in range(1, 21)]
    async with Sqlite(tmp_path / "hubbub.db") as its_own, SqliteAnswers(its_own) as other:
        for place, record in enumerate(records):
            await store.append([record])
            for after in (0, place, place + 1):
                assert await store.read("a", after) == await other.read("a", after) == records[after : place + 1]
                assert await store.read("a", after, limit=2) == records[after : place + 1][:2]
    [[settled]] = await database.read(Connection.all, "select max(last_number) from portion")
    assert settled >= 15
