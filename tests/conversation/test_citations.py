import re
import time
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hubbub.conversation.citations import CitedStream
from hubbub.conversation.prose import Prose
from hubbub.core.documents import Hit
from hubbub.core.events import Cited, Event, FollowUps, Text
from tests.conversation.markdown_oracle import found_in
from tests.processor import put_others_garbage_aside

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


def test_what_was_not_found_cannot_be_cited_and_stays_as_it_is() -> None:
    text = "Take a[9] of arr[0], [4] and [ 5 , 7 ], [0][99] and then [1]."
    events = run(text)
    assert text_of(events) == text
    assert markers_of(events) == [1]


def test_several_in_one_bracket() -> None:
    events = run("Both say so [1, 3, 7].")
    assert text_of(events) == "Both say so [1][3][7]."
    assert markers_of(events) == [1, 3]


def test_follow_ups_leave_the_text() -> None:
    events = run("Yes [1].\n\n<<Who was\nRollo?>>\n<<When?>> <<When?>><<Why?>><<How?>>")
    assert text_of(events) == "Yes [1]."
    assert events[-1] == FollowUps(("Who was Rollo?", "When?", "Why?"))


UNTOUCHED = {
    "code": "Use `a[1, 2]` and `` `[1]` <<no?>> ``",
    "a fence": "```python\nx[1, 2] << y[1]\n<<no?>>\n```",
    "a fence of tildes in an item": "- so:\n\n  ~~~\n  [1, 2]\n  ```\n  [1]\n  ~~~",
    "a fence that is never closed": "```\n[1, 2]\n\n[1] <<no?>>",
    "indented code": "So:\n\n    x = [1, 2]\n    <<no?>>",
    "mathematics": r"With $a[1]$, $$[1, 2]$$, \(x_{[1]}\) and \[ [1, 2] \]",
    "an escaped bracket": r"No \[1, 2] here",
    "a link": '[1](https://example.org/[1]) [see [1, 2] there](<x> "[1]")',
    "a picture": "![1](a.png) ![a [1, 2] b](a.png)",
    "an address": "<https://example.org/[1,2]>",
    "a tag": "A <a title='[1, 2]' href=\"[1]\">link</a>",
    "a comment": "A <!-- [1, 2] <<no?>> -->",
    "an HTML block": "<div>\n[1, 2] <<no?>>\n</div>",
    "a definition": "[handbook]: https://example.org/[1]",
    "what only looks like a marker": "[1a] [^1] [-1] [01] 2 << 3 [ ] [x] a < b and an open [",
}


@pytest.mark.parametrize("text", UNTOUCHED.values(), ids=UNTOUCHED)
def test_what_is_no_prose_is_left_alone(text: str) -> None:
    for pieces in ([text], list(text)):
        events = run(*pieces, "\n\nThen [2].")
        assert text_of(events) == f"{text}\n\nThen [2]." or text.startswith("```\n")
        assert markers_of(events) == ([2] if not text.startswith("```\n") else [])
        assert not any(isinstance(event, FollowUps) for event in events)


@pytest.mark.parametrize(
    "stray",
    ["a ` b", "a ``` b", "costs $5", "a [ b", "a <b", "a $x", r"a \( b", "![", "<!--x"],
)
def test_what_is_never_closed_switches_nothing_off(stray: str) -> None:
    events = run(*f"{stray} and so [1].\n\nMore [2, 3]. <<What next?>>")
    is_block = stray.startswith("<!--")  # a comment goes on to the end of the document
    assert markers_of(events) == ([] if is_block else [1, 2, 3])
    assert is_block or text_of(events) == f"{stray} and so [1].\n\nMore [2][3]."
    assert is_block or events[-1] == FollowUps(("What next?",))


def test_text_is_held_back_only_where_a_marker_could_be_code_and_not_for_long() -> None:
    stream = CitedStream(HITS)
    assert text_of(stream.feed("A stray ` and more words")) == "A stray ` and more words"
    assert text_of(stream.feed(" which [1] say")) == " which"
    assert text_of(stream.feed(" so.\n\nNext")) == " [1] say so.\n\nNext"
    assert text_of(stream.feed(" ` [2]")) == " `"
    assert text_of(stream.feed("word " * 500)).startswith(" [2]word")


