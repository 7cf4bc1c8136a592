"""What the log tells of open answers, when it commits, and what it does where the store fails or is slow."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence

import pytest

from hubbub.answers.base import Found, Record
from hubbub.answers.commit_loop import QUIET_SECONDS, URGENT_SECONDS
from hubbub.answers.entry import FIRST_WATCHER_SECONDS, Reader
from hubbub.answers.log import CLOSE_SECONDS, INTERRUPTED, SLICE, Log
from hubbub.answers.memory import MemoryAnswers, Shared
from hubbub.core.answer import Answer
from hubbub.core.documents import Hit
from hubbub.core.errors import HubbubError, NotFound, StoreError
from hubbub.core.events import (
    Asked,
    Done,
    Event,
    Failed,
    Queued,
    Reasoning,
    Searched,
    Started,
    Text,
    ToolCall,
    Usage,
    decode,
    encode,
)
from hubbub.core.questions import Question
from tests.jumping import jumping

FULL = StoreError("It is full.", code="store_full")
SILENT = StoreError("It is silent.", code="silent")
HIT = Hit("p", "d", "c", "name", "title", "text", None, "", 1.0)


class Clock:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Store(MemoryAnswers):
    """One that fails with what it is given, and hangs where it is told to."""

    def __init__(self, shared: Shared | None = None) -> None:
        super().__init__(shared)
        self.fault: Exception | None = None
        self.hangs = False

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        if self.hangs:
            await asyncio.sleep(10**6)
        if self.fault is not None:
            raise self.fault.with_traceback(None)
        await super().append(records, ended)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def log(store: Store, clock: Clock) -> AsyncIterator[Log]:
    async with Log(store, clock=clock) as log:
        yield log


@pytest.fixture
def elsewhere(store: Store) -> Store:
    """Another worker's."""
    return Store(store.shared)


async def say(log: Log, answer_id: str, *events: Event) -> None:
    """Hand events over, and return once they are published."""
    number, _ = await log.reach(answer_id)
    for event in events:
        log.append(answer_id, event)
    following = log.follow(answer_id, number)
    await anext(following)
    await following.aclose()


async def events(log: Log, answer_id: str, after: int = 0) -> list[Event]:
    async with asyncio.timeout(10):
        return [decode(record.data) async for records in log.follow(answer_id, after) for record in records]


async def wait_for_readers(log: Log, count: int = 1) -> None:
    while log.reader_count != count:
        await asyncio.sleep(0)


async def test_what_is_known_of_an_open_answer(log: Log) -> None:
    await log.open("a", "ann")
    assert log.is_here("a")
    assert await log.owner("a") == "ann"
    assert await log.first("a") is None
    assert log.hits("a") is None
    await say(log, "a", Started("m", "grounded"), Searched("q", (HIT,)))
    assert await log.first("a") == Started("m", "grounded")
    assert log.hits("a") == (HIT,)
    assert await log.reach("a") == (2, True)
    await say(log, "a", Text("four"), Usage(3, 2))
    await log.end("a", Done())
    assert not log.is_here("a")
    assert await log.owner("a") == "ann"
    assert log.hits("a") is None
    assert await log.reach("a") == (5, False)
    assert (await log.answer("a")).text == "four"


