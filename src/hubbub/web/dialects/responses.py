"""OpenAI's Responses: the numbered events of an answer, and the response that they add up to.

The events and their order: developers.openai.com/api/reference/resources/responses/streaming-events.
Sequence numbers come from the log alone: whoever reads, whenever and from wherever, gets the same.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar, cast

import msgspec

from hubbub.answers.base import Record
from hubbub.app.custom_tools import custom_names
from hubbub.core.answer import attached_of
from hubbub.core.documents import Citation, Hit, shares_of
from hubbub.core.errors import HubbubError
from hubbub.core.events import (
    Asked,
    Attached,
    Cited,
    Declined,
    Done,
    Event,
    Failed,
    FollowUps,
    LeftOut,
    Reclassified,
    Searched,
    Started,
    Stopped,
    ToolCall,
    Usage,
    decode,
)
from hubbub.core.identifiers import time_of
from hubbub.core.questions import JsonObject
from hubbub.web.dialects.hubbub import MEDIA_TYPE, PING
from hubbub.web.dialects.openai import fault_of, status_of_failure
from hubbub.web.dialects.responses_items import (
    CALLS,
    CallItem,
    CustomCallItem,
    MessageItem,
    OpenItem,
    ReasoningItem,
    RefusalItem,
    sealed_item,
    thought_item,
)
from hubbub.web.dialects.vector_filters import attributes_of_hit

T = TypeVar("T", bound=OpenItem)

PREFIX = "resp_"
FILE_SEARCH = "file_search"
RESULTS = "file_search_call.results"
"""What a request includes to be told what the search has found, in the item of the search."""
ENCRYPTED = "reasoning.encrypted_content"
"""What a request includes whose client keeps what was thought, and sends it back."""
FAR = 2**62
"""A number that no event reaches."""

_TEXT = b'{"type":"text","text":'
_REASONING = b'{"type":"reasoning","text":'
_CUT = {"length": "max_output_tokens", "content_filter": "content_filter", "deadline": None}
"""Why a response is incomplete, by how it was done; OpenAI has no word for a time that was up."""


class Echo(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a response says of its request, in the words of that; kept with the question."""

    model: str = ""
    background: bool = False
    store: bool = False
    instructions: str | None = None
    previous_response_id: str | None = None
    metadata: dict[str, str] = {}
    tools: tuple[JsonObject, ...] = ()
    tool_choice: str | JsonObject = "auto"
    parallel_tool_calls: bool = True
    text: JsonObject | None = None
    reasoning: JsonObject | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    truncation: str = "disabled"
    user: str | None = None
    conversation: str = ""
    include: tuple[str, ...] = ()
    """What is told besides; of this the response itself says nothing."""
    new_turns: int = 0
    """How many of the last turns came with the request: the others had been said before. It says nothing of this."""

    @property
    def searches(self) -> bool:
        """Whether the tool that searches files was asked for; else a search is not told of as an item."""
        return any(tool.get("type") == FILE_SEARCH for tool in self.tools)


def echo_of(asked: Asked) -> Echo:
    """Return what was kept with a question."""
    return msgspec.convert(asked.echo, Echo)


