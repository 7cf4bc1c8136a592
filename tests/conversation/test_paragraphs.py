import pytest

from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit


def hit(text: str) -> Hit:
    return Hit("p1", "d1", "c1", "file.md", "", text, None, "", 1.0)


STATUTES = [
    hit(
        "1. Board. The chair calls the meetings. They take place twice a year.\n\n"
        "2. Club house. Ms Orme will repair the roof. Guests pay £12 an hour.\n\n"
        "3. Track 14. Mr Lund objected to the closure."
    ),
    hit("Гости. Посещение разрешено с 10 до 22 часов. Ночлег запрещён.\n\nСтирка. Жетон стоит 60 рублей."),
    hit("Garagem. Cada um tem direito a duas vagas.\n\nSalão de festas. A reserva custa 250 reais."),
]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What do guests pay for the club house?", "Guests pay £12 an hour."),
        ("Who objected to closing track 14?", "3. Track 14. Mr Lund objected to the closure."),
        ("What was said about the club house?", "2. Club house. Ms Orme will repair the roof."),
        ("Какие правила для гостей?", "Гости. Посещение разрешено с 10 до 22 часов."),
        ("O que diz o regulamento sobre a garagem?", "Garagem. Cada um tem direito a duas vagas."),
    ],
)
def test_the_first_words_of_a_paragraph_are_a_heading_of_what_follows(question: str, answer: str) -> None:
    assert answer in choose(question, STATUTES)[0].text


def test_a_heading_within_a_paragraph_is_not_quoted_alone() -> None:
    quotes = choose("What was said about the club house, and about the board?", STATUTES)
    assert quotes
    assert not {"1. Board.", "2. Club house."} & {quote.text for quote in quotes}


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("When does the hall close?", "The hall closes. It opens again in May."),
        ("Which files are blue?", "Files are blue. Folders have any colour."),
        ("보증금은 얼마입니까?", "보증금은 1500유로입니다. 주차장은 22시에 닫습니다."),
        ("押金是多少？", "押金为1500欧元。搬出后六周内退还。"),
    ],
)
def test_a_short_sentence_is_no_heading(question: str, text: str) -> None:
    assert choose(question, [hit(text)])[0].text == text[: max(text.find("."), text.find("。")) + 1]


NOTES = hit(
    "- The service moved from /v1 to /v2. The old addresses are removed at the end of 2026.\n"
    "- E05: The grinder is blocked. Remove stones with a vacuum cleaner.\n"
    "- E11: The machine is too hot.\n\n"
    "Remove nothing else. Addresses of shops stand on the back."
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "When are the old /v1 addresses removed?",
            "- The service moved from /v1 to /v2. The old addresses are removed at the end of 2026.",
        ),
        ("What do I remove after E05?", "- E05: The grinder is blocked. Remove stones with a vacuum cleaner."),
    ],
)
def test_the_sentences_of_an_item_belong_together(question: str, answer: str) -> None:
    assert choose(question, [NOTES])[0].text == answer


def test_what_stands_behind_a_list_is_not_of_its_last_item() -> None:
    assert "Remove nothing else" not in choose("What do I remove after E11?", [NOTES])[0].text
