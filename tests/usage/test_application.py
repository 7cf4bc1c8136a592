"""Questions within bounds, through the whole application."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hubbub.app.application import Application
from hubbub.app.questions import Place
from hubbub.connections.http import Http
from hubbub.core.answer import Answer
from hubbub.core.errors import OverQuota
from hubbub.core.messages import Turn
from hubbub.core.people import Person
from hubbub.core.questions import Question
from hubbub.core.usage import Spending, spending
from hubbub.models.address import Secret, compatible_address
from hubbub.models.base import ModelCard
from hubbub.models.openai import OpenAiModel
from tests.servers.model_server import ModelServer, Script
from tests.usage.conftest import Serve

ANN = Person("ann", groups=frozenset({"staff"}))
BOB = Person("bob")


async def answered(app: Application, person: Person, **question: Any) -> Answer:
    asked = await app.questions.ask(person, Question("Hello there", **question), Place())
    async for _ in app.log.follow(asked.answer.id):
        pass
    return await app.log.answer(asked.answer.id)


async def used(app: Application, person: Person) -> list[int]:
    return [one.used for one in await app.meter.standings(await app.askers.of(person), person.id)]


async def test_a_question_over_the_bound_is_refused_and_leaves_nothing(opened: Serve) -> None:
    async with opened(person=["2 questions per day"]) as app:
        for _ in range(2):
            assert (await answered(app, ANN)).state == "done"
        for ask in (Place(), None):
            with pytest.raises(OverQuota) as refused:
                await app.questions.ask(ANN, Question("One more"), ask)  # type: ignore[call-overload]
            assert 0 < refused.value.retry_after_seconds <= 86_400
        assert len(await app.history.chats("ann")) == 2
        assert app.runner.open_count == 0
        assert (await answered(app, BOB)).state == "done"


async def test_counts_outlive_a_restart(opened: Serve) -> None:
    async with opened(person=["3 questions per month"]) as app:
        await answered(app, ANN)
    async with opened(person=["3 questions per month"]) as app:
        await answered(app, ANN)
        assert await used(app, ANN) == [2]
        assert (await app.meter.report("person", 0, 3e9))[0].questions == 2


async def test_a_smaller_model_answers_where_one_is_named(opened: Serve) -> None:
    async with opened(person=["1 questions per day"], over="small") as app:
        assert (await answered(app, ANN)).model == "quick"
        answer = await answered(app, ANN)
        assert (answer.model, answer.text) == ("small", "small talk")
        assert "Your quota is used up: 1 question per day" in answer.way_reason
        assert "Until then small answers." in answer.way_reason
        assert (await answered(app, ANN, model="small")).way_reason == ""
        assert await used(app, ANN) == [3]


async def test_a_stopped_answer_pays_for_what_was_said(opened: Serve) -> None:
    async with opened(person=["9 questions per day", "100000 tokens per day"]) as app:
        asked = await app.questions.ask(ANN, Question("Hello", model="slow"), Place())
        async for records in app.log.follow(asked.answer.id):
            if any(b'"text"' in record.data for record in records):
                break
        await app.runner.stop(asked.answer.id)
        questions, tokens = await used(app, ANN)
        (total,) = await app.meter.report("model", 0, 3e9)
        assert questions == 1
        assert 0 < tokens == total.input_tokens + total.output_tokens
        assert (total.name, total.estimated) == ("slow", 1)


async def test_without_bounds_nothing_is_reserved_and_all_is_recorded(opened: Serve) -> None:
    async with opened() as app:
        await answered(app, ANN)
        assert not app.meter.is_on
        assert await app.meter.standings(await app.askers.of(ANN), "ann") == []
        (total,) = await app.meter.report("group", 0, 3e9)
        assert (total.name, total.questions, total.output_tokens) == ("staff", 1, 4)
        assert total.money == total.input_tokens * 25_000 + 4 * 100_000


async def test_one_address_is_one_person_where_nothing_vouches_for_them(opened: Serve) -> None:
    async with opened(person=["1 questions per day"]) as app:
        await answered(app, Person("c1", known_by="cookie", address="192.0.2.1"))
        with pytest.raises(OverQuota):
            await answered(app, Person("c2", known_by="cookie", address="192.0.2.1"))
        await answered(app, Person("c3", known_by="cookie", address="192.0.2.2"))


async def test_many_at_once_get_exactly_what_the_bound_allows(opened: Serve) -> None:
    async with opened(server=["20 questions per day"]) as app:

        async def one(number: int) -> bool:
            try:
                return (await answered(app, Person(f"p{number}"))).state == "done"
            except OverQuota:
                return False

        assert sum(await asyncio.gather(*(one(number) for number in range(60)))) == 20
        assert (await used(app, ANN))[0] == 20


SPENT = {
    "counted": (Script(), (7, 4, True)),
    "not counted": (Script(has_usage=False), (2, 0, False)),
    "broken off": (Script(reset_before="tokens"), (2, 0, False)),
    "refused": (Script(status=429, body=b"{}"), None),
}


@pytest.mark.parametrize(("script", "spent"), SPENT.values(), ids=list(SPENT))
async def test_what_a_server_counts_is_noted_and_else_an_estimate(
    script: Script, spent: tuple[int, int, bool] | None
) -> None:
    noted = Spending()
    token = spending.set(noted)
    try:
        async with ModelServer(script) as server, Http() as http:
            card = ModelCard("m", "test", 8192, can_ground=True)
            model = OpenAiModel(compatible_address(server.base_url, "scripted", Secret("k")), card, http)
            try:
                await model.complete([Turn("user", "Hello")], lambda piece: None)
            except Exception as error:  # noqa: BLE001 (some of them fail)
                assert spent is None or script.reset_before, error
    finally:
        spending.reset(token)
    found = [(call.input_tokens, call.output_tokens, call.is_counted) for call in noted.calls]
    assert found == ([] if spent is None else [spent])


async def test_cached_tokens_cost_less_and_thoughts_are_paid_for(opened: Serve, tmp_path: Path) -> None:
    usage = (
        b'{"prompt_tokens":1000,"completion_tokens":20,"total_tokens":1050,'
        b'"prompt_tokens_details":{"cached_tokens":600},"completion_tokens_details":{"reasoning_tokens":30}}'
    )
    raw = [
        b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n',
        b'data: {"choices":[],"usage":' + usage + b"}\n\ndata: [DONE]\n\n",
    ]
    async with ModelServer(Script(raw=raw)) as server:
        table = {
            **{"provider": "compatible", "base_url": server.base_url, "model": "scripted"},
            **{"price_input": "1", "price_cached": "0.1", "price_output": "10"},
        }
        async with opened({"up": table}) as app:
            await answered(app, ANN)
            (total,) = await app.meter.report("model", 0, 3e9)
    assert (total.input_tokens, total.cached_tokens, total.output_tokens, total.reasoning_tokens) == (1000, 600, 50, 30)
    assert total.money == (400 * 10_000 + 600 * 1_000 + 50 * 100_000)  # 0.00096: thoughts that stand beside count