@pytest.mark.parametrize(
    ("event", "has_said"),
    [
        (Started("m", "grounded"), False),
        (Searched("q", ()), False),
        (Text("x"), True),
        (Reasoning("x"), True),
        (ToolCall(0, "{", "call_1", "weather"), True),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_whoever_thinks_or_calls_has_said_something(log: Log, event: Event, has_said: bool) -> None:
    await log.open("a", "ann")
    assert not log.has_said("a")
    log.append("a", event)
    assert log.has_said("a") == has_said
    assert not log.has_said("b")


@pytest.mark.parametrize(
    ("event", "is_urgent"),
    [
        (Asked(Question("q")), True),
        (Queued(1), True),
        (Searched("q", ()), True),
        (Text("first"), True),
        (Reasoning("first"), True),
        (Started("m", "grounded"), False),
        (Usage(1, 1), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_somebody_waits_for_is_committed_soon(event: Event, is_urgent: bool) -> None:
    async def waits() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        async with Log(Store()) as log:
            await log.open("a", "ann")
            await say(log, "a", Usage(0, 0))
            began = loop.time()
            await say(log, "a", event)
            first = loop.time() - began
            await say(log, "a", Text("has spoken"))
            began = loop.time()
            await say(log, "a", Text("goes on"))
            return first, loop.time() - began

    first, later = jumping(waits())
    assert first == pytest.approx(URGENT_SECONDS if is_urgent else QUIET_SECONDS)
    assert later == pytest.approx(QUIET_SECONDS)


async def test_an_answer_is_unwatched_after_its_grace_since_the_last_reader_left(log: Log, clock: Clock) -> None:
    def unwatched(seconds: float = 1e9) -> list[str]:
        return log.unwatched(lambda answer_id: seconds)

    await log.open("a", "ann", grace_seconds=5.0)
    await log.open("to its end", "ann")
    clock.seconds += FIRST_WATCHER_SECONDS + 4.9
    assert unwatched() == []
    clock.seconds += 0.1
    assert unwatched() == ["a"]
    assert unwatched(4.9) == []  # somebody watched elsewhere
    assert unwatched(5.0) == ["a"]
    async with asyncio.TaskGroup() as group:
        following = group.create_task(events(log, "a"))
        await wait_for_readers(log)
        assert unwatched() == []
        clock.seconds += 100
        following.cancel()
    assert log.reader_count == 0
    clock.seconds += 4.9
    assert unwatched() == []
    clock.seconds += 0.1
    assert unwatched() == ["a"]
    with log.holding("a"), log.holding("a"):
        with log.holding("a"), log.holding("nothing"):
            pass
        assert unwatched() == []
    assert unwatched() == ["a"]


async def test_readers_are_counted_wherever_the_answer_is_made(log: Log, elsewhere: Store) -> None:
    await log.open("a", "ann")
    await elsewhere.open("b", "ann")
    async with asyncio.TaskGroup() as group:
        following = [group.create_task(events(log, key)) for key in ("a", "a", "b")]
        await wait_for_readers(log, 3)
        for one in following:
            one.cancel()
    assert log.reader_count == 0
    assert len(log.remote) == 0


async def test_how_far_an_answer_has_come_is_told_of_all_that_is_stored(log: Log, elsewhere: Store) -> None:
    await elsewhere.open("b", "ann")
    await elsewhere.append([Record("b", 1, encode(Text("x")))])
    assert await log.reach("b") == (1, True)
    await log.open("a", "ann")
    await say(log, "a", Text("x"))
    assert await log.reach("a", 1) == (1, True)
    assert await log.reach("a", 2) == (1, True)  # no such event is stored
    await log.store.append([Record("a", 2, encode(Text("y")))])
    assert await log.reach("a", 2) == (2, True)
    assert await log.reach("a", 1) == (1, True)
    with pytest.raises(NotFound):
        await log.reach("nothing")


async def test_what_can_not_be_stored_of_all_is_told_to_all_until_it_can(log: Log, elsewhere: Store) -> None:
    await elsewhere.open("b", "ann")
    await log.open("a", "ann")
    await say(log, "a", Text("x"))
    following = [asyncio.create_task(events(log, key, after)) for key, after in (("a", 0), ("a", 1), ("b", 0))]
    await wait_for_readers(log, 3)
    log.hinder(SILENT)
    for one in following:
        with pytest.raises(StoreError, match="silent"):
            await one
    log.hinder(FULL)  # the first is what is told
    assert await log.reach("a") == (1, True)  # there is something to read
    with pytest.raises(StoreError, match="silent"):
        await log.reach("a", 1)
    [shown] = (await log.answers(["a"])).values()
    assert (shown.state, shown.text, shown.failure) == ("failed", "x", Failed("silent", "It is silent.", True))
    log.hinder(None)
    assert await log.reach("a", 1) == (1, True)
    assert (await log.answer("a")).state == "open"
    await log.end("a", Done())
    assert await events(log, "a") == [Text("x"), Done()]


async def test_what_can_not_be_stored_of_one_is_told_of_that_one(log: Log) -> None:
    for key in "ab":
        await log.open(key, "ann")
        await say(log, key, Text("x"))
    following = [asyncio.create_task(events(log, key)) for key in "ab"]
    await wait_for_readers(log, 2)
    log.report("a", FULL)
    with pytest.raises(StoreError, match="full"):
        await following[0]
    with pytest.raises(StoreError, match="full"):
        await log.reach("a", 1)
    assert {key: one.state for key, one in (await log.answers("ab")).items()} == {"a": "failed", "b": "open"}
    await log.end("b", Done())
    assert await following[1] == [Text("x"), Done()]


async def test_what_is_not_stored_is_as_if_it_had_not_been_said(log: Log, store: Store) -> None:
    await log.open("a", "ann")
    await log.open("b", "ann")
    await say(log, "a", Text("kept"))
    store.fault = FULL
    log.append("a", Text("lost"))
    with pytest.raises(StoreError, match="full"):
        await log.end("a", Done())
    log.append("b", Text("lost"))
    while True:
        await asyncio.sleep(0)
        try:
            log.append("b", Text("more"))
        except StoreError:
            break
    store.fault = None
    with pytest.raises(StoreError, match="full"):  # told once more, and then it may be tried again
        await log.end("b", Done())
    await log.end("b", Done())
    await log.end("a", Done())
    assert await events(log, "a") == [Text("kept"), Done()]
    assert await events(log, "b") == [Done()]


@pytest.mark.expects_errors
async def test_a_bug_in_a_batch_is_told_without_its_words(
    log: Log, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await log.open("a", "ann")
    store.fault = ZeroDivisionError("secret")
    with pytest.raises(HubbubError) as caught:
        await log.end("a", Done())
    assert caught.value.code == "internal"
    assert "secret" not in caught.value.message
    assert "A batch of events could not be committed." in caplog.text
    store.fault = None
    await log.end("a", Done())


async def test_answers_are_shown_wherever_they_are_and_whatever_became_of_them(log: Log, elsewhere: Store) -> None:
    for key in ("open", "shed", "ended"):
        await log.open(key, "ann")
        await say(log, key, Text(key))
    log._own["shed"].shed()
    await log.end("ended", Done())
    await elsewhere.open("there", "bob")
    await elsewhere.append([Record("there", 1, encode(Text("there")))])
    shown = await log.answers(["open", "shed", "ended", "there", "nothing"])
    assert {key: (one.state, one.text) for key, one in shown.items()} == {
        "open": ("open", "open"),
        "shed": ("open", "shed"),
        "ended": ("done", "ended"),
        "there": ("open", "there"),
        "nothing": ("failed", ""),
    }
    assert shown["nothing"].failure == INTERRUPTED
    await log.end("shed", Done())
    assert (await log.answer("shed")).text == "shed"


async def test_an_answer_that_is_adopted_goes_on_with_its_numbers(log: Log, elsewhere: Store) -> None:
    await elsewhere.open("a", "ann")
    await elsewhere.open("b", "ann")
    await elsewhere.append([Record("a", 1, encode(Started("m", "grounded"))), Record("b", 1, encode(Text("x")))])
    following = asyncio.create_task(events(log, "a"))
    await wait_for_readers(log)
    assert not await log.adopt(Found("a", "ann", 5.0))
    assert await log.adopt(Found("b", "ann", None))
    assert (log.has_said("a"), log.has_said("b")) == (False, True)
    await say(log, "b", Text("y"))
    assert await events_until(log, "b", 2) == [Text("x"), Text("y")]
    await log.end("a", Done())
    assert await following == [Started("m", "grounded"), Done()]
    assert [record.number for record in await log.records("b")] == [1, 2]


async def events_until(log: Log, answer_id: str, number: int) -> list[Event]:
    found: list[Event] = []
    async for records in log.follow(answer_id):
        found += [decode(record.data) for record in records]
        if len(found) >= number:
            break
    return found


async def test_an_answer_that_is_let_go_is_followed_where_it_goes_on(log: Log, elsewhere: Store) -> None:
    await log.open("a", "ann")
    await say(log, "a", Text("x"))
    following = asyncio.create_task(events(log, "a"))
    await wait_for_readers(log)
    log.append("a", Text("never stored"))
    log.let_go("a")
    log.let_go("nothing")
    while not log.remote.ids:
        await asyncio.sleep(0)
    record = Record("a", 2, encode(Done()))
    await elsewhere.append([record], [Answer("a", text="x", state="done", number=2)])
    await log.remote.take([record])
    assert await following == [Text("x"), Done()]


def test_closing_stores_what_was_said_last_but_waits_for_no_store_that_hangs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def close(store: Store, later_seconds: float = 0.0) -> tuple[float, Sequence[Record]]:
        loop = asyncio.get_running_loop()
        async with Log(store) as log:
            await log.open("a", "ann")
            log.append("a", Text("last"))
            await asyncio.sleep(later_seconds)
            began = loop.time()
        return loop.time() - began, await store.read("a")

    seconds, stored = jumping(close(Store()))
    assert seconds <= QUIET_SECONDS
    assert [decode(record.data) for record in stored] == [Text("last")]
    assert not caplog.records
    for later_seconds in (0.0, 1.0):  # it hangs as it closes, or does so already
        hanging = Store()
        hanging.hangs = True
        seconds, stored = jumping(close(hanging, later_seconds))
        assert seconds == pytest.approx(CLOSE_SECONDS)
        assert not stored
    assert "The store does not answer" in caplog.text


async def test_others_have_their_turn_while_many_are_published(log: Log) -> None:
    keys = [f"{number}" for number in range(2 * SLICE + 1)]
    published: list[str] = []
    for key in keys:
        await log.open(key, "ann")
        reader = Reader(lambda records: records[0].answer_id, published.append, lambda: True)
        log._own[key].readers.append(reader)
        log.append(key, Text("x"))
    seen: set[int] = set()
    while len(published) < len(keys):
        await asyncio.sleep(0)
        seen.add(len(published))
    assert {SLICE, 2 * SLICE} <= seen
    assert published == keys


class Gone(MemoryAnswers):
    """A store where nothing is found any more."""

    async def find(self, answer_ids: Collection[str]) -> list[Found]:
        raise AssertionError("Nothing has to be looked for.")


async def test_what_is_open_here_is_not_looked_for() -> None:
    async with Log(Gone()) as log:
        await log.open("a", "ann")
        assert await log.owner("a") == "ann"
        assert (await log.answers(["a"]))["a"].state == "open"
        assert await log.answers([]) == {}


async def test_nothing_empty_is_yielded_to_who_is_patient(log: Log) -> None:
    async def counts() -> list[int]:
        return [len(records) async for records in log.follow("a")]

    await log.open("a", "ann")
    following = asyncio.create_task(counts())
    await wait_for_readers(log)
    for word in "abc":
        await say(log, "a", Text(word))
    await log.end("a", Done())
    assert await following == [1, 1, 1, 1]


class Slow(Store):
    """One that takes its time before it fails."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.goes_on = asyncio.Event(), asyncio.Event()

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        self.begun.set()
        await self.goes_on.wait()
        await super().append(records, ended)


async def test_what_came_while_something_before_it_was_lost_is_lost_as_well() -> None:
    store = Slow()
    store.fault = FULL
    async with Log(store) as log:
        await log.open("a", "ann")
        log.append("a", Text("lost"))
        await store.begun.wait()
        log.append("a", Text("would leave a gap"))
        store.goes_on.set()
        with pytest.raises(StoreError, match="full"):
            await log.end("a", Done())
        store.fault = None
        await log.end("a", Done())
        assert await events(log, "a") == [Done()]
