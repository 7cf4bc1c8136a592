"""Who is let in, who waits and at what place, who is refused; and that nothing leaks."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.answers.admission import GATHER_SECONDS, Admission, AdmissionControl, AdmissionLimits
from hubbub.answers.base import Beside, Fixed, Party, Ticket
from hubbub.answers.log import Log
from hubbub.answers.memory import MemoryAnswers
from hubbub.answers.runner import TOO_LATE, Runner, Send
from hubbub.core.errors import Conflict, Overloaded, StoreFull, TooBusy
from hubbub.core.events import Done, Event, Failed, Queued, Stopped, Text, decode
from hubbub.core.people import GUEST_ID
from tests.patience import patience


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Changing:
    """A deployment whose room changes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.opens_in_seconds = 0.0
        self.reserved: list[int] = []

    def reserve(self, tokens: int) -> None:
        self.reserved.append(tokens)


def control_of(limit: int = 2, clock: Clock | None = None, **limits: int) -> AdmissionControl:
    return AdmissionControl({"m": Fixed(limit)}, AdmissionLimits(**limits), clock=clock or Clock(), chance=lambda: 0.0)


def ticket(person_id: str = "ann", deployment: str = "m", tokens: int = 256) -> Ticket:
    return Ticket(Party(person_id), deployment, tokens)


