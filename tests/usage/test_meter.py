"""Reservations and what becomes of them, on a real database and a clock of our own."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hubbub.compose.metering import usage_in
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Sqlite
from hubbub.core.answer import Answer
from hubbub.core.errors import OverQuota
from hubbub.core.identifiers import new_id
from hubbub.core.usage import Call
from hubbub.usage.base import Asker, UsageStore
from hubbub.usage.bounds import read_bounds
from hubbub.usage.meter import Bill, Meter
from hubbub.usage.prices import Price
from hubbub.usage.quotas import Rules
from hubbub.usage.refusals import OverBound
from hubbub.usage.sqlite import SETTLED_AT_ONCE
from tests.databases import run_sql

ANN = Asker("ann", "key1", ("staff", "students"))
PRICE = Price(input=25_000, cached_input=5_000, output=100_000)  # 2.50, 0.50 and 10 per million


class Clock:
    def __init__(self, text: str) -> None:
        self.set(text)

    def set(self, text: str) -> None:
        self.at = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.at

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, ZoneInfo("Europe/Berlin"))


@pytest.fixture
async def store(database: Sqlite | Postgres) -> AsyncIterator[UsageStore]:
    async with usage_in(database) as store:
        yield store


def meter_of(store: UsageStore, clock: Clock, **bounds: str) -> Meter:
    held = {scope: read_bounds(tuple(text.split(", "))) for scope, text in bounds.items()}
    rules = Rules(**held, zone=ZoneInfo("Europe/Berlin"))
    return Meter(store, rules=rules, prices={"m": PRICE}, clock=clock)


async def begin(meter: Meter, asker: Asker = ANN, tokens: int = 100) -> Bill:
    """Reserve for a question, as the application does."""
    bill = meter.bill(new_id(), asker, asker.person, "m", tokens, 0)
    if bill.reserving is not None:
        try:
            await bill.reserving()
        except OverBound as error:
            raise meter.refusal(error) from None
    return bill


async def end(meter: Meter, bill: Bill, *counted: int, state: str = "done") -> None:
    if counted:
        call = Call("m", counted[0])
        call.cached_tokens, call.output_tokens, call.is_counted = counted[1], counted[2], True
        bill.calls.append(call)
    await meter.settling([Answer(bill.answer_id, state=state, model="m")])()  # type: ignore[arg-type]


async def used(meter: Meter, asker: Asker = ANN) -> list[int]:
    return [one.used for one in await meter.standings(asker, asker.person)]


async def test_the_month_turns_by_the_time_zone(store: UsageStore) -> None:
    clock = Clock("2026-11-30T22:30:00")  # in Berlin half an hour before December
    meter = meter_of(store, clock, person="2 questions per month")
    await begin(meter)
    late = await begin(meter)
    with pytest.raises(OverQuota, match="2 questions per month") as refused:
        await begin(meter)
    assert refused.value.retry_after_seconds == 1800
    assert refused.value.measure == "questions"
    assert "in 30 min" in refused.value.message
    clock.set("2026-11-30T23:00:00")
    await begin(meter)
    await end(meter, late, 10, 0, 5)  # counts where it was asked: December has used one
    assert await used(meter) == [1]
    clock.set("2026-12-31T22:59:59")
    assert await used(meter) == [1]
    clock.set("2026-12-31T23:00:00")
    assert await used(meter) == [0]


async def test_what_was_reserved_is_settled_to_what_was_counted(store: UsageStore) -> None:
    meter = meter_of(store, Clock("2026-11-28T12:00:00"), person="1000 tokens per day", key="1 money per month")
    bill = await begin(meter, tokens=900)
    assert await used(meter) == [900, 900 * PRICE.input]
    with pytest.raises(OverQuota, match="1,000 tokens per day"):
        await begin(meter, tokens=200)
    await end(meter, bill, 400, 100, 50)
    assert await used(meter) == [450, 300 * 25_000 + 100 * 5_000 + 50 * 100_000]


async def test_what_is_reserved_and_given_back_in_one_transaction_is_nowhere(store: UsageStore) -> None:
    meter = meter_of(store, Clock("2026-11-28T12:00:00"), person="1000 tokens per day")
    bill = meter.bill(new_id(), ANN, "ann", "m", 900, 0)
    both = meter.beside(bill, store.releasing(bill.answer_id))
    assert both is not None
    await both()
    assert await used(meter) == [0]
    await end(meter, bill, 10, 0, 5)  # nothing was reserved for it any more
    assert await used(meter) == [0]


async def test_reservations_that_share_a_transaction_are_all_kept(store: UsageStore) -> None:
    meter = meter_of(store, Clock("2026-11-28T12:00:00"), person="20 questions per day")
    bills = await asyncio.gather(*(begin(meter, tokens=100) for _ in range(20)))
    refused = await asyncio.gather(*(begin(meter) for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in refused] == [OverQuota] * 5
    for bill in bills[:10]:
        await end(meter, bill, state="failed")
    assert await used(meter) == [10]


async def test_what_costs_nothing_passes_where_the_money_is_gone(store: UsageStore) -> None:
    meter = meter_of(store, Clock("2026-11-28T12:00:00"), person="0.001 money per day")
    await end(meter, await begin(meter), 1000, 0, 1000)
    with pytest.raises(OverQuota, match=r"0\.001 per day"):
        await begin(meter)
    free = meter.bill(new_id(), ANN, "ann", "another", 10_000, 0)
    assert free.reserving is not None
    await free.reserving()


async def test_bounds_of_groups_and_keys_hold_for_all_of_them(store: UsageStore) -> None:
    meter = meter_of(store, Clock("2026-11-28T12:00:00"), group="3 questions per day", key="2 questions per day")
    await begin(meter, Asker("ann", "key1", ("staff",)))
    await begin(meter, Asker("bob", "key1", ("staff",)))
    with pytest.raises(OverQuota, match="API key"):
        await begin(meter, Asker("cat", "key1", ("other",)))
    await begin(meter, Asker("cat", "", ("staff", "other")))
    with pytest.raises(OverQuota, match="group 'staff'"):
        await begin(meter, Asker("dan", "", ("staff",)))
    await begin(meter, Asker("dan", "", ("other",)))


async def test_more_counters_than_one_statement_binds_are_counted_exactly(database: Sqlite | Postgres) -> None:
    groups = tuple(f"group{number:02}" for number in range(12))
    ann, bob = Asker("ann", "", groups), Asker("bob", "", groups[::-2])
    bounds = {scope: f"{most} questions per day, 900 tokens per month" for scope, most in (("group", 6), ("person", 9))}
    clock = Clock("2026-11-28T12:00:00")
    async with usage_in(database) as store:
        meter = meter_of(store, clock, **bounds)
        for asker in (ann, bob, ann, ann):
            bill = await begin(meter, asker, tokens=100)
            await end(meter, bill, 20, 0, 10)
        assert await used(meter, bob) == [4, 120] * 6 + [1, 30]
        assert await used(meter, ann) == [3, 90, 4, 120] * 6 + [3, 90]
        open_bills = await asyncio.gather(*(begin(meter, ann, tokens=100) for _ in range(2)))
        assert await used(meter, ann) == [5, 290, 6, 320] * 6 + [5, 290]
        with pytest.raises(OverQuota, match="group 'group01'"):
            await begin(meter, ann)
        last = Asker("cat", "", groups[-1:])
        with pytest.raises(OverQuota, match="group 'group11'"):
            await begin(meter, last)
        assert await used(meter, ann) == [5, 290, 6, 320] * 6 + [5, 290], "what is refused counts nowhere"
        await end(meter, open_bills[0], 20, 0, 10)
    windows = len(groups) * 2 + 2 * 2
    assert await run_sql(database, "select count(*), sum(questions), sum(tokens) from quota_counter") == [
        (windows, 2 * (6 * 5 + 6 * 6 + 5 + 1), 2 * (6 * 220 + 6 * 250 + 220 + 30))
    ]
    async with usage_in(database) as store:
        clock.set("2026-11-29T12:00:00")
        meter = meter_of(store, clock, **bounds)
        assert await used(meter, ann) == [0, 220, 0, 250] * 6 + [0, 220]
        await begin(meter, ann, tokens=50)
        await end(
            meter, meter.adopt(open_bills[1].answer_id, ann), 20, 0, 10
        )  # counted in the month alone: its day is over
        assert await used(meter, ann) == [1, 200, 1, 230] * 6 + [1, 200]


async def test_a_refusal_counts_nothing_and_is_remembered_for_a_moment(
    database: Sqlite | Postgres, store: UsageStore
) -> None:
    clock = Clock("2026-11-28T12:00:00")
    meter = meter_of(store, clock, server="1 questions per day")
    bill = await begin(meter)
    for _ in range(3):
        with pytest.raises(OverQuota):
            await begin(meter)
    assert await used(meter) == [1]
    await end(meter, bill, state="failed")  # it had asked nothing of a model
    assert await used(meter) == [0]
    with pytest.raises(OverQuota):
        meter.bill(new_id(), ANN, "ann", "m", 1, 0)  # from memory
    clock.at += 1
    await begin(meter)
    assert [row[0] for row in await run_sql(database, "select questions from usage")] == [0]


async def test_an_ending_that_is_stored_twice_counts_once(database: Sqlite | Postgres, store: UsageStore) -> None:
    meter = meter_of(store, Clock("2026-11-28T12:00:00"), server="9 questions per day")
    bill = await begin(meter)
    await end(meter, bill, 10, 0, 10)
    await meter.settling([Answer(bill.answer_id, state="done", model="m")])()
    assert await used(meter) == [1]
    assert len(await meter.report("person", 0, 2e9)) == 1
    assert (await meter.report("person", 0, 2e9))[0].input_tokens == 10


async def test_what_nobody_counted_is_estimated_and_marked(store: UsageStore) -> None:
    meter = meter_of(store, Clock("2026-11-28T12:00:00"))
    bill = await begin(meter)
    call = Call("m", 30)
    call.is_whole = False
    bill.calls.append(call)
    await meter.settling([Answer(bill.answer_id, state="stopped", model="m", text="word " * 80)])()
    (total,) = await meter.report("model", 0, 2e9)
    assert (total.name, total.input_tokens, total.output_tokens, total.estimated) == ("m", 30, 100, 1)
    assert total.money == 30 * 25_000 + 100 * 100_000


async def test_reservations_that_a_crash_left_are_given_back(database: Sqlite | Postgres) -> None:
    clock = Clock("2026-11-28T12:00:00")
    async with usage_in(database) as store:
        meter = meter_of(store, clock, server="5 questions per month")
        old = Bill("01aaaaaaaaaaaaaaaaaaaaaaaa", ANN)  # made in 2016
        fresh = await begin(meter)
        old.reserving = meter.bill(old.answer_id, ANN, "ann", "m", 1, 0).reserving
        assert old.reserving is not None
        await old.reserving()
        assert await used(meter) == [2]
    async with usage_in(database) as store:
        meter = meter_of(store, clock, server="5 questions per month")
        assert await used(meter) == [1]
        meter.adopt(fresh.answer_id, Asker("somebody"))
        await meter.settling([Answer(fresh.answer_id, state="failed", text="so far", model="m")])()
        assert await used(meter) == [1]
        (total,) = await meter.report("person", 0, 2e9)
        assert (total.name, total.questions, total.estimated) == ("ann", 1, 1)


async def reserved(database: Sqlite | Postgres) -> int:
    return (await run_sql(database, "select count(*) from quota_reservation"))[0][0]


async def test_bounds_stand_without_what_ended_answers_did_not_use(database: Sqlite | Postgres) -> None:
    async with usage_in(database) as store:
        meter = meter_of(
            store, Clock("2026-11-28T12:00:00"), server="9000 tokens per day", person="999 questions per day"
        )
        for number in range(3 * SETTLED_AT_ONCE):
            bill = await begin(meter, tokens=1000)
            assert [one.used for one in bill.standings()] == [10 * number + 1000, number + 1]
            await end(meter, bill, 7, 0, 3)
            assert await used(meter) == [10 * number + 10, number + 1]
        assert await reserved(database) < SETTLED_AT_ONCE + 5
    assert await reserved(database) == 0
    async with usage_in(database) as store:
        assert await used(meter) == [30 * SETTLED_AT_ONCE, 3 * SETTLED_AT_ONCE]


async def test_nobody_is_refused_for_what_answers_elsewhere_did_not_use(tmp_path: Path) -> None:
    clock, path = Clock("2026-11-28T12:00:00"), tmp_path / "hubbub.db"
    async with Sqlite(path) as one, Sqlite(path) as other, usage_in(one) as here, usage_in(other) as there:
        meters = [meter_of(store, clock, server="1000 tokens per day") for store in (here, there)]
        for number in range(30):
            bill = await begin(meters[number % 2], tokens=900)
            await end(meters[number % 2], bill, 1, 0, 1)
        assert await used(meters[1]) == [60]
        await begin(meters[1], tokens=940)
        with pytest.raises(OverQuota):
            await begin(meters[0], tokens=1)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("workers", "most_known"), [(1, 10_000), (1, 3), (2, 10_000)])
async def test_whatever_is_asked_and_ends_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, workers: int, most_known: int
) -> None:
    """Several at once, by several people, over the turns of days and of a month, in one process and in two."""
    monkeypatch.setattr("hubbub.usage.counting_sqlite.MOST_KNOWN", most_known)
    chance, clock = random.Random(seed), Clock("2026-11-30T12:00:00")
    people = [Asker("ann", "", ("staff",)), Asker("bob", "", ("staff", "students")), Asker("eve")]
    bounds = {"server": "90000000 tokens per day", "group": "90000000 tokens per month"}
    bounds |= {"person": "90000000 tokens per day, 90000000 tokens per month"}
    counted: Counter[tuple[str, str]] = Counter()  # tokens, by window and subject

    def count(began: datetime, asker: Asker, tokens: int) -> None:
        day, month = f"{began:%m-%d}", f"{began:%m}"
        counted.update({(day, ""): tokens, (day, asker.person): tokens, (month, asker.person): tokens})
        counted.update({(month, f"group {one}"): tokens for one in asker.groups})

    def expected(asker: Asker) -> list[int]:
        day, month = f"{clock.now:%m-%d}", f"{clock.now:%m}"
        of_groups = [counted[(month, f"group {one}")] for one in asker.groups]
        return [counted[(day, "")], *of_groups, counted[(day, asker.person)], counted[(month, asker.person)]]

    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(Sqlite(tmp_path / "hubbub.db")) for _ in range(workers)]
        meters = [meter_of(await stack.enter_async_context(usage_in(one)), clock, **bounds) for one in databases]
        are_open: list[tuple[Meter, Bill, datetime, int]] = []
        for _ in range(100):
            clock.at += chance.choice((0, 60, 7000))
            meter, asker, tokens = chance.choice(meters), chance.choice(people), chance.randrange(500)
            ending = [
                are_open.pop(chance.randrange(len(are_open))) for _ in range(min(len(are_open), chance.randrange(4)))
            ]
            used_of_it = [chance.randrange(900) for _ in ending]
            bill, *_ = await asyncio.gather(
                begin(meter, asker, tokens),
                *(end(one[0], one[1], used, 0, 0) for one, used in zip(ending, used_of_it, strict=True)),
            )
            count(clock.now, asker, tokens)
            for (_, ended, began, reserved), used in zip(ending, used_of_it, strict=True):
                count(began, ended.asker, used - reserved)
            are_open.append((meter, bill, clock.now, tokens))
            for one in people:
                assert [standing.used for standing in await meter.standings(one, one.person)] == expected(one)
            if workers == 1:  # what ended elsewhere is not known before it is settled
                asker, tokens = chance.choice(people), chance.randrange(500)
                bill = await begin(meter, asker, tokens)
                count(clock.now, asker, tokens)
                assert [standing.used for standing in bill.standings()] == expected(asker)
                are_open.append((meter, bill, clock.now, tokens))


async def test_endings_that_share_a_transaction_with_refusals_are_settled(database: Sqlite | Postgres) -> None:
    async with usage_in(database) as store:
        meter = meter_of(
            store, Clock("2026-11-28T12:00:00"), server="999 questions per day", person="20 tokens per day"
        )
        free = Asker("bob")
        for _ in range(2 * SETTLED_AT_ONCE):
            bill = await begin(meter, free, tokens=10)
            refused = meter.bill(new_id(), ANN, "ann", "m", 30, 0).reserving
            assert refused is not None
            _, told = await asyncio.gather(end(meter, bill, 0, 0, 0), refused(), return_exceptions=True)
            assert isinstance(told, OverBound)
        assert await used(meter) == [2 * SETTLED_AT_ONCE, 0]
        assert await reserved(database) < SETTLED_AT_ONCE + 5
    assert await reserved(database) == 0


async def test_what_ended_before_a_crash_is_settled_after_it(database: Sqlite | Postgres) -> None:
    meter = meter_of(await usage_in(database).__aenter__(), Clock("2026-11-28T12:00:00"), server="999 tokens per day")
    await end(meter, await begin(meter, tokens=900), 7, 0, 3)
    async with usage_in(database) as store:
        assert await reserved(database) == 0
        assert await used(meter_of(store, Clock("2026-11-28T12:00:00"), server="999 tokens per day")) == [10]


async def test_what_sqlite_had_not_settled_is_settled_where_it_was_moved_to(database: Sqlite | Postgres) -> None:
    """Reservations, records and counters are moved as they are."""
    meter = meter_of(await usage_in(database).__aenter__(), Clock("2026-11-28T12:00:00"), server="999 tokens per day")
    bill = await begin(meter, tokens=900)
    await run_sql(
        database,
        "insert into usage select answer_id, 0, 1, 'answer', 'done', '', '', groups, '', '', 1, 7, 0, 3, 0, 0,"
        f" {'0' if isinstance(database, Sqlite) else 'false'} from quota_reservation",
    )
    async with usage_in(database) as store:
        assert await reserved(database) == 0
        assert await used(meter_of(store, Clock("2026-11-28T12:00:00"), server="999 tokens per day")) == [10]
    del bill


async def test_reports_are_by_person_group_model_key_and_day(store: UsageStore) -> None:
    clock = Clock("2026-11-27T23:30:00")  # the 28th in Berlin
    meter = meter_of(store, clock)
    await end(meter, await begin(meter), 100, 0, 10)
    clock.set("2026-11-28T23:30:00")
    await end(meter, await begin(meter, Asker("bob")), 50, 0, 5)
    found = {
        by: await meter.report(by, clock.at - 5 * 86_400, clock.at + 1) for by in ("person", "group", "key", "day")
    }
    assert [(one.name, one.input_tokens) for one in found["person"]] == [("ann", 100), ("bob", 50)]
    assert [(one.name, one.questions) for one in found["group"]] == [("staff", 1), ("students", 1)]
    assert [(one.name, one.questions) for one in found["key"]] == [("key1", 1), ("", 1)]
    assert [(one.name, one.output_tokens) for one in found["day"]] == [("2026-11-28", 10), ("2026-11-29", 5)]
