import pytest

from hubbub.conversation.dates import Date, dates, may_hold
from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit

NINTH = Date(2024, 4, 9)


def hit(text: str, *, heading: str = "") -> Hit:
    return Hit("p1", "d1", "c1", "file.md", "", text, None, heading, 1.0)


@pytest.mark.parametrize(
    "written",
    [
        "9.4.2024",
        "09.04.2024",
        "9. 4. 2024",
        "2024-04-09",
        "9 April 2024",
        "April 9th, 2024",
        "9th of April 2024",
        "9. April 2024",
        "9 de abril de 2024",
        "9 avril 2024",
        "9 апреля 2024",
        "2024年4月9日",
        "2024년 4월 9일",
    ],
)
def test_a_date_is_found_however_it_is_written(written: str) -> None:
    assert [date for _, date in dates(f"On {written}, it rained.")] == [NINTH]
    assert may_hold(f"On {written}, it rained.", NINTH.month)


@pytest.mark.parametrize("text", ["It rained in May 2024.", "It rained on 9 days of 2024."])
def test_no_dates_are_looked_for_where_nothing_looks_like_one(text: str) -> None:
    assert not may_hold(text, NINTH.month)


def test_of_two_numbers_before_a_year_either_may_be_the_month() -> None:
    assert {date for _, date in dates("04/09/2024")} == {NINTH, Date(2024, 9, 4)}


@pytest.mark.parametrize(
    "text", ["It may rain; they march on.", "Version 3.2.1", "call 30.20.2024", "invoice 2023-131"]
)
def test_what_is_no_date_is_found_as_none(text: str) -> None:
    assert not list(dates(text))


@pytest.mark.parametrize(
    ("asked", "is_covered"),
    [
        (Date(None, 4, None), True),
        (Date(2024, 4, None), True),
        (Date(2024, 4, 9), True),
        (Date(2024, 4, 10), False),
        (Date(2023, 4, None), False),
        (Date(None, 5, None), False),
    ],
)
def test_a_date_is_within_its_month(asked: Date, is_covered: bool) -> None:
    assert asked.covers(NINTH) is is_covered


LOG = hit(
    "| Date | Engineer | Work |\n|---|---|---|\n| 2024-01-14 | Marlow | door sensor replaced |\n"
    "| 2024-09-03 | Marlow | battery replaced |\n| 2023-09-20 | Marlow | ropes replaced |"
)
CONTRACT = hit("Der Vertrag beginnt am 1. April 2024. Der Vertrag endet am 31. März 2027. Er kann verlängert werden.")


@pytest.mark.parametrize(
    ("question", "asked_of", "answer"),
    [
        ("What did Marlow replace in September 2024?", LOG, "| 2024-09-03 | Marlow | battery replaced |"),
        ("What did Marlow replace on 20 September 2023?", LOG, "| 2023-09-20 | Marlow | ropes replaced |"),
        ("What did Marlow replace on 14.01.2024?", LOG, "| 2024-01-14 | Marlow | door sensor replaced |"),
        ("Welcher Vertrag endet am 31.03.2027?", CONTRACT, "Der Vertrag endet am 31. März 2027."),
    ],
)
def test_a_date_is_found_that_stands_in_another_form(question: str, asked_of: Hit, answer: str) -> None:
    assert choose(question, [asked_of])[0].text == answer


@pytest.mark.parametrize("question", ["What did Marlow replace on 15.01.2024?", "Welcher Vertrag endet am 31.03.2028?"])
def test_another_date_is_not_quoted(question: str) -> None:
    assert not choose(question, [LOG, CONTRACT])


RENT = hit("The rent is due in advance. The rent follows the Consumer Prices Index. The deposit is three months' rent.")
TAX = hit("The shop opens at nine. All invoices name the VAT. Invoices are kept for ten years.")


@pytest.mark.parametrize(
    ("question", "asked_of", "answer"),
    [
        ("What follows the CPI?", RENT, "The rent follows the Consumer Prices Index."),
        ("Where is the value added tax named?", TAX, "All invoices name the VAT."),
    ],
)
def test_a_long_name_and_its_initials_are_the_same(question: str, asked_of: Hit, answer: str) -> None:
    quote = choose(question, [asked_of])[0]
    assert quote.text == answer
    assert quote.is_sure


def test_other_initials_are_not() -> None:
    assert not choose("What does the CPU follow?", [RENT])
