"""What a model's server sends comes to the same in every dialect, streamed and whole: to what it meant to say.

The readers here know the formats from their specifications alone: they add up what a client would.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hubbub.answers.base import Record
from hubbub.core.answer import fold
from hubbub.core.events import Asked, Done, Event, Failed, Reclassified, Started, Usage, encode
from hubbub.core.questions import Question
from hubbub.web.dialects import chat_protocol, chat_protocol_old, simple_chat
from hubbub.web.dialects.base import Dialect
from hubbub.web.dialects.chat_completions import Asked as AskedChat
from hubbub.web.dialects.chat_completions import ChatCompletionChunks, completion_of
from hubbub.web.dialects.hubbub import HubbubEvents
from hubbub.web.dialects.responses import ResponseEvents, response_of
from hubbub.web.dialects.thoughts import Plan
from tests.models.grammar import Meant, Stream, cut_bytes, sent_as, streams
from tests.models.test_quirks import events_of
from tests.models.test_wire_property import read

ANSWER_ID = "01jd000000000000000000000a"
ASKED = AskedChat(ANSWER_ID, "big", 1_700_000_000)
Said = tuple[str, str, list[tuple[str, Any]]]
"""Text, thoughts, calls."""


def heard(stream: Stream, data: st.DataObject) -> list[Event]:
    """Return the events of an answer to which a server said this."""
    transcript, pieces = read(cut_bytes(data.draw, sent_as(data.draw, stream.events)))
    events: list[Event] = [Asked(Question("What?"), {"store": True}), Started("big", "chat"), *events_of(pieces)]
    if transcript.fault is not None:
        return [*events, Failed("refused", transcript.fault.message or "")]
    completion = transcript.completion()
    assert completion is not None
    return [*events, Usage(7, 3), Done(completion.finish_reason)]


def recorded(events: Sequence[Event]) -> list[Record]:
    return [Record(ANSWER_ID, number, encode(event)) for number, event in enumerate(events, start=1)]


def streamed(dialect: Dialect, events: Sequence[Event], data: st.DataObject) -> str:
    """Return a stream, its records handed over in any portions."""
    records = recorded(events)
    places = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=3)))
    parts = [records[begin:end] for begin, end in pairwise([0, *places, len(records)])]
    return (dialect.opening() + b"".join(dialect.frames(part) for part in parts if part)).decode()


def frames_of(stream: str) -> list[tuple[str, Any]]:
    """Return the names and the data of server-sent events."""
    found: list[tuple[str, Any]] = []
    for frame in stream.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in frame.split("\n"))
        if "data" in fields and fields["data"] != "[DONE]":
            found.append((fields.get("event", ""), json.loads(fields["data"])))
    return found


def meant_as(what: Meant) -> Said:
    return what.text, what.thoughts, list(what.calls)


def said_as(text: str, thoughts: str, calls: Sequence[tuple[str, str]]) -> Said:
    return text, thoughts.strip(), [(name, json.loads(arguments)) for name, arguments in calls]


def text_told(what: Meant, events: Sequence[Event], text: str) -> str:
    """Return a streamed text without a thought that it could not take back, which has to be marked as one."""
    if any(isinstance(event, Reclassified) for event in events):
        thought, mark, text = text.partition("</think>\n\n")
        assert mark
        assert thought.strip() == what.thoughts
    return text


@given(streams(), st.data())
def test_our_own_stream(stream: Stream, data: st.DataObject) -> None:
    events = heard(stream, data)
    text, thoughts = "", ""
    calls: dict[int, list[str]] = {}
    for name, event in frames_of(streamed(HubbubEvents(), events, data)):
        assert event["type"] == name
        match name:
            case "text":
                text += event["text"]
            case "reasoning":
                thoughts += event["text"]
            case "reclassified":
                text, thoughts = "", thoughts + text
            case "tool_call":
                call = calls.setdefault(event["index"], ["", ""])
                call[0] += event.get("name", "")
                call[1] += event.get("arguments", "")
            case _:
                pass
    said = said_as(text, thoughts, [(name, arguments) for name, arguments in calls.values()])
    assert said == meant_as(stream.meant)
    answer = fold("a", events)
    assert said_as(answer.text, answer.reasoning, [(call.name, call.arguments) for call in answer.calls]) == said


@given(streams(), st.data())
def test_chat_completions(stream: Stream, data: st.DataObject) -> None:
    events = heard(stream, data)
    text, thoughts, failure, reason = "", "", "", None
    calls: dict[int, list[str]] = {}
    for _, chunk in frames_of(streamed(ChatCompletionChunks(ASKED), events, data)):
        failure += chunk.get("error", {}).get("message", "")
        for choice in chunk.get("choices", ()):
            delta = choice["delta"]
            text += delta.get("content") or ""
            thoughts += delta.get("reasoning_content") or ""
            reason = choice["finish_reason"] or reason
            for piece in delta.get("tool_calls", ()):
                call = calls.setdefault(piece["index"], ["", ""])
                call[0] += piece["function"].get("name", "")
                call[1] += piece["function"]["arguments"]
    what, is_taken_back = stream.meant, any(isinstance(event, Reclassified) for event in events)
    said = said_as(text_told(what, events, text), thoughts, [(name, arguments) for name, arguments in calls.values()])
    assert said == ((what.text, "", list(what.calls)) if is_taken_back else meant_as(what))
    assert what.fault in failure
    assert bool(failure) == bool(what.fault)
    if not what.fault:
        assert reason == ("tool_calls" if what.calls else "stop")
        message = json.loads(msgspec.json.encode(completion_of(ASKED, events)))["choices"][0]["message"]
        called = [(call["function"]["name"], call["function"]["arguments"]) for call in message.get("tool_calls", ())]
        whole = said_as(message["content"] or "", message.get("reasoning_content", ""), called)
        assert whole == meant_as(what)


@given(streams(), st.data())
def test_responses(stream: Stream, data: st.DataObject) -> None:
    events = heard(stream, data)
    told = frames_of(streamed(ResponseEvents(ANSWER_ID), events, data))
    items: dict[int, dict[str, Any]] = {}
    deltas: dict[str, str] = {}
    for name, event in told:
        if name.endswith(".delta"):
            assert deltas.get(event["item_id"]) is not None, "an item is told of before it grows"
            deltas[event["item_id"]] += event["delta"]
        elif name == "response.output_item.added":
            assert event["output_index"] == len(items)
            items[event["output_index"]] = event["item"]
            deltas[event["item"]["id"]] = ""
        elif name == "response.output_item.done":
            items[event["output_index"]] = event["item"]
    response = told[-1][1]["response"]
    assert [event["sequence_number"] for _, event in told] == list(range(len(told)))
    assert list(items.values()) == response["output"]
    assert response == json.loads(msgspec.json.encode(response_of(ANSWER_ID, recorded(events))))
    text, thoughts = "", ""
    calls: list[tuple[str, str]] = []
    for item in response["output"]:
        match item["type"]:
            case "message":
                text += item["content"][0]["text"]
                assert deltas[item["id"]] == item["content"][0]["text"]
            case "reasoning":
                thoughts += "".join(part["text"] for part in item.get("content", ()))
            case _:
                calls.append((item["name"], item["arguments"]))
                assert deltas[item["id"]] == item["arguments"]
                assert item["call_id"]
    assert said_as(text, thoughts, calls) == meant_as(stream.meant)
    assert response["status"] == ("failed" if stream.meant.fault else "completed")


@given(streams(), st.data())
def test_the_samples_formats(stream: Stream, data: st.DataObject) -> None:
    events = heard(stream, data)
    what = stream.meant

    def lines_of(dialect: Dialect) -> list[Any]:
        return [json.loads(line) for line in streamed(dialect, events, data).split("\n")[:-1]]

    new = lines_of(chat_protocol.stream(Plan(3), None))
    old = lines_of(chat_protocol_old.stream(Plan(3), None))
    told = [
        [line["delta"] for line in new if line.get("type") == "response.output_text.delta"],
        [line["delta"].get("content") or "" for line in old if "delta" in line],
        [line["delta"] for line in lines_of(simple_chat.responses("a")) if "delta" in line],
        [line["delta"]["content"] or "" for line in lines_of(simple_chat.choices()) if "delta" in line],
        [line["delta"]["content"] or "" for line in lines_of(simple_chat.deltas()) if "delta" in line],
    ]
    for texts in told:
        assert text_told(what, events, "".join(texts)) == what.text
    if what.fault:
        assert what.fault in new[-1]["error"]
        return
    wholes = (
        json.loads(bytes(chat_protocol.whole(Plan(3), None, events).body))["output_text"],
        json.loads(bytes(chat_protocol_old.whole(Plan(3), None, ("s",), events).body))["message"]["content"],
        json.loads(bytes(simple_chat.whole_response("a", events).body))["output_text"],
        json.loads(bytes(simple_chat.whole_message(events).body))["message"]["content"],
    )
    assert set(wholes) == {what.text}
