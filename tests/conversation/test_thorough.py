"""Searching in several steps: a question is taken apart, searched, read and searched again, within a budget."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hubbub.connections.http import Http
from hubbub.connections.sqlite import Sqlite
from hubbub.conversation.engine import Engine
from hubbub.conversation.thorough import Budget
from hubbub.core.documents import Hit
from hubbub.core.errors import SearchError
from hubbub.core.events import Cited, Done, Event, Prompted, Searched
from hubbub.core.questions import Question
from hubbub.models.address import compatible_address
from hubbub.models.base import Limits, ModelCard
from hubbub.models.catalog import Catalog
from hubbub.models.openai import OpenAiModel
from hubbub.search.sqlite import SqliteSearch
from tests.conversation.test_engine import put
from tests.servers.model_server import ModelServer, Script

CARD = ModelCard("scripted", "test", 8192, can_ground=True)
QUESTION = "Where was the founder of the Lindau library born?"
DOCUMENTS = {
    "library": "The library of Lindau was founded by Karl Ostermann in 1894.",
    "ostermann": "Karl Ostermann came into the world in Bregenz as the son of a printer.",
    "ship": "A ferry crosses the lake every hour.",
}


@pytest.fixture
async def search(tmp_path: Path) -> AsyncIterator[SqliteSearch]:
    async with Sqlite(tmp_path / "library.db") as database, SqliteSearch(database, None) as search:
        for name, text in DOCUMENTS.items():
            await put(search, name, "c1", [(text, "")])
        yield search


def said(text: str) -> Script:
    return Script(tokens=(text,))


async def answer(
    search: SqliteSearch, server: ModelServer, *, budget: Budget | None = None, is_thorough: bool = True, **more: Any
) -> list[Event]:
    events: list[Event] = []
    async with Http() as http:
        model = OpenAiModel(compatible_address(server.base_url, "scripted"), CARD, http, Limits(2, 5, 5, 10, 10))
        engine = Engine(Catalog([model]), search, budget=budget)
        question = Question(QUESTION, collection_ids=("c1",), is_thorough=is_thorough, **more)
        events.append(await engine.answer(question, events.append))
    return events


def searches(events: Sequence[Event]) -> list[tuple[str, list[str]]]:
    """Return each query with the documents that it found."""
    return [(one.query, [hit.document_id for hit in one.hits]) for one in events if isinstance(one, Searched)]


async def test_what_one_search_finds_leads_to_the_next(search: SqliteSearch) -> None:
    async with ModelServer() as server:
        server.scripts += [
            said("1. founder of the Lindau library\n2. library Lindau history"),
            said("- Karl Ostermann came world"),
            said("ENOUGH."),
            said("He was born in Bregenz. [2]"),
        ]
        events = await answer(search, server)
    *steps, (query, found) = searches(events)
    assert [one.is_step for one in events if isinstance(one, Searched)] == [True] * 4 + [False]
    assert [step[0] for step in steps] == [
        QUESTION,
        "founder of the Lindau library",
        "library Lindau history",
        "Karl Ostermann came world",
    ]
    assert query == QUESTION
    assert set(found) == {"library", "ostermann"}
    assert events[-1] == Done("stop")
    assert [one.citation.name for one in events if isinstance(one, Cited)] == ["ostermann.md"]
    read_first, read_then, written = (str(seen.body["messages"]) for seen in server.seen[1:])
    assert DOCUMENTS["library"] in read_first
    assert DOCUMENTS["ostermann"] not in read_first
    assert DOCUMENTS["ostermann"] in read_then
    assert DOCUMENTS["ostermann"] in written


async def test_nobody_who_does_not_ask_for_it_pays_for_it(search: SqliteSearch) -> None:
    async with ModelServer(said("In Bregenz.")) as server:
        events = await answer(search, server, is_thorough=False)
        assert len(server.seen) == 1
    assert [query for query, _ in searches(events)] == [QUESTION]


@pytest.mark.parametrize(
    ("budget", "requests"),
    [
        (Budget(rounds=2), 2),
        (Budget(tokens=100), 0),
        (Budget(tokens=600, rounds=50), 1),
        (Budget(searches=2, rounds=50), 1),
        (Budget(searches=1), 0),
    ],
)
async def test_it_ends_with_its_budget_and_answers_from_what_it_has(
    budget: Budget, requests: int, search: SqliteSearch
) -> None:
    async with ModelServer() as server:
        server.scripts += [said(f"Lindau query {number}") for number in range(requests)]
        server.script = said("Karl Ostermann founded it. [1]")
        events = await answer(search, server, budget=budget)
        assert len(server.seen) == requests + 1
    assert events[-1] == Done("stop")
    assert any(isinstance(one, Cited) for one in events)


async def test_a_model_that_does_not_stop_writing_queries_is_not_waited_for(search: SqliteSearch) -> None:
    async with ModelServer() as server:
        never = asyncio.Event()
        server.scripts += [Script(tokens=("Lindau", " library"), held=(1, never)), said("Ostermann founded it. [1]")]
        events = await answer(search, server, budget=Budget(seconds=0.2))
        assert len(server.seen) == 2
    assert [query for query, _ in searches(events)] == [QUESTION, QUESTION]
    assert events[-1] == Done("stop")


async def test_queries_that_were_searched_are_not_searched_again(search: SqliteSearch) -> None:
    async with ModelServer() as server:
        server.scripts += [said(f"{QUESTION.upper()}\n\n"), said("Karl Ostermann. [1]")]
        events = await answer(search, server)
        assert len(server.seen) == 2
    assert [query for query, _ in searches(events)] == [QUESTION, QUESTION]


async def test_a_model_that_fails_at_it_leaves_one_search(search: SqliteSearch) -> None:
    async with ModelServer() as server:
        server.scripts += [Script(status=400, body=b'{"error":{"message":"no"}}'), said("Karl Ostermann. [1]")]
        events = await answer(search, server)
    assert [query for query, _ in searches(events)] == [QUESTION, QUESTION]
    assert events[-1] == Done("stop")


async def test_a_search_that_fails_later_leaves_what_was_found(search: SqliteSearch) -> None:
    class Failing(SqliteSearch):
        async def find(self, query: str, *given: Any, **more: Any) -> list[Hit]:
            if query != QUESTION:
                raise SearchError("It is broken.")
            return await search.find(query, *given, **more)

    async with ModelServer() as server:
        server.scripts += [said("Ostermann"), said("Karl Ostermann. [1]")]
        events = await answer(Failing(search._database, None), server)
    assert [query for query, _ in searches(events)] == [QUESTION, QUESTION]
    assert events[-1] == Done("stop")


async def test_each_prompt_is_told_where_that_is_wished(search: SqliteSearch) -> None:
    async with ModelServer() as server:
        server.scripts += [said("Ostermann"), said("enough"), said("Karl Ostermann. [1]")]
        events = await answer(search, server, tells_prompts=True)
    assert [one.purpose for one in events if isinstance(one, Prompted)] == ["query", "query", "answer"]
