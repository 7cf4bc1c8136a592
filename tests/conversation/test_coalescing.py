"""Identical questions at once share an answer; each of them is told all of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hubbub.conversation.coalescing import Coalescing
from hubbub.conversation.engine import Engine
from hubbub.core.errors import ModelError
from hubbub.core.events import Done, Event, Text
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation, Question
from hubbub.models.catalog import Catalog
from hubbub.models.scripted import ScriptedModel
from tests.conversation.fixed_search import FixedSearch
from tests.patience import patience

WORDS = [f"word{number} " for number in range(20)]


@pytest.fixture
async def coalescing() -> AsyncIterator[Coalescing]:
    async with Coalescing() as coalescing:
        yield coalescing


def engine_of(model: ScriptedModel, coalescing: Coalescing) -> Engine:
    return Engine(Catalog([model]), FixedSearch(), coalescing=coalescing)


async def read(engine: Engine, question: Question) -> tuple[str, Done]:
    events: list[Event] = []
    done = await engine.answer(question, events.append)
    return "".join(event.text for event in events if isinstance(event, Text)), done


async def test_all_are_told_everything_and_the_model_is_asked_once(coalescing: Coalescing) -> None:
    model = ScriptedModel(WORDS, seconds_between=0.005)
    engine = engine_of(model, coalescing)
    first = asyncio.create_task(read(engine, Question("Hello")))
    await asyncio.sleep(0.03)
    late = [asyncio.create_task(read(engine, Question("Hello"))) for _ in range(20)]
    for answer in await asyncio.gather(first, *late):
        assert answer == ("".join(WORDS), Done("stop"))
    assert len(model.heard) == 1
    await read(engine, Question("Hello"))  # what has ended is not shared: nothing is kept
    assert len(model.heard) == 2


@pytest.mark.parametrize(
    "other",
    [
        Question("Hello!"),
        Question("Hello", (Turn("user", "Hi"), Turn("assistant", "Hi"))),
        Question("Hello", model="scripted"),
        Question("Hello", generation=Generation(temperature=0.5)),
    ],
)
async def test_what_differs_in_anything_is_asked_by_itself(coalescing: Coalescing, other: Question) -> None:
    model = ScriptedModel(WORDS, seconds_between=0.005)
    engine = engine_of(model, coalescing)
    await asyncio.gather(read(engine, Question("Hello")), read(engine, other))
    assert len(model.heard) == 2


async def test_who_leaves_is_gone_and_the_last_one_ends_it(coalescing: Coalescing) -> None:
    model = ScriptedModel(WORDS, seconds_between=0.01)
    engine = engine_of(model, coalescing)
    one, two = (asyncio.create_task(read(engine, Question("Hello"))) for _ in range(2))
    while not model.open_answers:
        await asyncio.sleep(0)
    one.cancel()
    assert await two == ("".join(WORDS), Done("stop"))
    three = asyncio.create_task(read(engine, Question("Hello")))
    while not model.open_answers:
        await asyncio.sleep(0)
    three.cancel()
    await asyncio.wait({three})
    async with patience():
        while model.open_answers:
            await asyncio.sleep(0)


async def test_all_hear_of_a_failure_and_the_next_one_tries_anew(coalescing: Coalescing) -> None:
    model = ScriptedModel(WORDS, error=ModelError("It is down.", code="unreachable"), error_after=3)
    engine = engine_of(model, coalescing)
    outcomes = await asyncio.gather(*(read(engine, Question("Hello")) for _ in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ModelError] * 3
    with pytest.raises(ModelError):
        await read(engine, Question("Hello"))
    assert len(model.heard) == 2