def test_a_text_that_turns_out_to_be_none_leaves_nothing_behind() -> None:
    stream = CitedStream(HITS)
    assert markers_of(stream.feed("Let me see [1]. <<No?>>\n```\ncode [2]")) == [1]
    assert not any(isinstance(event, FollowUps) for event in stream.begin_again())
    events = stream.feed("So [1] it is.") + stream.finish()
    assert (text_of(events), markers_of(events)) == ("So [1] it is.", [1])
    assert not any(isinstance(event, FollowUps) for event in events)


TEXTS = st.lists(
    st.sampled_from(
        [
            "a",
            "b c",
            "5",
            "x",
            "*",
            "_",
            ":",
            " ",
            "  ",
            "\n",
            "\n\n",
            "[1]",
            "[2, 3]",
            "[9]",
            "<<q?>>",
            "`",
            "``",
            "```",
            "\n- ",
            "\n1. ",
            "\n2. ",
            "\n> ",
            "\n    ",
            "\n# ",
            "\n```\n",
            "\n~~~\n",
            "\n<div>",
            "$",
            "$$",
            "$5 ",
            "\\(",
            "\\)",
            "\\[",
            "\\]",
            "\\",
            "\\`",
            "[",
            "]",
            "](u)",
            "(u)",
            "(",
            ")",
            "!",
            "![",
            "<",
            "<<",
            ">",
            ">>",
            '<a t="',
            '">',
            "<b>",
            "</b>",
            "<!--",
            "-->",
            "<http://x/",
        ]
    ),
    max_size=14,
).map("".join)


@given(TEXTS)
def test_a_text_that_streams_is_read_as_a_parser_reads_the_whole(text: str) -> None:
    # Over two lines a definition is read as prose; the rest the parser reads otherwise than CommonMark 0.31 says.
    assume(not re.search(r"\]: *\n| {4,}>|<!--.*<!--|<!---?>", text, re.S))
    prose = Prose()
    found = [part for letter in text for part in prose.feed(letter)] + prose.finish()
    assert "".join(part if isinstance(part, str) else part.source for part in found) == text
    assert [part.source for part in found if not isinstance(part, str)] == found_in(text)


@given(TEXTS, st.lists(st.integers(0, 60), max_size=8))
def test_the_borders_of_the_pieces_change_nothing(text: str, cuts: list[int]) -> None:
    borders = [0, *sorted(cuts), len(text)]
    pieces = [text[begin:end] for begin, end in pairwise(borders) if begin < end]
    whole, cut = run(text), run(*pieces)
    assert text_of(whole) == text_of(cut)
    assert markers_of(whole) == markers_of(cut)
    assert [event for event in whole if isinstance(event, FollowUps)] == [e for e in cut if isinstance(e, FollowUps)]


HOSTILE = [
    "`` `a",
    "`",
    "[",
    "[1](",
    "[[1] ",
    "](",
    "[a](b ",
    "[a](b",
    "<",
    "<<a",
    "<a ",
    '<a b="',
    "<!-- ",
    "$x ",
    "$$",
    "\\(",
]
HOSTILE += ["\n", ">", "> ", "- ", "* * ", "1. ", " ", "```\n", "\n\n    ", "[1]", "[1, 2]", "<<a?>>"]


@pytest.mark.quiet
@pytest.mark.parametrize("unit", HOSTILE)
def test_the_time_is_linear_in_the_text_whatever_it_is(unit: str) -> None:
    def seconds(length: int) -> float:
        stream, text = CitedStream(HITS), unit * (length // len(unit))
        began = time.thread_time()
        for begin in range(0, length, 1024):
            stream.feed(text[begin : begin + 1024])
        stream.finish()
        return time.thread_time() - began

    put_others_garbage_aside()
    short = min(seconds(16_384) for _ in range(3))
    assert seconds(131_072) < 8 * 2.5 * short + 0.01
