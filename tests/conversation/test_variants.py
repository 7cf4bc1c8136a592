import pytest

from hubbub.conversation.quoting import Quote, choose
from hubbub.core.documents import Hit

SHEETS = {
    "Heron Lamp Desk": "Heron Desk burns for 900 hours. The price of Heron Desk is 30 euros.",
    "Heron Lamp Desk Neo": "Heron Desk Neo burns for 1200 hours. The price of Heron Desk Neo is 45 euros.",
    "Heron Lamp Desk Neo X": "Heron Desk Neo X burns for 1500 hours. It is sold with a dimmer.",
}
PLANS = {
    "Plans › Small": "Help comes within 40 hours.",
    "Plans › Small Team": "Help comes within 9 hours. A copy is made daily.",
}


def hit(number: int, heading: str, text: str) -> Hit:
    return Hit(f"p{number}", f"d{number}", "c1", f"file{number}.md", "", text, None, heading, 1.0)


def quotes(question: str, sections: dict[str, str], order: int = 1) -> list[Quote]:
    """Return what is quoted where the sections were found in this order, or the other way round."""
    found = list(sections.items())[::order]
    return choose(question, [hit(number, *section) for number, section in enumerate(found)])


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("question", "sections", "said"),
    [
        ("How long does Heron Desk burn?", SHEETS, "900"),
        ("How long does Heron Desk Neo burn?", SHEETS, "1200"),
        ("How long does Heron Desk Neo X burn?", SHEETS, "1500"),
        ("What is the price of the Heron Desk?", SHEETS, "30 euros"),
        ("how long does heron desk burn?", SHEETS, "900"),
        ("Within how many hours does help come with Small?", PLANS, "40 hours"),
        ("Within how many hours does help come with Small Team?", PLANS, "9 hours"),
    ],
)
def test_the_asked_variant_is_quoted_and_no_other(
    question: str, sections: dict[str, str], said: str, order: int
) -> None:
    quote = quotes(question, sections, order)[0]
    assert said in quote.text
    assert quote.is_sure


@pytest.mark.parametrize(
    ("question", "sections"),
    [
        ("Is Heron Desk sold with a dimmer?", SHEETS),
        ("Is a copy made daily with Small?", PLANS),
    ],
)
def test_what_is_said_of_another_variant_alone_is_no_sure_answer(question: str, sections: dict[str, str]) -> None:
    assert not any(quote.is_sure for quote in quotes(question, sections))


@pytest.mark.parametrize(
    ("question", "sections", "said"),
    [
        # A heading that goes on with a common word names no variant.
        (
            "How much does storage cost?",
            {"Storage": "It is dry.", "Storage Costs": "Storage costs 9 euros."},
            "9 euros",
        ),
        # What speaks of both speaks of the asked one.
        (
            "Is Heron Desk brighter?",
            {**SHEETS, "Heron Lamp Desk Neo": "Heron Desk Neo is brighter than Heron Desk."},
            "is brighter than",
        ),
    ],
)
def test_what_is_no_other_variant_stays_sure(question: str, sections: dict[str, str], said: str) -> None:
    quote = quotes(question, sections)[0]
    assert said in quote.text
    assert quote.is_sure
