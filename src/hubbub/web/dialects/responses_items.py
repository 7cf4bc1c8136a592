"""The items that the output of a response is made of, while they grow."""

import base64
from collections.abc import Iterator, Sequence
from typing import ClassVar, cast

import msgspec

from hubbub.app.custom_tools import input_of
from hubbub.app.messages import THOUGHT
from hubbub.conversation.prose import Found, Marker, Prose
from hubbub.core.questions import JsonObject
from hubbub.models.base import ATTACHMENTS

CALLS = "calls"
"""Under what name fields of calls are sealed."""


class OpenItem:
    """An item that is being said. Its text is kept, and told, as the JSON that it is stored as."""

    prefix: ClassVar[str]
    """What its id begins with."""
    delta_name: ClassVar[str]
    done_name: ClassVar[str]
    has_part: ClassVar[bool] = True
    """Whether its text is a part of it, one of which there could be more."""
    behind: ClassVar[bytes] = b',"sequence_number":'
    """What stands between the text of a delta and the number of its event."""

    def __init__(self, answer_id: str, index: int) -> None:
        self.id = f"{self.prefix}_{answer_id}_{index}"
        self.output_index = index
        self.place: JsonObject = {"item_id": self.id, "output_index": index}
        if self.has_part:
            self.place["content_index"] = 0
        data = msgspec.json.encode({"type": self.delta_name, **self.place})
        self.before = b'event: %b\ndata: %b,"delta":' % (self.delta_name.encode(), data[:-1])
        """What stands before the text of a delta."""
        self._text = bytearray()

    def add(self, text: bytes) -> None:
        """Take more of its text, as a JSON string."""
        self._text += text[1:-1]

    @property
    def text(self) -> msgspec.Raw:
        """All of its text so far, as JSON."""
        return msgspec.Raw(b'"%b"' % self._text)

    def done(self) -> JsonObject:
        """Return what is told of its text when there is no more of it."""
        return {"text": self.text}

    def part(self) -> JsonObject:
        """Return the part of it that is its text."""
        raise NotImplementedError

    def item(self, status: str, *, is_new: bool = False) -> JsonObject:
        """Return the item as it is now; a new one without its part, which is told by itself."""
        raise NotImplementedError


class MessageItem(OpenItem):
    """What the model says."""

    prefix = "msg"
    delta_name = "response.output_text.delta"
    done_name = "response.output_text.done"
    behind = b',"logprobs":[],"sequence_number":'

    def __init__(self, answer_id: str, index: int) -> None:
        super().__init__(answer_id, index)
        self.annotations: list[JsonObject] = []
        self._prose: Prose | None = None
        """Reads the text from the first citation on, which no marker of it comes before."""
        self._read = 0
        self._first = 0
        """Where the first marker of a citation may stand."""

    def markers(self, text: bytes) -> Iterator[tuple[int, int]]:
        """Yield the markers that are known with the piece of text that was added last: where, and which number.

        Only those in prose: what looks like one in code, mathematics or a link is none.
        """
        if self._prose is None:
            self._prose = Prose()
            before = _characters(self._text[: len(self._text) - len(text) + 2])
            self._first = len(before)
            for _ in self._found(self._prose.feed(before)):
                pass
        yield from self._found(self._prose.feed(_characters(text[1:-1])))

    def rest(self) -> Iterator[tuple[int, int]]:
        """Yield the markers that are known now that there is no more text."""
        if self._prose is not None:
            yield from self._found(self._prose.finish())

    def _found(self, parts: Sequence[Found]) -> Iterator[tuple[int, int]]:
        for part in parts:
            if isinstance(part, Marker) and self._read >= self._first:
                for number in part.numbers:
                    yield self._read, number
            self._read += len(part if isinstance(part, str) else part.source)

    def done(self) -> JsonObject:
        return {"text": self.text, "logprobs": []}

    def part(self) -> JsonObject:
        return {"type": "output_text", "text": self.text, "annotations": [*self.annotations], "logprobs": []}

    def item(self, status: str, *, is_new: bool = False) -> JsonObject:
        content = [] if is_new else [self.part()]
        return {"id": self.id, "type": "message", "status": status, "role": "assistant", "content": content}

    def as_thought(self, status: str) -> JsonObject:
        """Return what it is where the text turned out to be a thought."""
        return thought_item(self.id, status, self.text)


class RefusalItem(OpenItem):
    """In which words the model refuses to answer: a message as well, of another part."""

    prefix = "msg"
    delta_name = "response.refusal.delta"
    done_name = "response.refusal.done"

    def done(self) -> JsonObject:
        return {"refusal": self.text}

    def part(self) -> JsonObject:
        return {"type": "refusal", "refusal": self.text}

    def item(self, status: str, *, is_new: bool = False) -> JsonObject:
        content = [] if is_new else [self.part()]
        return {"id": self.id, "type": "message", "status": status, "role": "assistant", "content": content}


