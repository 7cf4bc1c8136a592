import pytest

from hubbub.core.spelling import is_slip, slips, slips_of

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


@pytest.mark.parametrize("word", ["landlord", "договор", "σύμβαση".replace("ύ", "υ")])
def test_every_slip_away_from_a_word_is_told(word: str) -> None:
    told = set(slips_of(word))
    middle = len(word) // 2
    wrong = [
        word[:middle] + word[middle + 1 :],
        word[:middle] + word[0] + word[middle:],
        word[:middle] + word[1] + word[middle + 1 :],
        word[:middle] + word[middle + 1] + word[middle] + word[middle + 2 :],
    ]
    assert set(slips(word, wrong)) <= told
    assert len(set(slips(word, wrong))) >= 3
    assert all(is_slip(word, one) for one in told)


def test_the_first_letters_that_are_certain_stay() -> None:
    assert all(one.startswith("lan") for one in slips_of("landlord", 3))


def test_what_is_short_or_has_figures_is_near_nothing() -> None:
    assert slips_of("lamp") == slips_of("a12345") == []
