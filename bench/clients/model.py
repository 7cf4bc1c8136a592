"""A model server on the OpenAI wire that does what the last question asks for, in so many words."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

from tests.servers.model_server import ModelServer, Script, Seen, event

Message: TypeAlias = Mapping[str, Any]

REFUSAL = "I can't help with that."
FORM = {"city": "Oslo", "degrees": 21}
WORDS = 40
CITIES = ("Oslo", "Rome", "Lima")
HANDOFF = "handoff"
"""A tool that names the agent that goes on; others have a tool for each agent."""
SHELL = "exec_command"
"""A tool of coding agents, in place of one that knows the weather."""


class Actor(ModelServer):
    """Calls tools, refuses, fills forms, tells what it was shown; else says how many questions it was asked."""

    def __init__(self) -> None:
        super().__init__(models=[{"id": "actor"}])
        self._busy_until_asked: set[str] = set()

    async def _answer(self, script: Script, request: Seen, writer: Any) -> bool:
        return await super()._answer(self._acted(request.body), request, writer)

    def _acted(self, body: Mapping[str, Any]) -> Script:
        messages: Sequence[Message] = body["messages"]
        last = max((place for place, one in enumerate(messages) if one["role"] == "user"), default=0)
        asked = text_of(messages[last])
        question = asked.rpartition("Question: ")[2]
        results = [one for one in messages[last:] if one["role"] == "tool"]
        tools = [one["function"]["name"] for one in body.get("tools", ())]
        if "Search query:" in asked:
            return Script(tokens=["days of leave"])
        if "BUSY" in question and question not in self._busy_until_asked:
            self._busy_until_asked.add(question)
            fault = {"error": {"message": "Rate limit reached.", "code": "rate_limit_exceeded"}}
            return Script(status=429, headers={"Retry-After": "1"}, body=json.dumps(fault).encode())
        if "WRONG" in question:
            fault = {"error": {"message": "temperature: must be at most 1", "param": "top_p", "code": "invalid_value"}}
            return Script(status=400, body=json.dumps(fault).encode())
        if tools and (called := _calls(question, tools, results)):
            return calling(called)
        if "REFUSE" in question:
            return _saying({"refusal": REFUSAL})
        if body.get("response_format") or "FORM" in question:
            return Script(tokens=[json.dumps(FORM)])
        if "SLOWLY" in question:
            return Script(tokens=[f"word{number} " for number in range(WORDS)], seconds_between=0.05)
        if "Sources:" in asked:
            return Script(tokens=["Thirty days [1]."])
        if results:
            return Script(tokens=[f"Results: {', '.join(text_of(one) for one in results)}."])
        pictures = sum(part.get("type") == "image_url" for part in parts_of(messages[last]))
        if pictures:
            return Script(tokens=[f"Pictures: {pictures}."])
        if "wombat" in asked:
            return Script(tokens=["The wombat digs."])
        questions = [text_of(one) for one in messages if one["role"] == "user"]
        return Script(tokens=[f"Question {len(questions)}", f", first {questions[0]!r}."])


def _calls(question: str, tools: Sequence[str], results: Sequence[Message]) -> list[tuple[str, str]]:
    """Return the calls that are made now, each with its arguments."""
    handing = [name for name in tools if name.startswith(("transfer_to", HANDOFF))]
    if "HAND" in question and handing and not results:
        arguments = {"to_agent": "documents", "reason": "It knows."} if handing[0] == HANDOFF else {}
        return [(handing[0], json.dumps(arguments))]
    look = next((name for name in ("weather", SHELL) if name in tools), "")
    forms = [name for name in tools if name not in ("weather", *handing)] if SHELL not in tools else []
    if "FORM" in question and forms and not results:
        return [(forms[0], json.dumps(FORM))]
    if not look:
        return []
    if "TOGETHER" in question and not results:
        return [_looking(look, city) for city in CITIES[:2]]
    if "THRICE" in question and len(results) < 3:
        return [_looking(look, CITIES[len(results)])]
    return []


def _looking(name: str, city: str) -> tuple[str, str]:
    return name, json.dumps({"cmd": f"echo {city} 21"} if name == SHELL else {"city": city})


def calling(calls: Sequence[tuple[str, str]]) -> Script:
    """Return what calls functions, each with its arguments, in pieces."""
    deltas: list[dict[str, Any]] = []
    for index, (name, arguments) in enumerate(calls):
        call_id = f"call_{name}_{abs(hash(arguments)) % 10**6}_{index}"
        begun = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
        rest = [
            {"index": index, "function": {"arguments": arguments[at : at + 6]}} for at in range(0, len(arguments), 6)
        ]
        deltas += [{"tool_calls": [piece]} for piece in (begun, *rest)]
    return _saying(*deltas, reason="tool_calls")


def _saying(*deltas: Mapping[str, Any], reason: str = "stop") -> Script:
    events = [event(choices=[{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
    events.append(event(choices=[{"index": 0, "delta": {}, "finish_reason": reason}]))
    events.append(event(choices=[], usage={"prompt_tokens": 7, "completion_tokens": len(deltas)}))
    return Script(raw=[*events, b"data: [DONE]\n\n"])


def parts_of(message: Message) -> Sequence[Mapping[str, Any]]:
    """Return the parts of a message."""
    content = message.get("content")
    return cast(Sequence[Mapping[str, Any]], content) if isinstance(content, list) else ()


def text_of(message: Message) -> str:
    """Return what a message says."""
    content = message.get("content")
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in parts_of(message))
