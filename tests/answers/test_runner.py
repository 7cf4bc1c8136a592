"""What becomes of an answer whose work fails, whose store fails, whose worker ends, and that another one began."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import TypeVar

import pytest

from hubbub.answers.admission import AdmissionControl, AdmissionLimits
from hubbub.answers.base import NOBODY, Fixed, Found, GivenUp, Party, Record, Ticket
from hubbub.answers.commit_loop import LONGEST_SECONDS
from hubbub.answers.log import INTERRUPTED, Log
from hubbub.answers.memory import MemoryAnswers, Shared
from hubbub.answers.runner import (
    AGAIN_SECONDS,
    CLOSING_SECONDS,
    FAILING_SECONDS,
    FAILURES,
    HOLD_SECONDS,
    RETRY_SECONDS,
    TOO_LATE,
    UNWATCHED,
    Runner,
    Send,
    Work,
)
from hubbub.answers.savings import FIRST_GUESS_TOKENS, SMOOTHING
from hubbub.core.answer import Answer
from hubbub.core.errors import HubbubError, ModelError, Overloaded, StoreError, StoreLost
from hubbub.core.events import (
    Done,
    Ending,
    Event,
    Failed,
    Queued,
    Reclassified,
    Started,
    Stopped,
    Text,
    Usage,
    decode,
    encode,
)
from hubbub.core.tracing import INTERNAL, Span, Step, new_place, place_of
from tests.jumping import jumping

T = TypeVar("T")
DOWN = ModelError("It is down.", code="unreachable")
ROUND_SECONDS = LONGEST_SECONDS
"""So long a round of the commit loop takes at the most."""


class Store(MemoryAnswers):
    """One that can't store endings while it has a fault."""

    def __init__(self, shared: Shared | None = None) -> None:
        super().__init__(shared)
        self.fault: Exception | None = None
        self.failures = 0

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        if self.fault is not None and ended:
            self.failures += 1
            raise self.fault.with_traceback(None)
        await super().append(records, ended)


class Parts:
    """A runner with what it stands on."""

    def __init__(self, store: Store, log: Log, control: AdmissionControl, runner: Runner) -> None:
        self.store = store
        self.log = log
        self.control = control
        self.runner = runner

    async def events(self, answer_id: str) -> list[Event]:
        return [decode(record.data) async for records in self.log.follow(answer_id) for record in records]

    async def ask(self, work: Work, answer_id: str = "a", deployment: str = "") -> Event:
        """Return how an answer ends."""
        ticket = Ticket(Party("ann"), deployment)
        await self.runner.start(answer_id, "ann", work, self.runner.enter(ticket))
        return (await self.events(answer_id))[-1]


def with_runner(use: Callable[[Parts], Awaitable[T]], store: Store | None = None) -> T:
    """Use a runner, on a loop where waiting takes no time."""

    async def go() -> T:
        kept, control = store or Store(), AdmissionControl()
        async with Log(kept) as log, Runner(log, kept, control) as runner:
            return await use(Parts(kept, log, control, runner))

    return jumping(go())


async def seconds_of(work: Awaitable[object]) -> float:
    clock = asyncio.get_running_loop().time
    began = clock()
    await work
    return clock() - began


def ending(event: Ending, *said: Event) -> Work:
    async def work(send: Send) -> Ending:
        for one in said:
            send(one)
        return event

    return work


def failing(error: Exception) -> Work:
    async def work(send: Send) -> Ending:
        raise error

    return work


async def hang(send: Send) -> Ending:
    send(Text("half"))
    await asyncio.sleep(10**6)
    return Done()


async def hang_silently(send: Send) -> Ending:
    await asyncio.sleep(10**6)
    return Done()


async def ignore(send: Send) -> Ending:
    """Go on for long when it is cancelled for the first time."""
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(10**6)
    await asyncio.sleep(10**6)
    return Done()


