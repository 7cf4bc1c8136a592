import pytest

from hubbub.core.spelling import slips

KNOWN = ["rent", "landlord", "deposit", "filter", "supplier", "x2000", "Ö"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [("rennt", "rent"), ("landlrod", "landlord"), ("depsit", "deposit"), ("fikter", "filter"), ("deposiit", "deposit")],
)
def test_a_word_is_near_the_one_that_it_was_meant_for(word: str, meant: str) -> None:
    assert slips(word, KNOWN) == [meant]


@pytest.mark.parametrize("word", ["deposit", "deposits", "supplies", "rant", "pandlord", "depostis", "x2001", ""])
def test_endings_short_words_first_letters_and_figures_are_no_slips(word: str) -> None:
    assert slips(word, KNOWN) == []
