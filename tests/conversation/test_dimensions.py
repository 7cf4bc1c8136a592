"""What is measured in a quote, and what a question wants measured."""

import pytest

from hubbub.conversation.dimensions import can_be_measure, without_measures
from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit


@pytest.mark.parametrize(
    ("question", "language", "quote", "can_be"),
    [
        ("How loud is the lathe?", "en", "| Length | 1800 mm |", False),
        ("How loud is it?", "en", "54 dB(A) at full speed", True),
        ("How loud is it?", "en", "It is not loud.", True),
        ("How long is it?", "en", "| Weight | 12 kg |", False),
        ("How long is it?", "en", "three years", True),
        ("How long was the reign?", "en", "from 1908 in Vienna to 1910", True),
        ("How heavy is it?", "en", "It is 2 m long.", False),
        ("How heavy is it?", "en", "It is 2 m long and weighs 30 kg.", True),
        ("What does the saw weigh?", "en", "12\u00a0kg", True),
        ("How much does it weigh?", "en", "230 V", False),
        ("How fast is it?", "en", "12 kg", False),
        ("How fast is it?", "en", "250 Mbit/s", True),
        ("How old is the tree?", "en", "It is 12 metres high", False),
        ("How far is the harbour?", "en", "It is a walk of ten minutes.", True),
        ("How cold is it?", "en", "-18 °C", True),
        ("Wie laut ist die Säge?", "de", "Gewicht: 12 kg", False),
        ("Wie lange dauert es?", "de", "drei Wochen", True),
        ("Combien pèse la scie ?", "fr", "12 kg", True),
        ("Combien pèse la scie ?", "fr", "230 V", False),
        ("Who has 12 kg?", "en", "230 V", True),
    ],
)
def test_it_fits_or_not(question: str, language: str, quote: str, *, can_be: bool) -> None:
    assert can_be_measure(question, language, quote) is can_be


def test_another_measure_is_no_sure_answer() -> None:
    hits = [Hit("p1", "d1", "c1", "file.md", "", "The lathe weighs 310 kg.", None, "Lathe", 1.0)]
    assert all(quote.is_sure for quote in choose("How heavy is the lathe?", hits))
    assert not any(quote.is_sure for quote in choose("How loud is the lathe?", hits))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("In 1908 it was 12 m high, and 3 years later 14.5 m.", "In 1908 it was   high, and 3 years later  ."),
        ("4,200 kg at 9:30", "  at 9:30"),
        ("It grew by 12 % in 2 weeks", "It grew by   in 2 weeks"),
    ],
)
def test_figures_of_other_things_are_no_times(text: str, left: str) -> None:
    assert without_measures(text) == left


@pytest.mark.parametrize(
    ("question", "is_sure"),
    [
        ("Who manages the Home plan?", False),
        ("Who sells the Home plan?", True),
        ("What does the Home plan cost?", True),
        ("What is the Home plan?", True),
        ("At what temperature is Home baked?", True),
    ],
)
def test_what_stands_beside_a_name_is_not_what_is_asked_of_it(question: str, *, is_sure: bool) -> None:
    text = "The Home plan costs 29 euros. The Home plan is sold by Kim Ro. It is baked at 230 degrees."
    quotes = choose(question, [Hit("p1", "d1", "c1", "file.md", "", text, None, "Home", 1.0)])
    assert any(quote.is_sure for quote in quotes) is is_sure