@asynccontextmanager
async def telling(control: AdmissionControl) -> AsyncIterator[None]:
    task = asyncio.create_task(control.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def news(admission: Admission) -> Queued | None:
    async with patience():
        return await admission.news()


def test_a_deployment_has_room_for_so_many() -> None:
    control = control_of(2)
    first, second, third = (control.enter(ticket()) for _ in range(3))
    assert [one.is_running for one in (first, second, third)] == [True, True, False]
    second.leave()
    assert third.is_running
    assert (control.running, control.waiting) == (2, 0)


def test_other_deployments_are_not_held_up_but_the_server_has_a_bound() -> None:
    control = AdmissionControl({"m": Fixed(1), "n": Fixed(9)}, AdmissionLimits(running=3), chance=lambda: 0.0)
    ms = [control.enter(ticket()) for _ in range(2)]
    ns = [control.enter(ticket("bob", "n")) for _ in range(3)]
    assert [one.is_running for one in ms] == [True, False]
    assert [one.is_running for one in ns] == [True, True, False]
    ns[0].leave()  # whose turn is it? m has no room
    assert ns[2].is_running
    ms[0].leave()
    assert ms[1].is_running


def test_lanes_take_turns_where_the_server_is_full() -> None:
    control = AdmissionControl({"m": Fixed(9), "n": Fixed(9)}, AdmissionLimits(running=1))
    running = control.enter(ticket())
    waiting = [control.enter(ticket(person, name)) for name in "mn" for person in ("bob", "cid")]
    order: list[str] = []
    while any(not one.has_left for one in waiting):
        running.leave()
        running = next(one for one in waiting if one.is_running and not one.has_left)
        order.append(running.ticket.deployment)
        if len(order) == 4:
            running.leave()
    assert order in (list("mnmn"), list("nmnm"))


def test_a_person_has_no_more_running_than_they_may_and_holds_up_nobody() -> None:
    control = control_of(4, running_per_person=2)
    anns = [control.enter(ticket("ann")) for _ in range(4)]
    bob = control.enter(ticket("bob"))
    assert [one.is_running for one in anns] == [True, True, False, False]
    assert bob.is_running
    anns[0].leave()
    assert anns[2].is_running
    assert not anns[3].is_running


def test_what_is_too_much_for_a_person_is_theirs_to_mend() -> None:
    control = control_of(1, waiting_per_person=2)
    for _ in range(3):
        control.enter(ticket("ann"))
    with pytest.raises(TooBusy, match=r"^You have 3 questions .* Try again in 5 s") as caught:
        control.enter(ticket("ann"))
    assert caught.value.retry_after_seconds == 5
    with pytest.raises(TooBusy):
        control.check(Party("ann"), "m")
    control.check(Party("bob"), "m")
    control.check(Party("ann"), "")  # that deployment has room, and she may have more running
    control.enter(ticket("bob"))
    assert (control.running, control.waiting) == (1, 3)


def test_how_much_room_a_person_has_is_known() -> None:
    control = control_of(1, running_per_person=2, waiting_per_person=3)
    assert control.room_of(Party("ann")) == (5, 5)
    first = control.enter(ticket("ann"))
    control.enter(ticket("ann"))
    assert control.room_of(Party("ann")) == (5, 3)
    assert control.room_of(Party("bob")) == (5, 5)
    first.leave()
    assert control.room_of(Party("ann")) == (5, 4)
    for _ in range(9):
        control.enter(ticket("ann"), is_obliged=True)
    assert control.room_of(Party("ann")) == (5, 0)
    assert control.room_of(Party(GUEST_ID)) is None


@pytest.mark.parametrize("limits", [{"waiting": 2}, {"waiting_per_model": 2}, {"waiting": 2, "waiting_per_person": 2}])
def test_what_is_too_much_for_us_is_ours(limits: dict[str, int]) -> None:
    control = control_of(1, **limits)
    for person in "abc":
        control.enter(ticket(person))
    with pytest.raises(Overloaded) as caught:
        control.enter(ticket("d"))
    assert caught.value.retry_after_seconds == 5
    with pytest.raises(Overloaded):
        control.check(Party("d"), "m")
    assert (control.running, control.waiting) == (1, 2)
    control.enter(ticket("d"), is_obliged=True)
    assert (control.running, control.waiting) == (1, 3)


def test_a_slow_model_leaves_room_for_the_others_to_wait() -> None:
    control = AdmissionControl({"m": Fixed(1), "n": Fixed(1)}, AdmissionLimits(waiting=4, waiting_per_model=2))
    for person in "abc":
        control.enter(ticket(person))
    with pytest.raises(Overloaded):
        control.enter(ticket("d"))
    for person in "abc":
        control.enter(ticket(person, "n"))


def test_where_nobody_may_wait_there_is_room_or_a_refusal() -> None:
    control = control_of(1, waiting=0, waiting_per_person=0)
    running = control.enter(ticket())
    with pytest.raises(TooBusy):
        control.enter(ticket())
    running.leave()
    assert control.enter(ticket()).is_running


def test_the_guest_is_many() -> None:
    control = control_of(20, running_per_person=1, waiting_per_person=0)
    assert all(control.enter(ticket(GUEST_ID)).is_running for _ in range(20))
    control.enter(ticket(GUEST_ID))
    assert control.waiting == 1


def test_cookies_of_one_address_are_bounded_together() -> None:
    limits = AdmissionLimits(running=16, running_per_person=2, waiting_per_person=2, waiting_per_model=20)
    control = AdmissionControl({"m": Fixed(8)}, limits, chance=lambda: 0.0)

    def of(person_id: str, address: str = "") -> Ticket:
        return Ticket(Party(person_id, address), "m")

    for number in range(4 + 5):  # a quarter of 16 running, a quarter of 20 waiting
        control.enter(of(f"cookie{number}", "192.0.2.1"))
    assert (control.running, control.waiting) == (4, 5)
    for person_id in ("cookie9", GUEST_ID):
        with pytest.raises(TooBusy, match="network address"):
            control.enter(of(person_id, "192.0.2.1"))
        with pytest.raises(TooBusy, match="network address"):
            control.check(Party(person_id, "192.0.2.1"), "m")
    assert control.enter(of("cookie10", "192.0.2.2")).is_running
    assert control.enter(of("key")).is_running
    assert (control.running, control.waiting) == (6, 5)


def test_who_comes_from_elsewhere_is_next() -> None:
    control = AdmissionControl({"m": Fixed(1)}, AdmissionLimits(), chance=lambda: 0.0)
    first = control.enter(Ticket(Party("cookie", "192.0.2.1"), "m", 300))
    others = [control.enter(Ticket(Party(f"cookie{number}", "192.0.2.1"), "m", 300)) for number in range(100)]
    other = control.enter(Ticket(Party("other", "192.0.2.2"), "m", 300))
    first.leave()
    for one in others[:2]:
        one.leave()
    assert other.is_running


def test_programs_may_have_more_waiting() -> None:
    control = AdmissionControl({"m": Fixed(100)}, AdmissionLimits(waiting_per_key=200), chance=lambda: 0.0)
    program = Party("key", is_program=True)
    for _ in range(100):
        control.enter(Ticket(program, "m"))
    assert (control.running, control.room_of(program)) == (8, (208, 108))


def test_retries_are_spread_and_follow_what_is_known() -> None:
    clock, chances = Clock(), iter((0.0, 0.5, 1.0))
    control = AdmissionControl(
        {"m": Fixed(2)}, AdmissionLimits(waiting_per_person=0), clock=clock, chance=lambda: next(chances)
    )
    for _ in range(50):
        done = control.enter(ticket())
        clock.now += 20
        done.leave()
    for _ in range(2):
        control.enter(ticket())
    told: list[float] = []
    for _ in range(3):
        with pytest.raises(TooBusy) as caught:
            control.enter(ticket())
        told.append(caught.value.retry_after_seconds)
    assert told == [10, 25, 45]  # two of her own take 20 s each, and who is refused comes after the one before


def test_processes_share_the_limits_of_a_machine() -> None:
    limits = AdmissionLimits(running_per_person=4, waiting_per_person=8, waiting=8)
    control = AdmissionControl({"m": Fixed(8)}, limits, share=lambda: 4)
    assert [control.enter(ticket("ann")).is_running for _ in range(2)] == [True, False]
    assert [control.enter(ticket("bob")).is_running for _ in range(1)] == [True]
    with pytest.raises(Overloaded):
        control.enter(ticket("cid"))
        control.enter(ticket("dan"))
    control = AdmissionControl({"m": Fixed(8)}, limits, share=lambda: 100)  # each has one at least
    assert [control.enter(ticket(person)).is_running for person in ("ann", "bob")] == [True, False]


@pytest.mark.parametrize(("limit", "running"), [(1, 100), (100, 1)], ids=["the model's limit", "the server's limit"])
async def test_places_and_estimates_are_told(limit: int, running: int) -> None:
    clock = Clock()
    control = control_of(limit, clock, running=running)
    for _ in range(20):
        done = control.enter(ticket())
        clock.now += 4
        done.leave()
    async with telling(control):
        first = control.enter(ticket("ann"))
        assert await news(first) is None
        bob, cid = control.enter(ticket("bob")), control.enter(ticket("cid"))
        assert await news(bob) == Queued(1, 4)
        assert await news(cid) == Queued(2, 8)
        clock.now += 4
        first.leave()
        assert await news(bob) is None
        assert await news(cid) == Queued(1, 4)
        cid.leave()
        bob.leave()
    assert (control.running, control.waiting) == (0, 0)


async def test_before_anything_has_ended_there_is_no_estimate() -> None:
    control = control_of(1)
    async with telling(control):
        control.enter(ticket())
        assert await news(control.enter(ticket())) == Queued(1, None)


async def test_who_has_many_waits_longer_than_the_line_says() -> None:
    """The line moves fast, but of one person's only so many are made at once."""
    clock = Clock()
    control = control_of(10, clock, running_per_person=1)
    done = control.enter(ticket())
    clock.now += 6
    done.leave()
    async with telling(control):
        control.enter(ticket())
        waiting = [control.enter(ticket()) for _ in range(3)]
        assert [await news(one) for one in waiting] == [Queued(1, 6), Queued(2, 12), Queued(3, 18)]


async def test_a_place_is_told_once_a_second_and_far_ones_less_often() -> None:
    clock = Clock()
    control = control_of(1, clock)
    async with telling(control):
        running = control.enter(ticket("zoe"))
        waiting = [control.enter(ticket(f"p{number:02}")) for number in range(60)]
        told = [await news(one) for one in waiting]
        assert [one.place for one in told if one] == list(range(1, 61))
        running.leave()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3 * GATHER_SECONDS):
                await waiting[1].news()
        clock.now += 1
        assert await news(waiting[1]) == Queued(1, pytest.approx(1, abs=1))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await waiting[50].news()


