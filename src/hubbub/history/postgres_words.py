"""Cut texts and queries into words for PostgreSQL: in any script, whatever languages the server knows."""

import re
import unicodedata
from collections.abc import Sequence

from hubbub.history.words import owner_word, spaced

MOST_WORDS = 16_000
"""So many words of a text are searched: PostgreSQL tells no places beyond."""
LONGEST_WORD = 100
_WORD = re.compile(r"[^\W_]+")


def vector_of(owner_id: str, text: str) -> str:
    """Return a text's words with their places, and the person as one more, as a `tsvector` is written."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(_words(text)[:MOST_WORDS], start=1):
        places.setdefault(word, []).append(str(place))
    return " ".join([owner_word(owner_id), *(f"{word}:{','.join(at)}" for word, at in places.items())])


def query_of(owner_id: str, words: Sequence[str]) -> str:
    """Return the `tsquery` for texts of a person that hold all words, or words that begin with them; "": for none."""
    cut = [_words(word) for word in words]
    if not any(cut):
        return ""
    phrases = ["(" + " <-> ".join([*parts[:-1], parts[-1] + ":*"]) + ")" for parts in cut if parts]
    return " & ".join([owner_word(owner_id), *phrases])


def _words(text: str) -> list[str]:
    text = spaced(text).lower()
    if not text.isascii():
        text = "".join([sign for sign in unicodedata.normalize("NFD", text) if unicodedata.category(sign) != "Mn"])
        text = unicodedata.normalize("NFC", text).lower()
    return [word[:LONGEST_WORD] for word in _WORD.findall(text)]
