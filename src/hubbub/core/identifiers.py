"""Make identifiers that sort by time and can't be guessed."""

import os
import re
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, in ASCII order
_PAIRS = [one + other for one in _ALPHABET for other in _ALPHABET]
_SHIFTS = range(120, -1, -10)
_FORM = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")


_RANDOM_BYTES = 10
_FETCHED_AT_ONCE = 64
_random: list[bytes] = []
"""Random bytes for the next identifiers: to fetch them one by one costs more than all the rest."""
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_random.clear)  # a child must not make the identifiers that its parent makes


def new_id() -> str:
    """Return 26 characters: 48 bits of milliseconds, then 80 random bits (the form of a ULID)."""
    try:
        random = _random.pop()  # in one step: threads make identifiers, too
    except IndexError:
        fetched = os.urandom(_RANDOM_BYTES * (_FETCHED_AT_ONCE + 1))
        random, *others = (fetched[at : at + _RANDOM_BYTES] for at in range(0, len(fetched), _RANDOM_BYTES))
        _random.extend(others)
    number = (int(time.time() * 1000) << 80) | int.from_bytes(random)
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])


def time_of(identifier: str) -> float:
    """Return when an identifier of ours was made, in seconds since the epoch."""
    number = 0
    for letter in identifier[:10]:
        number = number << 5 | _ALPHABET.index(letter)
    return number / 1000


def is_id(text: str) -> bool:
    """Tell whether a text has the form of an identifier of ours."""
    return _FORM.fullmatch(text) is not None
