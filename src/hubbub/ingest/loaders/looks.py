"""Say in the text what a reader sees of it beside its letters: that it is hidden, struck out, or stands higher."""

from typing import NamedTuple

HIDDEN = "Hidden"
STRUCK = "Struck out"


class Look(NamedTuple):
    """How a piece of text looks, as far as that changes what it says."""

    mark: str = ""
    """`HIDDEN`, `STRUCK`, or "" for text that is simply there."""
    is_raised: bool = False


PLAIN = Look()


def turned(before: str, after: str) -> str:
    """Return what stands between texts of two marks: "[Hidden: " before hidden text, "]" after it."""
    return ("]" if before else "") + (f"[{after}: " if after else "")


def marked(text: str, mark: str) -> str:
    """Return a whole text in its mark."""
    return f"[{mark}: {' '.join(text.split())}]" if mark and text.strip() else text


def raised(before: str, text: str) -> str:
    """Return text that stands higher than what it follows: 10⁶ is 10^6, which would read 106 without."""
    return f"^{text}" if before[-1:].isdigit() and text.strip()[:1] in tuple("0123456789+-−") else text
