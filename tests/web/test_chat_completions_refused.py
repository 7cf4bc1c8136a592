"""Each bad request for a chat completion is refused by its name: status, code, parameter, and nothing from inside."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.app.custom_tools import read_tools
from hubbub.app.messages import Able, read_messages
from hubbub.web.dialects.openai import BadParam
from tests.web.openai_wire import SYSTEM, USER, WEATHER, Wired, call, image, message, question, told

PATH = "/v1/chat/completions"

BAD: dict[str, tuple[dict[str, Any], str, str | None, str]] = {
    # what is changed in a good request: code, param, and a part of the message
    "no model": ({"model": None}, "invalid_value", "model", "/v1/models"),
    "empty model": ({"model": ""}, "invalid_value", "model", "named"),
    "model no string": ({"model": 7}, "invalid_type", "model", "Expected `str"),
    "no messages": ({"messages": None}, "invalid_value", "messages", "messages"),
    "empty messages": ({"messages": []}, "invalid_value", "messages", "empty"),
    "messages no list": ({"messages": "Hello"}, "invalid_type", "messages", "array"),
    "input and messages": ({"input": "Hello"}, "invalid_value", "input", "/v1/responses"),
    "input alone": ({"input": "Hello", "messages": None}, "invalid_value", "messages", "/v1/responses"),
    "message no object": ({"messages": [USER, "Hello"]}, "invalid_type", "messages[1]", "object"),
    "no role": ({"messages": [{"content": "x"}]}, "invalid_value", "messages[0].role", "developer"),
    "unknown role": (
        {"messages": [USER, {"role": "boss", "content": "x"}]},
        *("invalid_value", "messages[1].role", "'boss'"),
    ),
    "role no string": ({"messages": [{"role": ["user"], "content": "x"}]}, "invalid_value", "messages[0].role", "else"),
    "function role": (
        {"messages": [{"role": "function", "content": "x"}]},
        *("invalid_value", "messages[0].role", "tool"),
    ),
    "no content": ({"messages": [{"role": "user"}]}, "invalid_type", "messages[0].content", "string or a list"),
    "content a number": (
        {"messages": [{"role": "user", "content": 1}]},
        *("invalid_type", "messages[0].content", "string"),
    ),
    "part no object": ({"messages": [message("x")]}, "invalid_type", "messages[0].content[0]", "object"),
    "text no string": (
        {"messages": [message({"type": "text", "text": None})]},
        *("invalid_type", "messages[0].content[0].text", "string"),
    ),
    "audio part": (
        {"messages": [USER, USER, message({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}})]},
        *("invalid_value", "messages[2].content[0]", "'input_audio'"),
    ),
    "file part": (
        {"messages": [message({"type": "text", "text": "x"}, {"type": "file", "file": {"file_id": "f"}})]},
        *("invalid_value", "messages[0].content[1]", "no document with the id 'f'"),
    ),
    "image for plain": (
        {"model": "plain", "messages": [USER, message({"type": "text", "text": "What is it?"}, image())]},
        *("invalid_value", "messages[1].content[1]", "plain reads none"),
    ),
    "image over documents": (
        {"model": "big+search", "messages": [message(image())]},
        *("invalid_value", "messages[0].content[0]", "big+search reads none"),
    ),
    "image of the assistant": (
        {"messages": [message(image(), role="assistant")]},
        *("invalid_value", "messages[0].content[0]", "roles user and tool"),
    ),
    "image elsewhere": (
        {"messages": [message(image("file:///etc/passwd"))]},
        *("invalid_value", "messages[0].content[0]", "data:"),
    ),
    "image without address": (
        {"messages": [message({"type": "image_url", "image_url": {}})]},
        *("invalid_type", "messages[0].content[0].image_url.url", "string"),
    ),
    "image no object": (
        {"messages": [message({"type": "image_url", "image_url": 1})]},
        *("invalid_type", "messages[0].content[0].image_url", "object"),
    ),
    "tools for plain": ({"model": "plain", "tools": [WEATHER]}, "invalid_value", "tools", "plain calls no tools"),
    "tools over quotes": ({"model": "plain+search", "tools": [WEATHER]}, "invalid_value", "tools", "calls no tools"),
    "tool no object": ({"tools": ["weather"]}, "invalid_type", "tools[0]", "object"),
    "tool of another type": ({"tools": [WEATHER, {"type": "mcp"}]}, "invalid_value", "tools[1]", "'mcp'"),
    "custom tool without custom": ({"tools": [{"type": "custom"}]}, "invalid_type", "tools[0].custom", "object"),
    "tool without name": (
        {"tools": [{"type": "function", "function": {}}]},
        *("invalid_type", "tools[0].function.name", "string"),
    ),
    "tools no list": ({"tools": WEATHER}, "invalid_type", "tools", "array"),
    "tool_choice alone": ({"tool_choice": "required"}, "invalid_value", "tool_choice", "tools"),
    "tool_choice unknown": ({"tools": [WEATHER], "tool_choice": "all"}, "invalid_type", "tool_choice", "all"),
    "tool message without id": (
        {"messages": [USER, {"role": "tool", "content": "x"}]},
        *("invalid_type", "messages[1].tool_call_id", "string"),
    ),
    "calls of a user": (
        {"messages": [{**USER, "tool_calls": [call()]}]},
        *("invalid_value", "messages[0].tool_calls", "alone"),
    ),
    "call without id": (
        {"messages": [{"role": "assistant", "tool_calls": [call(id=None)]}]},
        *("invalid_type", "messages[0].tool_calls[0].id", "string"),
    ),
    "call of another type": (
        {"messages": [{"role": "assistant", "tool_calls": [call(), call(type="mcp")]}]},
        *("invalid_value", "messages[0].tool_calls[1]", "'mcp'"),
    ),
    "custom call without input": (
        {"messages": [{"role": "assistant", "tool_calls": [call(type="custom", custom={"name": "f"})]}]},
        *("invalid_type", "messages[0].tool_calls[0].custom.input", "string"),
    ),
    "call without function": (
        {"messages": [{"role": "assistant", "tool_calls": [call(function=None)]}]},
        *("invalid_type", "messages[0].tool_calls[0].function", "object"),
    ),
    "call with an object": (
        {"messages": [{"role": "assistant", "tool_calls": [call(function={"name": "f", "arguments": {}})]}]},
        *("invalid_type", "messages[0].tool_calls[0].function.arguments", "string"),
    ),
    "function_call of old": (
        {"messages": [{"role": "assistant", "content": None, "function_call": {"name": "f"}}]},
        *("invalid_value", "messages[0].function_call", "function_call"),
    ),
    "audio of the assistant": (
        {"messages": [{"role": "assistant", "audio": {"id": "a"}}]},
        *("invalid_value", "messages[0].audio", "audio"),
    ),
    "two choices": ({"n": 2}, "invalid_value", "n", "one choice"),
    "no choice": ({"n": 0}, "invalid_value", "n", "one choice"),
    "logprobs": ({"logprobs": True}, "unsupported_parameter", "logprobs", "Probabilities"),
    "top_logprobs": ({"top_logprobs": 3}, "unsupported_parameter", "top_logprobs", "Probabilities"),
    "logit_bias": ({"logit_bias": {"50256": -100}}, "unsupported_parameter", "logit_bias", "tokens"),
    "audio out": ({"modalities": ["text", "audio"]}, "invalid_value", "modalities", "text"),
    "audio": ({"audio": {"voice": "alloy"}}, "unsupported_parameter", "audio", "text"),
    "functions": ({"functions": [{"name": "f"}]}, "unsupported_parameter", "functions", "tools"),
    "function_call": ({"function_call": "auto"}, "unsupported_parameter", "function_call", "tool_choice"),
    "web search": ({"web_search_options": {"a": 1}}, "unsupported_parameter", "web_search_options", "MODEL+search"),
    "max_tokens 0": ({"max_tokens": 0}, "invalid_type", "max_tokens", ">= 1"),
    "max_tokens text": ({"max_completion_tokens": "5"}, "invalid_type", "max_completion_tokens", "int"),
    "temperature": ({"temperature": 2.5}, "invalid_type", "temperature", "<= 2"),
    "top_p": ({"top_p": -1}, "invalid_type", "top_p", ">= 0"),
    "penalty": ({"presence_penalty": 3}, "invalid_type", "presence_penalty", "<= 2"),
    "seed": ({"seed": 1.5}, "invalid_type", "seed", "int"),
    "seed too large": ({"seed": 2**70}, "invalid_type", "seed", "<="),
    "stop": ({"stop": [1]}, "invalid_type", "stop[0]", "str"),
    "stream": ({"stream": "yes"}, "invalid_type", "stream", "bool"),
    "stream_options": (
        {"stream_options": {"include_usage": 1}},
        *("invalid_type", "stream_options.include_usage", "bool"),
    ),
    "response_format": ({"response_format": "json"}, "invalid_type", "response_format", "object"),
    "nothing asked of documents": (
        {"model": "big+search", "messages": [SYSTEM, {"role": "user", "content": " \n"}]},
        *("invalid_value", "messages[1].content", "empty"),
    ),
    "nobody asks documents": ({"model": "search", "messages": [SYSTEM]}, "invalid_value", "messages", "role user"),
    "too long for documents": (
        {"model": "big+search", "messages": [{"role": "user", "content": "x" * 1001}]},
        *("string_above_max_length", "messages[0].content", "1,001 characters"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
async def test_each_bad_input_is_refused_by_its_name(served: Wired, stream: bool) -> None:
    for name, (change, code, param, part) in BAD.items():
        body = question(stream=stream) | change
        body = {field: value for field, value in body.items() if value is not None}
        async with served.http.post(PATH, json=body) as response:
            assert response.status == 400, (name, await response.text())
            error = await told(response)
        assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param), (name, error)
        assert part in error["message"], (name, error)
    assert not served.upstream.seen


async def test_what_is_no_request_at_all(served: Wired) -> None:
    as_json = {"Content-Type": "application/json"}
    cases: list[tuple[dict[str, Any], int, str, str | None]] = [
        ({"data": b"{", "headers": as_json}, 400, "invalid_request", None),
        ({"data": b"[]", "headers": as_json}, 400, "invalid_request", None),
        ({"data": b"null", "headers": as_json}, 400, "invalid_request", None),
        ({"data": b"\xff", "headers": as_json}, 400, "invalid_request", None),
        ({"data": b"model=big"}, 415, "unsupported", None),
        ({"json": question("x" * 10_000)}, 413, "too_large", None),
        ({"json": question(), "headers": {"Authorization": "Bearer hb-none"}}, 401, "invalid_api_key", None),
        ({"json": question(), "headers": {"Origin": "https://elsewhere.example"}}, 403, "not_allowed", None),
        ({"json": question(model="gpt-5")}, 404, "model_not_found", "model"),
        ({"json": question(model="big+Elsewhere")}, 404, "model_not_found", "model"),
    ]
    for sent, status, code, param in cases:
        async with served.http.post(PATH, **sent) as response:
            error = await told(response)
            assert (response.status, error["code"], error["param"]) == (status, code, param), sent
    for method, path, status, code in (
        ("GET", PATH, 405, "method_not_supported"),
        ("POST", "/v1/models", 405, "method_not_supported"),
        ("GET", "/v1", 404, "not_found"),
        ("POST", "/v1/moderations", 404, "not_found"),
        ("GET", "/v1/models/none", 404, "model_not_found"),
    ):
        async with served.http.request(method, path) as response:
            assert (response.status, (await told(response))["code"]) == (status, code), path


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
WORDS = st.sampled_from(
    "role content type text image_url url tool_calls tool_call_id id function name arguments user assistant tool "
    "system data:image/png;base64, refusal audio".split()
)
ANYTHING = st.recursive(
    LEAVES | WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5), max_leaves=20
)


@given(st.lists(ANYTHING, max_size=4), st.booleans())
def test_any_messages_are_read_or_refused(messages: list[object], is_able: bool) -> None:
    able = Able("m", reads_images=is_able, calls_tools=is_able)
    try:
        turns = read_messages(messages, able)
    except BadParam as error:
        assert error.param.startswith("messages[") and error.message.endswith(".")
    else:
        assert len(turns) == len(messages)
    try:
        assert len(read_tools(messages, able)) == len(messages)
    except BadParam as error:
        assert error.param.startswith("tools") and error.message.endswith(".")
