"""Many deployments as one model: who is asked, and who is asked next where that one fails."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest

from hubbub.connections.http import Http
from hubbub.core.errors import ModelError
from hubbub.core.events import ToolCall
from hubbub.core.messages import Turn
from hubbub.models.address import compatible_address
from hubbub.models.base import Limits, ModelCard, Piece
from hubbub.models.openai import OpenAiModel
from hubbub.models.pace import Pace
from hubbub.models.pool import RETRIES_SAVED, Member, PooledModel
from hubbub.models.scripted import ScriptedModel
from hubbub.testing.models import QUESTION, Heard, ModelContract, ask
from tests.patience import patience
from tests.servers.model_server import ModelServer, Script

DOWN = ModelError("It is down.", code="unreachable")
SHORT = Limits(connect_seconds=0.5, first_token_seconds=0.3, silence_seconds=0.3, total_seconds=5)


class TestContract(ModelContract):
    @pytest.fixture
    def model(self) -> PooledModel:
        return PooledModel("pool", [Member(ScriptedModel(name="a")), Member(ScriptedModel(name="b"))])

    @pytest.fixture
    def failing_model(self) -> PooledModel:
        return PooledModel("pool", [Member(ScriptedModel(error=DOWN)), Member(ScriptedModel(error=DOWN))])


def pool_of(*models: ScriptedModel, chance: float = 0.0) -> PooledModel:
    return PooledModel("pool", [Member(model) for model in models], chance=lambda: chance)


async def test_who_fails_before_a_word_is_passed_over() -> None:
    ill, well = ScriptedModel(name="ill", error=DOWN), ScriptedModel(["Hello"], name="well")
    heard, completion = await ask(pool_of(ill, well))
    assert heard == ["Hello"]
    assert completion.finish_reason == "stop"
    assert len(ill.heard) == len(well.heard) == 1


@pytest.mark.parametrize("piece", ["Hel", ToolCall(0, "{", "call_1", "weather")])
async def test_nothing_is_tried_again_once_something_was_said(piece: Piece) -> None:
    broken, well = ScriptedModel([piece, "lo"], error=DOWN, error_after=1), ScriptedModel(["Hello"])
    heard = Heard()
    with pytest.raises(ModelError, match="down"):
        await pool_of(broken, well).complete(QUESTION, heard)
    assert heard == [piece]
    assert not well.heard


async def test_what_is_the_questions_fault_is_asked_once() -> None:
    fault = ModelError("Too long.", code="context_too_long", retryable=False, is_of_deployment=False)
    first, second = ScriptedModel(error=fault), ScriptedModel()
    pool = pool_of(first, second)
    for _ in range(10):
        with pytest.raises(ModelError, match="Too long"):
            await pool.complete(QUESTION, Heard())
    assert not second.heard or not first.heard  # as it happens, the same one each time
    assert len(first.heard) + len(second.heard) == 10  # and no breaker opened for it


async def test_the_best_priority_answers_as_long_as_it_can() -> None:
    first, second = ScriptedModel(name="first"), ScriptedModel(["second"], name="second")
    pool = PooledModel("pool", [Member(second, priority=1), Member(first, priority=0)])
    for _ in range(5):
        await pool.complete(QUESTION, Heard())
    assert (len(first.heard), len(second.heard)) == (5, 0)
    ill = ScriptedModel(error=DOWN)
    heard, _ = await ask(PooledModel("pool", [Member(second, priority=1), Member(ill, priority=0)]))
    assert heard == ["second"]


async def test_work_is_shared_by_weight() -> None:
    heavy, light = ScriptedModel(seconds_before_first=60), ScriptedModel(seconds_before_first=60)
    pool = PooledModel("pool", [Member(heavy, weight=3.0), Member(light, weight=1.0)])
    tasks = [asyncio.create_task(pool.complete(QUESTION, Heard())) for _ in range(40)]
    while heavy.open_answers + light.open_answers < 40:
        await asyncio.sleep(0)
    assert heavy.open_answers == pytest.approx(30, abs=1)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert heavy.open_answers == light.open_answers == 0


async def test_one_that_fails_again_and_again_is_left_alone() -> None:
    ill, well = ScriptedModel(name="ill", error=DOWN), ScriptedModel(name="well")
    pool = PooledModel("pool", [Member(ill, priority=0), Member(well, priority=1)])
    for _ in range(50):
        await pool.complete(QUESTION, Heard())
    assert len(ill.heard) == 5
    assert len(well.heard) == 50


async def test_an_outage_of_all_costs_hardly_more_than_an_attempt_a_question() -> None:
    members = [ScriptedModel(name=f"m{number}", error=DOWN) for number in range(4)]
    pool = PooledModel("pool", [Member(model) for model in members])
    errors = Counter[str]()
    for _ in range(200):
        try:
            await pool.complete(QUESTION, Heard())
        except ModelError as error:
            errors[error.code] += 1
            if error.code == "all_busy":
                assert error.retryable
                assert error.retry_after_seconds is not None and error.retry_after_seconds >= 1
    assert sum(errors.values()) == 200
    attempts = sum(len(model.heard) for model in members)
    assert attempts <= 4 * 5  # the breakers; then nobody is asked at all
    assert errors["all_busy"] >= 180


async def test_an_outage_that_breakers_do_not_see_yet_earns_no_second_attempts() -> None:
    # Many members, so that no breaker opens: only the budget holds the attempts down.
    members = [ScriptedModel(name=f"m{number}", error=DOWN) for number in range(60)]
    pool = PooledModel("pool", [Member(model) for model in members])
    for _ in range(100):
        with pytest.raises(ModelError):
            await pool.complete(QUESTION, Heard())
    attempts = sum(len(model.heard) for model in members)
    assert attempts == 100 + RETRIES_SAVED


async def test_the_card_promises_what_all_can_keep() -> None:
    small = ScriptedModel(name="small", context_tokens=1000, can_ground=False)
    card = PooledModel("pool", [Member(small), Member(ScriptedModel(context_tokens=8000))], reason="it is set").card
    assert (card.name, card.provider, card.context_tokens, card.can_ground) == ("pool", "scripted", 1000, False)
    assert card.reason == "it is set"


@pytest.fixture
async def servers() -> AsyncIterator[tuple[ModelServer, ModelServer]]:
    async with ModelServer(Script(tokens=["one"])) as one, ModelServer(Script(tokens=["two"])) as two:
        yield one, two


def pool_at(servers: Sequence[ModelServer], http: Http) -> PooledModel:
    members: list[Member] = []
    for number, server in enumerate(servers):
        card = ModelCard(f"m{number}", "here", 8192, can_ground=True)
        model = OpenAiModel(compatible_address(server.base_url, "scripted"), card, http, SHORT, Pace(100))
        members.append(Member(model, priority=number, pace=model.pace))
    return PooledModel("pool", members)


async def test_a_busy_one_is_not_asked_until_it_said_it_would_be_free(
    servers: tuple[ModelServer, ModelServer], http: Http
) -> None:
    one, _ = servers
    one.script = Script(status=429, headers={"Retry-After": "30"}, body=b"{}")
    pool = pool_at(servers, http)
    clock = asyncio.get_running_loop().time
    began = clock()
    heard, _ = await ask(pool)
    assert heard == ["two"]
    assert clock() - began < 10  # nobody waited for the 30 s
    for _ in range(20):
        await pool.complete([Turn("user", "Hello")], Heard())
    assert len(one.seen) == 1
    assert pool.pace.opens_in_seconds == 0


async def test_where_all_are_busy_the_smallest_wait_is_told_and_nobody_is_asked(
    servers: tuple[ModelServer, ModelServer], http: Http
) -> None:
    for server, seconds in zip(servers, ("60", "20"), strict=True):
        server.script = Script(status=429, headers={"Retry-After": seconds}, body=b"{}")
    pool = pool_at(servers, http)
    with pytest.raises(ModelError):
        await pool.complete(QUESTION, Heard())
    with pytest.raises(ModelError) as caught:
        await pool.complete(QUESTION, Heard())
    assert caught.value.code == "model_busy"
    assert caught.value.retry_after_seconds == pytest.approx(20, abs=2)
    assert pool.pace.opens_in_seconds == pytest.approx(20, abs=2)  # the queue waits, or refuses, by that
    assert [len(server.seen) for server in servers] == [1, 1]


BEFORE_THE_FIRST_TOKEN = {
    "wrong key": Script(status=401, body=b"{}"),
    "gone": Script(status=404, body=b"{}"),
    "500": Script(status=500, body=b"oh"),
    "502, HTML": Script(status=502, body=b"<html>"),
    "503": Script(status=503, body=b""),
    "529": Script(status=529, body=b""),
    "HTML under 200": Script(status=200, headers={"Content-Type": "text/html"}, body=b"<html>"),
    "reset before the headers": Script(reset_before="headers"),
    "reset before the first token": Script(reset_before="first_token"),
    "silent before the headers": Script(stall_before="headers"),
    "silent before the first token": Script(stall_before="first_token"),
    "an error in a 200": Script(raw=[b'data: {"error":{"message":"overloaded"}}\n\n']),
    "nonsense": Script(raw=[b"data: what?\n\n"]),
    "an endless line": Script(tokens=(), endless=b"x" * 60_000),
    "an endless whole answer": Script(
        wire=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{", endless=b" " * 60_000
    ),
    "a refusal that breaks off": Script(wire=b"HTTP/1.1 400 No\r\nContent-Length: 100\r\n\r\n{"),
    "ends before it began": Script(tokens=(), ends_early=True),
}


@pytest.mark.parametrize("script", BEFORE_THE_FIRST_TOKEN.values(), ids=BEFORE_THE_FIRST_TOKEN)
async def test_faults_before_the_first_token_are_not_seen(
    servers: tuple[ModelServer, ModelServer], http: Http, script: Script
) -> None:
    servers[0].script = script
    heard, completion = await ask(pool_at(servers, http))
    assert heard == ["two"]
    assert completion.finish_reason == "stop"


async def test_leaving_while_the_second_is_asked_closes_its_connection(
    servers: tuple[ModelServer, ModelServer], http: Http
) -> None:
    one, two = servers
    one.script, two.script = Script(status=500, body=b""), Script(stall_before="first_token")
    task = asyncio.create_task(pool_at(servers, http).complete(QUESTION, Heard()))
    while not two.open_requests:
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with patience():
        while two.open_requests:
            await asyncio.sleep(0.005)


def hedged(*models: ScriptedModel, hedge_seconds: float = 0.05) -> PooledModel:
    members = [Member(model, priority=number) for number, model in enumerate(models)]
    return PooledModel("pool", members, hedge_seconds=hedge_seconds)


class TestHedgedContract(ModelContract):
    @pytest.fixture
    def model(self) -> PooledModel:
        return hedged(ScriptedModel(name="a"), ScriptedModel(name="b"))

    @pytest.fixture
    def failing_model(self) -> PooledModel:
        return hedged(ScriptedModel(error=DOWN), ScriptedModel(error=DOWN))


async def test_who_speaks_first_answers_and_the_other_is_left() -> None:
    slow, quick = ScriptedModel(["slow"], seconds_before_first=60), ScriptedModel(["quick ", "one"])
    heard, _ = await ask(hedged(slow, quick))
    assert heard == ["quick ", "one"]
    assert (slow.open_answers, len(slow.heard), len(quick.heard)) == (0, 1, 1)


async def test_who_speaks_in_time_is_asked_alone() -> None:
    first, second = ScriptedModel(["one ", "two"], seconds_between=0.1), ScriptedModel(["never"])
    heard, _ = await ask(hedged(first, second))
    assert heard == ["one ", "two"]
    assert not second.heard


async def test_the_first_may_still_win() -> None:
    first, second = ScriptedModel(["one"], seconds_before_first=0.15), ScriptedModel(["two"], seconds_before_first=60)
    heard, _ = await ask(hedged(first, second))
    assert heard == ["one"]
    assert second.open_answers == 0
    assert len(second.heard) == 1


async def test_one_question_in_twenty_is_asked_twice() -> None:
    slow, quick = ScriptedModel(["slow"], seconds_before_first=0.03), ScriptedModel(["quick"])
    pool = hedged(slow, quick, hedge_seconds=0.005)
    for _ in range(41):
        await pool.complete(QUESTION, Heard())
    assert len(quick.heard) == 3  # the first, and two that were earned since


@pytest.mark.parametrize("is_first_late", [False, True])
async def test_where_one_fails_the_other_answers(is_first_late: bool) -> None:
    failing = ScriptedModel(error=DOWN, seconds_before_first=0.1 if is_first_late else 0.0)
    well = ScriptedModel(["well"], seconds_before_first=0.2)
    heard, _ = await ask(hedged(failing, well))
    assert heard == ["well"]


async def test_leaving_a_race_ends_both() -> None:
    one, two = ScriptedModel(seconds_before_first=60), ScriptedModel(seconds_before_first=60)
    task = asyncio.create_task(hedged(one, two).complete(QUESTION, Heard()))
    while not two.open_answers:
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert one.open_answers == two.open_answers == 0


async def test_what_breaks_off_after_it_has_spoken_is_told() -> None:
    first = ScriptedModel(["Hel", "lo"], seconds_between=0.2, error=DOWN, error_after=1)
    heard = Heard()
    with pytest.raises(ModelError, match="down"):
        await hedged(first, ScriptedModel(["never"])).complete(QUESTION, heard)
    assert heard == ["Hel"]
