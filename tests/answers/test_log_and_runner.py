import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from hubbub.answers.base import Record
from hubbub.answers.entry import Reader
from hubbub.answers.log import Log
from hubbub.answers.memory import MemoryAnswers
from hubbub.answers.runner import Runner, Send
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict, ModelError, NotFound, StoreFull
from hubbub.core.events import Done, Event, Failed, Stopped, Text, decode


class FullDisk(MemoryAnswers):
    """A store whose disk can be full."""

    is_full = False

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        if self.is_full:
            raise StoreFull("The disk is full.")
        await super().append(records, ended)


@pytest.fixture
def store() -> FullDisk:
    return FullDisk()


@pytest.fixture
async def log(store: FullDisk) -> AsyncIterator[Log]:
    async with Log(store) as log:
        yield log


@pytest.fixture
async def runner(log: Log, store: FullDisk) -> AsyncIterator[Runner]:
    async with Runner(log, store) as runner:
        yield runner


async def events(log: Log, answer_id: str, after: int = 0) -> list[Event]:
    found: list[Event] = []
    async with asyncio.timeout(10):
        async for records in log.follow(answer_id, after):
            for record in records:
                assert record.number == after + len(found) + 1
                found.append(decode(record.data))
    return found


async def ten_words(send: Send) -> Done:
    for number in range(10):
        send(Text(f"{number} "))
        await asyncio.sleep(0)
    return Done()


TEN_WORDS = "0 1 2 3 4 5 6 7 8 9 "