def test_what_fails_again_and_again_is_known_until_it_answers_or_is_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("hubbub.answers.runner.time", SimpleNamespace(monotonic=lambda: now))

    async def use(parts: Parts) -> None:
        nonlocal now
        number = 0

        async def ask(work: Work, deployment: str = "m") -> str:
            nonlocal number
            number += 1
            await parts.ask(work, f"{number}", deployment)
            return parts.runner.trouble_of("m")

        too_long = ModelError("Too long.", is_of_deployment=False)
        assert [await ask(failing(too_long)) for _ in range(FAILURES)] == [""] * FAILURES
        assert [await ask(failing(DOWN), "n") for _ in range(FAILURES)] == [""] * FAILURES
        told = ["", "", "It is down."]
        assert [await ask(failing(DOWN)) for _ in range(FAILURES)] == told
        assert await ask(failing(too_long)) == "It is down."
        assert await ask(ending(Stopped())) == "It is down."
        assert await ask(ending(Done())) == ""
        assert [await ask(failing(DOWN)) for _ in range(FAILURES)] == told
        now += FAILING_SECONDS - 1
        assert parts.runner.trouble_of("m") == "It is down."
        now += 1
        assert parts.runner.trouble_of("m") == ""

    with_runner(use)


def test_what_is_saved_by_stopping_goes_by_how_long_answers_usually_get() -> None:
    async def use(parts: Parts) -> None:
        async def stopped(answer_id: str, reason: str) -> Event:
            await parts.runner.start(answer_id, "ann", hang, parts.runner.enter(Ticket(Party("ann"), "m")))
            await anext(parts.log.follow(answer_id))
            parts.runner.stop_here(answer_id, reason)
            return (await parts.events(answer_id))[-1]

        half_tokens = 1
        assert await stopped("a", "asked") == Stopped("asked")
        assert await stopped("b", UNWATCHED) == Stopped(UNWATCHED, FIRST_GUESS_TOKENS - half_tokens)
        await parts.ask(ending(Done(), Text("x" * 4000), Usage(1, 100)), "c", "m")  # what was told counts
        assert await stopped("d", UNWATCHED) == Stopped(UNWATCHED, 100 - half_tokens)
        await parts.ask(
            ending(Done(), Text("a thought"), Reclassified(), Text("x" * 800)), "e", "m"
        )  # or else about so many characters a token
        assert await stopped("f", UNWATCHED) == Stopped(UNWATCHED, round(100 + SMOOTHING * 100) - half_tokens)
        await parts.ask(ending(Done()), "g", "n")
        saved = parts.runner.savings
        assert (saved.answers, saved.tokens) == (3, 250 + 100 + 110 - 3 * half_tokens)
        assert saved.stopped("n", 5) == 0  # longer than usual: nothing is saved

    with_runner(use)


def test_one_that_drains_alone_holds_questions_for_a_while() -> None:
    async def use(parts: Parts) -> None:
        runner = parts.runner
        assert runner.is_idle
        runner.drain()
        asking = asyncio.create_task(runner.start("a", "ann", hang))
        await asyncio.sleep(0.9 * HOLD_SECONDS)
        assert not runner.is_idle
        assert parts.control.running == 0
        with pytest.raises(Overloaded) as caught:
            await asking
        assert (caught.value.code, caught.value.retry_after_seconds) == ("draining", AGAIN_SECONDS)
        assert runner.is_idle
        assert await parts.store.find(["a"]) == []

    with_runner(use)


def test_what_comes_while_it_drains_is_stored_for_a_successor() -> None:
    async def use(parts: Parts) -> None:
        runner = parts.runner
        await runner.start("open", "ann", hang)
        runner.drain()
        asking = asyncio.create_task(
            runner.start("a", "ann", hang, grace_seconds=3.0, first=Started("m", "grounded"), credential="key")
        )
        await asyncio.sleep(1)
        runner.has_successor.set()
        await asking
        await runner.start("b", "ann", hang)
        assert (runner.open_count, runner.is_idle) == (1, False)  # what was open before goes on
        found = {one.id: one for one in await Store(parts.store.shared).claim(NOBODY)}
        assert found.keys() == {"a", "b"}
        assert found["a"] == Found("a", "ann", 3.0, credential="key", trace=found["a"].trace)
        assert await parts.store.read("a") == [Record("a", 1, encode(Started("m", "grounded")))]
        assert await parts.store.read("b") == []

    with_runner(use)


