"""The items that the output of a response is made of, while they grow."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import msgspec

from hubbub.app.messages import THOUGHT
from hubbub.conversation.prose import Found, Marker, Prose
from hubbub.core.questions import JsonObject
from hubbub.web.dialects.responses_opaque import Opaque, packed


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

    def __init__(self, answer_id: str, index: int) -> None:
        super().__init__(answer_id, index)
        self.is_packed = False
        """Whether the whole item holds the thought once more, in the form in which all clients send it back."""

    def part(self) -> JsonObject:
        return {"type": "reasoning_text", "text": self.text}

    def item(self, status: str, *, is_new: bool = False) -> JsonObject:
        content = [] if is_new else [self.part()]
        item: JsonObject = {"id": self.id, "type": "reasoning", "status": status, "summary": [], "content": content}
        if self.is_packed and status != "in_progress":
            item["encrypted_content"] = packed(Opaque({THOUGHT: _characters(self._text)}))
        return item


def opaque_item(answer_id: str, index: int, opaque: Opaque) -> JsonObject:
    """Return the item that holds what the model's server wants back, and nothing that anybody reads."""
    return {
        "id": f"{ReasoningItem.prefix}_{answer_id}_{index}",
        "type": "reasoning",
        "status": "completed",
        "summary": [],
        "content": [],
        "encrypted_content": packed(opaque),
    }


class CallItem(OpenItem):
    """A call of a function, which is whoever's that asked."""

    prefix = "fc"
    delta_name = "response.function_call_arguments.delta"
    done_name = "response.function_call_arguments.done"
    has_part = False
    index = 0
    call_id = ""
    name = ""

    def done(self) -> JsonObject:
        return {"name": self.name, "arguments": self.text}

    def item(self, status: str, *, is_new: bool = False) -> JsonObject:
        return {
            "id": self.id,
            "type": "function_call",
            "status": status,
            "call_id": self.call_id,
            "name": self.name,
            "arguments": self.text,
        }


def _characters(text: bytes | bytearray) -> str:
    return msgspec.json.decode(b'"%b"' % text, type=str)
