"""Custom tools, which take a text of any form, by OpenAI's own SDK: functions to the model, texts to the client."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from tests.servers.model_server import Script
from tests.web.openai_clients import client_of
from tests.web.openai_wire import WEATHER, Wired, calling

SHOUT: dict[str, Any] = {"type": "custom", "name": "shout", "description": "Say it loudly."}
PATCH: dict[str, Any] = {
    "type": "custom",
    "name": "patch",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"},
}
FUNCTION: dict[str, Any] = {"type": "function", "strict": False, **WEATHER["function"]}
SAID = 'Hey "you",\n wörld!'


@pytest.fixture
async def client(served: Wired) -> AsyncIterator[openai.AsyncOpenAI]:
    async with client_of(served.base_url, served.key) as client:
        yield client


def piece(index: int, arguments: str, **begun: Any) -> dict[str, Any]:
    """Return a piece of a call; the first one names it."""
    function = {"arguments": arguments, **({"name": begun.pop("name")} if begun else {})}
    return {"tool_calls": [{"index": index, **begun, "function": function}]}


CALLS = calling(
    {"content": "Let me."},
    piece(0, "", id="call_s", name="shout"),
    piece(1, '{"city":', id="call_w", name="weather"),
    piece(0, '{"input": "Hey \\"you\\",'),
    piece(1, '"Rome"}'),
    piece(0, '\\n wörld!"}'),
)


def essence(item: Any) -> dict[str, Any]:
    """Return what an item says, whichever response it is of, and whichever helper of the SDK has read it."""
    fields = item.model_dump(exclude={"id", "parsed_arguments"})
    return {**fields, "content": [part["text"] for part in fields.get("content") or ()]}


async def test_a_custom_tool_is_called_with_a_text(served: Wired, client: openai.AsyncOpenAI) -> None:
    served.upstream.script = CALLS
    tools: Any = [SHOUT, FUNCTION, PATCH]
    whole = await client.responses.create(model="big", input="Go", tools=tools)
    message, shouted, weather = whole.output
    assert (message.type, weather.type, shouted.type) == ("message", "function_call", "custom_tool_call")
    assert shouted.type == "custom_tool_call" and shouted.id and shouted.id.startswith("ctc_")
    assert (shouted.call_id, shouted.name, shouted.input) == ("call_s", "shout", SAID)
    assert (whole.metadata, [tool.type for tool in whole.tools]) == ({}, ["custom", "function", "custom"])
    sent = served.upstream.seen[-1].body["tools"]
    assert [tool["function"]["name"] for tool in sent] == ["shout", "weather", "patch"]
    assert sent[0]["function"]["description"] == "Say it loudly."
    assert sent[0]["function"]["parameters"]["required"] == ["input"]
    assert "start: /.+/" in sent[2]["function"]["parameters"]["properties"]["input"]["description"]

    async with client.responses.stream(model="big", input="Go", tools=tools) as stream:
        events = [event async for event in stream]
        streamed = await stream.get_final_response()
    assert [essence(one) for one in streamed.output] == [essence(one) for one in whole.output]
    told: list[Any] = [event for event in events if ".custom_tool_call_input." in event.type]
    assert [event.type.rpartition(".")[2] for event in told] == ["delta", "done"]
    assert (told[0].delta, told[1].input) == (SAID, SAID)
    assert {event.output_index for event in told} == {1}
    [added] = [e for e in events if e.type == "response.output_item.added" and e.item.type == "custom_tool_call"]
    assert added.item.type == "custom_tool_call" and added.item.input == ""


@pytest.mark.parametrize("is_kept", [True, False])
async def test_its_output_goes_back_to_the_model(served: Wired, client: openai.AsyncOpenAI, is_kept: bool) -> None:
    served.upstream.scripts.append(CALLS)
    first = await client.responses.create(model="big", input="Go", tools=[SHOUT, FUNCTION], store=is_kept)  # type: ignore[list-item]
    outputs: list[Any] = [
        {"type": "custom_tool_call_output", "call_id": "call_s", "output": "Heard."},
        {"type": "function_call_output", "call_id": "call_w", "output": "Sunny."},
    ]
    if is_kept:
        await client.responses.create(model="big", input=outputs, previous_response_id=first.id)
    else:
        again: list[Any] = [{"role": "user", "content": "Go"}, *(one.model_dump() for one in first.output)]
        await client.responses.create(model="big", input=[*again, *outputs])
    _, called, *results = served.upstream.seen[-1].body["messages"]
    assert [call["id"] for call in called["tool_calls"]] == ["call_s", "call_w"]
    assert "Hey" in called["tool_calls"][0]["function"]["arguments"]
    assert [(one["tool_call_id"], one["content"]) for one in results] == [("call_s", "Heard."), ("call_w", "Sunny.")]


async def test_a_custom_tool_can_be_chosen(served: Wired, client: openai.AsyncOpenAI) -> None:
    tools: Any = [SHOUT, FUNCTION]
    one: Any = {"type": "custom", "name": "shout"}
    await client.responses.create(model="big", input="Go", tools=tools, tool_choice=one)
    sent = served.upstream.seen[-1].body
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "shout"}}
    allowed: Any = {"type": "allowed_tools", "mode": "required", "tools": [one]}
    await client.responses.create(model="big", input="Go", tools=tools, tool_choice=allowed)
    sent = served.upstream.seen[-1].body
    assert ([tool["function"]["name"] for tool in sent["tools"]], sent["tool_choice"]) == (["shout"], "required")
    wrong: Any
    for wrong in ({"type": "function", "name": "shout"}, {"type": "custom", "name": "weather"}):
        with pytest.raises(openai.BadRequestError) as caught:
            await client.responses.create(model="big", input="Go", tools=tools, tool_choice=wrong)
        assert caught.value.param == "tool_choice"


WRITTEN = {"{}": "", '{"input": ""}': ""}
"""What is nothing at all."""


@pytest.mark.parametrize("arguments", ["Hey!", '"Hey!"', '{"text": "Hey!"}', '{"input": 7}', "{}", '{"input": ""}'])
async def test_what_a_model_writes_otherwise_is_not_lost(
    served: Wired, client: openai.AsyncOpenAI, arguments: str
) -> None:
    served.upstream.script = calling(piece(0, arguments, id="call_s", name="shout"))
    [call] = (await client.responses.create(model="big", input="Go", tools=[SHOUT])).output  # type: ignore[list-item]
    assert call.type == "custom_tool_call" and call.input == WRITTEN.get(arguments, arguments)


async def test_a_tool_without_a_name_or_with_half_a_grammar_is_refused(
    served: Wired, client: openai.AsyncOpenAI
) -> None:
    served.upstream.script = Script()
    for wrong, param in (
        ({"type": "custom"}, "tools[0].name"),
        ({**PATCH, "format": {"type": "grammar", "syntax": "lark"}}, "tools[0].format.definition"),
    ):
        tools: Any = [wrong]
        with pytest.raises(openai.BadRequestError) as caught:
            await client.responses.create(model="big", input="Go", tools=tools)
        assert caught.value.param == param


def nested(tool: dict[str, Any]) -> dict[str, Any]:
    """Return a tool as chat completions have it."""
    kind = tool["type"]
    fields = {name: value for name, value in tool.items() if name != "type"}
    if "format" in fields:
        grammar = {name: value for name, value in fields["format"].items() if name != "type"}
        fields["format"] = {"type": "grammar", "grammar": grammar}
    return {"type": kind, kind: fields}


async def test_chat_completions_call_it_with_a_text_too(served: Wired, client: openai.AsyncOpenAI) -> None:
    served.upstream.script = CALLS
    tools: Any = [nested(one) for one in (SHOUT, FUNCTION, PATCH)]
    messages: Any = [{"role": "user", "content": "Go"}]
    whole = await client.chat.completions.create(model="big", messages=messages, tools=tools)
    message = whole.choices[0].message
    assert message.tool_calls
    shouted, weather = message.tool_calls
    assert shouted.type == "custom" and weather.type == "function"
    assert (shouted.id, shouted.custom.name, shouted.custom.input) == ("call_s", "shout", SAID)
    assert (whole.choices[0].finish_reason, weather.function.arguments) == ("tool_calls", '{"city":"Rome"}')
    sent = served.upstream.seen[-1].body["tools"]
    assert [tool["function"]["name"] for tool in sent] == ["shout", "weather", "patch"]
    assert "start: /.+/" in sent[2]["function"]["parameters"]["properties"]["input"]["description"]

    stream = await client.chat.completions.create(model="big", messages=messages, tools=tools, stream=True)
    chunks = [chunk.model_dump() async for chunk in stream]
    pieces = [one for chunk in chunks for one in chunk["choices"][0]["delta"].get("tool_calls") or ()]
    assert [one["index"] for one in pieces] == [1, 1, 0]  # a text is told once it is whole
    [told] = [one for one in pieces if one["index"] == 0]
    assert (told["id"], told["type"], told["custom"]) == ("call_s", "custom", {"name": "shout", "input": SAID})
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"

    outputs = [{"role": "tool", "tool_call_id": one, "content": "Done."} for one in ("call_s", "call_w")]
    again: Any = [*messages, message.model_dump(exclude_none=True), *outputs]
    await client.chat.completions.create(model="big", messages=again, tools=tools)
    called = served.upstream.seen[-1].body["messages"][1]["tool_calls"]
    assert [call["id"] for call in called] == ["call_s", "call_w"]
    assert [call["type"] for call in called] == ["function", "function"]
    assert "Hey" in called[0]["function"]["arguments"]


async def test_chat_completions_choose_it(served: Wired, client: openai.AsyncOpenAI) -> None:
    tools: Any = [nested(SHOUT), nested(FUNCTION)]
    messages: Any = [{"role": "user", "content": "Go"}]
    one: Any = {"type": "custom", "custom": {"name": "shout"}}
    await client.chat.completions.create(model="big", messages=messages, tools=tools, tool_choice=one)
    assert served.upstream.seen[-1].body["tool_choice"] == {"type": "function", "function": {"name": "shout"}}
    allowed: Any = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [one]}}
    await client.chat.completions.create(model="big", messages=messages, tools=tools, tool_choice=allowed)
    assert [tool["function"]["name"] for tool in served.upstream.seen[-1].body["tools"]] == ["shout"]
    half: Any = [{"type": "custom", "custom": {**SHOUT, "format": {"type": "grammar", "grammar": {"syntax": "lark"}}}}]
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(model="big", messages=messages, tools=half)
    assert caught.value.param == "tools[0].custom.format.grammar.definition"