def test_it_is_idle_once_nothing_is_open_read_claimed_or_waits() -> None:
    async def use(parts: Parts) -> None:
        runner = parts.runner
        await runner.start("a", "ann", hang)
        assert not runner.is_idle
        await runner.stop("a")
        assert runner.is_idle
        runner.claimed_count = 1
        assert not runner.is_idle
        runner.claimed_count = 0
        await Store(parts.store.shared).open("b", "ann")
        following = asyncio.create_task(parts.events("b"))
        await asyncio.sleep(1)
        assert not runner.is_idle
        following.cancel()
        await asyncio.wait({following})
        assert runner.is_idle

    with_runner(use)


@pytest.mark.parametrize(
    ("meant", "told"), [(Done(), Failed("store_error", "It is full.", True)), (Stopped(), Stopped())]
)
def test_an_ending_is_tried_again_and_the_deployment_is_free_meanwhile(meant: Ending, told: Event) -> None:
    async def use(parts: Parts) -> None:
        parts.store.fault = StoreError("It is full.", code="store_error")
        await parts.runner.start("a", "ann", ending(meant))
        await asyncio.sleep(3.5 * RETRY_SECONDS)
        assert (parts.runner.open_count, parts.control.running, parts.store.failures) == (1, 0, 4)
        assert (await parts.log.answer("a")).state == "failed"
        parts.runner.stop_here("a", "too late to matter")
        parts.store.fault = None
        await asyncio.sleep(0.5 * RETRY_SECONDS + ROUND_SECONDS)
        assert parts.runner.open_count == 0
        assert (await parts.events("a"))[-1] == told

    with_runner(use)


@pytest.mark.parametrize(
    ("fault", "drains", "is_over"),
    [
        (GivenUp("It was given up."), False, True),
        (StoreLost("It is gone."), True, True),
        (StoreLost("It is gone."), False, False),
        (StoreError("It is full."), True, False),
    ],
    ids=["given up", "lost while it drains", "lost", "full while it drains"],
)
def test_an_ending_that_others_will_store_is_waited_for_by_nobody(
    fault: Exception, drains: bool, is_over: bool
) -> None:
    async def use(parts: Parts) -> None:
        await parts.runner.start("a", "ann", hang)
        if drains:
            parts.runner.drain()
        parts.store.fault = fault
        parts.runner.stop_here("a", "asked")
        await asyncio.sleep(1)
        assert (parts.runner.open_count == 0, not parts.log.is_here("a")) == (is_over, is_over)
        parts.store.fault = None

    with_runner(use)


def test_who_closes_or_stops_waits_for_nothing_that_does_not_end() -> None:
    async def stop(parts: Parts) -> None:
        for answer_id in "ab":
            await parts.runner.start(answer_id, "ann", ignore)
        await asyncio.sleep(1)
        assert await seconds_of(parts.runner.stop("a")) == pytest.approx(CLOSING_SECONDS)
        assert await seconds_of(parts.runner.close_answers()) == pytest.approx(CLOSING_SECONDS)
        assert parts.runner.is_closing
        assert parts.runner.is_draining
        await asyncio.sleep(1)
        assert parts.runner.open_count == 0  # it was cancelled once more

    with_runner(stop)

    async def let_go(parts: Parts) -> None:
        await parts.runner.start("a", "ann", ignore)
        await asyncio.sleep(1)
        assert await seconds_of(parts.runner.let_go_all()) == pytest.approx(CLOSING_SECONDS)
        assert not parts.log.is_here("a")

    with_runner(let_go)


def test_what_has_said_nothing_is_left_and_what_has_is_interrupted() -> None:
    store = Store()

    async def use(parts: Parts) -> None:
        await parts.runner.start("said", "ann", hang)
        await parts.runner.start("silent", "ann", hang_silently)
        await asyncio.sleep(1)
        await parts.runner.hand_over()
        assert parts.runner.is_draining
        assert parts.runner.open_count == parts.control.running == 0
        assert await parts.events("said") == [Text("half"), INTERRUPTED]
        assert [one.id for one in await Store(store.shared).claim(1)] == ["silent"]
        assert await store.read("silent") == []

    with_runner(use, store)


