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


BREAKS = st.sampled_from([b"\n", b"\r", b"\r\n"])
LINES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)
BESIDES = st.sampled_from([b": comment", b":", b"event: x", b"id: 7", b"retry: 10", b"dat", b"database: x", b"\xff: y"])


@given(st.data())
def test_any_events_come_through_any_chunking(data: st.DataObject) -> None:
    """Whatever ends the lines, stands between them and follows `data`; with a byte order mark or without."""
    events = data.draw(st.lists(st.lists(LINES, min_size=1, max_size=3), max_size=5))
    lines: list[bytes] = []
    for event in events:
        for line in event:
            # A space behind the colon is left out: one that belongs to the data needs another one before it.
            space = b" " if line.startswith(" ") else data.draw(st.sampled_from([b"", b" "]))
            is_bare = not line and data.draw(st.booleans())
            lines.append(b"data" if is_bare else b"data:" + space + line.encode())
            lines += data.draw(st.lists(BESIDES, max_size=2))
        lines.append(b"")
    stream = data.draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    for line in lines:
        end = data.draw(BREAKS)
        is_one_break = not line and stream.endswith(b"\r") and end.startswith(b"\n")
        stream += line + (b"\r" if is_one_break else end)
    places = data.draw(st.lists(st.integers(0, len(stream)), max_size=10))
    assert decode(cut(stream, places)) == ["\n".join(event) for event in events]


@given(st.data(), st.integers(-1, 1), st.sampled_from([b"", b"\xef\xbb\xbf"]), BREAKS)
def test_an_event_may_be_as_long_as_the_limit_and_no_longer_however_it_is_cut(
    data: st.DataObject, over: int, mark: bytes, end: bytes
) -> None:
    limit_bytes = 40
    long = b"data: " + b"x" * (limit_bytes + over - 6)
    stream = mark + b"data: before" + 2 * end + long + 2 * end
    chunks = cut(stream, data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    decoder, events, is_too_large = SseDecoder(limit_bytes), list[bytes](), False
    try:
        for chunk in chunks:
            events += decoder.feed(chunk)
        events += decoder.finish()
    except EventTooLarge as error:
        events += error.events
        is_too_large = True
    assert is_too_large == (over > 0)
    assert events == [b"before"] + [long[6:]] * (over <= 0)


def test_only_the_first_byte_order_mark_is_one() -> None:
    assert decode([b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n"]) == ["b"]
    assert decode([b"\xef", b"\xbbdata: a\n\ndata: b\n\n"]) == ["b"]


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
