"""Model servers of eight kinds, each with its own shapes and its own refusals, on real sockets."""

# ruff: noqa: E501 # a table: a case is a line, and the names are those of its reports

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from tests.servers.model_server import ModelServer, Script, Seen

Body: TypeAlias = Mapping[str, Any]
Check: TypeAlias = Callable[[Body], Script | None]

USUAL = frozenset(
    {
        *(
            "model",
            "messages",
            "stream",
            "stream_options",
            "temperature",
            "top_p",
            "stop",
            "seed",
            "tools",
            "tool_choice",
        ),
        *("max_tokens", "presence_penalty", "frequency_penalty", "parallel_tool_calls", "response_format"),
        *("reasoning_effort", "max_completion_tokens"),
    }
)
ARGUMENTS = '{"city":"Oslo"}'


@dataclass(frozen=True)
class Vendor:
    """How a server refuses, what it says as events, and what it calls a tool with."""

    refuse: Check
    said: tuple[Any, ...]
    calls: tuple[Any, ...]


class VendorServer(ModelServer):
    """Answers as a vendor's server does: with a call where there are tools and no result yet, else with a text."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__()
        self.vendor = vendor
        self.refused = 0
        self.context_tokens: int | None = None
        """How much it reads; more is refused, as Llama 2's tokenizer counts it."""

    async def _answer(self, script: Script, request: Seen, writer: asyncio.StreamWriter) -> bool:
        refusal = self._too_long(request.body) or self.vendor.refuse(request.body)
        if refusal is not None:
            self.refused += 1
            return await super()._answer(refusal, request, writer)
        last = request.body["messages"][-1]
        events = self.vendor.calls if request.body.get("tools") and last["role"] != "tool" else self.vendor.said
        raw = [one if isinstance(one, bytes) else b"data: " + json.dumps(one).encode() + b"\n\n" for one in events]
        return await super()._answer(Script(raw=[*raw, b"data: [DONE]\n\n"]), request, writer)

    def _too_long(self, body: Body) -> Script | None:
        if self.context_tokens is None:
            return None
        sent = sum(tokens_of(message["content"]) for message in body["messages"])
        if sent <= self.context_tokens:
            return None
        message = (
            f"This model's maximum context length is {self.context_tokens} tokens. However, your messages resulted in "
            f"{sent} tokens. Please reduce the length of the messages."
        )
        return openai_refusal(message, "messages", "context_length_exceeded")


def tokens_of(content: Any) -> int:
    """Return how many tokens a message has: a Chinese character is more than two of them."""
    text = content if isinstance(content, str) else json.dumps(content or "", ensure_ascii=False)
    return 8 + int(sum(0.25 if character.isascii() else 2.27 for character in text))


def refusal(status: int, body: Any) -> Script:
    return Script(status=status, body=json.dumps(body).encode())


def openai_refusal(message: str, param: str | None, code: str | None) -> Script:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return refusal(400, {"error": error})


def piece(delta: Any, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason, **more}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def call(arguments: Any, *, name: str | None = "weather", **more: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments} if name else {"arguments": arguments}
    return {"type": "function", "function": function, **more}


def unknown(body: Body, usual: frozenset[str] = USUAL) -> str | None:
    return next((name for name in body if name not in usual), None)


def _openai(body: Body) -> Script | None:
    if (name := unknown(body)) is not None:
        return openai_refusal(f"Unrecognized request argument supplied: {name}", None, None)
    return None


def _o_series(body: Body) -> Script | None:
    for name in ("temperature", "top_p", "presence_penalty", "frequency_penalty"):
        if body.get(name, 1) != 1:
            message = f"Unsupported value: '{name}' does not support {body[name]} with this model. Only the default (1) value is supported."
            return openai_refusal(message, name, "unsupported_value")
    for name in ("max_tokens", "parallel_tool_calls"):
        if name in body:
            message = f"Unsupported parameter: '{name}' is not supported with this model. Use 'max_completion_tokens' instead."
            return openai_refusal(message, name, "unsupported_parameter")
    return _openai(body)