def test_a_stop_goes_where_the_answer_is_made_and_waits_for_its_end() -> None:
    async def use(parts: Parts) -> None:
        other = Store(parts.store.shared)
        for answer_id in ("a", "b"):
            await other.open(answer_id, "ann")
        assert await seconds_of(parts.runner.stop("a", reason="bored")) == pytest.approx(CLOSING_SECONDS)
        assert (await other.look([])).stops == {"a": "bored"}
        stopping = asyncio.create_task(seconds_of(parts.runner.stop("b")))
        await asyncio.sleep(1)
        record = Record("b", 1, encode(Stopped()))
        await other.append([record], [Answer("b", 1, "stopped")])
        await parts.log.remote.take([record])
        assert await stopping == pytest.approx(1)
        assert await seconds_of(parts.runner.stop("b")) == 0
        assert (await other.look([])).stops == {"a": "bored"}
        assert await seconds_of(parts.runner.stop("nothing")) == 0

    with_runner(use)


@pytest.mark.expects_errors
@pytest.mark.parametrize(
    ("known", "told"),
    [
        (ending(Done(), Text("anew")), [Text("anew"), Done()]),
        (None, [INTERRUPTED]),
        (HubbubError("Its model is gone."), [INTERRUPTED]),
        (ZeroDivisionError(), [INTERRUPTED]),
    ],
    ids=["known", "unknown", "refused", "a bug"],
)
@pytest.mark.parametrize("stop_reason", [None, "asked"])
@pytest.mark.parametrize("said", [[], [Text("half")]], ids=["silent", "said"])
def test_what_another_began_is_begun_anew_where_that_is_known_and_nothing_was_said(
    known: Work | Exception | None, told: list[Event], stop_reason: str | None, said: list[Event]
) -> None:
    reworked, taken_over = list[Found](), list[Found]()

    async def rework(found: Found) -> tuple[Work, Ticket] | None:
        reworked.append(found)
        if isinstance(known, Exception):
            raise known
        return None if known is None else (known, Ticket(Party("ann"), "m"))

    async def use(parts: Parts) -> None:
        other = Store(parts.store.shared)
        await other.open("a", "ann")
        await other.append([Record("a", number, encode(one)) for number, one in enumerate(said, 1)])
        if stop_reason is not None:
            await other.ask_to_stop("a", stop_reason)
        [found] = await parts.store.claim(2)
        parts.runner.rework, parts.runner.on_taken_over = rework, taken_over.append
        await parts.runner.take_over(found)
        assert taken_over == [found]
        is_wanted = not said and stop_reason is None
        assert reworked == ([found] if is_wanted else [])
        last = told if is_wanted else [INTERRUPTED if stop_reason is None else Stopped(stop_reason)]
        assert await parts.events("a") == [*said, *last]

    with_runner(use)


@pytest.mark.parametrize("closes", [False, True])
def test_what_can_not_be_taken_over_now_is_left_for_whoever_comes_next(closes: bool) -> None:
    async def use(parts: Parts) -> None:
        async def rework(found: Found) -> tuple[Work, Ticket] | None:
            if not closes:
                raise StoreError("It is silent.")
            parts.runner.is_closing = True
            return None

        await parts.store.open("a", "ann")
        parts.runner.rework = rework
        [found] = await parts.store.mine()
        try:
            await parts.runner.take_over(found)
        except StoreError:
            assert not closes
        assert not parts.log.is_here("a")
        assert parts.runner.open_count == 0
        assert [one.id for one in await parts.store.mine()] == ["a"]

    with_runner(use)


def test_what_was_let_in_elsewhere_is_refused_by_nobody() -> None:
    async def go() -> None:
        store = Store()
        control = AdmissionControl(limits=AdmissionLimits(running=1, waiting=0, waiting_per_person=0))
        async with Log(store) as log, Runner(log, store, control) as runner:
            await runner.start("a", "ann", hang)
            with pytest.raises(HubbubError):
                runner.check(Party("ann"), "")
            with pytest.raises(HubbubError):
                await runner.start("b", "ann", hang)
            await store.open("c", "ann")
            await runner.take_over(Found("c", "ann", None))
            assert (runner.open_count, runner.waiting_count) == (2, 1)
            assert runner.room_of(Party("ann")) == (8, 6)

    jumping(go())


