"""Several workers on one store: readers, stops and take-overs go across."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hubbub.answers.base import Found, Party, Record, SharedStore, Ticket
from hubbub.answers.cluster import IDLE_SECONDS, Membership
from hubbub.answers.entry import Reader
from hubbub.answers.log import INTERRUPTED, Log
from hubbub.answers.memory import MemoryAnswers, Shared
from hubbub.answers.postgres import PostgresAnswers
from hubbub.answers.runner import Runner, Send, Work
from hubbub.answers.sqlite import SqliteAnswers
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Sqlite
from hubbub.core.errors import Overloaded, StoreError
from hubbub.core.events import Asked, Done, Ending, Event, Failed, Started, Stopped, Text, decode, encode
from hubbub.core.questions import Question
from tests.patience import PATIENCE_SECONDS, patience

LEASE_SECONDS = 0.6


@dataclass
class Worker:
    store: SharedStore
    log: Log
    runner: Runner
    membership: Membership

    async def events(self, answer_id: str, after: int = 0) -> list[Event]:
        found: list[Event] = []
        async with asyncio.timeout(10):
            async for records in self.log.follow(answer_id, after):
                for record in records:
                    assert record.number == after + len(found) + 1
                    found.append(decode(record.data))
        return found


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def new_worker(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., object]:
    monkeypatch.setattr("hubbub.answers.cluster.RENEW_SECONDS", 0.1)
    monkeypatch.setattr("hubbub.answers.cluster.IDLE_SECONDS", 0.05)
    monkeypatch.setattr("hubbub.answers.cluster.WATCH_SECONDS", 0.2)
    shared = Shared()
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""

    @asynccontextmanager
    async def store() -> AsyncIterator[SharedStore]:
        if request.param == "memory":
            async with MemoryAnswers(shared) as store:
                yield store
        elif request.param == "postgres":
            async with Postgres(url) as database, PostgresAnswers(database) as store:
                yield store
        else:
            async with Sqlite(tmp_path / "hubbub.db") as database, SqliteAnswers(database) as store:
                yield store

    @asynccontextmanager
    async def worker(lease_seconds: float = LEASE_SECONDS) -> AsyncIterator[Worker]:
        async with (
            store() as kept,
            Log(kept) as log,
            Runner(log, kept) as runner,
            Membership(kept, log, runner, lease_seconds=lease_seconds) as membership,
        ):
            yield Worker(kept, log, runner, membership)

    return worker


@pytest.fixture
async def a(new_worker: Callable[..., object]) -> AsyncIterator[Worker]:
    async with new_worker() as worker:
        yield worker


@pytest.fixture
async def b(a: Worker, new_worker: Callable[..., object]) -> AsyncIterator[Worker]:
    async with new_worker() as worker:
        while a.membership.size < 2:
            await asyncio.sleep(0.01)
        yield worker


async def words(send: Send) -> Done:
    for number in range(40):
        send(Text(f"{number} "))
        await asyncio.sleep(0.01)
    return Done()


async def hang(send: Send) -> Ending:
    await asyncio.sleep(30)
    return Done()


WORDS = "".join(f"{number} " for number in range(40))


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


async def test_readers_on_another_worker_see_all_and_once(a: Worker, b: Worker) -> None:
    await a.runner.start("x", "ann", words)
    await asyncio.sleep(0.1)
    readers = [worker.events("x", after) for worker in (a, b) for after in (0, 1)]
    here, here_later, there, there_later = await asyncio.gather(*readers)
    assert text_of(here) == WORDS
    assert there == here
    assert here_later == there_later == here[1:]
    assert await b.events("x") == here
    assert (await b.log.answer("x")) == (await a.log.answer("x"))
    assert len(b.log.remote) == 0


async def test_an_open_answer_reads_the_same_on_another_worker(a: Worker, b: Worker) -> None:
    await a.runner.start("x", "ann", words)
    while not (await a.log.answer("x")).text:
        await asyncio.sleep(0.01)
    answer = await b.log.answer("x")
    assert answer.state == "open"
    assert answer.text
    assert WORDS.startswith(answer.text)
    assert await b.log.owner("x") == "ann"


async def test_a_stop_from_another_worker(a: Worker, b: Worker) -> None:
    async def wait(send: Send) -> Done:
        send(Text("half"))
        await asyncio.sleep(30)
        return Done()

    await a.runner.start("x", "ann", wait)
    began = time.monotonic()
    await b.runner.stop("x")
    assert time.monotonic() - began < 10
    assert (await b.events("x"))[-1] == Stopped()
    assert a.runner.open_count == 0
    await b.runner.stop("x")
    await b.runner.stop("unknown")


async def test_what_a_dead_worker_left_is_begun_anew_or_ends(a: Worker, new_worker: Callable[..., object]) -> None:
    async def rework(found: Found) -> tuple[Work, Ticket] | None:
        return (words, Ticket(Party("ann"))) if found.id == "silent" else None

    a.runner.rework = rework

    async def say(send: Send) -> Ending:
        send(Text("half"))
        await asyncio.sleep(30)
        return Done()

    async def say_nothing(send: Send) -> Ending:
        send(Started("m", "chat"))
        await asyncio.sleep(30)
        return Done()

    async with new_worker() as dying:
        while a.membership.size < 2:
            await asyncio.sleep(0.01)
        await dying.runner.start("said", "ann", say)
        await dying.runner.start("silent", "ann", say_nothing)
        while not (await a.log.answer("said")).text or not (await a.log.answer("silent")).number:
            await asyncio.sleep(0.01)
        reading = [asyncio.create_task(a.events(key)) for key in ("said", "silent")]
        await asyncio.sleep(0.1)
        await dying.membership.__aexit__(None, None, None)  # from here on it does not say that it lives
        said, silent = await asyncio.gather(*reading)
    # What it would still have liked to say when it ended is not stored.
    assert await a.events("said") == said
    assert said[0] == Text("half")
    assert isinstance(said[-1], Failed)
    assert said[-1].code == "interrupted"
    assert silent[0] == Started("m", "chat")
    assert text_of(silent) == WORDS
    assert silent[-1] == Done()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells that a process has ended")
@pytest.mark.parametrize("new_worker", ["sqlite", "postgres"], indirect=True)
async def test_one_whose_process_has_ended_is_not_waited_for(
    new_worker: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    naming = "from hubbub.connections.alive import this_process; print(this_process())"
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", naming, stdout=asyncio.subprocess.PIPE)
    ended = (await program.communicate())[0].decode().strip()
    async with new_worker(lease_seconds=1000) as a:
        for store in ("sqlite", "postgres"):
            monkeypatch.setattr(f"hubbub.answers.{store}.this_process", lambda: ended)
        async with new_worker() as dying:
            await dying.runner.start("x", "ann", hang)
            await dying.membership.__aexit__(None, None, None)  # from here on it does not say that it lives
            [ending] = await a.events("x")
    assert isinstance(ending, Failed)
    assert ending.code == "interrupted"


async def test_one_that_was_given_up_by_mistake_joins_anew(a: Worker, b: Worker) -> None:
    async def wait(send: Send) -> Done:
        send(Text("half"))
        await asyncio.sleep(30)
        return Done()

    await a.runner.start("x", "ann", wait)
    while not (await b.log.answer("x")).text:
        await asyncio.sleep(0.01)
    [peer], _ = await b.store.renew()
    for found in await b.store.claim(peer.number):
        await b.runner.take_over(found)
    seen = await a.events("x")
    assert isinstance(seen[-1], Failed)
    while a.runner.open_count:
        await asyncio.sleep(0.01)
    await a.runner.start("y", "ann", words)
    assert text_of(await b.events("y")) == WORDS


async def test_nobody_watching_stops_it_after_its_grace(a: Worker, b: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.answers.entry.FIRST_WATCHER_SECONDS", 0.2)
    stopped = {"never": None, "soon": 0.2, "at_once": 0.0}
    grace_seconds = 1.0  # of those who watch: they have to begin in this time
    go_on = asyncio.Event()

    async def wait(send: Send) -> Done:
        send(Text("half"))
        await go_on.wait()
        return Done()

    for answer_id, grace_seconds in stopped.items():
        await a.runner.start(answer_id, "ann", wait, grace_seconds=grace_seconds)
    await a.runner.start("watched", "ann", wait, grace_seconds=grace_seconds)
    await a.runner.start("watched_there", "ann", wait, grace_seconds=grace_seconds)
    watching = [asyncio.create_task(worker.events(key)) for worker, key in ((a, "watched"), (b, "watched_there"))]
    await asyncio.sleep(1.5 * grace_seconds)
    async with patience():
        while a.runner.open_count > 3:  # those that are watched, and the one that needs nobody
            await asyncio.sleep(0.01)
    go_on.set()
    async with patience():
        while a.runner.open_count:
            await asyncio.sleep(0.01)
    endings: dict[str, Event] = {}
    for answer_id in stopped:
        endings[answer_id] = (await a.events(answer_id))[-1]
    assert endings == {"never": Done(), "soon": Stopped("unwatched", 249), "at_once": Stopped("unwatched", 249)}
    assert [(await one)[-1] for one in watching] == [Done(), Done()]


async def test_who_holds_an_answer_counts_as_watching_while_nobody_follows_it(a: Worker) -> None:
    await a.runner.start("x", "ann", hang, grace_seconds=0.0)
    with a.log.holding("x"):
        following = a.log.follow("x", patience_seconds=0.01)
        await anext(following)
        await following.aclose()
        await asyncio.sleep(2 * IDLE_SECONDS)
        assert a.runner.open_count == 1
    assert (await asyncio.wait_for(stopped(a, "x"), PATIENCE_SECONDS)) == Stopped("unwatched", 250)
    with a.log.holding("x"):  # it has ended
        assert not a.runner.open_count


async def stopped(worker: Worker, answer_id: str) -> Event:
    while worker.runner.open_count:
        await asyncio.sleep(0.005)
    return (await worker.events(answer_id))[-1]


async def test_what_was_to_be_stopped_when_its_worker_died_is_stopped(
    a: Worker, new_worker: Callable[..., object]
) -> None:
    async def rework(found: Found) -> tuple[Work, Ticket] | None:
        return words, Ticket(Party("ann"))

    a.runner.rework = rework
    async with new_worker() as dying:
        while a.membership.size < 2:
            await asyncio.sleep(0.01)
        await dying.runner.start("x", "ann", hang)
        await dying.membership.__aexit__(None, None, None)  # from here on it neither says that it lives nor looks
        await a.runner.stop("x")
        assert await a.events("x") == [Stopped()]


async def test_an_answer_that_nobody_makes_is_ended(a: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.answers.cluster.CHECK_SECONDS", 0.1)
    await a.store.open("x", "ann")  # as when whoever asked was cut off in that moment
    [ending] = await a.events("x")
    assert isinstance(ending, Failed)
    assert ending.code == "interrupted"


async def test_what_can_not_be_taken_over_at_once_is_taken_over_later(
    a: Worker, new_worker: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.answers.cluster.CHECK_SECONDS", 0.1)
    faults: list[Exception] = [StoreError("The disk is slow."), StoreError("The disk is slow.")]

    async def rework(found: Found) -> tuple[Work, Ticket] | None:
        if faults:
            raise faults.pop()
        return words, Ticket(Party("ann"))

    a.runner.rework = rework
    async with new_worker() as dying:
        while a.membership.size < 2:
            await asyncio.sleep(0.01)
        await dying.runner.start("x", "ann", hang)
        await dying.membership.__aexit__(None, None, None)
        assert text_of(await a.events("x")) == WORDS
        assert not faults


async def test_one_that_is_closing_takes_nothing_over(a: Worker, b: Worker, new_worker: Callable[..., object]) -> None:
    async def rework(found: Found) -> tuple[Work, Ticket] | None:
        return words, Ticket(Party("ann"))

    b.runner.rework = rework
    await a.runner.close_answers()
    async with new_worker() as dying:
        await dying.runner.start("x", "ann", hang)
        await dying.membership.__aexit__(None, None, None)
        assert text_of(await b.events("x")) == WORDS


async def test_what_is_asked_of_a_worker_that_drains_is_answered_by_its_successor(
    a: Worker, new_worker: Callable[..., object]
) -> None:
    async def rework(found: Found) -> tuple[Work, Ticket] | None:
        return words, Ticket(Party("ann"))

    await a.runner.start("before", "ann", words)
    a.runner.drain()
    asking = asyncio.create_task(a.runner.start("x", "ann", hang, first=Asked(Question("Now?"))))
    async with new_worker() as successor:
        successor.runner.rework = rework
        await asyncio.wait_for(asking, PATIENCE_SECONDS)
        assert not a.log.is_here("x")
        there, here = await asyncio.gather(successor.events("x"), a.events("x"))
        assert there == here
        assert there[0] == Asked(Question("Now?"))
        assert text_of(there) == WORDS
        assert text_of(await a.events("before")) == WORDS


async def test_what_is_asked_of_a_worker_that_drains_alone_is_refused(
    a: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.answers.runner.HOLD_SECONDS", 0.1)
    a.runner.drain()
    with pytest.raises(Overloaded) as refused:
        await a.runner.start("x", "ann", words)
    assert (refused.value.code, refused.value.retry_after_seconds) == ("draining", 2.0)
    assert await a.log.owner("x") is None


async def test_one_that_drains_is_needed_until_what_others_make_has_ended(a: Worker, b: Worker) -> None:
    go_on = asyncio.Event()

    async def slowly(send: Send) -> Ending:
        await go_on.wait()
        return Done()

    await a.runner.start("x", "ann", slowly)
    async with patience():
        while not b.runner.is_needed:
            await asyncio.sleep(0.01)
        b.runner.drain()
        assert b.runner.is_idle
        go_on.set()
        while b.runner.is_needed:
            await asyncio.sleep(0.01)


async def test_what_waits_for_nobody_who_comes_keeps_one_that_drains_for_a_while_only(
    a: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.answers.cluster.HOLD_SECONDS", 0.3)
    a.runner.drain()
    await a.log.open_for_others("x", "ann", None, None, None)
    async with patience():
        while not a.runner.is_needed:
            await asyncio.sleep(0.01)
        while a.runner.is_needed:
            await asyncio.sleep(0.01)


async def test_what_was_claimed_before_a_worker_drains_is_begun_there(a: Worker, b: Worker) -> None:
    is_reworking, go_on = asyncio.Event(), asyncio.Event()

    async def rework(found: Found) -> tuple[Work, Ticket] | None:
        is_reworking.set()
        await go_on.wait()
        return words, Ticket(Party("ann"))

    a.runner.rework = b.runner.rework = rework
    await a.log.open_for_others("x", "ann", None, None, None)
    await a.log.open_for_others("y", "ann", None, None, None)
    async with patience():
        await is_reworking.wait()
        for one in (a, b):
            one.runner.drain()
        claimer = next(one for one in (a, b) if one.runner.claimed_count)
        assert not claimer.runner.is_idle
        go_on.set()
        assert text_of(await claimer.events("x")) == text_of(await claimer.events("y")) == WORDS
        while not claimer.runner.is_idle:
            await asyncio.sleep(0.01)


async def test_what_is_just_being_claimed_as_a_worker_ends_is_left_to_the_next(
    a: Worker, new_worker: Callable[..., object]
) -> None:
    is_reworking, go_on = asyncio.Event(), asyncio.Event()

    async def reworked_late(found: Found) -> tuple[Work, Ticket] | None:
        is_reworking.set()
        await go_on.wait()
        return hang, Ticket(Party("ann"))

    async def rework(found: Found) -> tuple[Work, Ticket] | None:
        return words, Ticket(Party("ann"))

    async with new_worker() as leaving:
        leaving.runner.rework = reworked_late
        a.runner.drain()  # so that it is the other one who claims
        await leaving.log.open_for_others("x", "ann", None, None, None)
        await asyncio.wait_for(is_reworking.wait(), PATIENCE_SECONDS)
        await leaving.runner.hand_over()
        go_on.set()
        async with patience():
            while leaving.log.is_here("x"):
                await asyncio.sleep(0.01)
    async with new_worker() as successor:
        successor.runner.rework = rework
        assert text_of(await successor.events("x")) == WORDS


async def test_what_has_said_nothing_is_handed_over_and_the_rest_ends_with_a_word(
    a: Worker, new_worker: Callable[..., object]
) -> None:
    async def rework(found: Found) -> tuple[Work, Ticket] | None:
        return words, Ticket(Party("ann"))

    async def half(send: Send) -> Ending:
        send(Text("Half"))
        return await hang(send)

    a.runner.rework = rework
    async with new_worker() as leaving:
        await leaving.runner.start("silent", "ann", hang)
        await leaving.runner.start("half", "ann", half)
        while not leaving.log.has_said("half"):
            await asyncio.sleep(0.005)
        await leaving.runner.hand_over()
        assert await leaving.events("half") == [Text("Half"), INTERRUPTED]
    assert text_of(await a.events("silent")) == WORDS


async def test_an_answer_that_has_not_begun_is_let_go_like_any_other(a: Worker) -> None:
    await a.runner.start("x", "ann", words)
    await a.runner.let_go_all()
    assert a.runner.open_count == 0
    assert not a.log.is_here("x")


@pytest.mark.parametrize("is_pushed", [True, False])
async def test_a_reader_that_is_ahead_gets_nothing_twice(a: Worker, is_pushed: bool) -> None:
    frames: list[int] = []

    def render(records: Sequence[Record]) -> bytes:
        return bytes(record.number for record in records)

    await a.store.open("x", "ann")
    records = [Record("x", number, encode(Text(f"{number} "))) for number in range(1, 8)]
    await a.store.append(records[:3])
    there = Log(a.store)  # as another worker, which looks only when it is told to
    entry = await there.remote.entry("x")
    assert entry is not None
    await a.store.append(records[3:5])

    async def read() -> None:
        async for more in there.follow(
            "x", 5, reader=Reader(render, frames.extend, lambda: True) if is_pushed else None
        ):
            frames.extend(record.number for record in more)

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.02)
    await there.remote.take(records[3:6])
    await asyncio.sleep(0.02)
    assert frames == [6]
    await there.remote.take(records[6:])
    await asyncio.sleep(0.02)
    assert frames == [6, 7]
    reading.cancel()
    await asyncio.wait({reading})


async def test_who_has_read_elsewhere_may_be_ahead_of_what_is_published_here(a: Worker) -> None:
    await a.log.open("x", "ann")
    await a.store.append([Record("x", 1, encode(Text("stored")))])  # and not published yet
    assert await a.log.reach("x") == (0, True)
    assert await a.log.reach("x", 1) == (1, True)
    assert await a.log.reach("x", 2) == (0, True)


class SlowAnswers(MemoryAnswers):
    """Finds answers at once, but tells when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may_tell = asyncio.Event()

    async def find(self, answer_ids: Collection[str]) -> list[Found]:
        found = await super().find(answer_ids)
        await self.may_tell.wait()
        return found


