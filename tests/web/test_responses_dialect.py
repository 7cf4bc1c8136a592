"""OpenAI's Responses, byte for byte: the golden logs, however they are cut, and from every number on."""

import json
import re
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openai import BaseModel
from openai._models import validate_type
from openai.types.responses import Response, ResponseStreamEvent

from hubbub.answers.base import Record
from hubbub.core.errors import StoreError
from hubbub.core.events import ENDINGS, Asked, Cited, Done, Event, Searched, Started, Text, ToolCall, encode
from hubbub.core.questions import Question
from hubbub.web.dialects.hubbub import PING
from hubbub.web.dialects.responses import ResponseEvents, response_of
from tests.core.test_golden import GOLDEN, LOGS, events_of

ANSWER_ID = "01jd000000000000000000000a"
WISHES: dict[str, dict[str, Any]] = {
    "told": {"model": "big+search", "metadata": {"colour": "blue"}, "temperature": 0.5},
    "tools": {"model": "big", "instructions": "Be brief.", "tools": [{"type": "function", "name": "weather"}]},
    "grounded": {
        "model": "writer",
        "background": True,
        "tools": [{"type": "file_search", "vector_store_ids": ["c1"]}],
        "include": ["file_search_call.results"],
    },
    "quotes": {"model": "writer", "tools": [{"type": "file_search", "vector_store_ids": ["c1"]}]},
    "stopped": {"model": "writer", "background": True},
    "stopped-in-line": {"model": "writer", "background": True},
    "failed-waiting": {"model": "writer", "background": True},
}
"""What some of the requests asked for besides; the others nothing."""


def records_of(log: Path) -> list[Record]:
    events = events_of(log)
    question = events[0].question if isinstance(events[0], Asked) else Question("What is it?")
    asked = Asked(question, {"store": True, **WISHES.get(log.stem, {})})
    return recorded([asked, *events[isinstance(events[0], Asked) :]])


def recorded(events: list[Event]) -> list[Record]:
    return [Record(ANSWER_ID, number, encode(event)) for number, event in enumerate(events, start=1)]


def read(frames: bytes) -> list[dict[str, Any]]:
    """Return the events of a stream as a client reads them."""
    events: list[dict[str, Any]] = []
    for frame in frames.decode().split("\n\n")[:-1]:
        name, data = re.fullmatch(r"event: (.*)\ndata: (.*)", frame).groups()  # pyright: ignore[reportOptionalMemberAccess]
        events.append(json.loads(data))
        assert events[-1]["type"] == name
    return events


by_log = pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)


@by_log
def test_a_log_is_rendered_as_it_should_be(log: Path) -> None:
    assert ResponseEvents(ANSWER_ID).frames(records_of(log)) == (GOLDEN / "responses" / f"{log.stem}.sse").read_bytes()


@by_log
def test_however_it_is_cut(log: Path) -> None:
    records = records_of(log)
    whole = ResponseEvents(ANSWER_ID).frames(records)
    cuts = [*combinations(range(1, len(records)), 1), *combinations(range(1, len(records)), 2), range(1, len(records))]
    for places in cuts:
        events = ResponseEvents(ANSWER_ID)
        bounds = [0, *places, len(records)]
        parts = [records[begin:end] for begin, end in pairwise(bounds)]
        assert b"".join(map(events.frames, parts)) == whole


@by_log
def test_from_every_number_on_the_rest_is_the_same(log: Path) -> None:
    records = records_of(log)
    whole = ResponseEvents(ANSWER_ID).frames(records)
    frames = [frame + b"\n\n" for frame in whole.split(b"\n\n")[:-1]]
    assert [event["sequence_number"] for event in read(whole)] == list(range(len(frames)))
    for number in range(-1, len(frames) + 1):
        events = ResponseEvents(ANSWER_ID, number)
        assert events.frames(records) == b"".join(frames[number + 1 :])
        assert events.next_number == len(frames)