class ReasoningItem(OpenItem):
    """What the model thinks."""

    prefix = "rs"
    delta_name = "response.reasoning_text.delta"
    done_name = "response.reasoning_text.done"

    is_sealed = False
    """Whether the whole item holds the thought once more, in the form in which all clients send it back."""

    def part(self) -> JsonObject:
        return {"type": "reasoning_text", "text": self.text}

    def item(self, status: str, *, is_new: bool = False) -> JsonObject:
        item = thought_item(self.id, status, None if is_new else self.text)
        if self.is_sealed and status != "in_progress":
            item["encrypted_content"] = sealed({THOUGHT: _characters(self._text)})
        return item


def thought_item(item_id: str, status: str, text: object) -> JsonObject:
    """Return an item of reasoning; `text` is None as long as its part is told by itself."""
    content = [] if text is None else [{"type": "reasoning_text", "text": text}]
    return {"id": item_id, "type": "reasoning", "status": status, "summary": [], "content": content}


def sealed_item(item_id: str, attached: JsonObject) -> JsonObject:
    """Return an item of reasoning that holds what a model's server wants back with a turn."""
    return {"id": item_id, "type": "reasoning", "summary": [], "encrypted_content": sealed(attached)}


def sealed(fields: JsonObject) -> str:
    """Return fields in a form in which clients keep them and send them back. It is no secret."""
    return base64.b64encode(msgspec.json.encode(fields)).decode()


def unsealed(item: JsonObject) -> JsonObject:
    """Return what a model thought by such an item, and what its server wants back; none where that can't be read."""
    content = item.get("content")
    parts = cast(list[object], content) if isinstance(content, list) else []
    texts = [cast(JsonObject, part).get("text") for part in parts if isinstance(part, dict)]
    fields = _opened(item)
    found = {name: fields[name] for name in (*ATTACHMENTS, THOUGHT) if fields.get(name)}
    if thought := "".join(text for text in texts if isinstance(text, str)):
        found[THOUGHT] = thought
    return found


def unsealed_calls(item: JsonObject) -> dict[str, JsonObject]:
    """Return what a model's server wants back with its calls, by their ids: many clients keep no fields of calls."""
    calls = _opened(item).get(CALLS)
    found = cast(dict[str, object], calls) if isinstance(calls, dict) else {}
    return {call_id: cast(JsonObject, extra) for call_id, extra in found.items() if isinstance(extra, dict)}


def _opened(item: JsonObject) -> JsonObject:
    try:
        found = msgspec.json.decode(base64.b64decode(str(item.get("encrypted_content") or ""), validate=True))
    except (ValueError, RecursionError):
        return {}
    return cast(JsonObject, found) if isinstance(found, dict) else {}


class CallItem(OpenItem):
    """A call of a function, which is whoever's that asked."""

    prefix = "fc"
    delta_name = "response.function_call_arguments.delta"
    done_name = "response.function_call_arguments.done"
    has_part = False
    index = 0
    call_id = ""
    name = ""

    def __init__(self, answer_id: str, index: int) -> None:
        super().__init__(answer_id, index)
        self.extra: JsonObject = {}
        """What the model's server sent with the call, and wants back with it."""

    @property
    def is_whole(self) -> bool:
        """Whether its arguments are complete JSON."""
        try:
            msgspec.json.decode(msgspec.json.decode(self.text, type=str))
        except (msgspec.DecodeError, RecursionError):
            return False
        return True

    def done(self) -> JsonObject:
        return {"name": self.name, "arguments": self.text}

    def item(self, status: str, *, is_new: bool = False) -> JsonObject:
        return {
            **self.extra,
            "id": self.id,
            "type": "function_call",
            "status": status,
            "call_id": self.call_id,
            "name": self.name,
            "arguments": self.text,
        }


class CustomCallItem(CallItem):
    """A call of a custom tool. Its text is not the arguments but in them, and is told once they are whole."""

    prefix = "ctc"
    delta_name = "response.custom_tool_call_input.delta"
    done_name = "response.custom_tool_call_input.done"

    @property
    def input(self) -> str:
        """What the tool is called with."""
        return input_of(_characters(self._text)) if self._text else ""

    def done(self) -> JsonObject:
        return {"input": self.input}

    def item(self, status: str, *, is_new: bool = False) -> JsonObject:
        known: JsonObject = {"id": self.id, "type": "custom_tool_call", "status": status}
        said = {"call_id": self.call_id, "name": self.name, "input": self.input if status != "in_progress" else ""}
        return {**self.extra, **known, **said}


def _characters(text: bytes | bytearray) -> str:
    return msgspec.json.decode(b'"%b"' % text, type=str)
