"""Thorough questions at every door: searched in several steps that are told, kept, and made again."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest

from hubbub.models.scripted import ScriptedModel
from tests.web.application import Hubbub, hubbub_running
from tests.web.openai_clients import sdk
from tests.web.test_responses_search import put, searching

QUESTION = "How many days of leave?"
WRITTEN = "rest in a year"
"""What the model says, whatever it is asked: so it is its query, too, and the second time it is known."""
STEPS = [QUESTION, WRITTEN]


@pytest.fixture
async def hubbub(tmp_path: Path) -> AsyncIterator[Hubbub]:
    async with hubbub_running(tmp_path, ScriptedModel((WRITTEN,), name="writer")) as hubbub:
        yield hubbub


@pytest.fixture
async def person(hubbub: Hubbub) -> aiohttp.ClientSession:
    return await hubbub.person()


@pytest.fixture
async def collection_id(hubbub: Hubbub, person: aiohttp.ClientSession) -> str:
    return await rules(hubbub, person)


async def rules(hubbub: Hubbub, http: aiohttp.ClientSession) -> str:
    async with http.post("/api/collections", json={"name": "Rules"}) as response:
        made = str((await response.json())["id"])
    await put(hubbub, http, made)
    return made


async def asked(http: aiohttp.ClientSession, path: str, **body: Any) -> tuple[str, dict[str, Any]]:
    """Ask, and return the question's id and what its answer has become."""
    async with http.post(path, json=body) as response:
        assert response.status == 202, await response.text()
        told = await response.json()
    async with http.get(f"/api/answers/{told['answer']['id']}/events") as response:
        await response.read()
    async with http.get(f"/api/chats/{told['chat']['id']}") as response:
        messages = (await response.json())["messages"]
    return told["question"]["id"], next(one["answer"] for one in messages if one["id"] == told["answer"]["id"])


def queries(answer: dict[str, Any]) -> list[str]:
    return [step["query"] for step in answer.get("steps", ())]


async def test_the_steps_are_kept_with_the_answer_and_made_again(
    person: aiohttp.ClientSession, collection_id: str
) -> None:
    question_id, answer = await asked(
        person, "/api/questions", text=QUESTION, collections=[collection_id], thorough=True
    )
    assert queries(answer) == STEPS
    assert answer["steps"][0]["found"] == 1
    assert (answer["query"], len(answer["hits"])) == (QUESTION, 1)
    again = f"/api/questions/{question_id}/answers"
    assert queries((await asked(person, again))[1]) == STEPS
    assert queries((await asked(person, again, thorough=False))[1]) == []


async def test_an_answer_can_be_made_thorough_that_was_not(person: aiohttp.ClientSession, collection_id: str) -> None:
    question_id, answer = await asked(person, "/api/questions", text=QUESTION, collections=[collection_id])
    assert "steps" not in answer
    _, more = await asked(person, f"/api/questions/{question_id}/answers", thorough=True)
    assert queries(more) == STEPS


@pytest.fixture
async def client(hubbub: Hubbub) -> openai.AsyncOpenAI:
    client = await sdk(hubbub)
    http = await hubbub.guest()
    http.headers["Authorization"] = f"Bearer {client.api_key}"
    await rules(hubbub, http)
    return client


async def test_chat_completions_stream_each_search(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="writer+Rules",
        messages=[{"role": "user", "content": QUESTION}],
        stream=True,
        extra_body={"thorough": True},
    )
    told = [chunk.to_dict().get("hubbub") or {} async for chunk in stream]
    assert [one["query"] for one in told if isinstance(one, dict) and "query" in one] == [*STEPS, QUESTION]


async def test_responses_have_an_item_for_each_search(client: openai.AsyncOpenAI) -> None:
    response = await client.responses.create(
        model="writer", input=QUESTION, tools=searching("Rules"), extra_body={"thorough": True}
    )
    made = [item for item in response.output if item.type == "file_search_call"]
    assert [item.queries for item in made] == [[one] for one in (*STEPS, QUESTION)]


async def test_it_is_refused_where_nothing_is_searched(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await client.chat.completions.create(
            model="writer", messages=[{"role": "user", "content": "Hi"}], extra_body={"thorough": True}
        )
    assert refused.value.param == "thorough"
    with pytest.raises(openai.BadRequestError) as refused:
        await client.responses.create(model="writer", input="Hi", extra_body={"thorough": True})
    assert refused.value.param == "thorough"
