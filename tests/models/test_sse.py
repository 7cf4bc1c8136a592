"""Server-sent events are the same events however their bytes are cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.models.sse import EventTooLarge, SseDecoder

STREAM = ': hi\n\ndata: {"a": "wörld 🎈"}\r\n\r\nevent: x\rdata:two\rdata: lines\r\rid: 7\n\ndata: [DONE]\n\n'.encode()
EVENTS = ['{"a": "wörld 🎈"}', "two\nlines", "[DONE]"]


def decode(chunks: list[bytes], limit_bytes: int = 1000) -> list[str]:
    decoder = SseDecoder(limit_bytes)
    events = [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.finish()
    return [event.decode("utf-8", "replace") for event in events]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(bounds)]


def test_every_single_and_double_cut_gives_the_same_events() -> None:
    for places in itertools.combinations_with_replacement(range(len(STREAM) + 1), 2):
        assert decode(cut(STREAM, list(places))) == EVENTS
    assert decode([bytes([byte]) for byte in STREAM]) == EVENTS


@given(st.data())
def test_any_events_come_through_any_chunking(data: st.DataObject) -> None:
    lines = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)
    events = data.draw(st.lists(st.lists(lines, min_size=1, max_size=3), max_size=5))
    end = st.sampled_from([b"\n", b"\r", b"\r\n"])
    stream = b"".join(
        b"".join(b"data: " + line.encode() + data.draw(end) for line in event) + b":c\n" + data.draw(end)
        for event in events
    )
    places = data.draw(st.lists(st.integers(0, len(stream)), max_size=10))
    assert decode(cut(stream, places)) == ["\n".join(event) for event in events]


@given(st.lists(st.binary(max_size=30), max_size=20))
def test_no_bytes_crash_it_and_cuts_make_no_difference(chunks: list[bytes]) -> None:
    assert decode(chunks) == decode([b"".join(chunks)])


@given(
    st.lists(st.sampled_from([b"data: a", b"data: ", b"data:b", b"\n", b"\n\n", b"\r\n", b": c", b"x"]), max_size=12)
)
def test_whole_events_at_once_are_the_same_as_byte_by_byte(pieces: list[bytes]) -> None:
    stream = b"data: begun\n\n"
    chunk = b"".join(pieces)
    assert decode([stream, chunk]) == decode([stream, *(bytes([byte]) for byte in chunk)])


def test_a_byte_order_mark_is_dropped_and_a_missing_last_line_end_made_up_for() -> None:
    assert decode([b"\xef", b"\xbb\xbfdata: a\n\ndata: b"]) == ["a", "b"]


@pytest.mark.parametrize(
    "piece", [b"x", b"data: y", b": comment ", b"data: z\n"], ids=["line", "data", "comment", "lines"]
)
def test_nothing_is_held_beyond_the_limit(piece: bytes) -> None:
    decoder = SseDecoder(1000)
    with pytest.raises(EventTooLarge):
        for _ in range(1002):
            assert decoder.feed(piece) == []


def test_one_chunk_over_the_limit_is_refused() -> None:
    with pytest.raises(EventTooLarge):
        SseDecoder(1000).feed(b"data: " + b"x" * 1001 + b"\n\n")
    assert SseDecoder(1100).feed(b"data: " + b"x" * 1001 + b"\n\n")


def test_many_events_over_the_limit_together_are_fine() -> None:
    assert len(decode([b"data: " + b"x" * 90 + b"\n\n"] * 100, limit_bytes=100)) == 100