class ResponseEvents:
    """The stream of one response; those up to a number are left out.

    What a model says is cut into items: a message, a reasoning, a call of a function. The next begins where
    another kind comes; calls whose pieces come between others stay open. Citations are told where they stand in the
    text. A text that turns out to have been a thought is an item of reasoning from then on. Who reads may `include`
    more than the request did.
    """

    media_type = MEDIA_TYPE

    def __init__(self, answer_id: str, after: int = -1, include: Collection[str] = ()) -> None:
        self._answer_id = answer_id
        self._include = frozenset(include)
        self._after = after
        self.next_number = 0
        """The number that the next event will have; events are numbered from 0."""
        self._frames: list[bytes] = []
        self._echo = Echo()
        self._status = "in_progress"
        self._items: list[JsonObject | OpenItem] = []
        self._open: OpenItem | None = None
        """The message or the reasoning that goes on."""
        self._calls: dict[int, CallItem] = {}
        """The calls, by their indices; those that are open are among the items as they are."""
        self._model = ""
        self._usage: Usage | None = None
        self._failure: Failed | None = None
        self._cut: str | None = None
        self._citations: dict[int, Citation] = {}
        self._found: JsonObject = {}
        self._declines = False
        self._attached: list[Attached] = []

    def opening(self) -> bytes:
        return b""

    def frames(self, records: Sequence[Record]) -> bytes:
        """Return the frames of the next records."""
        if not records:
            return PING
        for record in records:
            data = record.data
            if data.startswith(_TEXT):
                self._take_text(data)
            elif data.startswith(_REASONING):
                self._say(self._going_on(ReasoningItem), data[len(_REASONING) : -1])
            else:
                self._take(decode(data))
        frames = b"".join(self._frames)
        self._frames.clear()
        return frames

    def trouble(self, error: HubbubError) -> bytes:
        """Return the frame that says why the stream breaks off.

        Its number is that of the event before: whoever goes on after it misses nothing.
        """
        fault = fault_of(error)
        data: JsonObject = {"code": fault.code, "message": fault.message, "param": fault.param}
        return _frame("error", data, max(self.next_number - 1, 0))

    def response(self) -> JsonObject:
        """Return what the response is now."""
        output = [item.item("in_progress") if isinstance(item, OpenItem) else item for item in self._items]
        response: JsonObject = {
            "id": PREFIX + self._answer_id,
            "object": "response",
            "created_at": int(time_of(self._answer_id)),
            "status": self._status,
            "error": _error(self._failure),
            "incomplete_details": {"reason": self._cut} if self._status == "incomplete" else None,
            **msgspec.structs.asdict(self._echo),
            "output": output,
            "usage": _usage(self._usage),
        }
        del response["include"], response["new_turns"]
        if self._echo.conversation:
            response["conversation"] = {"id": self._echo.conversation}
        else:
            del response["conversation"]
        response["text"] = self._echo.text or {"format": {"type": "text"}}
        response["reasoning"] = self._echo.reasoning or {"effort": None, "summary": None}
        response["model"] = self._echo.model or self._model
        if self._found:
            response["hubbub"] = {**self._found}
        return response

    def _take(self, event: Event) -> None:
        match event:
            case Asked():
                self._echo = echo_of(event)
                self._include = self._include.union(self._echo.include)
                self._status = "queued" if self._echo.background else "in_progress"
                self._tell_state("response.created")
                self._tell_state(f"response.{self._status}")
            case Started(model=model, way=way, reason=reason):
                self._model = model
                if way != "chat":
                    self._found["way"] = way
                if reason:
                    self._found["way_reason"] = reason
                self._go_on()
            case Searched():
                self._take_search(event)
            case Cited(citation=citation):
                self._citations[citation.marker] = citation
            case Declined():
                self._declines = True
            case ToolCall():
                self._take_call(event)
            case Attached():
                self._attached.append(event)
            case Reclassified():
                self._take_back()
            case LeftOut():
                self._found["left_out"] = event
            case FollowUps(questions=questions):
                self._found["follow_ups"] = questions
            case Usage():
                self._usage = event
            case Done(finish_reason=reason):
                self._cut = _CUT.get(reason)
                self._end("incomplete" if reason in _CUT else "completed")
            case Failed():
                self._failure = event
                self._found["failure"] = event.code
                self._end("failed")
            case Stopped():
                self._end("cancelled")
            case _:  # the place in the line, and prompts, have no events here
                pass

    def _take_text(self, data: bytes) -> None:
        text = data[len(_TEXT) : -1]
        if self._declines:
            self._say(self._going_on(RefusalItem), text)
            return
        item = self._going_on(MessageItem)
        self._say(item, text)
        if self._citations:
            for index, marker in item.markers(text):
                if citation := self._citations.get(marker):
                    self._annotate(item, index, citation)

    def _say(self, item: OpenItem, text: bytes) -> None:
        """Tell the next piece of an item; it is JSON already."""
        item.add(text)
        number = self.next_number
        self.next_number = number + 1
        if number > self._after:
            self._frames.append(b"%b%b%b%d}\n\n" % (item.before, text, item.behind, number))

    def _annotate(self, item: MessageItem, index: int, citation: Citation) -> None:
        annotation: JsonObject = {
            "type": "file_citation",
            "index": index,
            "file_id": citation.document_id,
            "filename": citation.name,
        }
        place = item.place | {"annotation_index": len(item.annotations)}
        item.annotations.append(annotation)
        self._tell("response.output_text.annotation.added", place | {"annotation": annotation})

    def _take_search(self, event: Searched) -> None:
        self._found |= {"query": event.query, "hits": event.hits}
        if not self._echo.searches:
            return  # it was asked for by the model's name, by a client that may not know of searches
        self._close("completed")
        index = len(self._items)
        item: JsonObject = {
            "id": f"fs_{self._answer_id}_{index}",
            "type": "file_search_call",
            "status": "completed",
            "queries": [event.query],
            "results": _results(event.hits) if RESULTS in self._include else None,
        }
        begun = item | {"status": "in_progress", "results": None}
        self._tell("response.output_item.added", {"output_index": index, "item": begun})
        for step in ("in_progress", "searching", "completed"):
            self._tell(f"response.file_search_call.{step}", {"item_id": item["id"], "output_index": index})
        self._tell("response.output_item.done", {"output_index": index, "item": item})
        self._items.append(item)

    def _take_call(self, event: ToolCall) -> None:
        item = self._calls.get(event.index)
        if item is None:
            self._close("completed")
            kind = CustomCallItem if event.name in custom_names(self._echo.tools) else CallItem
            item = self._calls[event.index] = kind(self._answer_id, len(self._items))
            item.call_id, item.name, item.extra = event.id, event.name, event.extra
            self._begin(item)
        else:
            item.name += event.name
            item.extra = {**item.extra, **event.extra}
            if self._items[item.output_index] is not item:  # it was whole, and still there was more of it
                item.add(msgspec.json.encode(event.arguments))
                self._items[item.output_index] = item.item("completed")
                return
        if event.arguments and isinstance(item, CustomCallItem):
            item.add(msgspec.json.encode(event.arguments))
        elif event.arguments:
            self._say(item, msgspec.json.encode(event.arguments))

    def _take_back(self) -> None:
        """Make reasoning of all text so far. A client that streams has it as a text; the response tells what it is."""
        for place, item in enumerate(self._items):
            if isinstance(item, MessageItem):
                self._end_item(item, "completed", item.as_thought("completed"))
            elif isinstance(item, dict) and item["type"] == "message":
                content = cast(list[JsonObject], item["content"])
                thought = self._items[place] = thought_item(str(item["id"]), "completed", content[0]["text"])
                self._tell("response.output_item.done", {"output_index": place, "item": thought})
        self._open = None
        self._citations.clear()

    def _going_on(self, kind: type[T]) -> T:
        """Return the item of this kind that is open; where another one is, it is closed and a new one begun."""
        if isinstance(self._open, kind):
            return self._open
        self._close("completed")
        item = kind(self._answer_id, len(self._items))
        if isinstance(item, ReasoningItem):
            item.is_sealed = ENCRYPTED in self._include
        self._open = item
        self._begin(item)
        return item

    def _begin(self, item: OpenItem) -> None:
        self._go_on()
        self._items.append(item)
        added = item.item("in_progress", is_new=True)
        self._tell("response.output_item.added", {"output_index": item.output_index, "item": added})
        if item.has_part:
            self._tell("response.content_part.added", item.place | {"part": item.part()})

    def _close(self, status: str, *, is_last: bool = False) -> None:
        """Close what is open, calls that are not whole only with the last."""
        for item in self._items:
            if isinstance(item, OpenItem) and (is_last or not isinstance(item, CallItem) or item.is_whole):
                self._close_item(item, status)
        self._open = None
        of_calls = {call.call_id: call.extra for call in self._calls.values() if call.extra} if is_last else {}
        if self._attached or of_calls:
            self._tell_attached(of_calls)

    def _close_item(self, item: OpenItem, status: str) -> None:
        if isinstance(item, MessageItem):
            for index, marker in item.rest():
                if citation := self._citations.get(marker):
                    self._annotate(item, index, citation)
        self._end_item(item, status, item.item(status))

    def _end_item(self, item: OpenItem, status: str, whole: JsonObject) -> None:
        if isinstance(item, CustomCallItem) and item.input:
            self._tell(item.delta_name, item.place | {"delta": item.input})
        self._tell(item.done_name, item.place | item.done())
        if item.has_part:
            self._tell("response.content_part.done", item.place | {"part": item.part()})
        self._tell("response.output_item.done", {"output_index": item.output_index, "item": whole})
        self._items[item.output_index] = whole

    def _go_on(self) -> None:
        if self._status == "queued":
            self._status = "in_progress"
            self._tell_state("response.in_progress")

    def _end(self, status: str) -> None:
        self._close("completed" if status == "completed" else "incomplete", is_last=True)
        self._status = status
        if self._citations:
            self._found["citations"] = list(self._citations.values())
        # There is no event of its own for what was cancelled: clients know these three for the last.
        self._tell_state(f"response.{'incomplete' if status == 'cancelled' else status}")

    def _tell_attached(self, of_calls: Mapping[str, JsonObject]) -> None:
        """Tell what the model's server wants back, as OpenAI does: nothing that a client could read."""
        fields = attached_of(self._attached) | ({CALLS: of_calls} if of_calls else {})
        item = sealed_item(f"rs_{self._answer_id}_{len(self._items)}", fields)
        place: JsonObject = {"output_index": len(self._items), "item": item}
        self._tell("response.output_item.added", place)
        self._tell("response.output_item.done", place)
        self._items.append(item)
        self._attached.clear()

    def _tell_state(self, name: str) -> None:
        self._tell(name, {"response": self.response()})

    def _tell(self, name: str, fields: JsonObject) -> None:
        number = self.next_number
        self.next_number = number + 1
        if number > self._after:
            self._frames.append(_frame(name, fields, number))


def response_of(answer_id: str, records: Sequence[Record], include: Collection[str] = ()) -> JsonObject:
    """Return the response that an answer's records make."""
    events = ResponseEvents(answer_id, FAR, include)
    events.frames(records)
    return events.response()


def _frame(name: str, fields: JsonObject, number: int) -> bytes:
    data = msgspec.json.encode({"type": name, **fields, "sequence_number": number})
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


def _error(failed: Failed | None) -> JsonObject | None:
    if failed is None:
        return None
    match status_of_failure(failed):
        case 429 | 503:
            code = "rate_limit_exceeded"
        case 400:
            code = "invalid_prompt"
        case _:
            code = "server_error"
    return {"code": code, "message": failed.message}


def _usage(usage: Usage | None) -> JsonObject | None:
    if usage is None:
        return None
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def _results(hits: Sequence[Hit]) -> list[JsonObject]:
    return [
        {
            "file_id": hit.document_id,
            "filename": hit.name,
            "score": share,
            "text": hit.text,
            "attributes": attributes_of_hit(hit),
        }
        for hit, share in zip(hits, shares_of(hits), strict=True)
    ]