async def test_a_reader_that_comes_while_its_answer_is_taken_over_follows_it_here() -> None:
    store = SlowAnswers()
    async with Log(store) as log:
        await store.open("x", "ann")
        await store.append([Record("x", 1, encode(Text("before ")))])
        seen: list[int] = []

        async def read() -> None:
            async for records in log.follow("x"):
                seen.extend(record.number for record in records)

        reading = asyncio.create_task(read())
        await asyncio.sleep(0.02)
        await log.adopt(Found("x", "ann"))
        store.may_tell.set()
        await asyncio.sleep(0.02)
        log.append("x", Text("after"))
        await log.end("x", Done())
        async with patience():
            await reading
        assert seen == [1, 2, 3]
        assert len(log.remote) == 0


async def test_whoever_reads_what_is_forgotten_elsewhere_is_not_kept_waiting(a: Worker, b: Worker) -> None:
    async def wait(send: Send) -> Done:
        send(Text("half"))
        await asyncio.sleep(30)
        return Done()

    await a.runner.start("x", "ann", wait)
    await a.runner.start("y", "ann", words)
    reading = [asyncio.create_task(worker.events("x")) for worker in (a, b)]
    reading_y = asyncio.create_task(b.events("y"))
    await asyncio.sleep(0.1)
    await b.log.forget(["x"])  # as when its stop took too long
    assert await reading[1] == [Text("half")]
    assert text_of(await reading_y) == WORDS
    await a.runner.stop("x")
    assert (await reading[0])[-1] == Stopped()
    assert len(b.log.remote) == 0
