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
    # Errors in the stream.
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
    "no thoughts": case(D("<think>\n\n</think>\n\nHi", "stop"), text="Hi"),
    "talk of it": case(D("Write <think> first and </think> last.", "stop"), text="Write <think> first and </think> last."),
    "code with it": case(D("Use `</think>` to "), D("close it.", "stop"), text="Use `</think>` to close it."),
    "HTML at the beginning": case(D("<th>a</th>", "stop"), text="<th>a</th>"),
}  # fmt: skip


def sent(event: Event) -> bytes:
    """Return an event as it goes over the wire."""
    return event if isinstance(event, bytes) else b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"


def told(calls: tuple[Call, ...]) -> tuple[tuple[str, str], ...]:
    """Return calls as a case gives them."""
    return tuple((call.name, call.arguments) for call in calls)