async def test_a_closed_deployment_lets_nobody_in_until_it_opens() -> None:
    model = Changing(5)
    model.opens_in_seconds = 30.0
    control = AdmissionControl({"m": model}, clock=Clock())
    async with telling(control):
        waiting = control.enter(ticket())
        assert await news(waiting) == Queued(1, None)
        model.opens_in_seconds = 0.0
        assert await news(waiting) is None


async def test_a_deployment_that_grows_lets_more_in() -> None:
    model = Changing(1)
    control = AdmissionControl({"m": model})
    async with telling(control):
        control.enter(ticket("ann"))
        waiting = control.enter(ticket("bob"))
        assert await news(waiting) == Queued(1, None)
        model.limit = 2
        assert await news(waiting) is None


def test_many_who_wait_cost_little() -> None:
    """A thousand places, told by one look at the line: a few milliseconds. The bound is for slow machines."""
    took: list[float] = []
    for _ in range(3):
        control = control_of(1, waiting=2000, waiting_per_model=2000, waiting_per_person=100)
        waiting = [control.enter(ticket(f"p{number % 200}", tokens=number)) for number in range(1001)]
        began = time.thread_time()
        control._tell_places()
        took.append(time.thread_time() - began)
        assert sorted(one.told_place for one in waiting if one.told_place) == list(range(1, 1001))
    assert min(took) < 0.1


# With the runner.


