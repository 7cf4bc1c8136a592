"""Order names as a person does: numbers by their size, letters with and without marks together."""

import re
import unicodedata

DIGITS = 20
"""So many digits are numbers compared with; a longer number stands among those that are as long."""

_MARKS = re.compile("[\u0300-\u036f]")
_NUMBER = re.compile("[0-9]+")


def in_order(name: str) -> str:
    """Return what a name is ordered by: "note 2" comes before "Note 10", and "Älteste" before "zuletzt"."""
    plain = _MARKS.sub("", unicodedata.normalize("NFD", name.casefold()))
    return _NUMBER.sub(lambda found: found[0].lstrip("0").rjust(DIGITS, "0"), plain)
