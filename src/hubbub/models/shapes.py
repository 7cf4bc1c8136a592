"""Give a conversation another shape where a deployment refuses the usual one.

A refusal says by its words what it is about. The shape is learned from the first one, and holds from then on.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias, cast

JsonObject: TypeAlias = dict[str, object]
Shape: TypeAlias = Literal["no_system", "alternating", "short_ids", "no_empty_text"]

ID_CHARACTERS = 9
"""How long ids of calls are at Mistral, which takes no others."""

_WORDS: Mapping[Shape, re.Pattern[str]] = {
    "no_system": re.compile(
        r"system (?:role|message|prompt)s?\b.{0,30}\bnot (?:be )?(?:supported|allowed)"
        r"|does not support 'system'|only user(?:,| and) (?:assistant|model)\b.{0,20}\broles",
        re.IGNORECASE,
    ),
    "alternating": re.compile(
        r"roles must alternate|alternate between|must alternate|(?:expected|after).{0,20}role 'user'"
        r"|system message must be (?:at the beginning|the first)",
        re.IGNORECASE,
    ),
    "short_ids": re.compile(r"tool.?call.?ids?\b.{0,120}\b(?:length|characters|must be)", re.IGNORECASE | re.DOTALL),
    "no_empty_text": re.compile(
        r"(?:content|text|message)s?\b.{0,40}\b(?:must be non-empty|non-whitespace|(?:be|is|are) empty)"
        r"|non-empty content|empty (?:text|content)",
        re.IGNORECASE,
    ),
}


def shape_wanted(message: str, known: Sequence[Shape]) -> Shape | None:
    """Return the shape that a refusal asks for, besides those it has got already."""
    return next((shape for shape, words in _WORDS.items() if shape not in known and words.search(message)), None)


def shaped(messages: Sequence[JsonObject], shapes: Sequence[Shape]) -> list[JsonObject]:
    """Return the messages of a request in these shapes. Nothing that somebody said is left out."""
    given = list(messages)
    for shape in shapes:
        given = _SHAPERS[shape](given)
    return given


def _without_system(messages: Sequence[JsonObject]) -> list[JsonObject]:
    """Put what the system says before the first question."""
    said = [str(message.get("content") or "") for message in messages if message.get("role") == "system"]
    others = [message for message in messages if message.get("role") != "system"]
    if not said:
        return others
    first = next((place for place, message in enumerate(others) if message.get("role") == "user"), None)
    system: JsonObject = {"role": "user", "content": "\n\n".join(said)}
    if first is None:
        return [system, *others]
    return [*others[:first], _joined(system, others[first]), *others[first + 1 :]]


def _alternating(messages: Sequence[JsonObject]) -> list[JsonObject]:
    """Put the system first and once, and messages of one role that follow each other together."""
    system = [message for message in messages if message.get("role") == "system"]
    ordered = [*system, *(message for message in messages if message.get("role") != "system")]
    kept: list[JsonObject] = []
    for message in ordered:
        last = kept[-1] if kept else None
        is_plain = message.get("role") in ("system", "user", "assistant")
        if last is not None and is_plain and last.get("role") == message.get("role") and "tool_calls" not in last:
            kept[-1] = _joined(last, message)
        else:
            kept.append(message)
    return kept


def _with_short_ids(messages: Sequence[JsonObject]) -> list[JsonObject]:
    """Give each call an id of nine letters and digits, the same for the same, and its result, too."""
    kept: list[JsonObject] = []
    for message in messages:
        changed = dict(message)
        if isinstance(call_id := message.get("tool_call_id"), str):
            changed["tool_call_id"] = _short(call_id)
        if calls := cast(list[JsonObject], message.get("tool_calls", [])):
            changed["tool_calls"] = [{**call, "id": _short(str(call.get("id", "")))} for call in calls]
        kept.append(changed)
    return kept


def _without_empty_text(messages: Sequence[JsonObject]) -> list[JsonObject]:
    """Leave the content of turns that only call tools out, and put a dot where a result says nothing."""
    kept: list[JsonObject] = []
    for message in messages:
        content = message.get("content")
        if not isinstance(content, str) or content.strip():
            kept.append(message)
        elif "tool_calls" in message:
            kept.append({**message, "content": None})
        elif message.get("role") == "tool":
            kept.append({**message, "content": "."})
    return kept


_SHAPERS: Mapping[Shape, Callable[[Sequence[JsonObject]], list[JsonObject]]] = {
    "no_system": _without_system,
    "alternating": _alternating,
    "short_ids": _with_short_ids,
    "no_empty_text": _without_empty_text,
}


def _joined(one: JsonObject, other: JsonObject) -> JsonObject:
    first, second = one.get("content") or "", other.get("content") or ""
    if isinstance(first, str) and isinstance(second, str):
        return {**one, **other, "content": "\n\n".join(text for text in (first, second) if text)}
    return {**one, **other, "content": [*_parts(first), *_parts(second)]}


def _parts(content: object) -> list[object]:
    if isinstance(content, list):
        return cast(list[object], content)
    return [{"type": "text", "text": content}] if content else []


def _short(call_id: str) -> str:
    if len(call_id) == ID_CHARACTERS and call_id.isascii() and call_id.isalnum():
        return call_id
    return hashlib.sha256(call_id.encode("utf-8", "replace")).hexdigest()[:ID_CHARACTERS]
