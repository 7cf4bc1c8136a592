"""Read what can be read of a chunk whose fields are missing, null or of other types than they should be."""

import json
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias, cast

from hubbub.models.faults import Fault, find_fault

Kind: TypeAlias = Literal["text", "thought", "refusal"]
Said: TypeAlias = tuple[Kind, str]
Fields: TypeAlias = Mapping[str, object]

DEPTH = 8
_THOUGHTS = ("reasoning_content", "reasoning", "thinking", "thought", "reasoning_text")
"""DeepSeek, llama.cpp and vLLM; Ollama and OpenRouter; others. Who sends two of them says the same twice."""
BLOCKS = ("reasoning_details", "thinking_blocks")
"""OpenRouter and LiteLLM: what they want back, where the thoughts may stand alone."""
_THOUGHT_KINDS = ("thinking", "reasoning", "thought", "reasoning_text", "reasoning_content", "reasoning.text")
_PINGS = ("ping", "heartbeat", "keepalive", "keep_alive", "keep-alive", "status")
_TEXT_KINDS = ("text", "output_text", "input_text")
_INNER = ("text", "thinking", "reasoning", "thought", "content", "summary", "value", "refusal", "parts")
"""Where the words of a part are."""


class Loose:
    """A chunk of any form: what it holds, and in `unread` what of it could not be read."""

    def __init__(self, value: object) -> None:
        self.fault: Fault | None = None
        self.choices: list[Fields] = []
        self.usages: list[object] = []
        self.is_chunk = False
        """Whether it is of the wire at all."""
        self.unread: list[str] = []
        for one in cast(list[object], value) if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                self._take(cast(Fields, one))
            elif one is not None:
                self.unread.append("an event that is no object")

    @property
    def is_of_the_wire(self) -> bool:
        """Whether it is what such a server sends, be it an error."""
        return self.is_chunk or self.fault is not None

    def _take(self, fields: Fields) -> None:
        if fields.get("type") not in _PINGS:
            self.fault = self.fault or find_fault(fields)
        self._take_usage(fields)
        choices = fields.get("choices")
        if isinstance(choices, dict):
            inner = cast(Fields, choices)
            choices = [inner] if any(name in inner for name in ("delta", "message", "text")) else list(inner.values())
        if isinstance(choices, list):
            self.is_chunk = True
            for one in cast(list[object], choices):
                if isinstance(one, dict):
                    self._take_choice(cast(Fields, one))
                elif one is not None:
                    self.unread.append("a choice that is no object")
        elif choices is not None:
            self.unread.append("choices")
        elif any(isinstance(fields.get(name), dict) for name in ("delta", "message")):
            self.is_chunk = True  # the choice itself
            self._take_choice(fields)
        elif self.usages or fields.get("object") == "chat.completion.chunk":
            self.is_chunk = True

    def _take_choice(self, choice: Fields) -> None:
        index = choice.get("index")
        if index in (None, 0, "0") or not isinstance(index, int | str | float) or index is True:
            self.choices.append(choice)
            self._take_usage(choice)  # Moonshot's place for it
            for part in (choice, choice.get("delta"), choice.get("message")):
                if isinstance(part, dict) and (error := cast(Fields, part).get("error")):
                    self.fault = self.fault or find_fault(error, is_refusal=True)

    def _take_usage(self, fields: Fields) -> None:
        if usage := fields.get("usage"):
            self.usages.append(usage)


def delta_of(choice: Fields, *, has_said: bool, has_called: bool, end: str = "") -> Fields:
    """Return what a choice adds.

    A whole message beside a piece that says nothing counts where nothing was said before, and so do its calls. Without
    a piece it is one itself, unless the answer ends with it and it ends as what was said: with `end`.
    """
    given, message, text = choice.get("delta"), choice.get("message"), choice.get("text")
    delta: Fields = cast(Fields, given) if isinstance(given, dict) else {"content": given} if given else {}
    if not _says(delta) and isinstance(text, str) and text:
        return {**delta, "content": text}
    if isinstance(message, str):
        message = {"content": message}
    if isinstance(message, dict):
        whole = cast(Fields, message)
        content = whole.get("content")
        is_repeated = "finish_reason" in choice and bool(end) and isinstance(content, str) and content.endswith(end)
        if not _says(delta) and (not has_said or (given is None and not is_repeated)):
            return {**delta, **whole}
        if not has_called and not any(delta.get(name) for name in _CALLS):
            return {**delta, **{name: whole[name] for name in _CALLS if whole.get(name)}}
    return delta


