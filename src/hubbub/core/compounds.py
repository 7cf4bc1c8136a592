"""Say how long words are found by a part of them, in languages that write compounds as one word."""

from collections.abc import Iterable

COMPOUNDING = frozenset({"de", "nl", "sv", "da", "no", "fi"})
LEAST_COMPOUND = 8
LEAST_END = 4
LEAST_BEGINNING = 5
"""More begin alike by chance than end alike: "Form" in "formal"."""
LEAST_REST = 3
BACKWARD = "-"
"""What no term of a text begins with stands before a word that is written back to front."""


def backward(terms: Iterable[str], language: str) -> list[str]:
    """Return the long words of a text in this language back to front, none twice: so they are found by their end."""
    if language not in COMPOUNDING:
        return []
    return [BACKWARD + term[::-1] for term in dict.fromkeys(terms) if len(term) >= LEAST_COMPOUND and term.isalpha()]


def beginnings(part: str) -> list[str]:
    """Return what begins each term of an index that may be a compound with this part: at its beginning, at its end."""
    found: list[str] = []
    if part.isalpha():
        found += [part] if len(part) >= LEAST_BEGINNING else []
        found += [BACKWARD + part[::-1]] if len(part) >= LEAST_END else []
    return found


def compound_of(term: str, part: str) -> str | None:
    """Return the word that a term of the index stands for, if it is a compound with this part; else None."""
    word = term[len(BACKWARD) :][::-1] if term.startswith(BACKWARD) else term
    if len(word) < max(LEAST_COMPOUND, len(part) + LEAST_REST) or not (word.isalpha() and part.isalpha()):
        return None
    begins = len(part) >= LEAST_BEGINNING and word.startswith(part)
    return word if begins or (len(part) >= LEAST_END and word.endswith(part)) else None
