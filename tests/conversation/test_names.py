import pytest

from hubbub.conversation.musts import musts
from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit

NOTES = [
    "Lumen is a lamp.",
    "Lumen has a blue lid.",
    "Lumen needs two cells.",
    "Lumen is sold in boxes.",
    "Lumen comes from a small works.",
    "Lumen is as light as a feather.",
    "Lumen shines all night.",
]
LEAKS = "A leak can be closed with wax."


def hits(*texts: str) -> list[Hit]:
    return [Hit(f"p{place}", f"d{place}", "c1", "note.md", "", text, None, "", 1.0) for place, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("I lost the key. Everything is shut. Does Berta have one?", ("Berta",)),
        ("Is it late? Trains to Lyon are full.", ("Lyon",)),
        ("Perdi a chave. Preciso de outra?", ()),
        ("Who lived in St. Albans before D. Brown?", ("St", "Albans", "Brown")),
    ],
)
def test_the_first_word_of_a_sentence_is_no_name(question: str, names: tuple[str, ...]) -> None:
    assert musts(question, "", ("en", "pt")).spelled == names


def test_what_lacks_only_what_most_passages_are_about_is_doubted() -> None:
    found = hits(f"Lumen may leak. {LEAKS}", *NOTES)
    quotes = choose("How can wax help with leaks of my Lumen?", found)
    assert quotes[0].text == LEAKS
    assert not quotes[0].is_sure


def test_what_lacks_another_name_is_refused() -> None:
    assert choose("How can wax help with leaks of my Solar?", hits(LEAKS, *NOTES)) == []
