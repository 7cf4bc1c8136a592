import pytest

from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit

TERMS = "The landlord is Orme Estates. Rooms are let by the term. The heating is checked in autumn."


def hit(text: str) -> Hit:
    return Hit("p1", "d1", "c1", "file.md", "", text, None, "", 1.0)


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        ("Who is the landlrod?", TERMS, "Orme Estates"),
        ("Wie hoch ist die Kautoin?", "Die Kaution beträgt 300 Euro. Der Hof ist zu fegen.", "300 Euro"),
    ],
)
def test_a_word_that_is_a_letter_off_is_found_and_makes_no_quote_sure(question: str, text: str, said: str) -> None:
    first, *_ = choose(question, [hit(text)])
    assert said in first.text
    assert not first.is_sure


def test_a_word_that_a_passage_has_is_taken_as_it_is_written() -> None:
    first, *_ = choose("Who is the contact?", [hit("The contract is long. The contact is Boyle.")])
    assert "Boyle" in first.text
    assert first.is_sure