@by_log
def test_the_events_are_ones_that_the_sdk_knows_and_add_up_to_the_response(log: Path) -> None:
    records = records_of(log)
    events = read(ResponseEvents(ANSWER_ID).frames(records))
    items: dict[int, dict[str, Any]] = {}
    texts: dict[str, str] = {}
    for event in events:
        model: Any = validate_type(type_=ResponseStreamEvent, value=event)  # pyright: ignore[reportArgumentType]
        assert isinstance(model, BaseModel)
        if event["type"].endswith(".delta"):
            texts[event["item_id"]] = texts.get(event["item_id"], "") + event["delta"]
        if event["type"].endswith(("_text.done", "arguments.done")):
            assert event.get("text", event.get("arguments")) == texts.get(event["item_id"], "")
        if event["type"] == "response.output_item.added":
            assert event["output_index"] == len(items)
            assert not event["item"].get("content")
            items[event["output_index"]] = event["item"]
        if event["type"] == "response.output_item.done":
            assert event["item"]["id"] == items[event["output_index"]]["id"]
            items[event["output_index"]] = event["item"]
    told = msgspec.json.decode(msgspec.json.encode(response_of(ANSWER_ID, records)))
    Response.model_validate(told)
    is_over = isinstance(events_of(log)[-1], ENDINGS)
    assert (told["status"] in ("queued", "in_progress")) != is_over
    if is_over:
        assert events[-1]["response"] == told
        assert [items[place] for place in range(len(items))] == told["output"]


def test_a_citation_is_told_where_its_marker_stands() -> None:
    cited = next(event for event in events_of(GOLDEN / "grounded.jsonl") if isinstance(event, Cited))
    pieces = ('😀 "é" \\', " ", "see [1] and [7],", " [1][1]")
    events: list[Event] = [Asked(Question("?")), Text("[1] "), cited, *map(Text, pieces), Done()]
    told = read(ResponseEvents(ANSWER_ID).frames(recorded(events)))
    [text] = [event["text"] for event in told if event["type"] == "response.output_text.done"]
    found = [event["annotation"] for event in told if event["type"] == "response.output_text.annotation.added"]
    assert text == "[1] " + "".join(pieces)
    assert [one["index"] for one in found] == [one.start() for one in re.finditer(r"\[1\]", text)][1:]
    assert told[-1]["response"]["output"][0]["content"][0]["annotations"] == found
    assert {(one["type"], one["file_id"], one["filename"]) for one in found} == {
        ("file_citation", cited.citation.document_id, cited.citation.name)
    }


def test_what_is_begun_anew_goes_on_with_the_numbers() -> None:
    """Another worker takes over: it searches again, and says what the first one had not yet said."""
    searched = next(event for event in events_of(GOLDEN / "grounded.jsonl") if isinstance(event, Searched))
    asked = Asked(Question("?"), {"background": True, "tools": [{"type": "file_search"}]})
    started = Started("m", "grounded")
    told = read(
        ResponseEvents(ANSWER_ID).frames(recorded([asked, started, searched, started, searched, Text("x"), Done()]))
    )
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert [event["type"] for event in told].count("response.in_progress") == 1
    assert [item["type"] for item in told[-1]["response"]["output"]] == ["file_search_call"] * 2 + ["message"]
    assert len({item["id"] for item in told[-1]["response"]["output"]}) == 3


def test_calls_and_texts_that_take_turns_are_items_of_their_own() -> None:
    call = ToolCall(0, "{", "call_1", "f")
    events: list[Event] = [Asked(Question("?")), Text("a"), call, ToolCall(0, "}"), Text("b"), Done("tool_calls")]
    output = read(ResponseEvents(ANSWER_ID).frames(recorded(events)))[-1]["response"]["output"]
    assert [(item["type"], item.get("arguments")) for item in output] == [
        ("message", None),
        ("function_call", "{}"),
        ("message", None),
    ]


def test_signs_of_life_and_of_trouble() -> None:
    events = ResponseEvents(ANSWER_ID)
    assert events.opening() == b""
    assert events.frames([]) == PING
    last = read(events.frames(recorded([Asked(Question("?"))])))[-1]["sequence_number"]
    [trouble] = read(events.trouble(StoreError("The disk is slow.")))
    assert trouble == {
        "type": "error",
        "code": "store_error",
        "message": "The disk is slow.",
        "param": None,
        "sequence_number": last,
    }
