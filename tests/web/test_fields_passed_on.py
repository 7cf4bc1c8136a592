"""What a program sends besides goes on to the model's server or is refused by name, and what that sent comes back to it."""

# ruff: noqa: E501 # what goes over the wire stays on its lines

import json
from typing import Any

import pytest

from tests.servers.model_server import Script, event
from tests.web.openai_wire import PNG, WEATHER, Wired, question
from tests.web.test_chat_completions import PATH, complete

SIGNED = {"extra_content": {"google": {"thought_signature": "c2ln"}}}
DETAILS = [{"type": "reasoning.encrypted", "data": "abc", "index": 0}]


async def test_fields_reach_the_server_or_are_refused_by_name(served: Wired) -> None:
    further = {"top_k": 5, "min_p": 0.1, "verbosity": "low", "chat_template_kwargs": {"enable_thinking": False}}
    await complete(served.http, {**question("Hi", model="big"), **further, "user": "me", "metadata": None})
    sent = served.upstream.seen[-1].body
    assert {name: sent.get(name) for name in further} == further
    assert "user" not in sent
    for name in ("api_base", "models", "mock_response"):
        async with served.http.post(PATH, json={**question("Hi", model="big"), name: "http://elsewhere"}) as response:
            error = json.loads(await response.text())["error"]
            assert (response.status, error["code"], error["param"]) == (400, "unknown_parameter", name)
            assert name in error["message"]
    assert len(served.upstream.seen) == 1


async def test_what_a_server_sent_with_a_call_and_a_turn_comes_back_to_it(served: Wired) -> None:
    call = {
        "index": 0,
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": "{}"},
        **SIGNED,
    }
    raw = [
        event(choices=[{"delta": {"reasoning_content": "Hm", "reasoning_details": DETAILS}}]),
        event(choices=[{"delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]),
        b"data: [DONE]\n\n",
    ]
    served.upstream.script = Script(raw=raw)
    ask: dict[str, Any] = {**question("Hi", model="big"), "tools": [WEATHER]}
    message = (await complete(served.http, ask))["choices"][0]["message"]
    assert message["tool_calls"] == [{key: value for key, value in call.items() if key != "index"}]
    assert message["reasoning_details"] == DETAILS
    async with served.http.post(PATH, json={**ask, "stream": True}) as response:
        chunks = [json.loads(line[6:]) async for line in response.content if line.startswith(b"data: {")]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    assert [delta["reasoning_details"] for delta in deltas if "reasoning_details" in delta] == [DETAILS]
    assert [one for delta in deltas for one in delta.get("tool_calls", ())] == [call]
    served.upstream.script = Script()
    result = {"role": "tool", "content": "Rain", "tool_call_id": "call_1"}
    await complete(served.http, {**ask, "messages": [*ask["messages"], message, result]})
    sent = served.upstream.seen[-1].body["messages"][1]
    assert sent["tool_calls"][0]["extra_content"] == SIGNED["extra_content"]
    assert (sent["reasoning_details"], sent["reasoning_content"]) == (DETAILS, "Hm")


async def test_pictures_are_let_in_beyond_what_texts_may_be(served: Wired) -> None:
    picture = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAA" * 25_000  # 600 kB
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": picture}}]
    await complete(served.http, {"model": "big", "messages": [{"role": "user", "content": content}]})
    assert served.upstream.seen[-1].body["messages"][0]["content"] == content
    async with served.http.post(PATH, json=question("x" * 600_000, model="big")) as response:
        assert response.status == 413


async def test_a_response_passes_fields_on_or_refuses_them_by_name(served: Wired) -> None:
    ask: dict[str, Any] = {"model": "big", "input": "Hi", "store": False}
    further = {"top_k": 5, "chat_template_kwargs": {"enable_thinking": False}}
    body = {**ask, **further, "text": {"verbosity": "low"}, "user": "me", "prompt_cache_key": "k"}
    async with served.http.post("/v1/responses", json=body) as response:
        assert response.status == 200
    sent = served.upstream.seen[-1].body
    assert {name: sent.get(name) for name in (*further, "verbosity")} == {**further, "verbosity": "low"}
    assert "user" not in sent and "prompt_cache_key" not in sent
    async with served.http.post("/v1/responses", json={**ask, "api_base": "http://elsewhere"}) as response:
        error = json.loads(await response.text())["error"]
        assert (response.status, error["code"], error["param"]) == (400, "unknown_parameter", "api_base")
    assert len(served.upstream.seen) == 1


@pytest.mark.parametrize("is_kept", [True, False], ids=["gone on with", "sent back"])
async def test_what_a_server_sent_comes_back_to_it_through_responses(served: Wired, is_kept: bool) -> None:
    call = {
        "index": 0,
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": "{}"},
        **SIGNED,
    }
    raw = [
        event(choices=[{"delta": {"reasoning_content": "Hm", "reasoning_details": DETAILS}}]),
        event(choices=[{"delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]),
        b"data: [DONE]\n\n",
    ]
    served.upstream.script = Script(raw=raw)
    picture = {"type": "input_image", "image_url": PNG}
    asked: list[Any] = [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}, picture]}]
    tools = [{"type": "function", **WEATHER["function"]}]
    ask: dict[str, Any] = {"model": "big", "tools": tools, "store": is_kept}
    async with served.http.post("/v1/responses", json={**ask, "input": asked}) as response:
        told = json.loads(await response.text())
    kinds = ["reasoning", "reasoning", "function_call", "reasoning"]  # the last has what belongs to calls
    assert [item["type"] for item in told["output"]] == kinds
    served.upstream.script = Script()
    result = {"type": "function_call_output", "call_id": "call_1", "output": "Rain"}
    more = {"previous_response_id": told["id"], "input": [result]} if is_kept else {}
    body = {**ask, "input": [*asked, *told["output"], result], **more}
    async with served.http.post("/v1/responses", json=body) as response:
        assert response.status == 200, await response.text()
    first, said, _ = served.upstream.seen[-1].body["messages"]
    assert first["content"][1]["image_url"]["url"] == PNG
    assert said["tool_calls"][0]["extra_content"] == SIGNED["extra_content"]
    assert (said["reasoning_details"], said["reasoning_content"]) == (DETAILS, "Hm")
