"""Find the words that another one is a slip of the keyboard away from."""

from collections.abc import Iterable

LEAST_LETTERS = 5
"""Shorter words are near too many others."""
LEAST_KNOWN = 4
_ALPHABETS = ("abcdefghijklmnopqrstuvwxyz", "абвгдежзийклмнопрстуфхцчшщъыьэюяєіїґ", "αβγδεζηθικλμνξοπρστυφχψως")
"""The letters of the scripts that are indexed without accents."""


def slips(word: str, vocabulary: Iterable[str]) -> list[str]:
    """Return the words that become this one by a letter more, less, another, or two in the other order.

    The first letter is seldom mistaken, and has to be the same; where the last one differs, it is an ending as often as
    not. What has figures in it is near nothing.
    """
    if len(word) < LEAST_LETTERS or not word.isalpha():
        return []
    first, least, most = word[0], max(LEAST_KNOWN, len(word) - 1), len(word) + 1
    return [other for other in vocabulary if other[0] == first and least <= len(other) <= most and is_slip(word, other)]


def slips_of(word: str, certain: int = 1) -> list[str]:
    """Return every word, be it one or not, that becomes this one as `slips` says; so many first letters are right."""
    if len(word) < LEAST_LETTERS or not word.isalpha():
        return []
    letters = next((alphabet for alphabet in _ALPHABETS if word[-1] in alphabet), "")
    found: dict[str, None] = {}
    for at in range(certain, len(word)):
        before, rest = word[:at], word[at:]
        found |= dict.fromkeys(before + letter + rest for letter in letters)
        found |= dict.fromkeys(before + letter + rest[1:] for letter in letters)
        found[before + rest[1:]] = None
        found[before + rest[1::-1] + rest[2:]] = None
    return [other for other in found if other != word and len(other) >= LEAST_KNOWN and is_slip(word, other)]


def is_slip(word: str, other: str) -> bool:
    """Tell whether two words differ by one letter before the last, or by the order of two that follow each other."""
    if word[:-1] == other[:-1] or word == other[:-1] or other == word[:-1] or not other.isalpha():
        return False
    shorter, longer = sorted((word, other), key=len)
    at = next((place for place, letter in enumerate(shorter) if letter != longer[place]), len(shorter))
    if len(shorter) < len(longer):
        return shorter[at:] == longer[at + 1 :]
    here, there = shorter[at:], longer[at:]
    return here[1:] == there[1:] or (here[:2] == there[1::-1] and here[2:] == there[2:])
