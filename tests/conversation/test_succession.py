import pytest

from hubbub.conversation.quoted import quoted
from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit

MAILS = [
    "Date: 4 May 2023\nSubject: Pool\n\nThe pool opens on 9 June. Towels are sold at the desk.",
    "Date: 30 May 2023\nSubject: Re: Pool\n\nThe pool opens on 16 June. The slide stays shut.",
]
LEAVES = ["Staff have 24 days of leave.", "Staff have 28 days of leave."]


def hit(number: int, text: str, *, title: str = "", heading: str = "", name: str = "file.txt") -> Hit:
    return Hit(f"p{number}", f"d{number}", "c1", name, title, text, None, heading, 1.0)


POOL = [hit(n, text) for n, text in enumerate(MAILS)]
GUIDES = [hit(n, text, title=f"Staff guide 202{n}") for n, text in enumerate(LEAVES)]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("question", "hits", "later", "earlier", "dated"),
    [
        (
            "When does the pool open?",
            POOL,
            "16 June",
            "9 June",
            "30 May 2023",
        ),
        (
            "How many days of leave do staff have?",
            [hit(n, text, title=f"Staff guide, version {9 + n}") for n, text in enumerate(LEAVES)],
            "28 days",
            "24 days",
            "version 10",
        ),
        (
            "How many days of leave do staff have?",
            [hit(n, text, heading=f"Minutes › Meeting of {9 + n}.2.2023") for n, text in enumerate(LEAVES)],
            "28 days",
            "24 days",
            "10.2.2023",
        ),
        (
            "How many days of leave do staff have?",
            [hit(n, text, name=f"Leave 202{n}.txt") for n, text in enumerate(LEAVES)],
            "28 days",
            "24 days",
            "2021",
        ),
    ],
)
def test_of_dated_passages_that_disagree_the_later_one_is_quoted_first_and_both_are_dated(
    question: str, hits: list[Hit], later: str, earlier: str, dated: str, order: int
) -> None:
    first, second, *_ = choose(question, hits[::order])
    assert later in first.text
    assert first.is_sure
    assert earlier in second.text
    assert quoted(first, 1, question).startswith(f"**{dated}**\n\n> {first.text}")
    assert quoted(first, 1, question, is_plain=True).startswith(f"{dated}: “")
    assert second.dated


@pytest.mark.parametrize(
    ("question", "hits", "found"),
    [
        # Whoever names a time asks for that one.
        ("How many days of leave do staff have by guide 2020?", GUIDES, "24 days"),
        ("When was the pool originally to open?", POOL, "9 June"),
        # What is said of another one is no later state of it.
        (
            "How many days of leave do staff in Lund have?",
            [
                hit(0, LEAVES[0], title="Lund guide 2020"),
                hit(1, LEAVES[1], title="Oslo guide 2023"),
            ],
            "24 days",
        ),
        # Without dates the order of the search stays.
        ("How many days of leave do staff have?", [hit(n, text) for n, text in enumerate(LEAVES)], "24 days"),
    ],
)
def test_otherwise_what_was_found_first_stays_first(question: str, hits: list[Hit], found: str) -> None:
    first = choose(question, hits)[0]
    assert found in first.text
    assert not first.dated


def test_what_agrees_is_not_dated() -> None:
    hits = [hit(n, LEAVES[0], title=f"Staff guide 202{n}") for n in range(2)]
    assert not any(quote.dated for quote in choose("How many days of leave do staff have?", hits))
