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
    ("before", "question", "borrowed", "left"),
    [
        ("What were the sales of 2022?", "And for 2023?", "sales", "2022"),
        ("How heavy is the X10?", "And the X20?", "heavy", "X10"),
    ],
)
def test_a_number_or_code_of_the_same_kind_takes_the_place_of_the_last_one(
    before: str, question: str, borrowed: str, left: str
) -> None:
    query = stand_alone(question, [Turn("user", before), Turn("assistant", "So many.")])
    assert borrowed in query and left not in query
