"""Speak as OpenAI's chat completions do: chunks while an answer is made, or one object once it is complete.

The form: platform.openai.com/docs/api-reference/chat. What of an answer it has no words for stands
in a field of its own, `hubbub`, and as `citations` the names of the sources by their markers.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from hubbub.answers.base import Record
from hubbub.app.custom_tools import input_of
from hubbub.app.messages import CUSTOM, INPUT
from hubbub.core.answer import attached_of, fold
from hubbub.core.documents import Citation, Hit
from hubbub.core.errors import HubbubError
from hubbub.core.events import (
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
    Stopped,
    Text,
    ToolCall,
    Usage,
    decode,
)
from hubbub.core.messages import Call, JsonObject
from hubbub.web.dialects.lines import TAKEN_BACK
from hubbub.web.dialects.openai import Faulty, fault_of, fault_of_failure
from hubbub.web.dialects.responses_items import MessageItem

MEDIA_TYPE = "text/event-stream"
PING = b": ping\n\n"
DONE = b"data: [DONE]\n\n"

_TEXT = b'{"type":"text","text":'
_REASONING = b'{"type":"reasoning","text":'
_TOLD = tuple(
    b'{"type":"%b"' % name
    for name in (
        b"searched",
        b"cited",
        b"follow_ups",
        b"declined",
        b"tool_call",
        b"attached",
        b"reclassified",
        b"left_out",
        b"usage",
        b"done",
        b"failed",
        b"stopped",
    )
)
"""All else, such as a place in the line, is nothing that these clients would know what to do with."""
_REASONS = {"length": "length", "content_filter": "content_filter", "tool_calls": "tool_calls", "deadline": "length"}
"""What else a model, or the search, ends with is "stop" to them."""

_encode = msgspec.json.Encoder().encode


class Asked(msgspec.Struct, frozen=True):
    """What a reply says of its request."""

    answer_id: str
    model: str
    """As the client called it."""
    created: int
    """When it was asked, in seconds since the epoch."""
    has_usage: bool = False
    """Whether a stream ends with what was used."""
    address: str = ""
    """The server's own, as the client knows it: documents that are cited lie below it."""
    custom: frozenset[str] = frozenset()
    """The names of the tools that are called with a text, and are functions to the model."""


class Sources:
    """What is known of an answer's sources so far: the name that each marker stands for, and where markers stand."""

    def __init__(self, address: str) -> None:
        """Take the address below which documents lie."""
        self._address = address
        self._hits: Sequence[Hit] = ()
        self._cited: dict[int, Citation] = {}
        self._text = MessageItem("", 0)
        self._annotations: list[JsonObject] = []

    def take(self, event: Event) -> None:
        """Take an event, whichever it is."""
        if isinstance(event, Searched):
            self._hits = event.hits
        elif isinstance(event, Cited):
            self._cited[event.citation.marker] = event.citation
        elif isinstance(event, Text):
            self.take_text(_encode(event.text))
        elif isinstance(event, Reclassified):
            self._text, self._annotations = MessageItem("", 0), []

    def take_text(self, text: bytes) -> None:
        """Take a piece of the text, as a JSON string."""
        self._text.add(text)
        if self._cited:
            self._annotate(self._text.markers(text))

    def names(self) -> list[str]:
        """Return the names up to the last marker that the text holds: `[1]` is the first."""
        last = max(self._cited, default=0)
        names = [hit.name for hit in self._hits[:last]] + [""] * (last - len(self._hits))
        for marker, citation in self._cited.items():
            names[marker - 1] = citation.name
        return names

    def annotations(self) -> list[JsonObject]:
        """Return where the text cites what, now that there is no more of it.

        Clients know citations of addresses here, and strict ones no others; so each has the file beside its address.
        """
        self._annotate(self._text.rest())
        return self._annotations

    def _annotate(self, markers: Iterable[tuple[int, int]]) -> None:
        for index, marker in markers:
            if (cited := self._cited.get(marker)) is None:
                continue
            page = "" if cited.page is None else f"#page={cited.page}"
            address: JsonObject = {
                "start_index": index,
                "end_index": index + len(f"[{marker}]"),
                "title": cited.title or cited.name,
                "url": f"{self._address}/api/documents/{cited.document_id}/file{page}",
            }
            file: JsonObject = {"index": index, "file_id": cited.document_id, "filename": cited.name}
            self._annotations.append({"type": "url_citation", "url_citation": address, "file_citation": file})


