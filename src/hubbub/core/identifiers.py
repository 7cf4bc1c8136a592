"""Make identifiers that sort by time and can't be guessed."""

import os
import re
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, in ASCII order
_PAIRS = [one + other for one in _ALPHABET for other in _ALPHABET]
_SHIFTS = range(120, -1, -10)
_FORM = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")


def new_id() -> str:
    """Return 26 characters: 48 bits of milliseconds, then 80 random bits (the form of a ULID)."""
    number = (int(time.time() * 1000) << 80) | int.from_bytes(os.urandom(10))
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