def _mistral(body: Body) -> Script | None:
    usual = USUAL - {"stream_options", "seed", "max_completion_tokens", "reasoning_effort"}
    ids = [message["tool_call_id"] for message in body["messages"] if "tool_call_id" in message]
    if bad := next((one for one in ids if not (len(one) == 9 and one.isalnum())), None):
        message = f"Tool call id was {bad} but must be a-z, A-Z, 0-9, with a length of 9."
        return refusal(400, {"object": "error", "message": message, "type": "invalid_function_call", "code": "3280"})
    faults = [
        {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted", "input": 1}
        for name in body
        if name not in usual
    ]
    faults += [
        {
            "type": "extra_forbidden",
            "loc": ["body", "messages", number, message["role"], name],
            "msg": "Extra inputs are not permitted",
        }
        for number, message in enumerate(body["messages"])
        for name in message
        if name not in ("role", "content", "tool_calls", "tool_call_id")
    ]
    return (
        refusal(422, {"object": "error", "message": {"detail": faults}, "type": "invalid_request_error"})
        if faults
        else None
    )


def _gemini(body: Body) -> Script | None:
    if (name := unknown(body, USUAL - {"seed", "presence_penalty", "frequency_penalty"})) is not None:
        message = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
        return refusal(400, [{"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}])
    for message in body["messages"]:
        for one in message.get("tool_calls", ()):
            if one.get("extra_content") != {"google": {"thought_signature": "c2lnbmF0dXJl"}}:
                text = "Function call is missing a thought_signature in functionCall parts."
                return refusal(400, [{"error": {"code": 400, "message": text, "status": "INVALID_ARGUMENT"}}])
    return None


def _deepseek(body: Body) -> Script | None:
    for message in body["messages"]:
        if message.get("tool_calls") and message.get("reasoning_content") != "Hm, Oslo.":
            return openai_refusal(
                "Missing `reasoning_content` field in the assistant message", None, "invalid_request_error"
            )
    return None


def _vllm(body: Body) -> Script | None:
    roles = [message["role"] for message in body["messages"] if message["role"] in ("user", "assistant")]
    if any(one == other for one, other in pairwise(roles)):
        message = "Conversation roles must alternate user/assistant/user/assistant/..."
        return refusal(400, {"object": "error", "message": message, "type": "BadRequestError", "code": 400})
    return None


def _gemma(body: Body) -> Script | None:
    if any(message["role"] == "system" for message in body["messages"]):
        message = "System role not supported"
        return refusal(400, {"object": "error", "message": message, "type": "BadRequestError", "code": 400})
    return _vllm(body)


def _bridge(body: Body) -> Script | None:
    if any(message["content"] == "" for message in body["messages"]):
        message = "messages: text content blocks must be non-empty"
        return refusal(400, {"type": "error", "error": {"type": "invalid_request_error", "message": message}})
    return None


def _anything(body: Body) -> Script | None:
    return None


SAID = (
    piece({"role": "assistant", "content": ""}),
    piece({"content": "Pa"}),
    piece({"content": "ris"}),
    piece({}, "stop"),
)
CALLS = (
    piece({"role": "assistant", "content": None, "tool_calls": [call("", index=0, id="call_1")]}),
    piece({"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]}),
    piece({"tool_calls": [{"index": 0, "function": {"arguments": '"Oslo"}'}}]}),
    piece({}, "tool_calls"),
)
FILTERS = {"hate": {"filtered": False, "severity": "safe"}}
AZURE = {
    "choices": [],
    "created": 0,
    "id": "",
    "model": "",
    "object": "",
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": FILTERS}],
}
SIGNED = {"extra_content": {"google": {"thought_signature": "c2lnbmF0dXJl"}}}

VENDORS: dict[str, Vendor] = {
    "OpenAI": Vendor(_openai, SAID, CALLS),
    "Azure": Vendor(
        _openai,
        (AZURE, *(piece({"content": text}, content_filter_results=FILTERS) for text in ("Pa", "ris")), piece({}, "stop")),
        (AZURE, *CALLS),
    ),
    "o-series": Vendor(_o_series, SAID, CALLS),
    "Mistral": Vendor(
        _mistral,
        (
            piece({"role": "assistant", "content": ""}),
            piece({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]}),
            piece({"content": [{"type": "text", "text": "Paris"}]}, "stop"),
        ),
        (piece({"content": "", "tool_calls": [call(ARGUMENTS, index=0, id="D681PevKs")]}, "tool_calls"),),
    ),
    "Gemini": Vendor(
        _gemini,
        (piece({"role": "assistant", "content": "Paris"}, "stop"),),
        (piece({"role": "assistant", "tool_calls": [call(ARGUMENTS, index=0, id="function-call-1", **SIGNED)]}, "stop"),),
    ),
    "DeepSeek": Vendor(
        _deepseek,
        (b": keep-alive\n\n", piece({"content": None, "reasoning_content": "Hm."}), piece({"content": "Paris"}, "stop")),
        (b": keep-alive\n\n", piece({"content": None, "reasoning_content": "Hm, Oslo."}), *CALLS),
    ),
    "vLLM": Vendor(
        _vllm,
        (piece({"role": "assistant"}), piece({"content": "<think>Hm.</th"}), piece({"content": "ink>\n\nParis"}), piece({"content": ""}, "stop")),
        (piece({"tool_calls": [{"index": 0, "id": "call_1", "function": None}]}), piece({"tool_calls": [call(ARGUMENTS, index=0)]}, "tool_calls")),
    ),
    "Gemma on vLLM": Vendor(_gemma, SAID, CALLS),
    "a bridge to Claude": Vendor(_bridge, SAID, CALLS),
    "Ollama": Vendor(
        _anything,
        (piece({"role": "assistant", "content": "", "reasoning": "Hm."}), piece({"content": "Paris"}, "stop")),
        (piece({"role": "assistant", "content": "", "tool_calls": [call({"city": "Oslo"}, id="call_1")]}, "stop"),),
    ),
}  # fmt: skip