class ChatCompletionChunks:
    """The stream. Its first chunk tells the role, its last one, unless it broke off, why it ended."""

    media_type = MEDIA_TYPE

    def __init__(self, asked: Asked) -> None:
        self._begin = b'data: {"id":%b,"object":"chat.completion.chunk","created":%d,"model":%b,' % (
            _encode(f"chatcmpl-{asked.answer_id}"),
            asked.created,
            _encode(asked.model),
        ) + (b'"system_fingerprint":null,"choices":[')
        self._end = b',"usage":null}\n\n' if asked.has_usage else b"}\n\n"
        self._text = self._begin + b'{"index":0,"delta":{"content":'
        self._reasoning = self._begin + b'{"index":0,"delta":{"reasoning_content":'
        self._rest = b'},"logprobs":null,"finish_reason":null}]' + self._end
        self._has_usage = asked.has_usage
        self._usage = Usage(0, 0)
        self._sources = Sources(asked.address)
        self._custom = asked.custom
        self._calls: dict[int, Call] = {}
        """The calls of custom tools by their indexes: each is told once it is whole."""
        self._is_over_documents = False

    def opening(self) -> bytes:
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def frames(self, records: Sequence[Record]) -> bytes:
        if not records:
            return PING
        return b"".join([self._frame(record.data) for record in records])

    def trouble(self, error: HubbubError) -> bytes:
        return _error(Faulty(fault_of(error)))

    def _frame(self, data: bytes) -> bytes:
        if data.startswith(_TEXT):
            if self._is_over_documents:
                self._sources.take_text(data[len(_TEXT) : -1])
            return self._text + data[len(_TEXT) : -1] + self._rest
        if data.startswith(_REASONING):
            return self._reasoning + data[len(_REASONING) : -1] + self._rest
        return self._rare(decode(data)) if data.startswith(_TOLD) else b""

    def _rare(self, event: Event) -> bytes:
        if not isinstance(event, Reclassified):  # the text that clients have stays
            self._sources.take(event)
        match event:
            case Searched(query=query, hits=hits):
                self._is_over_documents = True
                return self._chunk({}, hubbub={"query": query, "hits": hits})
            case Cited(citation=citation):
                return self._chunk({}, hubbub={"citations": [citation]})
            case FollowUps(questions=questions):
                return self._chunk({}, hubbub={"follow_ups": questions})
            case Declined():
                self._text = self._begin + b'{"index":0,"delta":{"refusal":'
                return b""
            case ToolCall():
                return b"" if self._is_held(event) else self._chunk({"tool_calls": [_piece(event)]})
            case Attached(fields=fields):
                return self._chunk(fields)
            case Reclassified():
                self._sources.take_text(_encode(TAKEN_BACK))
                return self._chunk({"content": TAKEN_BACK})
            case LeftOut():
                return self._chunk({}, hubbub={"left_out": event})
            case Usage():
                self._usage = event
                return b""
            case Failed():
                return _error(Faulty(fault_of_failure(event)))
            case Done() | Stopped():
                return self._ending(event)
            case _:
                return b""

    def _is_held(self, piece: ToolCall) -> bool:
        """Keep a piece of a call of a custom tool, whose text can't be told before it is whole."""
        if piece.index not in self._calls:
            if piece.name not in self._custom:
                return False
            self._calls[piece.index] = Call(piece.id, piece.name, piece.arguments, piece.extra)
        else:
            known = self._calls[piece.index]
            self._calls[piece.index] = replace(known, arguments=known.arguments + piece.arguments)
        return True

    def _ending(self, event: Done | Stopped) -> bytes:
        names = self._sources.names()
        noted = self._sources.annotations()
        called = [_custom_call(call, {"index": index}) for index, call in self._calls.items()]
        calls = self._chunk({"tool_calls": called}) if called else b""
        annotated = self._chunk({"annotations": noted}) if noted else b""
        reason = reason_of(event.finish_reason if isinstance(event, Done) else None)
        last = self._chunk({}, reason=reason, **({"citations": names} if names else {}))
        used = b""
        if self._has_usage:
            used = self._begin + b'],"usage":' + _encode(usage_of(self._usage)) + b"}\n\n"
        return calls + annotated + last + used + DONE

    def _chunk(self, delta: object, *, reason: str | None = None, **more: object) -> bytes:
        extra = b"".join([b",%b:%b" % (_encode(name), _encode(value)) for name, value in more.items()])
        choice = b'{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}]' % (_encode(delta), _encode(reason))
        return self._begin + choice + extra + self._end


