import pytest

from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit

MEETINGS = {
    "Meeting of 9 May 2023": "The toll was set to 4 euros. Present were Ames and Boyle.",
    "Meeting of 6 June 2023": "The bridge is to be painted. Present were Boyle and Crane.",
}


def sections(texts: dict[str, str]) -> list[Hit]:
    return [
        Hit(f"p{number}", "d1", "c1", "file.md", "Minutes", text, None, f"Minutes › {heading}", 1.0)
        for number, (heading, text) in enumerate(texts.items())
    ]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Who was present at the meeting of 9 May 2023?", "Ames and Boyle"),
        ("Who was present at the meeting of 6 June 2023?", "Boyle and Crane"),
        ("What was the toll set to at the meeting of 9 May 2023?", "4 euros"),
    ],
)
def test_the_first_sentence_below_a_heading_stands_back_where_another_one_says_what_is_asked(
    question: str, said: str
) -> None:
    first, *_ = choose(question, sections(MEETINGS))
    assert said in first.text
    assert first.is_sure


def test_the_first_sentence_below_a_heading_that_asks_the_same_is_quoted() -> None:
    texts = {"How do I change my password?": "Open the menu and choose Account. Passwords have ten signs."}
    first, *_ = choose("How do I change my password?", sections(texts))
    assert "Open the menu" in first.text