def text_of(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


async def test_readers_from_any_number_see_all_and_once(log: Log, runner: Runner) -> None:
    await runner.start("a", "ann", ten_words)
    live = await asyncio.gather(*(events(log, "a", after) for after in range(12)))
    whole = await events(log, "a")
    assert text_of(whole) == TEN_WORDS
    assert whole[-1] == Done()
    for after, seen in enumerate(live):
        assert seen == whole[after:] == await events(log, "a", after)


async def test_nobody_needs_to_read(log: Log, runner: Runner) -> None:
    await runner.start("a", "ann", ten_words)
    while runner.open_count:
        await asyncio.sleep(0)
    assert (await log.answer("a")).text == "0 1 2 3 4 5 6 7 8 9 "


async def test_an_id_is_started_once(runner: Runner) -> None:
    await runner.start("a", "ann", ten_words)
    with pytest.raises(Conflict):
        await runner.start("a", "ann", ten_words)


async def test_a_quiet_answer_shows_that_it_lives(log: Log, runner: Runner) -> None:
    async def wait(send: Send) -> Done:
        await asyncio.sleep(30)
        return Done()

    await runner.start("a", "ann", wait)
    reader = log.follow("a", patience_seconds=0.01)
    assert await anext(reader) == ()
    await reader.aclose()


async def test_stop_ends_it_and_closes_what_it_waits_for(log: Log, runner: Runner) -> None:
    waiting, closed = asyncio.Event(), asyncio.Event()

    async def wait(send: Send) -> Done:
        send(Text("half"))
        try:
            waiting.set()
            await asyncio.sleep(30)
        finally:
            closed.set()
        return Done()

    await runner.start("a", "ann", wait)
    await waiting.wait()
    await runner.stop("a")
    assert closed.is_set()
    assert await events(log, "a") == [Text("half"), Stopped()]
    await runner.stop("a")
    assert await events(log, "a") == [Text("half"), Stopped()]


async def test_stop_before_the_first_step(log: Log, runner: Runner) -> None:
    await runner.start("a", "ann", ten_words)
    await runner.stop("a")
    assert await events(log, "a") == [Stopped()]


async def test_stops_at_any_moment_leave_one_ending(log: Log, runner: Runner) -> None:
    for number in range(60):
        answer_id = f"a{number}"
        await runner.start(answer_id, "ann", ten_words)
        for _ in range(number % 20):
            await asyncio.sleep(0)
        await asyncio.gather(runner.stop(answer_id), runner.stop(answer_id))
        seen = await events(log, answer_id)
        assert isinstance(seen[-1], Stopped | Done)
        assert TEN_WORDS.startswith(text_of(seen))
        assert not any(isinstance(event, Stopped | Done) for event in seen[:-1])


async def test_an_error_with_a_name_is_told(log: Log, runner: Runner) -> None:
    async def fail(send: Send) -> Done:
        send(Text("half"))
        raise ModelError("The model server fell silent.", code="silent")

    await runner.start("a", "ann", fail)
    assert await events(log, "a") == [Text("half"), Failed("silent", "The model server fell silent.", True)]


@pytest.mark.expects_errors
async def test_a_bug_is_logged_and_not_shown(log: Log, runner: Runner, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(send: Send) -> Done:
        raise ZeroDivisionError("secret")

    await runner.start("a", "ann", fail)
    [ending] = await events(log, "a")
    assert isinstance(ending, Failed)
    assert (ending.code, ending.is_retryable) == ("internal", True)
    assert "secret" not in ending.message
    assert "ZeroDivisionError" in caplog.text


async def test_closing_ends_what_is_open(store: FullDisk, log: Log) -> None:
    async def wait(send: Send) -> Done:
        await asyncio.sleep(30)
        return Done()

    async with Runner(log, store) as runner:
        await runner.start("a", "ann", wait)
        await runner.start("b", "ann", wait)
    assert [found.id for found in await store.find("ab") if found.result is None] == []
    assert [event.code for event in await events(log, "a") if isinstance(event, Failed)] == ["interrupted"]


async def test_a_full_disk_ends_the_answer_once_there_is_room(
    store: FullDisk, log: Log, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.answers.runner.RETRY_SECONDS", 0.01)

    async def write(send: Send) -> Done:
        send(Text("stored"))
        while not (await log.answer("a")).text:
            await asyncio.sleep(0)
        store.is_full = True
        send(Text("lost"))
        return Done()

    await runner.start("a", "ann", write)
    with pytest.raises(StoreFull):
        await events(log, "a")
    assert (await log.answer("a")).text == "stored"
    store.is_full = False
    while runner.open_count:
        await asyncio.sleep(0.01)
    stored, ending = await events(log, "a")
    assert stored == Text("stored")
    assert isinstance(ending, Failed)
    assert ending.code == "store_full"


async def test_unknown_answers(log: Log) -> None:
    with pytest.raises(NotFound):
        await log.answer("nothing")
    assert await events(log, "nothing") == []
    assert await log.owner("nothing") is None


class Kept:
    """A sink that takes what it is given, unless it is full."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.is_full = False

    def has_room(self) -> bool:
        return not self.is_full

    def write(self, data: bytes) -> None:
        self.taken.append(data)


def rendered(records: Sequence[Record]) -> bytes:
    return b"".join(b"%d " % record.number for record in records)


async def test_what_is_committed_is_pushed_to_a_reader_that_keeps_up(log: Log, runner: Runner) -> None:
    kept, go_on = Kept(), asyncio.Event()

    async def write(send: Send) -> Done:
        send(Text("one"))
        await go_on.wait()
        return await ten_words(send)

    await runner.start("a", "ann", write)
    yielded = 0
    async for records in log.follow("a", reader=Reader(rendered, kept.write, kept.has_room), patience_seconds=0.05):
        yielded += len(records)
        if not records:
            go_on.set()
    numbers = b"".join(kept.taken).split()
    assert yielded <= 1
    assert numbers == [b"%d" % number for number in range(yielded + 1, (await log.answer("a")).number + 1)]


async def test_a_reader_that_falls_behind_is_given_the_rest_when_it_has_room(log: Log, runner: Runner) -> None:
    kept, go_on = Kept(), asyncio.Event()
    kept.is_full = True

    async def write(send: Send) -> Done:
        send(Text("one"))
        await go_on.wait()
        return await ten_words(send)

    await runner.start("a", "ann", write)
    yielded: list[int] = []
    async for records in log.follow("a", reader=Reader(rendered, kept.write, kept.has_room), patience_seconds=0.05):
        yielded += [record.number for record in records]
        if not records:
            go_on.set()
    assert kept.taken == []
    assert yielded == list(range(1, (await log.answer("a")).number + 1))


async def test_a_late_reader_is_given_the_past_in_portions(log: Log, runner: Runner) -> None:
    async def write(send: Send) -> Done:
        for _ in range(8):
            send(Text("x" * 30_000))
            while (await log.answer("a")).text == "":
                await asyncio.sleep(0)
        await asyncio.sleep(0.2)
        return Done()

    await runner.start("a", "ann", write)
    while runner.open_count:
        await asyncio.sleep(0.01)
    sizes = [sum(len(record.data) for record in records) async for records in log.follow("a")]
    assert sum(sizes) > 240_000
    assert len(sizes) > 1
