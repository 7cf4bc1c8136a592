"""Say how long words are found by their parts, and parts by them, in languages that write compounds as one word."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from hubbub.core.languages import is_stop_word, stems, without_accents

LINKS = {
    "de": ("s", "es", "n", "en", "er", "e"),
    "nl": ("s", "e", "en", "er"),
    "sv": ("s", "e", "u"),
    "da": ("s", "e", "er"),
    "no": ("s", "e"),
    "fi": ("n",),
}
"""The languages that write compounds as one word, and the letters that may stand between the two words."""
COMPOUNDING = frozenset(LINKS)
LEAST_COMPOUND = 8
LEAST_END = 4
LEAST_BEGINNING = 5
"""More begin alike by chance than end alike: "Form" in "formal"."""
LEAST_REST = 3
LEAST_WORD = 4
"""So many letters each of two words has that a compound is taken to be made of."""
LEAST_TOGETHER = 6
LEAST_APART = 3
"""So many letters a word has that is written together or in two in any language, and so many each of the two."""
BACKWARD = "-"
"""What no term of a text begins with stands before a word that is written back to front."""


_STOPS = ".,;:!?)\"'”»"


class Split(NamedTuple):
    """Two words that a compound may be made of, each as it may be written in the index."""

    first: tuple[str, ...]
    last: tuple[str, ...]


@lru_cache(maxsize=4_096)
def splits(word: str, language: str) -> tuple[Split, ...]:
    """Return what a folded word may be made of; most of it is no word, which the texts tell."""
    if language not in LINKS or len(word) < LEAST_COMPOUND or not word.isalpha():
        return ()
    found: list[Split] = []
    for place in range(LEAST_WORD, len(word) - LEAST_WORD + 1):
        last = word[place:]
        firsts = [word[:place], *(word[:place].removesuffix(link) for link in LINKS[language])]
        firsts = [one for one in dict.fromkeys(firsts) if len(one) >= LEAST_WORD and not _says_nothing(one, language)]
        if firsts and not _says_nothing(last, language):
            forms = dict.fromkeys(form for one in firsts for form in stems(one, language))
            found.append(Split(tuple(forms), stems(last, language)))
    return tuple(found)


@lru_cache(maxsize=4_096)
def apart(word: str, language: str) -> tuple[Split, ...]:
    """Return how a folded word of a language without compounds may be written in two: "memory card", "web site"."""
    if language in LINKS or len(word) < LEAST_TOGETHER or not word.isalpha():
        return ()
    places = range(LEAST_APART, len(word) - LEAST_APART + 1)
    return tuple(Split(stems(word[:place], language), stems(word[place:], language)) for place in places)


def together(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield each two words of a folded text that follow each other, and may be written as one."""
    for one, after in pairwise(text.split()):
        other = after.rstrip(_STOPS)
        if not (one.isalpha() and other.isalpha()):
            continue
        is_long = len(one) + len(other) >= LEAST_TOGETHER and min(len(one), len(other)) >= LEAST_APART
        if is_long and not _says_nothing(one, language) and not _says_nothing(other, language):
            yield one, other


def made_of(splits: Iterable[Split], count: Callable[[str], int]) -> tuple[str, str] | None:
    """Return the two words that a compound is made of, by in how many passages a form is; None: the texts know none.

    Of several the more frequent ones: the greatest geometric mean, as in Koehn and Knight, Empirical Methods for
    Compound Splitting (EACL 2003).
    """
    best: tuple[str, str] | None = None
    most = 0
    for split in splits:
        lasts, last = max((count(form), form) for form in split.last)
        firsts, first = max((count(form), form) for form in split.first) if lasts else (0, "")
        if firsts * lasts > most:
            best, most = (first, last), firsts * lasts
    return best


def _says_nothing(word: str, language: str) -> bool:
    return is_stop_word(without_accents(word), language)


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
