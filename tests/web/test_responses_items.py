"""Items that were handed out come back: by reference, and with what was thought."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest

from hubbub.models.scripted import ScriptedModel
from tests.servers.model_server import Script, event
from tests.web.application import Hubbub, hubbub_running
from tests.web.openai_clients import Caller, client_of, sdk
from tests.web.openai_wire import Wired, calling
from tests.web.test_responses import SAID, WEATHER


@pytest.fixture
def caller() -> Caller:
    return Caller(name="caller")


@pytest.fixture
async def hubbub(tmp_path: Path, quick: ScriptedModel, caller: Caller) -> AsyncIterator[Hubbub]:
    async with hubbub_running(tmp_path, quick, caller) as hubbub:
        yield hubbub


@pytest.fixture
async def client(hubbub: Hubbub) -> openai.AsyncOpenAI:
    return await sdk(hubbub)


def reference(item: Any) -> Any:
    return {"type": "item_reference", "id": item.id}


def user(text: str) -> Any:
    return {"role": "user", "content": [{"type": "input_text", "text": text}]}


async def test_a_reference_stands_for_what_was_said(client: openai.AsyncOpenAI, quick: ScriptedModel) -> None:
    first = await client.responses.create(model="scripted", input="Hello")
    for name in ("scripted", "caller"):  # another model reads it as well
        again = [user("Hello"), reference(first.output[0]), user("Once more")]
        response = await client.responses.create(model=name, input=again)
        assert response.status == "completed"
    assert [(turn.role, turn.text) for turn in quick.heard[-1]] == [
        ("user", "Hello"),
        ("assistant", SAID),
        ("user", "Once more"),
    ]


async def test_references_to_calls_and_thoughts(client: openai.AsyncOpenAI, caller: Caller) -> None:
    first = await client.responses.create(model="caller", input="The weather?", tools=[WEATHER])
    assert [item.type for item in first.output] == ["reasoning", "function_call"]
    output = {"type": "function_call_output", "call_id": "call_1", "output": "21 °C"}
    items: Any = [user("The weather?"), *map(reference, first.output), output]
    second = await client.responses.create(model="caller", input=items, tools=[WEATHER])
    assert second.output_text == "It is 21 °C."
    heard = caller.heard[-1]
    assert [turn.role for turn in heard] == ["user", "assistant", "tool"]
    assert heard[1].extra == {"reasoning_content": "I need the tool."}
    assert (heard[1].calls[0].id, heard[1].calls[0].arguments) == ("call_1", '{"city": "Köln"}')
    later = [*items, reference(second.output[0]), user("Thanks")]
    await client.responses.create(model="caller", input=later)
    assert not any(turn.extra for turn in caller.heard[-1]), "a thought of before the last question is not sent back"


async def test_what_there_is_no_reference_to(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    other = await sdk(hubbub, "other")
    hidden = await other.responses.create(model="scripted", input="A secret")
    unkept = await client.responses.create(model="scripted", input="Hello", store=False)
    deleted = await client.responses.create(model="scripted", input="Hello")
    await client.responses.delete(deleted.id)
    for item in (hidden.output[0], unkept.output[0], deleted.output[0]):
        with pytest.raises(openai.BadRequestError) as caught:
            await client.responses.create(model="scripted", input=[user("Hello"), reference(item)])
        assert (caught.value.param, caught.value.code) == ("input[1]", "item_not_found")


async def test_tools_that_are_not_served_are_left_out_and_named(client: openai.AsyncOpenAI, caller: Caller) -> None:
    hosted: Any = [
        {"type": "namespace", "name": "files", "tools": [{"type": "function", "name": "read", "parameters": {}}]},
        {"type": "web_search", "external_web_access": False},
        {"type": "web_search"},
    ]
    response = await client.responses.create(
        model="caller", input="The weather?", tools=[*hosted, WEATHER], metadata={"colour": "blue"}
    )
    assert response.output[-1].type == "function_call"
    assert response.metadata == {"colour": "blue", "tools_left_out": "namespace, web_search"}
    assert [tool.type for tool in response.tools] == ["function"]
    assert caller.how is not None and [tool["type"] for tool in caller.how.tools] == ["function"]
    alone = await client.responses.create(model="scripted", input="Hello", tools=hosted)
    assert alone.output_text == SAID
    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.create(model="scripted", input="Hello", tools=hosted, tool_choice="required")
    assert caught.value.param == "tool_choice"
    assert "not served here: namespace, web_search" in str(caught.value)


@pytest.mark.parametrize("others", [[], [WEATHER]])
async def test_a_tool_that_is_not_served_can_not_be_chosen(client: openai.AsyncOpenAI, others: list[Any]) -> None:
    tools: Any = [{"type": "web_search"}, *others]
    choice: Any = {"type": "web_search"}
    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.create(model="caller", input="Hello", tools=tools, tool_choice=choice)
    assert caught.value.param == "tool_choice"
    assert "'web_search', which is not served here" in str(caught.value)


SIGNED = calling(
    {"content": "", "reasoning_details": [{"type": "reasoning.encrypted", "data": "c2VjcmV0", "index": 0}]},
    {
        "tool_calls": [
            {
                "index": 0,
                "id": "call_a",
                "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
                "extra_content": {"google": {"thought_signature": "AbC="}},
            }
        ]
    },
)


@pytest.mark.parametrize("way", ["items", "references", "previous"])
async def test_what_a_server_wants_back_comes_back(served: Wired, way: str) -> None:
    served.upstream.scripts.append(SIGNED)
    async with client_of(served.base_url, served.key) as client:
        async with client.responses.stream(model="big", input="The weather?", tools=[WEATHER]) as stream:
            async for _ in stream:
                pass
            first = await stream.get_final_response()
        output: Any = {"type": "function_call_output", "call_id": "call_a", "output": "rain"}
        before: Any = {
            "items": [user("The weather?"), *(item.to_dict() for item in first.output), output],
            "references": [user("The weather?"), *map(reference, first.output), output],
            "previous": [output],
        }[way]
        more: Any = {"previous_response_id": first.id} if way == "previous" else {}
        await client.responses.create(model="big", input=before, tools=[WEATHER], **more)
    said = served.upstream.seen[-1].body["messages"][1]
    assert said["reasoning_details"] == [{"type": "reasoning.encrypted", "data": "c2VjcmV0", "index": 0}]
    assert said["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "AbC="}}


async def test_a_client_that_keeps_all_itself_gets_thoughts_packed(served: Wired) -> None:
    thought = event(choices=[{"index": 0, "delta": {"reasoning_content": "Rain, “surely”."}, "finish_reason": None}])
    call = {"index": 0, "id": "call_a", "function": {"name": "weather", "arguments": "{}"}}
    served.upstream.scripts.append(Script(raw=[thought, *(calling({"tool_calls": [call]}).raw or ())]))
    async with client_of(served.base_url, served.key) as client:
        first = await client.responses.create(
            model="big", input="Hi", tools=[WEATHER], store=False, include=["reasoning.encrypted_content"]
        )
        packed: Any = first.output[0]
        assert packed.encrypted_content
        kept: Any = {"type": "reasoning", "id": packed.id, "summary": [], "encrypted_content": packed.encrypted_content}
        foreign: Any = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAAB"}
        odd: Any = foreign | {
            "encrypted_content": base64.b64encode(json.dumps({"turn": {"role": "x"}}).encode()).decode()
        }
        called: Any = first.output[1].to_dict()
        output: Any = {"type": "function_call_output", "call_id": "call_a", "output": "rain"}
        await client.responses.create(
            model="big", input=[user("Hi"), foreign, odd, kept, called, output], tools=[WEATHER], store=False
        )
    said = served.upstream.seen[-1].body["messages"][1]
    assert (said["role"], said["reasoning_content"]) == ("assistant", "Rain, “surely”.")
