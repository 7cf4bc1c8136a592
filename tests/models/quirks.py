"""What model servers really send, a line each: the events, and what they come to. Add yours at the end of the table.

`D(x, f)` is an event with the piece `x` and the finish reason `f`, `T(…)` one with pieces of calls. A case's events
are played as they stand; `bytes` are sent as they are, a number is a pause in seconds.
"""

# ruff: noqa: E501, N802 # a table: a case is a line, and the names are those of its reports

import json
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hubbub.core.messages import Call

Event: TypeAlias = dict[str, Any] | list[Any] | bytes | float | None
DONE = b"data: [DONE]\n\n"


def D(x: Any, f: Any = None, **more: Any) -> dict[str, Any]:
    """An event of a stream."""
    delta = {"content": x} if isinstance(x, str) else x
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": f, **more}]}


def T(*calls: Any, f: Any = None) -> dict[str, Any]:
    """An event with pieces of calls."""
    return D({"tool_calls": list(calls)}, f)


def F(name: Any = None, arguments: Any = None, *, index: Any = None, id: Any = None, **more: Any) -> dict[str, Any]:  # noqa: A002
    """A piece of a call; what is None is left out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    piece = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
    return {**piece, "type": "function", "function": function, **more}


@dataclass(frozen=True)
class Case:
    """Events and what they come to: text, thoughts, calls, and the finish reason or the code of the failure."""

    events: tuple[Event, ...]
    text: str = ""
    thoughts: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    end: str = "stop"
    words: str = ""
    """What the message of a failure says."""
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


def case(*events: Event, **outcome: Any) -> Case:
    return Case(events, **outcome)


def sent(event: Event) -> bytes:
    """Return an event as it goes over the wire."""
    return event if isinstance(event, bytes) else b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"


BIG_PICTURE = "iVBORw0KGgoAAAANSUhEUgAA" + "aB3dE6gH9jK2mN5pQ8sT" * 70_000
A, B, C = '{"a":', "1", "}"

QUIRKS: dict[str, Case] = {
    # How it ends.
    "one-api 1477": case(D("Hello ", "stop"), 0.4, D("world", "stop"), text="Hello world"),
    "an early stop, then the end of the body": case(D("Hello ", "stop"), D("world"), text="Hello world"),
    "genkit 6259": case(D("Hello"), D({}, "network_error"), DONE, text="Hello", end="unknown_ending", words="network_error"),
    "turnstone 1162": case(
        D("Hello"),
        D({}, "error", error={"code": 502, "message": "the GPU fell off"}),
        text="Hello",
        end="refused",
        words="the GPU fell off",
    ),
    "an unknown reason does not become a known one": case(D("a"), D({}, "abort"), D({}, "stop"), DONE, text="a", end="unknown_ending"),
    "a length is not made a stop": case(D("a"), D({}, "length"), D({}, "stop"), DONE, text="a", end="length"),
    "eos": case(D("a"), D({}, "eos_token"), text="a"),
    "end_turn": case(D("a", "end_turn"), text="a"),
    "MAX_TOKENS": case(D("a", "MAX_TOKENS"), text="a", end="length"),
    "reasons in all chunks": case(D("a", ""), D("b", "null"), D({}, "stop"), text="ab"),
    "a reason that is an object": case(D("a", {"type": "stop"}), text="a"),
    "a reason that is a number": case(D("a", 7), text="a", end="unknown_ending"),
    "no reason, no [DONE]": case(D("a"), text="a", end="broke_off"),
    "no reason, but [DONE]": case(D("a"), DONE, text="a"),
    "calls that stop": case(T(F("f", "{}", index=0, id="c")), D({}, "stop"), calls=(("f", "{}"),), end="tool_calls"),
    "function_call": case(D({"function_call": {"name": "f", "arguments": "{"}}), D({"function_call": {"arguments": "}"}}, "function_call"), calls=(("f", "{}"),), end="tool_calls"),
    "Gemini's filter": case(D("a"), D({}, "content_filter: PROHIBITED_CONTENT"), DONE, text="a", end="content_filter"),
    "[DONE] as a string": case(D("a"), b'data: "[DONE]"\n\n', text="a"),
    # Events.
    "eventsource-parser 31": case(sent(D("a"))[:-1], sent(D("b", "stop"))[:-1], b"data: [DONE]\n", text="ab"),
    "openai-python 663": case(b'data: {"choices":[{"delta":{"content":"a"}}]}{"choices":[{"delta":{"content":"b"}}]}\n\n', D({}, "stop"), text="ab"),
    "openai-python 649": case(b'data: {"choices":[{"del\n\n', b'data: ta":{"content":"a"}}]}\n\n', D("b", "stop"), text="ab"),
    "lines of one event": case(b'data: {"choices":\ndata: [{"delta":\ndata: {"content":"a"}}]}\n\n', D({}, "stop"), text="a"),
    "data: data:": case(b'data: data: {"choices":[{"delta":{"content":"a"}}]}\n\n', D({}, "stop"), text="a"),
    "ragflow 15266": case(b'data: {"choices":[{"delta":{"content":"a"},"logprobs":{"top":[NaN,-Infinity]}}]}\n\n', D({}, "stop"), text="a"),
    "a tab as it is": case(b'data: {"choices":[{"delta":{"content":"a\tb"}}]}\n\n', D({}, "stop"), text="a\tb"),
    "encoded twice": case(b"data: " + json.dumps(json.dumps(D("a", "stop"))).encode() + b"\n\n", text="a"),
    "openai-python 2722": case(b"retry: 3000\n\n", b"id: 1\nevent: message\n\n", D("a", "stop"), text="a"),
    "lines of JSON": case(b'{"message":{"content":"a"},"done":false}\n', b'{"message":{"content":"b"},"done":true,"done_reason":"stop"}\n', text="ab"),
    # Errors in the stream.
    "coddy-agent 106": case(b'error: {"code":400,"message":"the request exceeds the available context size"}\n\n', DONE, end="context_too_long"),
    "an event that is an error": case(D("a"), b"event: error\ndata: Internal server error\n\n", text="a", end="refused", words="Internal server error"),
    "an error without a field": case(D("a"), b'{"error":{"message":"the worker died"}}\n\n', text="a", end="refused", words="the worker died"),
    "MiniMax": case({"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, end="no_credit", words="insufficient balance"),
    "MiniMax at peace": case({**D("a", "stop"), "base_resp": {"status_code": 0, "status_msg": ""}}, text="a"),
    "Baidu": case({"error_code": 17, "error_msg": "daily limit"}, end="refused", words="daily limit"),
    "Apigee": case({"fault": {"faultstring": "Rate limit"}}, end="refused", words="Rate limit"),
    "an error that is true": case({"error": True, "reason": "no GPU"}, end="refused", words="no GPU"),
    "a filter that was too slow": case({**D("a", "stop", content_filter_results={"error": {"code": "content_filter_error", "message": "not filtered"}})}, text="a"),
    "an error that is a string": case(D("a"), {"error": "out of memory"}, text="a", end="refused", words="out of memory"),
    "errors in a list": case([{"error": {"message": "API key not valid"}}], end="refused", words="API key not valid"),
    "an error in an error": case({"error": {"error": {"message": "quota", "code": 429}}}, end="refused", words="quota"),
    "an error in JSON in a string": case({"error": {"message": '{"error":{"message":"deep down"}}'}}, end="refused", words="deep down"),
    "OpenRouter's": case({"error": {"message": "Provider returned error", "code": 502, "metadata": {"raw": '{"error":{"message":"no GPU"}}'}}}, end="refused", words="no GPU"),
    "vLLM's": case({"object": "error", "message": "bad request", "code": 400}, end="not_accepted", words="bad request"),
    "FastAPI's": case({"detail": [{"loc": ["body", "n"], "msg": "too many", "type": "x"}]}, end="refused", words="too many"),
    "a message and nothing else": case({"message": "the engine is dead"}, end="refused", words="the engine is dead"),
    "an error that is none": case({**D("a"), "error": None}, {**D("b", "stop"), "error": {}}, text="ab"),
    "an empty error with a code": case({**D("a", "stop"), "error": {"code": 0, "message": ""}}, text="a"),
    # Fields that are missing, null or of another type.
    "vLLM 19425": case(T({"index": 0, "id": "c", "function": None}), D("Hi"), T(F("f", "{}", index=0)), D({}, "tool_calls"), text="Hi", calls=(("f", "{}"),), end="tool_calls"),
    "symfony/ai 2422": case(D({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]}), D({"content": [{"type": "text", "text": "Hi"}]}, "stop"), text="Hi", thoughts="Hm"),
    "openclaw 68418": case(b"data: ping\n\n", D("Hi"), b"data: ping\n\n", D({}, "stop"), text="Hi"),
    "pings as objects": case({"type": "ping"}, D("Hi", "stop"), {"type": "ping"}, text="Hi"),
    "JSON that is cut": case(D("a"), b'data: {"choices":[{"del\n\n', D("b", "stop"), text="ab"),
    "null": case(None, D("a"), {"choices": None}, {"choices": [None]}, D(None), D({"content": None}), D("b", "stop"), text="ab"),
    "no delta": case(D("a"), {"choices": [{"index": 0, "finish_reason": "stop"}]}, text="a"),
    "an index that is a string": case({"choices": [{"index": "0", "delta": {"content": "a"}, "finish_reason": "stop"}]}, text="a"),
    "an index that is null": case({"choices": [{"index": None, "delta": {"content": "a"}, "finish_reason": "stop"}]}, text="a"),
    "other choices": case({"choices": [{"index": 1, "delta": {"content": "no"}}, {"index": 0, "delta": {"content": "a"}}]}, DONE, text="a"),
    "digits as numbers": case(D("4"), D({"content": 2}), D({}, "stop"), text="42"),
    "parts of all kinds": case(D({"content": ["a", {"type": "output_text", "text": "b"}, {"type": "image_url", "image_url": {"url": "x"}}, {"text": "c"}, None]}, "stop"), text="abc"),
    "a refusal among the parts": case(D({"content": [{"type": "refusal", "refusal": "No."}]}, "stop"), text="No.", end="refusal"),
    "the old wire's text": case({"choices": [{"index": 0, "text": "a", "finish_reason": "stop"}]}, text="a"),
    "a choice that stands alone": case({"message": {"role": "assistant", "content": "a"}, "done": False}, DONE, text="a"),
    "Perplexity's two": case({"choices": [{"index": 0, "delta": {"content": "a"}, "message": {"content": "a"}}]}, {"choices": [{"index": 0, "delta": {"content": "b"}, "message": {"content": "ab"}, "finish_reason": "stop"}]}, text="ab"),
    "usage of any kind": case({**D("a"), "usage": "many"}, {**D({}, "stop"), "usage": {"prompt_tokens": -1}}, text="a"),
    "comments": case(b": OPENROUTER PROCESSING\n\n", D("a"), b": ping\n\n", D({}, "stop"), text="a"),
    "open-webui 17626": case(D("before "), D({"content": "and", "images": [{"image_url": {"url": "data:image/png;base64," + BIG_PICTURE}}]}), D(" after", "stop"), text="before and after"),
    "a message beside an empty piece": case({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "message": {"content": "Hi"}, "finish_reason": "stop"}]}, text="Hi"),
    "all once more at the end": case(D("Hello "), D("world"), {"choices": [{"index": 0, "message": {"content": "Hello world"}, "finish_reason": "stop"}]}, text="Hello world"),
    "pieces in a list": case(D([{"content": "a"}]), D({}, "stop"), text="a"),
    "a piece with a type": case(D({"type": "text_delta", "text": "a"}), D({}, "stop"), text="a"),
    "Together": case({"choices": [{"index": 0, "text": "a", "delta": {"content": "a"}}]}, {"choices": [{"index": 0, "text": "b", "delta": {}, "finish_reason": "stop"}]}, text="ab"),
    "nought": case(D({"content": 0}, "stop"), text="0"),
    "a refusal beside a text": case(D({"content": "a", "refusal": "b"}, "stop"), text="ab", end="refusal"),
    "a refusal that is the text": case(D({"content": "a", "refusal": "a"}, "stop"), text="a"),
    # Calls.
    "Qwen-Agent 943": case(T(F("f", A, index=0, id="x")), T(F("g", "{", index=1, id="y")), T(F(None, B, index=0)), T(F(None, "}", index=1)), T(F(None, C, index=0)), D({}, "tool_calls"), calls=(("f", '{"a":1}'), ("g", "{}")), end="tool_calls"),
    "openai-python 2806": case(T(F("f", "", id="x")), T(F(None, A)), T(F(None, B)), T(F(None, C), f="tool_calls"), calls=(("f", '{"a":1}'),), end="tool_calls"),
    "LiteLLM 4440": case(T(F(None, "", index=0, id="x")), T(F("f", "", index=0)), T(F(None, "{}", index=0), f="tool_calls"), calls=(("f", "{}"),), end="tool_calls"),
    "the name and id with each piece": case(T(F("f", A, index=0, id="x")), T(F("f", B, index=0, id="x")), T(F("f", C, index=0, id="x"), f="tool_calls"), calls=(("f", '{"a":1}'),), end="tool_calls"),
    "a name in pieces": case(T(F("get_", "", index=0, id="x")), T(F("weather", "", index=0)), T(F(None, "{}", index=0), f="tool_calls"), calls=(("get_weather", "{}"),), end="tool_calls"),
    "another id with each piece": case(T(F("f", A, index=0, id="x")), T(F(None, B, index=0, id="y")), T(F(None, C, index=0, id="z"), f="tool_calls"), calls=(("f", '{"a":1}'),), end="tool_calls"),
    "whole calls, all at 0": case(T(F("f", "{}", index=0, id="x")), T(F("f", '{"a":1}', index=0, id="y"), f="tool_calls"), calls=(("f", "{}"), ("f", '{"a":1}')), end="tool_calls"),
    "two at once, without index": case(T(F("f", "{}", id="x"), F("g", "{}", id="y"), f="tool_calls"), calls=(("f", "{}"), ("g", "{}")), end="tool_calls"),
    "two without index or id": case(T(F("f", "{}")), T(F("g", "{}"), f="tool_calls"), calls=(("f", "{}"), ("g", "{}")), end="tool_calls"),
    "arguments that are an object": case(T(F("f", {"a": 1}, index=0, id="x"), f="tool_calls"), calls=(("f", '{"a": 1}'),), end="tool_calls"),
    "calls that are an object": case(D({"tool_calls": {"0": F("f", "{}", id="x")}}, "tool_calls"), calls=(("f", "{}"),), end="tool_calls"),
    "openai-agents-js 712": case(T(F("f", "{}", index=0, id="x")), T(F(None, A, index=0)), T(F(None, "1}", index=0)), D({}, "tool_calls"), calls=(("f", '{"a":1}'),), end="tool_calls"),
    "a call of nothing": case(T(F("f", "{}", index=0, id="x")), T(F("g", "{}", index=1, id="y"), f="tool_calls"), calls=(("f", "{}"), ("g", "{}")), end="tool_calls"),
    "opencodex 361": case(T(F("f", A, index=0, id="x")), T(F(None, "1}", index=0)), T(F("f", '{"a": 1}', index=0, id="x"), f="tool_calls"), calls=(("f", '{"a":1}'),), end="tool_calls"),
    "9router 2869": case(T(F("f", '{"city":"O', index=0, id="x")), T(F(None, '{"city":"Oslo"', index=0)), T(F(None, '{"city":"Oslo"}', index=0), f="tool_calls"), calls=(("f", '{"city":"Oslo"}'),), end="tool_calls"),
    "an object in an object": case(T(F("f", A, index=0, id="x")), T(F(None, '{"a":1}', index=0)), T(F(None, "}", index=0), f="tool_calls"), calls=(("f", '{"a":{"a":1}}'),), end="tool_calls"),
    "open-webui 22235": case(T(F("f", '{"a":1}', index=0, id="x")), T(F(None, '{"a":2}', index=0), f="tool_calls"), calls=(("f", '{"a":1}'), ("f", '{"a":2}')), end="tool_calls"),
    "calls at the end alone": case(D("a"), {"choices": [{"index": 0, "delta": {}, "message": {"content": "a", "tool_calls": [F("f", "{}", id="x")]}, "finish_reason": "tool_calls"}]}, text="a", calls=(("f", "{}"),), end="tool_calls"),
    "a call with null": case(T({"index": 0, "id": "x", "type": "function", "function": {"name": "f", "arguments": None}}, f="tool_calls"), calls=(("f", "{}"),), end="tool_calls"),
    "a call with nothing": case(T(F("f", "", index=0, id="x"), F("g", None, index=1, id="y"), f="tool_calls"), calls=(("f", "{}"), ("g", "{}")), end="tool_calls"),
    "a call cut before its arguments": case(T(F("f", "", index=0, id="x")), D({}, "length"), calls=(("f", ""),), end="length"),
    "bedrock-access-gateway 134": case(T(F("f", "{}", index=1, id="x"), f="tool_calls"), calls=(("f", "{}"),), end="tool_calls"),
    "a call that is null": case(D({"tool_calls": [None]}), D("a", "stop"), text="a"),
    "LiteLLM 16893": case(T(F("f", "{}", index=0, id="x", extra_content={"google": {"thought_signature": "c2ln"}}), f="tool_calls"), calls=(("f", "{}"),), end="tool_calls", extra={"extra_content": {"google": {"thought_signature": "c2ln"}}}),
    # Thoughts.
    "DeepSeek": case(D({"reasoning_content": "Hm"}), D("Hi", "stop"), thoughts="Hm", text="Hi"),
    "OpenRouter says it twice": case(D({"reasoning": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}]}), D("Hi", "stop"), thoughts="Hm", text="Hi"),
    "open-webui 9417": case(D("<think> Okay, the user"), D(" wants it</think>\n\n"), D("Paris", "stop"), thoughts="Okay, the user wants it", text="Paris"),
    "cut anywhere": case(*map(D, "<think>Hm</think>Hi"), D({}, "stop"), thoughts="Hm", text="Hi"),
    "thinking": case(D("\n<thinking>Hm</thinking>Hi", "stop"), thoughts="Hm", text="Hi"),
    "Mistral's": case(D("[THINK]Hm[/THINK]Hi", "stop"), thoughts="Hm", text="Hi"),
    "gpt-oss": case(D("<|channel|>analysis<|message|>Hm<|end|><|start|>assistant<|channel|>final<|message|>Hi", "stop"), thoughts="Hm", text="Hi"),
    "opened and not closed": case(D("<think>Hm, "), D("what", "length"), thoughts="Hm, what", end="length"),
    "closed and not opened": case(D("Okay, the user\n"), D("</thi"), D("nk>\n\nParis", "stop"), thoughts="Okay, the user\n", text="Paris"),
    "Copilot": case(D({"reasoning_text": "Hm"}), D({"content": "", "reasoning_text": "."}), D("Hi", "stop"), thoughts="Hm.", text="Hi"),
    "two thoughts": case(D({"reasoning": "A", "reasoning_content": "B"}), D("Hi", "stop"), thoughts="BA", text="Hi"),
    "the same in parts": case(D({"reasoning_content": "Hm", "content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hi"}]}, "stop"), thoughts="Hm", text="Hi"),
    "blocks alone": case(D({"thinking_blocks": [{"type": "thinking", "thinking": "Hm", "signature": "s"}]}), D("Hi", "stop"), thoughts="Hm", text="Hi"),
    "MiniMax thinks": case(D("<mm:think>Hm</mm:think>Hi", "stop"), thoughts="Hm", text="Hi"),
    "Gemma": case(D("<|channel>thought\nHm<chan"), D("nel|>Hi", "stop"), thoughts="Hm", text="Hi"),
    "scratchpad": case(D("<scratchpad>Hm</scratchpad>\n"), D("Hi", "stop"), thoughts="Hm", text="Hi"),
    "no thoughts": case(D("<think>\n\n</think>\n\nHi", "stop"), text="Hi"),
    "thoughts between steps": case(D("<think>A</think>First this.\n<thi"), D("nk>B</think>Then that.", "stop"), thoughts="AB", text="First this.\nThen that."),
    "talk of it behind thoughts": case(D("<think>A</think>Write <think> first.\n`<think>` opens it, and\n```\n<think>\n```", "stop"), thoughts="A", text="Write <think> first.\n`<think>` opens it, and\n```\n<think>\n```"),
    "talk of it": case(D("Write <think> first and </think> last.", "stop"), text="Write <think> first and </think> last."),
    "code with it": case(D("Use `</think>` to "), D("close it.", "stop"), text="Use `</think>` to close it."),
    "HTML at the beginning": case(D("<th>a</th>", "stop"), text="<th>a</th>"),
}  # fmt: skip


def told(calls: tuple[Call, ...]) -> tuple[tuple[str, str], ...]:
    """Return calls as a case gives them."""
    return tuple((call.name, call.arguments) for call in calls)
