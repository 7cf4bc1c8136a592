"""A picture beside a text costs the text nothing, however large it is and however it is cut."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from hubbub.models.elision import Elision, elided
from hubbub.models.sse import SseDecoder

PICTURE = "iVBORw0KGgoAAAANSUhEUgAA" * 40
PARTS = [PICTURE, PICTURE[:500], "a" * 700, '"', " ", "text", "é", "\\u00e9"]


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join), st.integers(1, 600))
def test_what_is_kept_is_the_same_however_it_is_cut(text: str, size: int) -> None:
    data = text.encode()
    elision = Elision()
    for start in range(0, len(data), size):
        elision.feed(data[start : start + size])
        assert elision.kept_bytes <= len(data)
    assert elision.finish() == elided(data)


def test_texts_are_kept() -> None:
    text = ("aaaa" * 400 + '", "你好' + "\\u4f60" * 400).encode()
    assert elided(text) == text
    assert elided(f'{{"a":"{PICTURE}","b":"text"}}'.encode()) == b'{"a":"","b":"text"}'


def test_a_picture_takes_no_memory() -> None:
    decoder = SseDecoder(256 * 1024)
    part = (PICTURE * 70).encode()
    tracemalloc.start()
    try:
        events = decoder.feed(b'data: {"text":"a","picture":"')
        for _ in range(60):
            events += decoder.feed(part)
        events += decoder.feed(b'"}\n\n')
        assert tracemalloc.get_traced_memory()[1] < 2 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert events == [b'{"text":"a","picture":""}']
