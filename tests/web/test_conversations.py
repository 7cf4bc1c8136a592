"""OpenAI's conversations are our chats: programs begin them, go on with them, and people see them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest

from hubbub.models.scripted import ScriptedModel
from tests.web.application import Hubbub, hubbub_running
from tests.web.conftest import WORDS
from tests.web.openai_clients import Caller, sdk
from tests.web.test_responses import SAID, WEATHER


@pytest.fixture
def caller() -> Caller:
    return Caller(name="caller")


@pytest.fixture
async def hubbub(tmp_path: Path, quick: ScriptedModel, caller: Caller) -> AsyncIterator[Hubbub]:
    slow = ScriptedModel(WORDS, name="slow", seconds_between=0.02)
    async with hubbub_running(tmp_path, quick, caller, slow) as hubbub:
        yield hubbub


@pytest.fixture
async def client(hubbub: Hubbub) -> openai.AsyncOpenAI:
    return await sdk(hubbub)


def said_in(heard: Any) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in heard]


async def test_it_goes_on_and_is_a_chat(hubbub: Hubbub, client: openai.AsyncOpenAI, quick: ScriptedModel) -> None:
    conversation = await client.conversations.create()
    assert conversation.id.startswith("conv_")
    first = await client.responses.create(
        model="scripted", input="Hello", conversation=conversation.id, instructions="Be brief."
    )
    assert first.conversation is not None and first.conversation.id == conversation.id
    async with client.responses.stream(
        model="scripted", input="Once more", conversation={"id": conversation.id}
    ) as stream:
        second = await stream.get_final_response()
    assert said_in(quick.heard[-1]) == [("user", "Hello"), ("assistant", SAID), ("user", "Once more")]
    items = [item async for item in client.conversations.items.list(conversation.id, order="asc")]
    told: Any = [(item.to_dict()["role"], item.to_dict()["content"][0]["text"]) for item in items]  # type: ignore[index]
    assert told == [*said_in(quick.heard[-1]), ("assistant", SAID)]
    page = await hubbub.guest()
    page.headers["Authorization"] = f"Bearer {client.api_key}"
    chat_id = conversation.id.removeprefix("conv_")
    async with page.get(f"/api/chats/{chat_id}") as response:
        chat = await response.json()
    assert chat["chat"]["title"] == "Hello"
    assert [one["text"] or one["answer"]["text"] for one in chat["messages"]] == ["Hello", SAID, "Once more", SAID]
    asked = {"text": "And on the page?", "chat_id": chat_id, "parent_id": second.id.removeprefix("resp_")}
    async with page.post("/api/questions", json={**asked, "model": "scripted"}) as response:
        answer_id = (await response.json())["answer"]["id"]
    async with page.get(f"/api/answers/{answer_id}/events") as response:
        await response.read()
    await client.responses.create(model="scripted", input="And here?", conversation=conversation.id)
    assert [text for role, text in said_in(quick.heard[-1]) if role == "user"] == [
        *("Hello", "Once more", "And on the page?", "And here?")
    ]


async def test_calls_in_it(client: openai.AsyncOpenAI, caller: Caller) -> None:
    conversation = await client.conversations.create()
    there: Any = {"model": "caller", "conversation": conversation.id, "tools": [WEATHER]}
    first = await client.responses.create(input="The weather?", **there)
    called: Any = first.output[-1]
    output: Any = {"type": "function_call_output", "call_id": called.call_id, "output": "21 °C"}
    second = await client.responses.create(input=[output], **there)
    assert second.output_text == "It is 21 °C."
    kinds = [item.type async for item in client.conversations.items.list(conversation.id, order="asc")]
    assert kinds == ["message", "function_call", "function_call_output", "message"]


async def test_what_was_said_elsewhere(client: openai.AsyncOpenAI, quick: ScriptedModel) -> None:
    before: Any = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}]
    conversation = await client.conversations.create(items=before)
    added = await client.conversations.items.create(conversation.id, items=[{"role": "user", "content": "Three"}])
    assert len(added.data) == 1
    heard = len(quick.heard)
    await client.responses.create(model="scripted", input="Four", conversation=conversation.id)
    assert len(quick.heard) == heard + 1, "no model is asked for what is only added"
    assert [text for _, text in said_in(quick.heard[-1])] == ["One", "Two", "Three", "Four"]
    again = await client.conversations.retrieve(conversation.id)
    assert again.id == conversation.id
    await client.conversations.delete(conversation.id)
    with pytest.raises(openai.NotFoundError):
        await client.conversations.retrieve(conversation.id)


async def test_what_is_refused(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    other = await sdk(hubbub, "other")
    hidden = await other.conversations.create()
    mine = await client.conversations.create()
    with pytest.raises(openai.NotFoundError):
        await client.conversations.retrieve(hidden.id)
    first = await client.responses.create(model="scripted", input="Hello")
    for fields, param in (
        ({"conversation": hidden.id}, "conversation"),
        ({"conversation": "conv_x"}, "conversation"),
        ({"conversation": mine.id, "previous_response_id": first.id}, "previous_response_id"),
        ({"conversation": mine.id, "store": False}, "store"),
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            await client.responses.create(model="scripted", input="Hello", **fields)  # type: ignore[call-overload]
        assert caught.value.param == param
    running = await client.responses.create(model="slow", input="Hello", conversation=mine.id, background=True)
    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.create(model="scripted", input="Hello", conversation=mine.id)
    assert caught.value.code == "conversation_locked"
    await client.responses.cancel(running.id)
    await client.responses.create(model="scripted", input="Hello", conversation=mine.id)


async def test_at_once_one_of_them_waits_its_turn(client: openai.AsyncOpenAI) -> None:
    conversation = await client.conversations.create()

    async def ask() -> str:
        try:
            await client.responses.create(model="scripted", input="Hello", conversation=conversation.id)
        except openai.BadRequestError as error:
            return str(error.code)
        return "done"

    ended = await asyncio.gather(*(ask() for _ in range(4)))
    assert "done" in ended and set(ended) <= {"done", "conversation_locked"}
