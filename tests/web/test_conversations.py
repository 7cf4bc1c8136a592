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
    items: Any = [item async for item in client.conversations.items.list(conversation.id, order="asc")]
    assert [item.type for item in items] == ["message", "reasoning", "function_call", "function_call_output", "message"]
    assert [item.id for item in items if item.id in {one.id for one in (*first.output, *second.output)}] == [
        one.id for one in (*first.output, *second.output)
    ]


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


async def test_what_a_program_keeps_with_it(client: openai.AsyncOpenAI) -> None:
    made = await client.conversations.create(metadata={"topic": "demo"})
    assert made.metadata == {"topic": "demo"}
    changed = await client.conversations.update(made.id, metadata={"topic": "other", "more": "x"})
    assert changed.metadata == {"topic": "other", "more": "x"}
    assert (await client.conversations.retrieve(made.id)).metadata == changed.metadata
    with pytest.raises(openai.BadRequestError) as caught:
        await client.conversations.update(made.id, metadata={"x": "y" * 513})
    assert "metadata" in str(caught.value.param)
    await client.conversations.delete(made.id)
    for call in (client.conversations.update(made.id, metadata={}), client.conversations.retrieve(made.id)):
        with pytest.raises(openai.NotFoundError):
            await call


async def test_items_have_one_id_everywhere(client: openai.AsyncOpenAI, quick: ScriptedModel) -> None:
    said: Any = [{"role": "user", "content": "First"}, {"role": "assistant", "content": "Yes"}]
    conversation = await client.conversations.create(items=said)
    response = await client.responses.create(model="scripted", input="Second", conversation=conversation.id)
    items: Any = [item async for item in client.conversations.items.list(conversation.id, order="asc")]
    assert [item.content[0].text for item in items] == ["First", "Yes", "Second", SAID]
    assert items[-1].id == response.output[0].id
    sent: Any = await client.responses.input_items.list(response.id, order="asc")
    assert items[2].id == sent.data[-1].id
    for item in items:
        shown: Any = await client.conversations.items.retrieve(item.id, conversation_id=conversation.id)
        assert shown.content[0].text == item.content[0].text
        reference: Any = [{"type": "item_reference", "id": item.id}, {"role": "user", "content": "And?"}]
        await client.responses.create(model="scripted", input=reference)
        assert quick.heard[-1][0].text == item.content[0].text
    with pytest.raises(openai.NotFoundError):
        await client.conversations.items.retrieve("msg_none", conversation_id=conversation.id)


async def test_an_item_that_is_deleted_is_said_no_more(client: openai.AsyncOpenAI, quick: ScriptedModel) -> None:
    conversation = await client.conversations.create()
    for text in ("One", "Two"):
        await client.responses.create(model="scripted", input=text, conversation=conversation.id)
    items: Any = [item async for item in client.conversations.items.list(conversation.id, order="asc")]
    for item in items[2:]:  # as a session does that takes the last turn back
        told = await client.conversations.items.delete(item.id, conversation_id=conversation.id)
        assert told.id == conversation.id
        with pytest.raises(openai.NotFoundError):
            await client.conversations.items.delete(item.id, conversation_id=conversation.id)
    response = await client.responses.create(model="scripted", input="Three", conversation=conversation.id)
    assert said_in(quick.heard[-1]) == [("user", "One"), ("assistant", SAID), ("user", "Three")]
    await client.responses.create(model="scripted", input="Four", conversation=conversation.id)
    assert [text for role, text in said_in(quick.heard[-1]) if role == "user"] == ["One", "Three", "Four"]
    more: Any = await client.conversations.items.create(
        conversation.id, items=[{"type": "message", "role": "user", "content": "Five"}]
    )
    assert [item.content[0].text for item in more.data] == ["Five"]
    left: Any = [item async for item in client.conversations.items.list(conversation.id, order="asc")]
    asked = [item.content[0].text for item in left if item.role == "user"]
    assert asked == ["One", "Three", "Four", "Five"]
    assert response.output[0].id in [item.id for item in left]


async def test_what_was_said_on_the_page_has_items_too(
    hubbub: Hubbub, client: openai.AsyncOpenAI, quick: ScriptedModel
) -> None:
    page = await hubbub.guest()
    page.headers["Authorization"] = f"Bearer {client.api_key}"
    asked = {"text": "On the page", "model": "scripted"}
    async with page.post("/api/questions", json=asked, headers={"Accept": "text/event-stream"}) as response:
        assert response.status == 200
        await response.read()
    async with page.get("/api/chats") as response:
        [chat] = (await response.json())["chats"]
    conversation_id = f"conv_{chat['id']}"
    items: Any = [item async for item in client.conversations.items.list(conversation_id, order="asc")]
    assert [item.content[0].text for item in items] == ["On the page", SAID]
    reference: Any = [
        *({"type": "item_reference", "id": item.id} for item in items),
        {"role": "user", "content": "And?"},
    ]
    await client.responses.create(model="scripted", input=reference)
    assert said_in(quick.heard[-1]) == [("user", "On the page"), ("assistant", SAID), ("user", "And?")]
    stranger = await sdk(hubbub, "stranger")
    with pytest.raises(openai.BadRequestError):
        await stranger.responses.create(model="scripted", input=reference)
