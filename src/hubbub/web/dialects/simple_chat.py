"""The simple chat samples: the Quart one since April 2026 and before, and its port to FastAPI."""

from collections.abc import Callable, Iterable, Sequence

import msgspec
from starlette.responses import Response

from hubbub.answers.base import Record
from hubbub.core.answer import fold
from hubbub.core.errors import HubbubError
from hubbub.core.events import Done, Event, Reclassified, Started, Usage
from hubbub.web.bodies import Json
from hubbub.web.dialects.lines import NDJSON, TAKEN_BACK, error_line, line, lines_of
from hubbub.web.dialects.sample_errors import fault_of, refusal_of


class SimpleStream:
    """A stream of text, a line a piece, between a first and a last line."""

    media_type = NDJSON

    def __init__(
        self, *, first: Callable[[str], object], before: bytes, after: bytes, last: Callable[[str, str, Usage], object]
    ) -> None:
        """Take what makes a line: the first is told the model, the last model, finish reason and what was used."""
        self._first = first
        self._before = before
        self._after = after + b"\n"
        self._last = last
        self._model = ""
        self._has_begun = False
        self._usage = Usage(0, 0)

    def opening(self) -> bytes:
        return b""

    def frames(self, records: Sequence[Record]) -> bytes:
        return lines_of(records, self._said, self._happened)

    def trouble(self, error: HubbubError) -> bytes:
        return error_line(error)

    def _said(self, text: bytes) -> bytes:
        return self._before + text + self._after

    def _happened(self, event: Event) -> Iterable[bytes]:
        if isinstance(event, Started) and not self._has_begun:
            self._has_begun = True
            self._model = event.model
            yield line(self._first(event.model))
        elif isinstance(event, Usage):
            self._usage = event
        elif isinstance(event, Reclassified):
            yield self._said(msgspec.json.encode(TAKEN_BACK))
        elif fault := fault_of(event):
            yield line(fault)
        elif isinstance(event, Done):
            yield line(self._last(self._model, event.finish_reason, self._usage))


def responses(answer_id: str) -> SimpleStream:
    """Return the dialect of the Quart sample: events of OpenAI's Responses, those that its page looks at."""
    item_id = f"msg_{answer_id}"
    return SimpleStream(
        first=lambda model: {"type": "response.created", "response": _response(answer_id, model, "in_progress")},
        before=b'{"type":"response.output_text.delta","item_id":"%b","output_index":0,"content_index":0,"delta":'
        % item_id.encode(),
        after=b"}",
        last=lambda model, reason, usage: {
            "type": "response.incomplete" if reason == "length" else "response.completed",
            "response": _response(answer_id, model, "incomplete" if reason == "length" else "completed", usage),
        },
    )


def choices() -> SimpleStream:
    """Return the dialect of the Quart sample before April 2026: choices of OpenAI's chat completions."""
    return SimpleStream(
        first=lambda model: _choice("", "assistant", None),
        before=b'{"delta":{"content":',
        after=b',"function_call":null,"role":null,"tool_calls":null},"finish_reason":null,"index":0}',
        last=lambda model, reason, usage: _choice(None, None, reason),
    )


def deltas() -> SimpleStream:
    """Return the dialect of the port to FastAPI."""
    return SimpleStream(
        first=lambda model: {"delta": _delta(None, "assistant")},
        before=b'{"delta":{"content":',
        after=b',"function_call":null,"role":null,"tool_calls":null}}',
        last=lambda model, reason, usage: {"delta": _delta(None, None)},
    )


def whole_response(answer_id: str, events: Sequence[Event]) -> Response:
    """Return a whole answer as one of OpenAI's Responses, or why there is none."""
    if (refusal := refusal_of(events)) is not None:
        return refusal
    text, model, usage = _told(events)
    content: list[dict[str, object]] = [{"type": "output_text", "text": text, "annotations": []}]
    message = {"id": f"msg_{answer_id}", "type": "message", "role": "assistant", "status": "completed"}
    response = _response(answer_id, model, "completed", usage)
    return Json({**response, "output": [{**message, "content": content}], "output_text": text})


def whole_message(events: Sequence[Event]) -> Response:
    """Return a whole answer as a message, as the port to FastAPI does, or why there is none."""
    if (refusal := refusal_of(events)) is not None:
        return refusal
    return Json({"message": _delta(_told(events)[0], "assistant")})


def _told(events: Sequence[Event]) -> tuple[str, str, Usage]:
    text = fold("", events).text
    model = next((event.model for event in events if isinstance(event, Started)), "")
    usage = next((event for event in events if isinstance(event, Usage)), Usage(0, 0))
    return text, model, usage


def _delta(content: str | None, role: str | None) -> dict[str, object]:
    return {"content": content, "function_call": None, "role": role, "tool_calls": None}


def _choice(content: str | None, role: str | None, finish_reason: str | None) -> dict[str, object]:
    return {"delta": _delta(content, role), "finish_reason": finish_reason, "index": 0}


def _response(answer_id: str, model: str, status: str, usage: Usage | None = None) -> dict[str, object]:
    response: dict[str, object] = {"id": f"resp_{answer_id}", "object": "response", "status": status, "model": model}
    if usage is not None:
        total = usage.prompt_tokens + usage.completion_tokens
        used = {"input_tokens": usage.prompt_tokens, "output_tokens": usage.completion_tokens, "total_tokens": total}
        response["usage"] = used
    return response
