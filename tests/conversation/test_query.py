import pytest

from hubbub.conversation.query import leans, stand_alone
from hubbub.core.messages import Turn

TURNS = [Turn("user", "Who led the Normans to Normandy?"), Turn("assistant", "Rollo did.")]


@pytest.mark.parametrize(
    "question", ["When was he born?", "And why?", "What about Sicily?", "Tell me more", "Where did they settle?"]
)
def test_a_question_that_leans_borrows_words(question: str) -> None:
    assert leans(question)
    query = stand_alone(question, TURNS)
    assert query.startswith(question)
    assert "Normans" in query
    assert "Normandy" in query


@pytest.mark.parametrize(
    "question",
    [
        "它什么时候开始？",
        "それはいつですか。",
        "Und die Kaution?",
        "Warum?",
        "Wann beginnt sie?",
        "Et pourquoi ?",
        "¿Y cuándo?",
    ],
)
def test_a_question_leans_in_other_languages_too(question: str) -> None:
    assert leans(question)
    assert "Normans" in stand_alone(question, TURNS)


@pytest.mark.parametrize(
    "question",
    [
        "Which battle did William win in England?",
        "Who ruled the duchy of Apulia?",
        "notice period",
        "vacation",
        "E-5012",
        "Kündigungsfrist",
        "Wie hoch ist die Kaution?",
        "Quelle est la durée du préavis ?",
        "¿Cuánto dura la garantía?",
        "Какой срок гарантии?",
        "押金是多少？",
        "押金",
        "敷金はいくらですか。",
        "보증금은 얼마입니까?",
        "ما هي مدة الإشعار؟",
        "नोटिस की अवधि कितनी है?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert stand_alone(question, TURNS) == question


def test_it_goes_back_to_the_last_question_that_stood_alone() -> None:
    turns = [*TURNS, Turn("user", "And when?"), Turn("assistant", "In 911.")]
    assert "Normans" in stand_alone("Where did they settle?", turns)
    assert stand_alone("And when?", []) == "And when?"


@pytest.mark.parametrize(
    ("asked", "then", "borrowed", "replaced"),
    [
        ("What does the X10 cost?", "And the X20?", "cost", "X10"),
        ("How many boats came in 2022?", "And in 2023?", "boats", "2022"),
        ("Wie viel kostet der X10?", "Und der X20?", "kostet", "X10"),
    ],
)
def test_a_code_or_year_stands_for_the_one_before(asked: str, then: str, borrowed: str, replaced: str) -> None:
    query = stand_alone(then, [Turn("user", asked), Turn("assistant", "This.")])
    assert borrowed in query
    assert replaced not in query
    third = stand_alone("How old is it?", [Turn("user", asked), Turn("user", then)])
    assert replaced not in third
    assert then.split()[-1].strip("?") in third