_CALLS = ("tool_calls", "function_call")


def _says(delta: Fields) -> bool:
    return any(_is_said(delta.get(name)) for name in ("content", "text", "refusal", *_CALLS, *_THOUGHTS, *BLOCKS))


def _is_said(value: object) -> bool:
    return value is not None and value is not False and value not in ("", [], {})


def said_in(delta: Fields, unread: list[str]) -> Iterator[Said]:
    """Yield what is said, in order, thoughts first. What stands in two fields is said once."""
    thoughts = [value for name in _THOUGHTS if (value := delta.get(name))]
    blocks = [value for name in BLOCKS if (value := delta.get(name))]
    lost: list[str] = []  # of what only the server reads there is much among the blocks
    told = [
        "".join(text for _, text in _words(thought, "thought", unread if thoughts else lost, 0))
        for thought in thoughts or blocks[:1]
    ]
    for place, thought in enumerate(told):
        is_repeated = any(thought in one and (thought != one or other < place) for other, one in enumerate(told))
        if thought and not is_repeated:
            yield "thought", thought
    texts: list[str] = []
    content = delta.get("content")
    for kind, text in _words(content if _is_said(content) else delta.get("text"), "text", unread, 0):
        if kind == "thought" and any(text in one for one in told):
            continue
        texts.append(text)
        yield kind, text
    for _, text in _words(delta.get("refusal"), "refusal", unread, 0):
        if text not in texts:
            yield "refusal", text


def _words(value: object, kind: Kind, unread: list[str], depth: int) -> Iterator[Said]:
    if isinstance(value, str):
        if value:
            yield kind, value
    elif isinstance(value, bool) or depth > DEPTH:
        unread.append("content")
    elif isinstance(value, int | float):  # some servers send digits as numbers
        yield kind, json.dumps(value)
    elif isinstance(value, list):
        for one in cast(list[object], value):
            yield from _words(one, kind, unread, depth + 1)
    elif isinstance(value, dict):
        yield from _part(cast(Fields, value), kind, unread, depth)


def _part(part: Fields, kind: Kind, unread: list[str], depth: int) -> Iterator[Said]:
    given = part.get("type")
    if given in _THOUGHT_KINDS or part.get("thought") is True:
        kind = "thought"
    elif given == "refusal":
        kind = "refusal"
    elif isinstance(given, str) and given not in _TEXT_KINDS and kind == "text":
        unread.append(f"a part of the type {given[:40]}")
        return
    for name in _INNER:
        value = part.get(name)
        if value is not None and not isinstance(value, bool):
            yield from _words(value, kind, unread, depth + 1)
            return
    unread.append("a part without words")


def pieces_of_calls(delta: Fields, unread: list[str]) -> list[object]:
    """Return the pieces of calls, in whatever form they are held."""
    value, legacy = delta.get("tool_calls"), delta.get("function_call")
    pieces: list[object] = []
    if isinstance(value, dict):
        inner = cast(dict[str, object], value)
        if "function" in inner or "name" in inner:
            pieces = [inner]
        else:
            pieces = [{"index": key, **cast(Fields, one)} for key, one in inner.items() if isinstance(one, dict)]
    elif isinstance(value, list):
        pieces = [one for one in cast(list[object], value) if isinstance(one, dict)]
        if len(pieces) < len(cast(list[object], value)):
            unread.append("a call that is no object")
    elif value is not None:
        unread.append("tool_calls")
    if not pieces and any(mapping_of(legacy).get(name) for name in ("name", "arguments")):
        pieces = [{"index": 0, "function": legacy}]
    return pieces


def mapping_of(value: object) -> Fields:
    """Return an object's fields; none where it is no object."""
    return cast(Fields, value) if isinstance(value, dict) else {}


def count_of(value: object) -> int:
    """Return a count; 0 where it is none that can be passed on as JSON, or not to a browser."""
    if value is None:  # most of the names that a count may have are not there
        return 0
    if isinstance(value, str) and value.isdecimal() and len(value) < 16:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0
