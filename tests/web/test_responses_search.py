"""Responses over documents, chosen by a tool or by the model's name; citations as OpenAI's client has them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest

from hubbub.models.scripted import ScriptedModel
from tests.web.application import Hubbub, hubbub_running
from tests.web.openai_clients import Caller, sdk
from tests.web.test_responses import WEATHER

PIECES = ("Thirty days ", "of leave ", "[1]", ", I think.", " <<And how many of rest?>>")
SAID = "Thirty days of leave [1], I think."


@pytest.fixture
def writer() -> ScriptedModel:
    return ScriptedModel(PIECES, name="writer")


@pytest.fixture
async def hubbub(tmp_path: Path, writer: ScriptedModel) -> AsyncIterator[Hubbub]:
    quoter = ScriptedModel(name="quoter", can_ground=False)
    async with hubbub_running(tmp_path, writer, Caller(name="caller"), quoter) as hubbub:
        yield hubbub


@pytest.fixture
async def client(hubbub: Hubbub) -> openai.AsyncOpenAI:
    return await sdk(hubbub)


async def collection_of(hubbub: Hubbub, client: openai.AsyncOpenAI, name: str) -> tuple[str, str]:
    """Make a collection with one document in it; returns the ids of both."""
    http = await hubbub.guest()
    http.headers["Authorization"] = f"Bearer {client.api_key}"
    async with http.post("/api/collections", json={"name": name}) as response:
        collection_id = (await response.json())["id"]
    return collection_id, await put(hubbub, http, collection_id)


async def put(hubbub: Hubbub, http: aiohttp.ClientSession, collection_id: str) -> str:
    data = b"You have thirty days of leave in a year."
    async with http.put(f"/api/collections/{collection_id}/documents/leave.txt", data=data) as response:
        document_id = (await response.json())["id"]
    async for _ in hubbub.services.pipeline.watch(collection_id):
        pass
    return document_id


def searching(*names: str, **more: Any) -> Any:
    return [{"type": "file_search", "vector_store_ids": list(names), **more}]


async def test_a_tool_chooses_the_documents(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    collection_id, document_id = await collection_of(hubbub, client, "Rules")
    async with client.responses.stream(
        model="writer",
        input="How many days of leave?",
        tools=searching(collection_id, max_num_results=3),
        include=["file_search_call.results"],
    ) as stream:
        events = [event async for event in stream]
        response = await stream.get_final_response()
    search, message = response.output
    assert search.type == "file_search_call"
    assert search.results is not None
    assert [(one.file_id, one.filename) for one in search.results] == [(document_id, "leave.txt")]
    assert "thirty days" in (search.results[0].text or "")
    assert (message.type, response.output_text) == ("message", SAID)
    assert message.type == "message"
    assert message.content[0].type == "output_text"
    [citation] = message.content[0].annotations
    assert citation.type == "file_citation"
    assert (citation.file_id, citation.filename, citation.index) == (document_id, "leave.txt", SAID.index("[1]"))
    assert [e.type for e in events if ".file_search_call." in e.type] == [
        "response.file_search_call.in_progress",
        "response.file_search_call.searching",
        "response.file_search_call.completed",
    ]
    more: Any = response.to_dict()["hubbub"]
    assert (more["way"], more["hits"][0]["document_id"]) == ("grounded", document_id)
    assert more["citations"][0]["marker"] == 1
    assert more["follow_ups"] == ["And how many of rest?"]
    again = await client.responses.create(model="writer", input="Leave?", tools=searching(collection_id))
    assert again.output[0].type == "file_search_call"
    assert again.output[0].results is None


@pytest.mark.parametrize("name", ["writer+search", "writer+Rules", "writer+rules"])
async def test_the_models_name_chooses_them(hubbub: Hubbub, client: openai.AsyncOpenAI, name: str) -> None:
    _, document_id = await collection_of(hubbub, client, "Rules")
    response = await client.responses.create(model=name, input="How many days of leave?")
    [message] = response.output
    assert (message.type, response.model, response.output_text) == ("message", name, SAID)
    more: Any = response.to_dict()["hubbub"]
    assert more["hits"][0]["document_id"] == document_id


async def test_several_turns(hubbub: Hubbub, client: openai.AsyncOpenAI, writer: ScriptedModel) -> None:
    await collection_of(hubbub, client, "Rules")
    said: Any = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "How many days of leave?"}]
    first = await client.responses.create(model="writer+rules", instructions="Speak like a pirate.", input=said)
    system = writer.heard[-1][0].text
    assert system.index("Speak like a pirate.") < system.index("Be kind.")
    second = await client.responses.create(model="writer+rules", input="In a year?", previous_response_id=first.id)
    prompt = writer.heard[-1]
    assert [turn.role for turn in prompt] == ["system", "user", "assistant", "user"]
    assert (prompt[1].text, prompt[2].text) == ("How many days of leave?", SAID)
    assert "Be kind." in prompt[0].text
    assert "pirate" not in prompt[0].text
    await client.responses.create(model="writer", input="Thanks", previous_response_id=second.id)
    assert [(turn.role, turn.text) for turn in writer.heard[-1]] == [
        ("system", "Be kind."),
        ("user", "How many days of leave?"),
        ("assistant", SAID),
        ("user", "In a year?"),
        ("assistant", SAID),
        ("user", "Thanks"),
    ]
    items = [item async for item in client.responses.input_items.list(second.id, order="asc")]
    assert [item.to_dict()["role"] for item in items] == ["system", "user", "assistant", "user"]


async def test_calls_before_are_left_out(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    await collection_of(hubbub, client, "Rules")
    first = await client.responses.create(model="caller", input="The weather?", tools=[WEATHER])
    output: Any = {"type": "function_call_output", "call_id": "call_1", "output": "21 °C"}
    second = await client.responses.create(model="caller", input=[output], previous_response_id=first.id)
    third = await client.responses.create(model="writer+rules", input="And leave?", previous_response_id=second.id)
    assert third.output_text == SAID


async def test_what_can_not_be_searched(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    other = await sdk(hubbub, "other")
    hidden, _ = await collection_of(hubbub, other, "Hidden")
    mine, _ = await collection_of(hubbub, client, "Rules")
    for tools, param in (
        (searching(hidden), "tools[0].vector_store_ids[0]"),
        (searching(mine, "Hidden"), "tools[0].vector_store_ids[1]"),
        (searching(mine, filters={"type": "like", "key": "a", "value": 1}), "tools[0].filters"),
        (searching(mine, max_num_results=0), "tools[0].max_num_results"),
        ([*searching(mine), WEATHER], "tools[1]"),
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            await client.responses.create(model="writer", input="What?", tools=tools)
        assert caught.value.param == param
    with pytest.raises(openai.NotFoundError):
        await client.responses.create(model="writer+Hidden", input="What?")
    nothing: Any = ([{"role": "system", "content": "x"}], [{"role": "user", "content": " "}])
    for wrong in nothing:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.responses.create(model="writer", input=wrong, tools=searching(mine))
        assert caught.value.param == "input"


async def add(hubbub: Hubbub, client: openai.AsyncOpenAI, collection_id: str, name: str, text: bytes) -> None:
    http = await hubbub.guest()
    http.headers["Authorization"] = f"Bearer {client.api_key}"
    async with http.put(f"/api/collections/{collection_id}/documents/{name}", data=text) as response:
        assert response.status < 300
    async for _ in hubbub.services.pipeline.watch(collection_id):
        pass


RESULTS: Any = ["file_search_call.results"]


def results_of(response: Any) -> list[Any]:
    [search] = [one for one in response.output if one.type == "file_search_call"]
    return search.results


async def test_a_search_keeps_to_its_filters_and_its_threshold(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    mine, _ = await collection_of(hubbub, client, "Rules")
    await add(hubbub, client, mine, "travel.txt", b"Trips begin early; leave them to the office in thirty days.")
    other, _ = await collection_of(hubbub, client, "Other rules")

    async def found(*names: str, **more: Any) -> list[tuple[str, float]]:
        tools = [tool for name in names or (mine,) for tool in searching(name, **(more if name == mine else {}))]
        response = await client.responses.create(
            model="writer", input="How many days of leave?", tools=tools, include=RESULTS
        )
        results = results_of(response)
        assert all(one.attributes["title"] is not None for one in results)
        return [(one.filename, one.score) for one in results]

    usual = await found()
    assert {name for name, _ in usual} == {"leave.txt", "travel.txt"}
    assert usual[0][1] == 1.0 and 0 < usual[1][1] < 1
    one: dict[str, Any] = {"type": "eq", "key": "filename", "value": "travel.txt"}
    assert await found(filters=one) == [("travel.txt", 1.0)]
    both = {"type": "and", "filters": [one, {"type": "in", "key": "filename", "value": ["leave.txt"]}]}
    assert await found(filters=both) == []
    assert [name for name, _ in await found(mine, other, filters=one)].count("leave.txt") == 1  # the other store's
    assert await found(ranking_options={"score_threshold": (1 + usual[1][1]) / 2}) == usual[:1]
    assert await found(ranking_options={"score_threshold": 0, "ranker": "auto"}, filters=None) == usual


async def test_what_is_found_can_be_asked_for_later(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    mine, document_id = await collection_of(hubbub, client, "Rules")
    conversation = await client.conversations.create()
    first = await client.responses.create(
        model="writer", input="How many days of leave?", tools=searching(mine), conversation=conversation.id
    )
    assert results_of(first) is None and results_of(await client.responses.retrieve(first.id)) is None
    [one] = results_of(await client.responses.retrieve(first.id, include=RESULTS))
    assert one.file_id == document_id
    events = [event async for event in await client.responses.retrieve(first.id, include=RESULTS, stream=True)]
    assert events[-1].type == "response.completed" and results_of(events[-1].response)[0].file_id == document_id
    items: Any = [item async for item in client.conversations.items.list(conversation.id, include=RESULTS)]
    [search] = [item for item in items if item.type == "file_search_call"]
    assert search.results[0].file_id == document_id
    again: Any = await client.conversations.items.retrieve(search.id, conversation_id=conversation.id, include=RESULTS)
    assert again == search
    http = await hubbub.guest()
    http.headers["Authorization"] = f"Bearer {client.api_key}"
    async with http.get(f"/v1/responses/{first.id}", params={"include": RESULTS[0]}) as response:
        assert (await response.json())["output"][0]["results"]


async def test_quotes_are_plain_text(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    collection_id, _ = await collection_of(hubbub, client, "Rules")
    http = await hubbub.guest()
    http.headers["Authorization"] = f"Bearer {client.api_key}"
    data = b"The wombat_digs *deep* tunnels [2] in 2020, see [1] and snow-white.io!"
    async with http.put(f"/api/collections/{collection_id}/documents/wombat.txt", data=data) as response:
        document_id = (await response.json())["id"]
    async for _ in hubbub.services.pipeline.watch(collection_id):
        pass
    response = await client.responses.create(
        model="quoter", input="Where does the wombat_digs tunnel?", tools=searching(collection_id)
    )
    assert response.output_text == "“The wombat_digs *deep* tunnels (2) in 2020, see (1) and snow-white.io!” [1]\n\n"
    message: Any = response.output[-1]
    [citation] = message.content[0].annotations
    assert (citation.file_id, citation.index) == (document_id, response.output_text.index("[1]"))
