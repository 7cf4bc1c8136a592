"""Make identifiers that sort by time and can't be guessed."""

import hashlib
import os
import re
import time
from functools import lru_cache

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, in ASCII order
_LETTERS = "".join(_ALPHABET[byte % 32] for byte in range(256)).encode()
"""For each byte a letter, all letters equally often."""
_FORM = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")

_RANDOM_LETTERS = 16  # of 5 bits each
_FETCHED_AT_ONCE = 64
_random: list[str] = []
"""The random ends of the next identifiers: to fetch them one by one costs more than all the rest."""
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_random.clear)  # a child must not make the identifiers that its parent makes


def new_id() -> str:
    """Return 26 characters: 48 bits of milliseconds, then 80 random bits (the form of a ULID)."""
    try:
        random = _random.pop()  # in one step: threads make identifiers, too
    except IndexError:
        letters = os.urandom(_RANDOM_LETTERS * (_FETCHED_AT_ONCE + 1)).translate(_LETTERS).decode()
        random, *others = (letters[at : at + _RANDOM_LETTERS] for at in range(0, len(letters), _RANDOM_LETTERS))
        _random.extend(others)
    return _letters_of(int(time.time() * 1000)) + random


@lru_cache(maxsize=1)
def _letters_of(milliseconds: int) -> str:
    return "".join([_ALPHABET[(milliseconds >> shift) & 31] for shift in range(45, -1, -5)])


def derived_id(*parts: str) -> str:
    """Return the identifier that follows from these parts: the same for the same ones. Its time says nothing."""
    lengths = "".join([f"{len(part)}:{part}" for part in parts])  # else two lists of parts could read the same
    digest = hashlib.sha256(lengths.encode(errors="replace")).digest()
    return "0" + digest[:25].translate(_LETTERS).decode()


def time_of(identifier: str) -> float:
    """Return when an identifier of ours was made, in seconds since the epoch."""
    number = 0
    for letter in identifier[:10]:
        number = number << 5 | _ALPHABET.index(letter)
    return number / 1000


def is_id(text: str) -> bool:
    """Tell whether a text has the form of an identifier of ours."""
    return _FORM.fullmatch(text) is not None
