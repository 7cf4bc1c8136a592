"""The golden logs in the words of chat completions, byte for byte, and however they are cut."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.answers.base import Record
from hubbub.core.errors import StoreError
from hubbub.core.events import (
    ENDINGS,
    Cited,
    Done,
    Event,
    Failed,
    Reasoning,
    Reclassified,
    Searched,
    Stopped,
    Text,
    ToolCall,
    encode,
)
from hubbub.web.dialects.chat_completions import DONE, PING, Asked, ChatCompletionChunks, completion_of
from hubbub.web.dialects.openai import refused
from tests.core.test_golden import GOLDEN, LOGS, events_of

FOLDER = GOLDEN / "chat_completions"
ENDED = [log for log in LOGS if isinstance(events_of(log)[-1], ENDINGS)]
ASKED = Asked("01jd0000000000000000000000", "größ/model+search", 1_700_000_000, has_usage=True)


def records_of(events: list[Event]) -> list[Record]:
    return [Record("a", number, encode(event)) for number, event in enumerate(events, start=1)]


def streamed(records: list[Record], *cuts: int, asked: Asked = ASKED) -> bytes:
    dialect = ChatCompletionChunks(asked)
    places = [0, *sorted(cuts), len(records)]
    parts = [records[start:end] for start, end in pairwise(places)]
    return dialect.opening() + b"".join(dialect.frames(part) for part in parts if part)


def chunks_of(stream: bytes) -> list[dict[str, Any]]:
    """The data of a stream's events, which have to be in the form that clients take."""
    events = stream.decode().removesuffix(DONE.decode()).split("\n\n")
    assert events.pop() == ""
    return [json.loads(event.removeprefix("data: ")) for event in events]


def whole(events: list[Event]) -> bytes:
    last = events[-1]
    return bytes(refused(last).body) if isinstance(last, Failed) else msgspec.json.encode(completion_of(ASKED, events))


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_a_log_as_a_stream(log: Path) -> None:
    records = records_of(events_of(log))
    expected = (FOLDER / f"{log.stem}.sse").read_bytes()
    assert streamed(records) == expected
    for first in range(len(records) + 1):
        for second in range(first, len(records) + 1):
            assert streamed(records, first, second) == expected
    plain = streamed(records, asked=msgspec.structs.replace(ASKED, has_usage=False))
    used = [chunk for chunk in chunks_of(expected) if chunk.get("usage")]
    assert [chunk | {"usage": None} for chunk in chunks_of(plain)] == [
        chunk | {"usage": None} for chunk in chunks_of(expected) if chunk not in used
    ]
    assert len(used) == expected.endswith(DONE) == plain.endswith(DONE)


@pytest.mark.parametrize("log", ENDED, ids=lambda log: log.stem)
def test_a_log_as_one_object(log: Path) -> None:
    assert whole(events_of(log)) + b"\n" == (FOLDER / f"{log.stem}.json").read_bytes()


@pytest.mark.parametrize("log", ENDED, ids=lambda log: log.stem)
def test_stream_and_object_say_the_same(log: Path) -> None:
    events = events_of(log)
    chunks = chunks_of(streamed(records_of(events)))
    if isinstance(events[-1], Failed):
        assert chunks[-1] == json.loads(whole(events))
        return
    if any(isinstance(event, Reclassified) for event in events):
        return  # a stream can't take back what it has said
    completion = json.loads(whole(events))
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    assert deltas[0] == {"role": "assistant", "content": "", "refusal": None}
    message = completion["choices"][0]["message"]
    for field in ("content", "reasoning_content"):
        assert "".join(delta.get(field) or "" for delta in deltas) == (message.get(field) or "")
    arguments: dict[int, str] = {}
    for piece in (piece for delta in deltas for piece in delta.get("tool_calls", ())):
        arguments[piece["index"]] = arguments.get(piece["index"], "") + piece["function"]["arguments"]
    assert list(arguments.values()) == [call["function"]["arguments"] for call in message.get("tool_calls", ())]
    *_, last, used = chunks
    assert last["choices"][0]["finish_reason"] == completion["choices"][0]["finish_reason"]
    assert last.get("citations") == completion.get("citations")
    assert (used["choices"], used["usage"]) == ([], completion["usage"])
    found: dict[str, Any] = {}
    for chunk in chunks:
        for name, value in chunk.get("hubbub", {}).items():
            found[name] = found[name] + value if name == "citations" and name in found else value
    if "hubbub" in completion:
        lists = {"citations": [], "follow_ups": []} if "query" in completion["hubbub"] else {}
        assert {**lists, **found} == completion["hubbub"]
    else:
        assert not found


def test_every_log_has_its_bytes_and_no_others_are_there() -> None:
    stems = {log.stem for log in LOGS}
    assert {file.stem for file in FOLDER.glob("*.sse")} == stems
    assert {file.stem for file in FOLDER.glob("*.json")} == {log.stem for log in ENDED} < stems


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (Done("stop"), "stop"),
        (Done("length"), "length"),
        (Done("content_filter"), "content_filter"),
        (Done("tool_calls"), "tool_calls"),
        (Done("deadline"), "length"),
        (Done("nothing_found"), "stop"),
        (Done("eos"), "stop"),
        (Done(""), "stop"),
        (Stopped(), "stop"),
        (Stopped("chat_deleted"), "stop"),
    ],
)
def test_why_it_ended(ending: Done | Stopped, reason: str) -> None:
    events: list[Event] = [Text("So"), ending]
    chunks = chunks_of(streamed(records_of(events)))
    assert chunks[-2]["choices"][0]["finish_reason"] == reason
    assert json.loads(whole(events))["choices"][0]["finish_reason"] == reason


def test_a_sign_of_life_and_trouble() -> None:
    dialect = ChatCompletionChunks(ASKED)
    assert dialect.frames(()) == PING
    told = dialect.trouble(StoreError("The disk is slow. Come again."))
    assert told.startswith(b"data: ") and told.endswith(b"\n\n")
    error = json.loads(told[6:])["error"]
    assert error == {
        "message": "The disk is slow. Come again.",
        "type": "server_error",
        "param": None,
        "code": "store_error",
    }


texts = st.text(min_size=1, max_size=20)
pieces = st.one_of(
    texts.map(Text),
    texts.map(Reasoning),
    st.builds(ToolCall, st.integers(0, 3), texts),
    st.builds(ToolCall, st.integers(0, 3), texts, texts, texts),
)


@given(st.lists(pieces, max_size=8), st.data())
def test_any_text_in_any_pieces(events: list[Event], data: st.DataObject) -> None:
    events = [*events, Done()]
    records = records_of(events)
    cuts = data.draw(st.lists(st.integers(0, len(records)), max_size=4))
    stream = streamed(records, *cuts)
    assert stream == streamed(records)
    deltas = [choice["delta"] for chunk in chunks_of(stream) for choice in chunk["choices"]]
    said = "".join(event.text for event in events if isinstance(event, Text))
    assert "".join(delta.get("content") or "" for delta in deltas) == said


def test_the_names_stand_at_the_places_of_their_markers() -> None:
    told = next(log for log in LOGS if log.stem == "told")
    events = [event for event in events_of(told) if not (isinstance(event, Cited) and event.citation.marker == 1)]
    assert json.loads(whole(events))["citations"] == ["Benefit_Options.pdf", "file 2.pdf"]
    without = [event for event in events if not isinstance(event, (Searched, Cited))]
    assert "citations" not in json.loads(whole(without))
