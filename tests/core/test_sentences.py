import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.sentences import sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["It rains.", "We stay in!", "Do you?", "Yes…", "Good."],
        ["Dr. Smith met Mrs. Jones on St. Mary's Road.", "They talked."],
        ["It costs 3.50 dollars, i.e. more than No. 7 did.", "It grew 1.5 times."],
        ["The U.S. Army left the U.S. in May.", "He stayed in the U.S.", "The rest went home."],
        ["J. R. R. Tolkien wrote it with C. S. Lewis in mind.", "Fig. 3 shows it."],
        ["It closed at 5 p.m. on Friday.", "It opens at 9 a.m.", "The doors are heavy."],
        ["“Stop!” he cried.", "“I won’t.”", "She ran."],
        ['He said "no."', "Nobody asked again."],
        ["(It was late.)", "They slept."],
        ["The claim stands.[12]", "Others doubt it.[3][4]", "So do we."],
        ["See https://example.org/a.b?c=d.", "Or not."],
        ["Version 2.0.1 is out.", "3 people use it."],
        ["Wait... what?", "No...", "Really."],
        ["Er kam am 3. Oktober nach Köln.", "Das war z. B. spät."],
        ["これは文です。", "次の文です！", "終わり"],
        ["Smith et al. (2019) agree.", "Apples, pears, etc. are fruit.", "We sell apples, etc.", "They are good."],
        ["Was it vitamin C?", "It was vitamin C.", "The test said so."],
    ],
)
def test_sentences_end_where_a_reader_would_end_them(parts: list[str]) -> None:
    assert split(" ".join(parts)) == parts


def test_lines_of_a_paragraph_belong_together_and_blocks_do_not() -> None:
    text = "# Title\nA line that\ngoes on. Another\n\n- one item\n- two. Three\n1. first\n2. second\n| a | b |\nafter"
    assert split(text) == [
        "# Title",
        "A line that\ngoes on.",
        "Another",
        "- one item",
        "- two.",
        "Three",
        "1. first",
        "2. second",
        "| a | b |",
        "after",
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u2028"])
def test_nothing_has_no_sentences(text: str) -> None:
    assert sentences(text) == []


@given(st.text(alphabet=st.sampled_from("aB1 .!?…\n\"”)[]。-#|'é"), max_size=200) | st.text(max_size=100))
def test_sentences_are_in_order_and_leave_out_white_space_only(text: str) -> None:
    position = 0
    for start, end in sentences(text):
        assert text[position:start].strip() == ""
        assert start < end
        assert text[start:end] == text[start:end].strip()
        position = end
    assert text[position:].strip() == ""


@pytest.mark.parametrize("piece", [".", ". ", ".'", "a.", "\n", "- \n", "[1]", "?)", " ", "1. "])
def test_hostile_repetition_is_read_in_one_pass(piece: str) -> None:
    text = piece * 50_000  # quadratic work would take minutes
    assert all(start < end for start, end in sentences(text))
