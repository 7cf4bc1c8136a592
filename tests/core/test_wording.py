"""Texts and queries are cut the same way, in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.wording import index_terms, language_of, query_terms, telling


def finds(query: str, text: str) -> bool:
    """Tell whether all of a query's telling terms are in a text, as an index has it."""
    language = language_of(text)
    there = set(index_terms(text, language))
    return all(there.intersection(term.forms) for term in telling(query_terms(query, [language])))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("indemnité", "Une indemnité de 300 euros est versée."),
        ("l'indemnité", "Une indemnité de 300 euros est versée."),
        ("indemnité", "Quel est le montant de l’indemnité ?"),
        ("indemnite", "Une indemnité de 300 euros est versée."),
        ("O'Brien", "The complaint of O’Brien was dismissed."),
        ("obrien", "The complaint of O'Brien was dismissed."),
        ("STRASSE", "Die Straße ist gesperrt."),
        ("ABC", "Ｔｈｅ ＡＢＣ ｐｌａｎ"),
        ("cooperation", "They praise co\u00adoperation."),
        ("finance", "The ﬁnance oﬃce is closed."),
        ("email", "Send an e-mail to the office."),
        ("E5012", "The printer shows error E-5012."),
        ("E-5012", "The printer shows error E5012."),
        ("2023-131", "Invoice 2023-131 is paid."),
        ("1500", "The deposit is 1,500 euros."),
        ("1.500", "L'acompte s'élève à 1 500 euros."),
        ("0,30", "Up to 0.30 a kilometre."),
        ("user@example.com", "Write to User@Example.com today."),
        ("Kinder", "Das Angebot ist für die Kindern von Mitarbeitern."),
        ("компанию", "Компания основана в 1987 году."),
        ("押金", "押金为1500欧元。"),
        ("押", "押金为1500欧元。"),
        ("金", "押金为1500欧元。"),
        ("トナー", "二階のプリンターはトナーがなくなる。"),
        ("해지", "아파트의 해지 통지 기간은 3개월입니다."),
        ("기간", "해지 통지 기간은 3개월입니다."),
        ("ราคา", "ห้องพักมีราคาแพง"),
        ("अवधि", "नोटिस की अवधि तीन महीने है।"),
    ],
)
def test_a_word_is_found_however_it_is_written(query: str, text: str) -> None:
    assert finds(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [("E4019", "Error E4000 means that the door is open."), ("2023-131", "Invoice 2023-118 is paid.")],
)
def test_another_code_is_another_word(query: str, text: str) -> None:
    assert not finds(query, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "How long is the notice period?"),
        ("de", "Wie lang ist die Kündigungsfrist?"),
        ("fr", "Quelle est la durée du préavis ?"),
        ("es", "¿Cuál es el plazo de preaviso?"),
        ("it", "Quanto dura il preavviso per gli inquilini?"),
        ("nl", "Hoe lang is de opzegtermijn van het huis?"),
        ("ru", "Какой срок предупреждения?"),
        ("ar", "ما هي مدة الإشعار؟"),
        ("hi", "नोटिस की अवधि कितनी है?"),
        ("zh", "解约通知期是多久？"),
        ("ja", "解約予告期間はどのくらいですか。"),
        ("ko", "해지 통지 기간은 얼마입니까?"),
        ("", "E-5012"),
    ],
)
def test_the_language_is_told_by_how_a_sentence_is_built(language: str, text: str) -> None:
    assert language_of(text) == language


@given(st.text(max_size=200), st.sampled_from(["", "en", "de", "fr", "ru", "zh", "ko"]))
def test_whatever_a_text_holds_it_finds_itself(text: str, language: str) -> None:
    there = set(index_terms(text, language))
    assert all(term and " " not in term for term in there)
    for term in query_terms(text, [language], language):
        assert there.intersection(term.forms)