class Traces:
    """Records what is traced, in the order in which it ends."""

    dropped = 0
    includes_texts = False

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def begin(self, name: str, *, link: str | None = None) -> Step:
        return Span(self, name, INTERNAL, new_place(), link=place_of(link) if link else None)

    def ended(self, span: Span) -> None:
        self.spans.append(span)


def with_traces(use: Callable[[Parts, Traces], Awaitable[None]]) -> None:
    async def go() -> None:
        store, control, traces = Store(), AdmissionControl({"m": Fixed(1)}), Traces()
        async with Log(store) as log, Runner(log, store, control, traces) as runner:
            await use(Parts(store, log, control, runner), traces)

    jumping(go())


@pytest.mark.parametrize(
    ("work", "noted", "error"),
    [
        (ending(Done("length")), {"hubbub.answer.ending": "done", "hubbub.answer.finish_reason": "length"}, ""),
        (failing(DOWN), {"hubbub.answer.ending": "failed"}, "unreachable"),
        (
            ending(Stopped("bored")),
            {"hubbub.answer.ending": "stopped", "hubbub.answer.stop_reason": "bored"},
            "",
        ),
    ],
    ids=["done", "failed", "stopped"],
)
def test_the_step_that_an_answer_was_started_in_ends_with_it(work: Work, noted: dict[str, str], error: str) -> None:
    async def use(parts: Parts, traces: Traces) -> None:
        before = parts.control.enter(Ticket(Party("bob"), "m"))
        with traces.begin("question"):
            await parts.runner.start("a", "ann", work, parts.runner.enter(Ticket(Party("ann"), "m")))
        await asyncio.sleep(1)
        assert [span.name for span in traces.spans] == ["store"]
        before.leave()
        await parts.events("a")
        await asyncio.sleep(0)
        by_name = {span.name: span for span in traces.spans}
        assert list(by_name) == ["store", "admission", "finish", "question"]
        assert len(traces.spans) == 4
        assert by_name["question"].attributes == noted
        assert by_name["question"].error == error
        assert by_name["admission"].attributes == {"hubbub.admission.place": 1}

    with_traces(use)


def test_the_trace_of_an_answer_tells_that_it_was_too_late_or_made_elsewhere() -> None:
    async def use(parts: Parts, traces: Traces) -> None:
        parts.control.enter(Ticket(Party("bob"), "m"))
        late = parts.runner.enter(Ticket(Party("ann"), "m"))
        with traces.begin("late"):
            await parts.runner.start("late", "ann", hang, late, within_seconds=3.0)
        assert await parts.events("late") == [Queued(1), TOO_LATE]
        await asyncio.sleep(0)
        assert {span.name: span.error for span in traces.spans}.items() >= {
            "admission": TOO_LATE.code,
            "late": TOO_LATE.code,
        }.items()
        traces.spans.clear()
        with traces.begin("let go"):
            await parts.runner.start("a", "ann", hang)
        await asyncio.sleep(1)
        await parts.runner.let_go_all()
        assert [(span.name, span.attributes.get("hubbub.answer.is_left_to_others")) for span in traces.spans] == [
            ("store", None),
            ("admission", None),
            ("let go", True),
        ]
        traces.spans.clear()
        place = new_place()
        trace = f"00-{place.trace_id.hex()}-{place.span_id.hex()}-01"
        await parts.store.open("b", "ann")
        await parts.runner.take_over(Found("b", "ann", None, trace=trace))
        assert await parts.events("b") == [INTERRUPTED]
        await asyncio.sleep(0)
        [taken] = [span for span in traces.spans if span.name == "question"]
        assert taken.link == place
        assert taken.attributes["hubbub.answer.id"] == "b"
        assert taken.attributes["hubbub.answer.is_taken_over"] is True
        parts.runner.drain()
        parts.runner.has_successor.set()
        with traces.begin("left"):
            await parts.runner.start("c", "ann", hang)
        assert traces.spans[-1].attributes == {"hubbub.answer.is_left_to_others": True}

    with_traces(use)
