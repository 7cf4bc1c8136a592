"""A question that a busy model refused waits a little, says so, and is asked again."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from hubbub.connections.http import Http
from hubbub.conversation.again import Again
from hubbub.conversation.engine import Engine
from hubbub.core.errors import ModelError
from hubbub.core.events import Done, Event, Queued, Started, Text
from hubbub.core.questions import Question
from hubbub.models.address import compatible_address
from hubbub.models.base import Model, ModelCard
from hubbub.models.catalog import Catalog
from hubbub.models.openai import OpenAiModel
from hubbub.models.pool import Member, PooledModel
from tests.conversation.fixed_search import FixedSearch
from tests.servers.model_server import ModelServer, Script, event

WELL = Script(tokens=["Hello"])


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as http:
        yield http


def busy(status: int, milliseconds: int) -> Script:
    return Script(status=status, headers={"retry-after-ms": str(milliseconds)}, body=b"{}")


def model_of(servers: Sequence[ModelServer], http: Http) -> Model:
    """The one model, or a pool of all."""
    models = [
        OpenAiModel(compatible_address(server.base_url, "scripted", None), ModelCard(f"m{at}", "", 8192, True), http)
        for at, server in enumerate(servers)
    ]
    return models[0] if len(models) == 1 else PooledModel("m0", [Member(one, pace=one.pace) for one in models])


async def asked(model: Model, again: Again, within_seconds: float | None = None) -> list[Event]:
    events: list[Event] = []
    engine = Engine(Catalog([model]), FixedSearch(), again=again)
    done = await engine.answer(Question("Hello?", within_seconds=within_seconds), events.append)
    return [*events, done]


@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("status", [429, 503, 529])
async def test_a_refusal_is_a_short_wait_in_the_line(http: Http, status: int, members: int) -> None:
    async with ModelServer(WELL) as one, ModelServer(WELL) as other:
        for server in (one, other):
            server.scripts.append(busy(status, 200))
        servers = [one, other][:members]
        began = time.monotonic()
        events = await asked(model_of(servers, http), Again(5, chance=lambda: 1.0))
        assert [type(one) for one in events if isinstance(one, (Queued, Started, Text, Done))] == [
            *(Started, Queued, Started, Text, Done)
        ]
        assert events[1] == Queued(1, 1.0)
        assert 0.2 <= time.monotonic() - began < 3
        assert sum(len(server.seen) for server in servers) == members + 1


async def test_those_that_wait_go_on_one_after_the_other_as_there_is_room(http: Http) -> None:
    async with ModelServer(Script(seconds_before_first=0.05)) as server:
        server.scripts.extend([busy(429, 100)] * 12)
        model, again = model_of([server], http), Again(10, chance=lambda: 1.0)
        found = await asyncio.gather(*(asked(model, again) for _ in range(12)))
        places = [one.place for events in found for one in events if isinstance(one, Queued)]
        assert sorted(set(places))[:3] == [1, 2, 3]
        assert all(isinstance(events[-1], Done) for events in found)


async def test_a_wait_beyond_the_bound_is_told_at_once(http: Http) -> None:
    async with ModelServer(busy(429, 6000)) as server:
        began = time.monotonic()
        with pytest.raises(ModelError) as caught:
            await asked(model_of([server], http), Again(5))
        assert (caught.value.code, caught.value.retry_after_seconds) == ("model_busy", 6)
        assert time.monotonic() - began < 5.5  # it asked to be left alone for 6


async def test_a_server_that_stays_busy_is_given_up_in_time(http: Http) -> None:
    async with ModelServer(Script(status=503, body=b"")) as server:
        with pytest.raises(ModelError):
            await asked(model_of([server], http), Again(1.2, chance=lambda: 1.0))
        assert len(server.seen) == 2


async def test_the_time_that_a_question_has_bounds_the_wait(http: Http) -> None:
    async with ModelServer(busy(429, 3000)) as server:
        events = await asked(model_of([server], http), Again(5), within_seconds=0.2)
        assert events[-1] == Done("deadline")


@pytest.mark.parametrize("script", [Script(status=401), Script(status=500), Script(raw=[event("He")])])
async def test_what_has_spoken_or_is_not_busy_is_asked_once(http: Http, script: Script) -> None:
    async with ModelServer(WELL) as server:
        server.scripts.append(script)
        with pytest.raises(ModelError):
            await asked(model_of([server], http), Again(5))
        assert len(server.seen) == 1
