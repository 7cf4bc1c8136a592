"""Make text from elsewhere fit to be printed."""

import unicodedata

_KEPT = "\n\t"


def printable(text: str) -> str:
    """Return a text without what terminals obey (control characters) or can't encode (halves of characters)."""
    return "".join(
        character if character in _KEPT or unicodedata.category(character) not in ("Cc", "Cs") else "�"
        for character in text
    )
