"""Write the request for a completion, and learn from refusals which fields a deployment doesn't take."""

import re
from collections.abc import Sequence
from typing import TypeAlias, cast

import msgspec
from msgspec.structs import replace

from hubbub.core.messages import Call, Turn, parts_of
from hubbub.core.questions import Generation
from hubbub.models.address import Address, LengthField
from hubbub.models.faults import Fault
from hubbub.models.shapes import Shape, shape_wanted, shaped

JsonObject: TypeAlias = dict[str, object]

_LENGTHS: tuple[LengthField, LengthField] = ("max_tokens", "max_completion_tokens")
_OPTIONAL = frozenset(
    {
        *_LENGTHS,
        "stream",
        "stream_options",
        "temperature",
        "top_p",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "reasoning_effort",
        "parallel_tool_calls",
        "service_tier",
        "verbosity",
        "prediction",
    }
)
"""What an answer can do without. All else is refused by name: it would be another answer."""
_OURS = ("model", "messages", "stream")
_MOST_REMEMBERED = 100
_encoder = msgspec.json.Encoder()


class Requests:
    """Makes the requests for one deployment. What it once refused by name it is not sent again."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._refused: set[tuple[str, str | None]] = set()
        """Fields, with the value that was refused; None: any value is."""
        self._length_field = address.length_field
        self._shapes: list[Shape] = []
        """How the conversation has to be told, as refusals have shown."""

    def body(self, turns: Sequence[Turn], how: Generation | None = None) -> JsonObject:
        """Return what asks for a streamed completion; what nobody wished for is left out."""
        body: JsonObject = {
            "model": self._address.model,
            "messages": shaped(self._messages(turns), self._shapes),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if how is not None:
            wishes = cast(JsonObject, msgspec.to_builtins(how))  # named as the wire names them
            extra = cast(JsonObject, wishes.pop("extra", {}))
            if (max_tokens := wishes.pop("max_tokens", None)) is not None:
                body[self._length_field] = max_tokens
            body |= extra | wishes
        for name in self._address.drop_fields:
            body.pop(name, None)
        body |= {name: value for name, value in self._address.extra_fields.items() if name not in _OURS}
        for name in [name for name in body if self._is_refused(name, body[name])]:
            del body[name]
        if "stream" not in body:
            body.pop("stream_options", None)
        return body

    def without(self, body: JsonObject, fault: Fault) -> JsonObject | None:
        """Return the request without what a refusal names, and remember that; None where it names nothing of the kind.

        One that goes by another name is sent under that. Where it is about the shape of the conversation, that changes.
        """
        if (shape := shape_wanted(fault.message or "", self._shapes)) is not None:
            self._shapes.append(shape)
            return {**body, "messages": shaped(_messages(body), [shape])}
        named = [name for name in body if name in _OPTIONAL and _is_named(name, fault)]
        turns = [name for name in _fields_of_turns(body) if _is_named(name, fault)]
        if not named and not turns:
            return None
        left = {name: value for name, value in body.items() if name not in named}
        for name in named:
            self._remember(name, body[name], fault)
            if name in _LENGTHS and (name, None) in self._refused:
                other = _LENGTHS[1 - _LENGTHS.index(name)]
                if other not in body and not self._is_refused(other, body[name]):
                    left[other] = body[name]
                    self._length_field = other
        if "stream" not in left:
            left.pop("stream_options", None)
        if turns:
            self._refused.update((name, None) for name in turns)
            left["messages"] = [_stripped(message, turns) for message in _messages(body)]
        return left

    def _remember(self, name: str, value: object, fault: Fault) -> None:
        is_of_value = _VALUE_WORDS.search(fault.message or "") and not _FIELD_WORDS.search(fault.message or "")
        if len(self._refused) < _MOST_REMEMBERED:
            self._refused.add((name, _shown(value) if is_of_value else None))

    def _is_refused(self, name: str, value: object) -> bool:
        return bool(self._refused) and ((name, None) in self._refused or (name, _shown(value)) in self._refused)

    def _messages(self, turns: Sequence[Turn]) -> list[JsonObject]:
        messages: list[JsonObject] = []
        shown: list[JsonObject] = []  # pictures in results of tools: servers take them from people alone
        for turn in turns:
            if shown and turn.role != "tool":
                messages.append({"role": "user", "content": shown})
                shown = []
            if turn.role == "tool" and turn.images:
                what = f"Of the call {turn.call_id}:" if turn.call_id else "Of the call:"
                shown = [*shown, {"type": "text", "text": what}, *parts_of(replace(turn, text="", places=()))]
                text = turn.text or "The picture follows."
                turn = replace(turn, text=text, images=())  # what is left of it
            messages.append(self._message(turn))
        if shown:
            messages.append({"role": "user", "content": shown})
        return messages

    def _message(self, turn: Turn) -> JsonObject:
        message: JsonObject = {"role": turn.role, "content": parts_of(turn) if turn.images else turn.text}
        if turn.calls:
            message["tool_calls"] = [self._call(call) for call in turn.calls]
        if turn.call_id is not None:
            message["tool_call_id"] = turn.call_id
        for name, value in turn.extra.items():
            if name not in message and (name, None) not in self._refused:
                message[name] = value
        return message

    def _call(self, call: Call) -> JsonObject:
        function: JsonObject = {"name": call.name, "arguments": call.arguments or "{}"}
        extra = {name: value for name, value in call.extra.items() if (name, None) not in self._refused}
        within = extra.pop("function", None)
        if isinstance(within, dict):
            function = {**cast(JsonObject, within), **function}
        return {**extra, "id": call.id, "type": "function", "function": function}


def encoded(body: JsonObject) -> bytes:
    """Return a request as JSON."""
    return _encoder.encode(body)


def _messages(body: JsonObject) -> list[JsonObject]:
    return cast(list[JsonObject], body["messages"])


def _fields_of_turns(body: JsonObject) -> list[str]:
    """Return what the messages and their calls hold besides what every server takes."""
    names = [name for message in _messages(body) for part in (message, *_calls(message)) for name in part]
    return [name for name in dict.fromkeys(names) if name not in _USUAL]


_USUAL = frozenset({"role", "content", "tool_calls", "tool_call_id", "id", "type", "function"})


def _calls(message: JsonObject) -> list[JsonObject]:
    return cast(list[JsonObject], message.get("tool_calls", []))


def _stripped(message: JsonObject, names: Sequence[str]) -> JsonObject:
    left = {name: value for name, value in message.items() if name not in names}
    if calls := _calls(message):
        left["tool_calls"] = [{name: value for name, value in call.items() if name not in names} for call in calls]
    return left


_VALUE_WORDS = re.compile(
    r"must be|between|less than|greater|at most|at least|maximum|minimum|range|too (?:large|high|low|small)"
    r"|invalid value|expected|<=|>=|unsupported.value|does not support",
    re.IGNORECASE,
)
"""It is the value that a server doesn't take. Another one it may."""
_FIELD_WORDS = re.compile(
    r"unsupported.parameter|extra inputs|extra_forbidden|not permitted|unknown|unrecogni[sz]ed|unexpected"
    r"|not supported with|only the default",
    re.IGNORECASE,
)


def _is_named(name: str, fault: Fault) -> bool:
    """Tell whether a refusal names a field: in a field of its own, or among its words as a name is written."""
    plain = _plain(name)
    if any(_plain(part) == plain for param in fault.params for part in re.split(r"[.\[\]]", param)):
        return True
    message = fault.message or ""
    if "_" in name:
        return re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", message) is not None or plain in _words(message)
    return (
        re.search(
            rf"[`'\"“‘«]{name}[`'\"”’»]|\b{name}\b(?=[^.]{{0,40}}{_NO})|{_NO}[^.]{{0,40}}\b{name}\b", message, re.I
        )
        is not None
    )


_NO = (
    r"(?:support|permit|allow|accept|forbid|unknown|unrecogni[sz]ed|unexpected|invalid|not valid|deprecated|must"
    r"|argument|parameter|field)"
)


def _words(message: str) -> set[str]:
    """Return the names in a text that are written in capitals in place of underscores."""
    return {word.lower() for word in re.findall(r"[a-z]+(?:[A-Z][a-z]+)+", message)}


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _shown(value: object) -> str:
    return repr(value)[:100]


def refuses_fields(status: int) -> bool:
    """Tell whether a status may mean that a server doesn't take a field."""
    return status in (400, 422)