def completion_of(asked: Asked, events: Sequence[Event]) -> dict[str, object]:
    """Return what a request that doesn't stream is answered with, where its answer has not failed."""
    answer = fold(asked.answer_id, events)
    message: dict[str, object] = {"role": "assistant", "content": answer.answered, "refusal": None}
    if answer.refusal:
        message |= {"content": answer.answered or None, "refusal": answer.refusal}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.calls:
        message["content"] = answer.answered or None
        message["tool_calls"] = [
            _custom_call(call, {})
            if call.name in asked.custom
            else _with_extra(
                {"id": call.id, "type": "function"}, {"name": call.name, "arguments": call.arguments}, call.extra
            )
            for call in answer.calls
        ]
    message |= attached_of(events)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason_of(answer.finish_reason)}
    completion: dict[str, object] = {
        "id": f"chatcmpl-{answer.id}",
        "object": "chat.completion",
        "created": asked.created,
        "model": asked.model,
        "system_fingerprint": None,
        "choices": [choice],
        "usage": usage_of(answer.usage or Usage(0, 0)),
    }
    if answer.query is not None:
        sources = Sources(asked.address)
        for event in events:
            sources.take(event)
        if names := sources.names():
            completion["citations"] = names
        if noted := sources.annotations():
            message["annotations"] = noted
        completion["hubbub"] = Found(answer.query, answer.hits, answer.citations, answer.follow_ups, answer.left_out)
    elif answer.left_out is not UNSET:
        completion["hubbub"] = {"left_out": answer.left_out}
    return completion


class Found(msgspec.Struct, frozen=True):
    """What an answer over documents has besides its text."""

    query: str
    hits: tuple[Hit, ...]
    citations: tuple[Citation, ...]
    follow_ups: tuple[str, ...]
    left_out: LeftOut | UnsetType = UNSET
    """What of the conversation the model was not given."""


def usage_of(usage: Usage) -> dict[str, object]:
    """Return what was used, in OpenAI's words."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def reason_of(given: str | None) -> str:
    """Return why an answer ended, in OpenAI's words. One that was stopped is as long as it was wanted to be."""
    return _REASONS.get(given or "", "stop")


def _piece(call: ToolCall) -> dict[str, object]:
    function = {"name": call.name} if call.name else {}
    function["arguments"] = call.arguments
    begun = {"id": call.id, "type": "function"} if call.id else {}
    return _with_extra({"index": call.index, **begun}, function, call.extra)


def _custom_call(call: Call, begun: dict[str, object]) -> dict[str, object]:
    custom = {"name": call.name, INPUT: input_of(call.arguments)}
    return _with_extra({**begun, "id": call.id, "type": CUSTOM}, custom, call.extra, kind=CUSTOM)


def _with_extra(
    call: dict[str, object], function: Mapping[str, object], extra: Mapping[str, object], kind: str = "function"
) -> dict[str, object]:
    """Return a call with what its server sent beside it, so that clients can send it back."""
    within = extra.get("function")
    more = {name: value for name, value in extra.items() if name != "function"}
    return {**more, **call, kind: {**within, **function} if isinstance(within, dict) else function}


def _error(faulty: Faulty) -> bytes:
    return b"data: " + _encode(faulty) + b"\n\n"