class FullDisk(MemoryAnswers):
    is_full = False

    async def open(
        self,
        answer_id: str,
        owner_id: str,
        grace_seconds: float | None = None,
        keep_seconds: float | None = None,
        beside: Beside | None = None,
        credential: str | None = None,
    ) -> None:
        await asyncio.sleep(0)
        if self.is_full:
            raise StoreFull("The disk is full.")
        await super().open(answer_id, owner_id, grace_seconds, keep_seconds, beside, credential)


async def events(log: Log, answer_id: str) -> list[Event]:
    found: list[Event] = []
    async with asyncio.timeout(10):
        async for records in log.follow(answer_id):
            found += [decode(record.data) for record in records]
    return found


async def say(send: Send) -> Done:
    send(Text("one"))
    await asyncio.sleep(0)
    send(Text("two"))
    return Done()


async def hang(send: Send) -> Done:
    await asyncio.Event().wait()
    return Done()


async def test_refused_before_anything_is_stored() -> None:
    store, control = MemoryAnswers(), control_of(1, waiting_per_person=1)
    async with Log(store) as log, Runner(log, store, control) as runner:
        await runner.start("a", "ann", hang, runner.enter(ticket()))
        await runner.start("b", "ann", hang, runner.enter(ticket()))
        with pytest.raises(TooBusy):
            await runner.start("c", "ann", hang, runner.enter(ticket()))
        assert await store.find(["c"]) == []
        await runner.start("d", "ann", hang, control.enter(ticket(), is_obliged=True))
        assert runner.waiting_count == 2
    assert (control.running, control.waiting) == (0, 0)


async def test_who_waits_sees_places_then_the_answer_and_they_can_be_read_again() -> None:
    async with Log(store := MemoryAnswers()) as log, Runner(log, store, control_of(1)) as runner:
        await runner.start("a", "ann", hang, runner.enter(ticket("ann")))
        await runner.start("b", "bob", say, runner.enter(ticket("bob")))
        following = asyncio.create_task(events(log, "b"))
        while not (await log.answer("b")).place:
            await asyncio.sleep(0.01)
        await runner.stop("a")
        seen = await following
        assert seen[0] == Queued(1, None)
        assert seen[-1] == Done()
        assert seen == await events(log, "b")


async def test_stopping_who_waits_frees_the_place_at_once() -> None:
    control = control_of(1)
    async with Log(store := MemoryAnswers()) as log, Runner(log, store, control) as runner:
        for name in "abc":
            await runner.start(name, name, hang, runner.enter(ticket(name)))
        await asyncio.sleep(2 * GATHER_SECONDS)
        await runner.stop("b")
        assert control.waiting == 1
        assert await events(log, "b") == [Queued(1, None), Stopped()]
        await runner.stop("a")
        await asyncio.sleep(0)
        assert (control.running, control.waiting) == (1, 0)


async def test_a_log_that_can_not_be_opened_gives_the_place_back() -> None:
    store, control = FullDisk(), control_of(1)
    async with Log(store) as log, Runner(log, store, control) as runner:
        store.is_full = True
        with pytest.raises(StoreFull):
            await runner.start("a", "ann", hang, runner.enter(ticket()))
        assert (control.running, control.waiting) == (0, 0)
        store.is_full = False
        await runner.start("a", "ann", hang, runner.enter(ticket()))
        with pytest.raises(Conflict):
            await runner.start("a", "ann", hang, runner.enter(ticket()))
        assert (control.running, control.waiting) == (1, 0)
        starting = asyncio.create_task(runner.start("b", "ann", hang, runner.enter(ticket())))
        await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait([starting])
        assert (control.running, control.waiting) == (1, 0)


async def test_an_admission_can_be_had_before_and_is_taken_over() -> None:
    store, control = FullDisk(), control_of(1, waiting_per_person=0)
    async with Log(store) as log, Runner(log, store, control) as runner:
        await runner.start("a", "ann", say, runner.enter(ticket()))
        assert control.running == 1
        assert (await events(log, "a"))[-1] == Done()
        admission = runner.enter(ticket())
        with pytest.raises(TooBusy):
            runner.enter(ticket())
        store.is_full = True
        with pytest.raises(StoreFull):
            await runner.start("b", "ann", say, admission)
        assert (control.running, control.waiting) == (0, 0)


@pytest.mark.parametrize("is_full", [False, True])
async def test_stops_at_every_moment_leak_nothing(is_full: bool) -> None:
    control = control_of(1)
    async with Log(store := MemoryAnswers()) as log, Runner(log, store, control) as runner:
        for moment in range(40):
            holder = control.enter(ticket("holder")) if is_full else None
            await runner.start(f"a{moment}", "ann", say, runner.enter(ticket()))
            for step in range(moment):
                await asyncio.sleep(0.01 if step % 8 == 0 else 0)
                if holder and step == moment // 2:
                    holder.leave()
            await runner.stop(f"a{moment}")
            if holder:
                holder.leave()
            assert (control.running, control.waiting) == (0, 0), moment
            seen = await events(log, f"a{moment}")
            assert isinstance(seen[-1], Stopped | Done)
            assert not any(isinstance(event, Stopped | Done) for event in seen[:-1])


