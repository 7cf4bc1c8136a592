import time

import pytest

from hubbub.conversation.cues import cue
from hubbub.conversation.definitions import defines
from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit


@pytest.mark.parametrize(
    ("question", "says", "speaks"),
    [
        ("What is a glacier?", "A glacier is ice that flows.", "The huts stand below a glacier, which is old."),
        ("what are glaciers", "A glacier is ice that flows.", "Many glaciers shrink."),
        ("Who was Ada Brandt?", "Ada Maria Brandt (1870–1931) was an architect.", "The library is by Ada Brandt."),
        ("Was ist ein Gletscher?", "Ein Gletscher ist fließendes Eis.", "Unter dem Gletscher ist ein See."),
        ("¿Qué es un glaciar?", "Un glaciar es hielo que fluye.", "El lago es de un glaciar."),
        ("Qu'est-ce qu'un glacier ?", "Un glacier est de la glace.", "Le lac est sous un glacier."),
        ("Che cos'è un ghiacciaio?", "Un ghiacciaio è ghiaccio.", "Il lago è sotto un ghiacciaio."),
        ("O que é uma geleira?", "Uma geleira é gelo.", "O lago é de uma geleira."),
        ("Wat is een gletsjer?", "Een gletsjer is ijs.", "Het meer is onder een gletsjer."),
        ("Что такое ледник?", "Ледник — это масса льда.", "Озеро — под ледником."),
        ("冰川是什么？", "冰川是流动的冰。", "湖在冰川下面。"),
        ("氷河とは何ですか。", "氷河は流れる氷です。", "湖は氷河の下です。"),
        ("빙하란 무엇입니까?", "빙하는 흐르는 얼음입니다.", "호수는 빙하 아래에 있습니다."),
    ],
)
def test_what_says_what_a_thing_is_begins_with_it(question: str, says: str, speaks: str) -> None:
    holds = defines(question)
    assert holds is not None
    assert holds(says, set())
    assert not holds(speaks, set())


@pytest.mark.parametrize(
    "question",
    [
        "What is it like?",
        "Who was Robert's son?",
        "Who was the leader?",
        "How long is a glacier?",
        "Wer ist der Leiter?",
    ],
)
def test_other_questions_ask_for_no_definition(question: str) -> None:
    assert defines(question) is None


def test_what_asks_for_an_amount_asks_for_no_definition() -> None:
    holds = cue("What is the price of a ticket?")
    assert holds is not None
    assert holds("Visitors pay 4.50.", set())


def test_what_a_thing_is_comes_before_what_else_is_said_of_it() -> None:
    sentences = ["The lake lies below a glacier.", "The oldest glacier melts.", "A glacier is ice that flows."]
    hits = [Hit(f"p{n}", f"d{n}", "c1", "a.md", "", text, None, "", 1 / n) for n, text in enumerate(sentences, 1)]
    assert choose("What is a glacier?", hits)[0].text == sentences[-1]


def test_a_sentence_of_many_short_words_takes_no_long_look() -> None:
    holds = defines("What is a a a a a a?")
    assert holds is not None
    began = time.process_time()
    for _ in range(10):
        assert not holds("a " * 500, set())
    assert time.process_time() - began < 1.0
    assert defines("是什么" * 300) is None
