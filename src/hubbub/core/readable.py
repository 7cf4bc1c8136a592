"""Tell names that people can read from texts that hide or turn something."""

from unicodedata import category

_UNREADABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_readable(text: str) -> bool:
    """Tell whether a name is one that people can read, and every store can keep.

    None is with control characters, line breaks, halves of characters, or what turns the direction in which others are
    read: one name could look like another then. Those of all scripts are, with the joiners that Persian, Sinhala and
    emoji need, and the wide space of Chinese and Japanese, which `str.isprintable` takes for unprintable.
    """
    return text.isprintable() or not any(category(one) in _UNREADABLE or one in _TURNING for one in text)
