import asyncio
import time
from collections.abc import Sequence
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.conversation import quoting
from hubbub.conversation.cues import cue
from hubbub.conversation.quoting import READ_HITS, choose, choose_by_meaning, choose_in_turns, rate
from hubbub.core.documents import Hit, Vector
from hubbub.core.errors import ModelError


def hit(text: str, number: int = 1, *, title: str = "", heading: str = "") -> Hit:
    return Hit(f"p{number}", "d1", "c1", "file.md", title, text, None, heading, 1 / number)


HITS = [
    hit(
        "The library opened in 1908. It was designed by Ada Brandt, who had studied in Vienna. "
        "It holds 40,000 books. Visitors come because the reading room is quiet.",
        1,
    ),
    hit("The swimming pool stands near the Old Harbour. Who built it? Tickets cost 4.50 a day.", 2),
]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When did the library open?", "The library opened in 1908."),
        (
            "Who designed the library?",
            "The library opened in 1908. It was designed by Ada Brandt, who had studied in Vienna.",
        ),
        (
            "How many books does the library hold?",
            "The library opened in 1908. It was designed by Ada Brandt, who had studied in Vienna. "
            "It holds 40,000 books.",
        ),
        ("Why do visitors come?", "Visitors come because the reading room is quiet."),
        ("Where is the swimming pool?", "The swimming pool stands near the Old Harbour."),
        ("How much does a ticket for the pool cost?", "Tickets cost 4.50 a day."),
    ],
)
def test_the_sentence_that_answers_comes_first(question: str, answer: str) -> None:
    best = choose(question, HITS)[0]
    assert best.text == answer
    assert best.hit.text[best.start : best.start + len(best.text)] == answer


@pytest.mark.parametrize(
    "question", ["Which planet has the most moons?", "What did Napoleon say to Josephine?", "", "???"]
)
def test_nothing_is_quoted_where_nothing_fits(question: str) -> None:
    assert choose(question, HITS) == []
    assert choose("When did the library open?", []) == []


def test_a_name_that_the_passages_lack_speaks_against_them() -> None:
    known, other = (rate(f"When did the {name} library open?", HITS)[0] for name in ("quiet", "Springfield"))
    assert known.text == other.text
    assert known.evidence > other.evidence


def test_a_question_in_the_text_is_no_answer() -> None:
    assert all(quote.text != "Who built it?" for quote in rate("Who built the swimming pool?", HITS))


def test_headings_count_for_what_stands_below_them() -> None:
    below = [hit("You may send goods back within thirty days.", heading="Refund policy")]
    assert choose("What is the refund policy for goods?", below)
    assert rate("refund policy", below)[0].evidence > rate("refund policy", [hit(below[0].text)])[0].evidence


def test_of_overlapping_passages_each_sentence_is_quoted_once() -> None:
    twice = [hit("The library opened in 1908.", 1), hit("The library opened in 1908. It grew.", 2)]
    assert [quote.hit.passage_id for quote in choose("When did the library open?", twice)] == ["p1"]


def test_no_more_than_the_limit_are_quoted() -> None:
    many = [hit(" ".join(f"The library opened door {number}." for number in range(9)))]
    assert len(choose("When did the library open?", many)) == 3
    assert len(choose("When did the library open?", many, limit=1)) == 1


def test_a_huge_passage_is_read_within_bounds() -> None:
    huge = [hit("library " * 200_000), hit("The library opened. " * 20_000 + "The library opened in 1908.", 2)]
    assert [len(quote.text) for quote in choose("When did the library open?", huge)] == [19]


@given(st.text(max_size=80), st.lists(st.text(max_size=200), max_size=4))
def test_every_quote_is_word_for_word(question: str, texts: list[str]) -> None:
    hits = [hit(text, number) for number, text in enumerate(texts, start=1)]
    quotes = choose(question, hits)
    for quote in quotes:
        assert quote.text
        assert quote.hit in hits
        assert quote.hit.text[quote.start : quote.start + len(quote.text)] == quote.text
    assert quotes == choose(question, hits)


@pytest.mark.parametrize(
    ("question", "holding", "lacking"),
    [
        ("How many are there?", "There are seven.", "There are some."),
        ("In what year was it?", "It was in 1066.", "It was long ago."),
        ("Who led the Normans?", "They followed Rollo there.", "They followed the Normans there."),
        ("Where is it?", "It lies in France.", "It lies under a stone."),
        ("Why did it fall?", "It fell because of rain.", "It fell on a day."),
    ],
)
def test_a_cue_tells_what_is_asked_for(question: str, holding: str, lacking: str) -> None:
    holds = cue(question)
    asked = set(question.lower().strip("?").split())
    assert holds is not None
    assert holds(holding, asked)
    assert not holds(lacking, asked)


def test_other_questions_have_no_cue() -> None:
    assert cue("What is it like?") is None


class LikesPools:
    """Finds questions about diving like what is said of pools, and no other question like any sentence."""

    name = "pools"
    dimensions = 3
    failure: Exception | None = None

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
        assert is_urgent
        await asyncio.sleep(0)
        if self.failure:
            raise self.failure
        return [
            pack("<3f", "pool" in text or "dive" in text, not text.endswith("?"), text.endswith("?")) for text in texts
        ]


async def test_meanings_find_what_words_do_not() -> None:
    question = "Can a beginner dive there?"
    assert choose(question, HITS) == []
    best = (await choose_by_meaning(question, HITS, LikesPools()))[0]
    assert best.text == "The swimming pool stands near the Old Harbour."


async def test_meanings_refuse_what_only_shares_words() -> None:
    question = "Do visitors sell books quickly?"
    assert choose(question, HITS) != []
    assert await choose_by_meaning(question, HITS, LikesPools()) == []
    assert await choose_by_meaning("?", HITS, LikesPools()) == []


async def test_words_serve_where_the_embedder_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(LikesPools):
        async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(quoting, "EMBED_SECONDS", 0.05)
    failing = LikesPools()
    failing.failure = ModelError("It is not to be had.")
    question = "When did the library open?"
    for embedder in (failing, Hanging()):
        assert await choose_by_meaning(question, HITS, embedder) == choose(question, HITS) != []


@pytest.mark.quiet
async def test_much_to_read_keeps_the_loop_from_nobody() -> None:
    words = [f"word{number}" for number in range(900)]
    hits = [
        Hit(f"p{n}", "d", "c", "a.md", "A", ". A ".join(words[n:] + words[:n]), None, "", 1.0) for n in range(READ_HITS)
    ]
    longest = 0.0

    async def other() -> None:
        nonlocal longest
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - began)

    task = asyncio.create_task(other())
    await asyncio.sleep(0)
    chosen = await choose_in_turns("What is word7 of word8?", hits)
    task.cancel()
    assert chosen == choose("What is word7 of word8?", hits)
    assert longest < 0.04
