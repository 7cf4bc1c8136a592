"""Which deployment of a pool is asked, what is known of each, and what the pool as a whole can do."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import pytest

from hubbub.core.errors import ModelError
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.base import Completion, Deployed, ModelCard, SendPiece
from hubbub.models.breaker import IN_A_ROW, OPEN_SECONDS
from hubbub.models.pool import HEDGE_SHARE, RETRIES_SAVED, RETRY_SHARE, Member, PooledModel
from hubbub.models.scripted import ScriptedModel
from hubbub.testing.models import QUESTION, Heard, ask
from tests.jumping import jumping

DOWN = ModelError("It is down.", code="unreachable")


@dataclass
class Room:
    """What a deployment can do, set by hand."""

    limit: int = 10
    opens_in_seconds: float = 0.0
    takes_now: bool = True
    has_room: bool = True
    reserved: list[int] = field(default_factory=list[int])

    def reserve(self, tokens: int) -> None:
        self.reserved.append(tokens)


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Switched:
    """Answers, or fails with `error` while there is one. While it is `held` it waits before either."""

    def __init__(self, name: str = "switched", error: ModelError | None = None) -> None:
        self.card = ModelCard(name, "here", 8192, can_ground=True)
        self.error = error
        self.asked = 0
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        self.asked += 1
        await self.goes_on.wait()
        if self.error is not None:
            raise self.error.with_traceback(None)
        send(self.card.name)
        return Completion("stop", 1, 1)


async def asked_of(pool: PooledModel, times: int = 1) -> str:
    """Return who answered; a dash where nobody did."""
    names: list[str] = []
    for _ in range(times):
        try:
            heard, _ = await ask(pool)
            names += map(str, heard)
        except ModelError:
            names.append("-")
    return "".join(names)


async def begin(pool: PooledModel, model: Switched, count: int = 1) -> list[asyncio.Task[Completion]]:
    """Let so many questions be under way at a model, until it goes on."""
    model.goes_on.clear()
    before = model.asked
    tasks = [asyncio.create_task(pool.complete(QUESTION, Heard())) for _ in range(count)]
    while model.asked < before + count:
        await asyncio.sleep(0)
    return tasks


async def test_who_has_room_goes_before_who_comes_first_and_full_ones_before_nobody() -> None:
    for room in (Room(has_room=False), Room(limit=0)):
        pool = PooledModel("pool", [Member(Switched("a"), 0, pace=room), Member(Switched("b"), 1, pace=Room())])
        assert await asked_of(pool) == "b"
        alone = PooledModel("pool", [Member(Switched("a"), pace=room)])
        assert await asked_of(alone) == "a"


async def test_a_limit_is_reached_and_left_again() -> None:
    first, second = Switched("a"), Switched("b")
    pool = PooledModel("pool", [Member(first, 0, pace=Room(limit=2)), Member(second, 1)])
    tasks = await begin(pool, first, 2)
    assert await asked_of(pool) == "b"
    first.goes_on.set()
    await asyncio.gather(*tasks)
    assert await asked_of(pool) == "a"


async def test_chance_decides_between_those_that_have_as_little_to_do() -> None:
    throws = iter([0.7, 0.2, 0.1, 0.9])
    pool = PooledModel("pool", [Member(Switched("a")), Member(Switched("b"))], chance=lambda: next(throws))
    assert await asked_of(pool, 2) == "ba"


async def test_the_first_question_goes_to_who_can_do_most() -> None:
    pool = PooledModel("pool", [Member(Switched("a"), weight=1.0), Member(Switched("b"), weight=3.0)])
    assert await asked_of(pool, 3) == "bbb"


async def test_who_takes_nothing_now_is_not_asked_and_reads_as_busy() -> None:
    pool = PooledModel(
        "pool", [Member(Switched("a"), 0, pace=Room(takes_now=False, opens_in_seconds=7.0)), Member(Switched("b"), 1)]
    )
    assert await asked_of(pool, 2) == "bb"
    assert pool.deployments == [Deployed("a", "busy", 7.0, 0, 0, 0), Deployed("b", "well", 0.0, 0, 2, 0)]


async def test_what_is_known_of_each_is_told() -> None:
    clock, ill, well = Clock(), Switched("a", DOWN), Switched("b")
    pool = PooledModel("pool", [Member(ill, 0, pace=Room(opens_in_seconds=0.0)), Member(well, 1)], clock=clock)
    assert await asked_of(pool, IN_A_ROW) == "b" * IN_A_ROW
    tasks = await begin(pool, well)
    assert pool.deployments == [
        Deployed("a", "ill", OPEN_SECONDS, 0, IN_A_ROW, IN_A_ROW),
        Deployed("b", "well", 0.0, 1, IN_A_ROW + 1, 0),
    ]
    well.goes_on.set()
    await asyncio.gather(*tasks)
    assert pool.deployments[1].under_way == 0
    clock.seconds += OPEN_SECONDS  # one attempt may find out
    ill.error = None
    assert await asked_of(pool) == "a"
    assert pool.deployments[0] == Deployed("a", "well", 0.0, 0, IN_A_ROW + 1, IN_A_ROW)


async def test_one_that_says_how_long_it_is_busy_is_never_ill() -> None:
    busy = Switched("a", DOWN)
    pool = PooledModel("pool", [Member(busy, pace=Room(opens_in_seconds=3.0))])
    await asked_of(pool, 2 * IN_A_ROW)
    assert pool.deployments == [Deployed("a", "well", 3.0, 0, 2 * IN_A_ROW, 2 * IN_A_ROW)]


@pytest.mark.parametrize(("others", "state"), [(1, "well"), (0, "ill")])
async def test_one_that_asks_for_time_is_ill_only_where_it_answers_nobody_else(others: int, state: str) -> None:
    model = Switched("a")
    pool = PooledModel("pool", [Member(model)])
    tasks = await begin(pool, model, others)
    model.goes_on = asyncio.Event()  # those above wait on
    model.goes_on.set()
    model.error = ModelError("Too many.", code="busy", retry_after_seconds=1.0)
    await asked_of(pool, IN_A_ROW)
    assert pool.deployments[0].state == state
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_that_is_left_says_nothing_of_itself_and_may_be_probed_again() -> None:
    clock, model = Clock(), Switched("a", DOWN)
    pool = PooledModel("pool", [Member(model)], clock=clock)
    await asked_of(pool, IN_A_ROW)
    clock.seconds += OPEN_SECONDS
    [probe] = await begin(pool, model)
    assert await asked_of(pool) == "-"  # one at a time finds out
    probe.cancel()
    await asyncio.wait({probe})
    assert pool.deployments == [Deployed("a", "ill", 0.0, 0, IN_A_ROW + 1, IN_A_ROW)]
    model.error = None
    model.goes_on.set()
    assert await asked_of(pool) == "a"


async def test_second_attempts_are_spent_and_earned_again_by_answers() -> None:
    first, others = Switched("a", DOWN), [Switched("b", DOWN) for _ in range(20)]
    pool = PooledModel("pool", [Member(first, 0), *(Member(model, 1) for model in others)], chance=lambda: 0.0)

    async def second_attempts() -> int:
        first.error = DOWN
        before = sum(model.asked for model in others)
        assert await asked_of(pool) == "-"
        first.error = None
        return sum(model.asked for model in others) - before

    assert [await second_attempts() for _ in range(2)] == [RETRIES_SAVED, 0]
    for answers, earned in ((1 / RETRY_SHARE - 1, 0), (2, 1), (100, RETRIES_SAVED)):
        assert "-" not in await asked_of(pool, round(answers))
        assert await second_attempts() == earned


async def test_one_that_did_well_last_time_is_asked_for_nothing() -> None:
    well, ill = Switched("b"), Switched("a", DOWN)
    pool = PooledModel("pool", [Member(ill, 0, pace=Room(opens_in_seconds=1.0)), Member(well, 1)])
    assert await asked_of(pool, 30) == "b" * 30  # each a second attempt: the first costs one, the others nothing
    assert ill.asked == 30


async def test_where_nobody_can_be_asked_it_is_told_why_and_when_to_come_again() -> None:
    busy = Room(takes_now=False, opens_in_seconds=20.0)
    pool = PooledModel("all", [Member(Switched("a"), pace=busy), Member(Switched("b"), pace=Room(takes_now=False))])
    with pytest.raises(ModelError, match=r"^All deployments of all are at their limits. Try again in 1 s.$") as caught:
        await ask(pool)
    assert (caught.value.code, caught.value.retry_after_seconds) == ("model_busy", 1.0)
    ill = Switched("b", DOWN)
    pool = PooledModel("all", [Member(Switched("a"), pace=busy), Member(ill)], clock=Clock())
    await asked_of(pool, IN_A_ROW)
    with pytest.raises(ModelError, match=r"^All deployments of all are busy or failing. Try again in 5 s.$") as caught:
        await ask(pool)
    assert (caught.value.code, caught.value.retry_after_seconds) == ("all_busy", OPEN_SECONDS)


def test_what_a_pool_can_do_is_what_those_can_do_that_can_be_asked() -> None:
    one, two = Room(limit=3), Room(limit=5)
    members = [Member(Switched("a"), pace=one), Member(Switched("b"), pace=two), Member(Switched("c"))]
    pace = PooledModel("pool", members, running=7).pace
    assert pace.limit == 15
    one.takes_now = False
    assert pace.limit == 12
    one.opens_in_seconds, two.opens_in_seconds = 9.0, 4.0
    assert pace.opens_in_seconds == 0
    alone = PooledModel("pool", members[:2]).pace
    assert alone.opens_in_seconds == 4.0
    two.takes_now = False
    assert alone.limit == 8  # of all, where none can be asked
    assert not alone.has_room
    one.takes_now, one.has_room = True, False
    assert not alone.has_room
    two.takes_now = True
    assert alone.has_room


async def test_tokens_are_reserved_where_they_are_likely_to_be_asked_for() -> None:
    first, second, third = Room(), Room(), Room()
    busy = Switched("b")
    members = [Member(Switched("a"), 1, pace=first), Member(busy, 0, pace=second), Member(Switched("c"), 0, pace=third)]
    pool = PooledModel("pool", members, chance=lambda: 0.0)
    tasks = await begin(pool, busy)
    pool.pace.reserve(1)  # at who has less to do
    third.takes_now = False
    pool.pace.reserve(2)
    second.takes_now = False
    pool.pace.reserve(3)  # at the next priority
    assert (first.reserved, second.reserved, third.reserved) == ([3], [2], [1])
    busy.goes_on.set()
    await asyncio.gather(*tasks)
    PooledModel("pool", [Member(busy)]).pace.reserve(1)  # nothing is known of it: nothing to reserve


def test_the_card_promises_the_least_of_everything() -> None:
    def card_of(*cards: ModelCard) -> ModelCard:
        models = [Switched() for _ in cards]
        for model, card in zip(models, cards, strict=True):
            model.card = card
        return PooledModel("pool", [Member(model) for model in models]).card

    able = ModelCard(
        "able",
        "there",
        100,
        can_ground=True,
        prompt_tokens=50,
        reads_images=True,
        calls_tools=True,
        max_tokens=40,
        passes_fields=("top_k", "min_p"),
    )
    other = msgspec.structs.replace(
        able, provider="here", prompt_tokens=30, max_tokens=60, passes_fields=("min_p", "*")
    )
    plain = ModelCard("plain", "there", 100, can_ground=True, passes_fields=("min_p",))
    both = card_of(able, other)
    assert both == ModelCard(
        "pool",
        "there, here",
        100,
        can_ground=True,
        prompt_tokens=30,
        reads_images=True,
        calls_tools=True,
        max_tokens=40,
        passes_fields=("min_p",),
    )
    mixed = card_of(able, plain)
    assert (mixed.provider, mixed.prompt_tokens, mixed.max_tokens) == ("there", 50, 40)
    assert (mixed.reads_images, mixed.calls_tools) == (False, False)
    assert (card_of(plain).prompt_tokens, card_of(plain).max_tokens) == (None, None)


def hedged(*models: ScriptedModel) -> PooledModel:
    members = [Member(model, priority=number) for number, model in enumerate(models)]
    return PooledModel("pool", members, hedge_seconds=1.0)


def test_who_loses_a_race_has_not_failed() -> None:
    pool = hedged(ScriptedModel(name="slow", seconds_before_first=60), ScriptedModel(["quick"], name="quick"))
    heard, _ = jumping(ask(pool))
    assert heard == ["quick"]
    assert pool.deployments == [Deployed("slow", "well", 0.0, 0, 1, 0), Deployed("quick", "well", 0.0, 0, 1, 0)]


def test_who_loses_a_race_is_left_as_soon_as_the_other_speaks() -> None:
    async def race() -> None:
        slow, quick = ScriptedModel(seconds_before_first=60), ScriptedModel(seconds_between=10)
        asking = asyncio.create_task(ask(hedged(slow, quick)))
        await asyncio.sleep(2)
        assert (slow.open_answers, quick.open_answers) == (0, 1)
        await asking

    jumping(race())


def test_who_has_nothing_to_say_and_says_so_first_has_won() -> None:
    slow, mute = ScriptedModel(["slow"], seconds_before_first=60), ScriptedModel([], finish_reason="length")
    heard, completion = jumping(ask(hedged(slow, mute)))
    assert (heard, completion.finish_reason) == ([], "length")
    assert slow.open_answers == 0


def test_where_both_fail_the_third_is_asked_and_else_the_last_failure_told() -> None:
    def failing(code: str, seconds: float) -> ScriptedModel:
        return ScriptedModel(seconds_before_first=seconds, error=ModelError("It is down.", code=code))

    heard, _ = jumping(ask(hedged(failing("a", 5.0), failing("b", 2.0), ScriptedModel(["third"]))))
    assert heard == ["third"]
    with pytest.raises(ModelError) as caught:
        jumping(ask(hedged(failing("a", 5.0), failing("b", 2.0))))
    assert caught.value.code == "b"


def test_a_second_one_is_asked_once_the_first_was_silent_for_long_enough_and_that_is_earned() -> None:
    async def asked_twice() -> list[int]:
        slow, other = ScriptedModel(["slow"], seconds_before_first=1.5), ScriptedModel(["late"], seconds_before_first=9)
        pool = hedged(slow, other)
        numbers = list[int]()
        for number in range(2 * round(1 / HEDGE_SHARE) + 3):
            before = len(other.heard)
            heard, _ = await ask(pool)
            assert heard == ["slow"]
            if len(other.heard) > before:
                numbers.append(number)
        return numbers

    assert jumping(asked_twice()) == [0, 20, 40]
