from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hubbub.conversation.citations import CitedStream
from hubbub.core.documents import Hit
from hubbub.core.events import Cited, Event, FollowUps, Text

HITS = [Hit(f"p{number}", "d", "c", "a.md", "A", "words", number, "", 1.0) for number in (1, 2, 3)]


def run(*pieces: str) -> list[Event]:
    stream = CitedStream(HITS)
    return [event for piece in pieces for event in stream.feed(piece)] + stream.finish()


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def markers_of(events: list[Event]) -> list[int]:
    return [event.citation.marker for event in events if isinstance(event, Cited)]


def test_a_found_passage_is_cited_once_and_before_its_marker() -> None:
    events = run("Rollo led them [2]. He swore [2] [1].")
    assert text_of(events) == "Rollo led them [2]. He swore [2] [1]."
    assert markers_of(events) == [2, 1]
    assert isinstance(events[0], Cited)
    assert events[0].citation.page == 2


def test_what_was_not_found_cannot_be_cited() -> None:
    events = run("It is so [4]. And so [0][99][1].")
    assert text_of(events) == "It is so . And so [1]."
    assert markers_of(events) == [1]


def test_several_in_one_bracket() -> None:
    events = run("Both say so [1, 3, 7].")
    assert text_of(events) == "Both say so [1][3]."
    assert markers_of(events) == [1, 3]


def test_follow_ups_leave_the_text() -> None:
    events = run("Yes [1].\n\n<<Who was\nRollo?>>\n<<When?>> <<When?>><<Why?>><<How?>>")
    assert text_of(events) == "Yes [1]."
    assert events[-1] == FollowUps(("Who was Rollo?", "When?", "Why?"))


def test_code_is_left_alone() -> None:
    text = "Use `a[7]` and\n```python\nx[9] << y[8]\n```\nthen [1]."
    assert text_of(run(text)) == text


def test_what_only_looks_like_a_marker_stays() -> None:
    text = "A [link](x), a < b, [1a], 2 << 3 and an open ["
    assert text_of(run(text)) == text


TEXTS = st.text(alphabet="ab [1]2,4<>?`\n", max_size=60)


@given(TEXTS, st.lists(st.integers(0, 60), max_size=8))
def test_the_borders_of_the_pieces_change_nothing(text: str, cuts: list[int]) -> None:
    borders = [0, *sorted(cuts), len(text)]
    pieces = [text[begin:end] for begin, end in pairwise(borders) if begin < end]
    whole, cut = run(text), run(*pieces)
    assert text_of(whole) == text_of(cut)
    assert markers_of(whole) == markers_of(cut)
    assert [event for event in whole if isinstance(event, FollowUps)] == [e for e in cut if isinstance(e, FollowUps)]
