import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.terms import stem, terms, words


@pytest.mark.parametrize(
    "family",
    [
        "location located locates locating",
        "origin origins originated originates",
        "plan plans planned planning planner",
        "city cities",
        "rule rules ruled ruler ruling",
        "study studies studied studying",
        "computer computing computational computation",
        "use uses used using",
        "class classes",
    ],
)
def test_a_family_of_words_has_one_stem(family: str) -> None:
    assert len({stem(word) for word in family.split()}) == 1


def test_different_words_keep_different_stems() -> None:
    apart = [
        "king",
        "ring",
        "sing",
        "bus",
        "thesis",
        "army",
        "arm",
        "university",
        "universe",
        "plan",
        "plane",
        "policy",
        "police",
        "news",
        "new",
    ]
    assert len({stem(word) for word in apart}) >= len(apart) - 4


def test_a_genitive_is_its_word() -> None:
    assert words("Turing's mother’s don't rock'n'roll") == ["turing", "mother", "dont", "rockn", "roll"]


def test_stop_words_count_only_where_there_is_nothing_else() -> None:
    assert terms("Where is the castle?") == ["castl"]
    assert terms("Who is it?") == ["who", "is", "it"]
    assert terms("?!") == []


@given(st.text(max_size=60))
def test_any_text_has_terms_without_error(text: str) -> None:
    assert all(terms(text))
