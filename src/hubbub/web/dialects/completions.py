"""Speak as OpenAI's completions do, which are older than its chats: a prompt goes in, a text comes out.

The form: platform.openai.com/docs/api-reference/completions. Thoughts and calls have no place in it.
"""

from collections.abc import Sequence

import msgspec

from hubbub.answers.base import Record
from hubbub.core.answer import fold
from hubbub.core.errors import HubbubError
from hubbub.core.events import Done, Event, Failed, Stopped, Usage, decode
from hubbub.web.dialects.chat_completions import DONE, MEDIA_TYPE, PING, Asked, reason_of, usage_of
from hubbub.web.dialects.openai import Faulty, fault_of, fault_of_failure

_TEXT = b'{"type":"text","text":'
_TOLD = tuple(b'{"type":"%b"' % name for name in (b"usage", b"done", b"failed", b"stopped"))
_encode = msgspec.json.Encoder().encode


class CompletionChunks:
    """The stream: the text in pieces, then why it ended."""

    media_type = MEDIA_TYPE

    def __init__(self, asked: Asked) -> None:
        self._begin = b'data: {"id":%b,"object":"text_completion","created":%d,"model":%b,"choices":[' % (
            _encode(f"cmpl-{asked.answer_id}"),
            asked.created,
            _encode(asked.model),
        )
        self._end = b',"usage":null}\n\n' if asked.has_usage else b"}\n\n"
        self._text = self._begin + b'{"index":0,"text":'
        self._rest = b',"logprobs":null,"finish_reason":null}]' + self._end
        self._has_usage = asked.has_usage
        self._usage = Usage(0, 0)

    def opening(self) -> bytes:
        return b""

    def frames(self, records: Sequence[Record]) -> bytes:
        return b"".join([self._frame(record.data) for record in records]) if records else PING

    def trouble(self, error: HubbubError) -> bytes:
        return b"data: " + _encode(Faulty(fault_of(error))) + b"\n\n"

    def _frame(self, data: bytes) -> bytes:
        if data.startswith(_TEXT):
            return self._text + data[len(_TEXT) : -1] + self._rest
        return self._rare(decode(data)) if data.startswith(_TOLD) else b""

    def _rare(self, event: Event) -> bytes:
        match event:
            case Usage():
                self._usage = event
                return b""
            case Failed():
                return b"data: " + _encode(Faulty(fault_of_failure(event))) + b"\n\n"
            case Done() | Stopped():
                reason = _encode(reason_of(event.finish_reason if isinstance(event, Done) else None))
                last = self._text + b'"","logprobs":null,"finish_reason":%b}]' % reason + self._end
                used = self._begin + b'],"usage":' + _encode(usage_of(self._usage)) + b"}\n\n"
                return last + (used if self._has_usage else b"") + DONE
            case _:
                return b""


def completion_of(asked: Asked, events: Sequence[Event]) -> dict[str, object]:
    """Return what a request that doesn't stream is answered with, where its answer has not failed."""
    answer = fold(asked.answer_id, events)
    choice = {"index": 0, "text": answer.text, "logprobs": None, "finish_reason": reason_of(answer.finish_reason)}
    return {
        "id": f"cmpl-{answer.id}",
        "object": "text_completion",
        "created": asked.created,
        "model": asked.model,
        "choices": [choice],
        "usage": usage_of(answer.usage or Usage(0, 0)),
    }