async def test_work_that_fails_gives_its_part_back() -> None:
    async def fail(send: Send) -> Done:
        raise StoreFull("The disk is full.")

    control = control_of(1)
    async with Log(store := MemoryAnswers()) as log, Runner(log, store, control) as runner:
        for number in range(3):
            await runner.start(f"a{number}", "ann", fail, runner.enter(ticket()))
        for number in range(3):
            assert isinstance((await events(log, f"a{number}"))[-1], Failed)
    assert (control.running, control.waiting) == (0, 0)


people = st.sampled_from(["ann", "bob", "cid", GUEST_ID])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("enter"), people, st.sampled_from(["m", "n", ""]), st.integers(1, 5000)),
        st.tuples(st.just("oblige"), people, st.sampled_from(["m", "n", ""]), st.integers(1, 5000)),
        st.tuples(st.just("leave"), st.integers(0, 50), st.just(""), st.just(0)),
        st.tuples(st.just("limit"), st.integers(1, 4), st.just(""), st.just(0)),
        st.tuples(st.just("close"), st.sampled_from([0.0, 3.0]), st.just(""), st.just(0)),
        st.tuples(st.just("tell"), st.just(0), st.just(""), st.just(0)),
    ),
    max_size=80,
)


@given(steps)
def test_whatever_happens_the_counts_are_right_and_nobody_waits_in_vain(
    steps: list[tuple[str, str | int | float, str, int]],
) -> None:
    changing = Changing(2)
    limits = AdmissionLimits(running=5, waiting=8, waiting_per_model=5, running_per_person=2, waiting_per_person=3)
    control = AdmissionControl({"m": changing, "n": Fixed(2)}, limits, clock=Clock(), chance=lambda: 0.0)
    inside: list[Admission] = []
    obliged = 0
    for what, which, deployment, tokens in steps:
        if what in ("enter", "oblige"):
            before = (control.running, control.waiting)
            try:
                inside.append(control.enter(Ticket(Party(str(which)), deployment, tokens), is_obliged=what == "oblige"))
                obliged += what == "oblige"
            except (TooBusy, Overloaded):
                assert what == "enter"
                assert (control.running, control.waiting) >= before
                assert all(not one.has_left for one in inside)
        elif what == "leave" and isinstance(which, int) and which < len(inside):
            one = inside.pop(which)
            one.leave()
            one.leave()
        elif what == "limit":
            changing.limit = int(which)
        elif what == "close":
            changing.opens_in_seconds = float(which)
        elif what == "tell":
            control._let_in()
            control._tell_places()
            places = {
                name: sorted(
                    one.told_place or 0 for one in inside if one.ticket.deployment == name and not one.is_running
                )
                for name in ("m", "n", "")
            }
            assert all(place >= 0 for name in places for place in places[name])
        running = [one for one in inside if one.is_running]
        assert control.running == len(running) <= limits.running
        assert control.waiting == len(inside) - len(running) <= limits.waiting + obliged
        for person in ("ann", "bob", "cid"):
            assert sum(one.ticket.party.person_id == person for one in running) <= limits.running_per_person
        assert sum(one.ticket.deployment == "n" for one in running) <= 2
    changing.opens_in_seconds = 0.0
    control._let_in()
    while inside:  # as long as the running ones leave, all get their turn
        running = [one for one in inside if one.is_running]
        assert running
        inside.remove(running[0])
        running[0].leave()
    assert (control.running, control.waiting, control._askers) == (0, 0, {})


async def test_who_still_waits_when_the_time_is_up_is_told_so() -> None:
    store = MemoryAnswers()
    control = AdmissionControl({"m": Fixed(1)})
    never = asyncio.Event()

    async def work(send: Send) -> Done:
        await never.wait()
        return Done()

    async with Log(store) as log, Runner(log, store, control) as runner:
        await runner.start("a", "ann", work, runner.enter(Ticket(Party("ann"), "m")))
        await runner.start("b", "bob", work, runner.enter(Ticket(Party("bob"), "m")), within_seconds=0.1)
        found = await events(log, "b")
        assert found[-1] == TOO_LATE
        assert control.waiting == 0
        while runner.open_count > 1:
            await asyncio.sleep(0)
