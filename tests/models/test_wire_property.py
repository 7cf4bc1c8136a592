"""Whatever way a server takes to say something, it is read as that: an oracle knows what was meant."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.answer import fold
from hubbub.models.base import Piece
from hubbub.models.sse import SseDecoder
from hubbub.models.wire import Transcript
from tests.models.grammar import Meant, Stream, cut_bytes, meant, sent_as, streams
from tests.models.test_quirks import events_of


def read(chunks: Sequence[bytes]) -> tuple[Transcript, list[Piece]]:
    decoder, transcript = SseDecoder(1024 * 1024), Transcript()
    pieces: list[Piece] = []
    for chunk in chunks:
        pieces += transcript.take(decoder.feed(chunk))
    return transcript, [*pieces, *transcript.take(decoder.finish()), *transcript.finish()]


def check(what: Meant, transcript: Transcript, pieces: Sequence[Piece]) -> None:
    answer = fold("a", events_of(pieces))
    assert answer.text == what.text
    assert answer.reasoning.strip() == what.thoughts
    assert [(call.name, json.loads(call.arguments)) for call in answer.calls] == list(what.calls)
    assert len({call.id for call in answer.calls}) == len(answer.calls)
    if what.fault:
        assert transcript.fault is not None and what.fault in (transcript.fault.message or "")
        return
    assert transcript.fault is None
    completion = transcript.completion()
    assert completion is not None and completion.finish_reason == ("tool_calls" if what.calls else "stop")


@given(streams(), st.data())
def test_a_stream_comes_to_what_was_meant(stream: Stream, data: st.DataObject) -> None:
    sent = sent_as(data.draw, stream.events)
    check(stream.meant, *read([sent]))
    check(stream.meant, *read(cut_bytes(data.draw, sent)))


@given(meant(), st.data())
def test_a_whole_reply_comes_to_the_same(what: Meant, data: st.DataObject) -> None:
    what = Meant(what.thoughts, what.text, what.calls)
    message: dict[str, Any] = {"role": "assistant"}
    if data.draw(st.booleans()):
        message["content"] = [{"type": "text", "text": what.text}]
        message["reasoning_content"] = what.thoughts or None
    else:
        message["content"] = f"<think>{what.thoughts}</think>\n\n{what.text}" if what.thoughts else what.text
    if what.calls:
        message["tool_calls"] = [
            {
                "id": f"c{number}",
                "type": "function",
                "function": {"name": name, "arguments": data.draw(st.sampled_from([arguments, json.dumps(arguments)]))},
            }
            for number, (name, arguments) in enumerate(what.calls)
        ]
    transcript = Transcript()
    pieces = transcript.take([json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()])
    check(what, transcript, [*pieces, *transcript.finish()])
