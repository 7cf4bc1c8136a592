"""What servers send is read as it was meant, be it cut in the oddest places, and is never more than a fault."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fuzz.checks import CHECKS, heard
from bench.fuzz.seeds import seeds
from hubbub.core.events import Reasoning, ToolCall
from hubbub.models.base import Piece
from hubbub.models.faults import read_fault
from hubbub.models.wire import Transcript

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="<[◁") | st.sampled_from("🎈ö€"),
    min_size=1,
    max_size=12,
)
"""Texts that hold no mark of a thought."""
CHANGES = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 8), st.binary(max_size=6) | st.sampled_from([b"\r", b"\n", b'"'])),
    max_size=4,
)
DONE = b"data: [DONE]\n\n"


def chunk(content: bytes, field: str = "content") -> bytes:
    return b'data: {"choices":[{"delta":{"' + field.encode() + b'":' + content + b"}}]}\n\n"


def text_of(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece for piece in pieces if isinstance(piece, str))


def utf_16_slices(text: str, size: int) -> Iterator[bytes]:
    """The text as JSON strings of so many UTF-16 units each: what `text.slice` of JavaScript makes of it."""
    units = text.encode("utf-16-be")
    for start in range(0, len(units), 2 * size):
        part = units[start : start + 2 * size]
        yield json.dumps(part.decode("utf-16-be", "surrogatepass")).encode()


def utf_8_slices(text: str, size: int) -> Iterator[bytes]:
    data = text.encode()
    for start in range(0, len(data), size):
        part = data[start : start + size].decode("utf-8", "surrogateescape")
        yield json.dumps(part, ensure_ascii=False).encode("utf-8", "surrogateescape")


@given(
    TEXTS, st.integers(1, 3), st.sampled_from([utf_16_slices, utf_8_slices]), st.sampled_from(["content", "refusal"])
)
def test_characters_that_are_cut_between_events_come_together(
    text: str, size: int, slices: "type[utf_16_slices]", field: str
) -> None:
    said = heard([chunk(part, field) for part in slices(text, size)] + [DONE], 10_000)
    assert text_of(said.pieces) == text


@given(TEXTS, TEXTS, st.integers(1, 3))
def test_thoughts_and_calls_are_put_together_apart_from_the_text(text: str, other: str, size: int) -> None:
    stream: list[bytes] = []
    for part in utf_16_slices(text, size):
        stream.append(chunk(part))
        stream.append(chunk(part, "reasoning"))
        stream.append(chunk(b'[{"index":0,"id":"c","function":{"arguments":' + part + b"}}]", "tool_calls"))
    pieces = heard([*stream, DONE], 10_000).pieces
    assert text_of(pieces) == text
    assert "".join(piece.text for piece in pieces if isinstance(piece, Reasoning)) == text
    assert "".join(piece.arguments for piece in pieces if isinstance(piece, ToolCall)) == text


HALVES = {
    "a high surrogate": (rb'"a\ud83cb"', "a\ufffdb"),
    "a low surrogate": (rb'"a\udf88b"', "a\ufffdb"),
    "two high ones": (rb'"\ud83c\ud83c\udf88"', "\ufffd🎈"),
    "a pair": (rb'"\ud83c\udf88"', "🎈"),
    "a backslash before what looks like one": (rb'"\\ud83c"', r"\ud83c"),
    "two backslashes before one": (rb'"\\\ud83c!"', "\\\ufffd!"),
    "a byte": (b'"a\xffb"', "a\ufffdb"),
    "the first bytes of a character": (b'"a\xf0\x9fb"', "a\ufffdb"),
    "a byte and a surrogate": (b'"\xc3\\udf88"', "\ufffd\ufffd"),
    "the end of a text": (rb'"a\ud83c"', "a\ufffd"),
    "the end, in bytes": (b'"a\xf0\x9f\x8e"', "a\ufffd"),
}


@pytest.mark.parametrize(("content", "text"), HALVES.values(), ids=HALVES)
def test_halves_without_their_others_are_shown_as_such(content: bytes, text: str) -> None:
    assert text_of(heard([chunk(content), DONE]).pieces) == text


def test_a_half_is_not_held_beyond_the_finish_reason() -> None:
    transcript = Transcript()
    assert transcript.take([rb'{"choices":[{"delta":{"content":"a\ud83c"}}]}']) == ["a"]
    assert transcript.take([rb'{"choices":[{"delta":{"content":"\ud83c"}}]}']) == ["\ufffd"]
    assert transcript.is_alive
    assert transcript.take([b'{"choices":[{"delta":{},"finish_reason":"stop"}]}']) == ["\ufffd"]


@pytest.mark.parametrize(
    "usage", [b'{"prompt_tokens":7.5}', b'"many"', b"[]", b'{"prompt_tokens":-1}', b'{"completion_tokens":%d}' % 10**30]
)
def test_counts_that_cannot_be_read_cost_no_answer(usage: bytes) -> None:
    said = heard([chunk(b'"a"'), b'data: {"choices":[],"usage":' + usage + b"}\n\n", DONE], 1000)
    assert text_of(said.pieces) == "a"
    assert said.end.startswith("None True None False")


@pytest.mark.parametrize("index", [b"-1", b"%d" % 2**64, b"1.5", b'"first"', b"null", b"[0]"])
def test_a_call_at_no_place_is_a_call(index: bytes) -> None:
    call = b'{"index":' + index + b',"id":"c","function":{"name":"f","arguments":"{}"}}'
    assert heard([chunk(b"[" + call + b"]", "tool_calls"), DONE], 1000).pieces == (ToolCall(0, "{}", "c", "f"),)


def test_bytes_in_a_refusal_that_are_no_text() -> None:
    assert read_fault(b'{"detail":"\xff\xc3"}').message == "\ufffd\ufffd"
    assert read_fault(b"\xff\xc3").message == "\ufffd\ufffd"


@pytest.mark.parametrize("name", CHECKS)
def test_the_checks_hold_for_what_servers_send(name: str) -> None:
    for data in seeds()[name]:
        CHECKS[name](data)


@pytest.mark.parametrize("name", CHECKS)
@given(data=st.data())
def test_the_checks_hold_for_whatever_is_made_of_it(name: str, data: st.DataObject) -> None:
    """What servers send, with bytes in it that are others, more or fewer; or any bytes at all."""
    sent = data.draw(st.sampled_from(seeds()[name]) | st.binary(max_size=200))
    for place, length, other in data.draw(CHANGES):
        place %= len(sent) + 1
        sent = sent[:place] + other + sent[place + length :]
    CHECKS[name](data.draw(st.binary(min_size=4, max_size=4)) + sent[4:])


def test_an_event_may_hold_thousands_of_thoughts() -> None:
    said = heard([chunk(b'"<think>a</think>b' + rb"\n<think>a</think>" * 20_000 + b'"'), DONE], 10**6)
    assert text_of(said.pieces) == "b" + "\n" * 20_000
    assert sum(isinstance(piece, Reasoning) for piece in said.pieces) == 20_001
