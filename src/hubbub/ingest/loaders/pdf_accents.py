"""Put accents that a PDF draws over letters by themselves, as older fonts of TeX do, on their letters."""

import re
import unicodedata
from collections.abc import Sequence

from hubbub.ingest.loaders.pdf_layout import Part
from hubbub.ingest.loaders.pdf_places import Places

_COMBINING = {
    **{"¨": "\u0308", "´": "\u0301", "`": "\u0300", "ˆ": "\u0302", "˜": "\u0303", "¯": "\u0304", "˘": "\u0306"},
    **{"˙": "\u0307", "¸": "\u0327", "ˇ": "\u030c", "˚": "\u030a", "˝": "\u030b", "˛": "\u0328"},
}
_ACCENT = re.compile(f"[{''.join(_COMBINING)}]")
_WITHOUT_DOT = {"ı": "i", "ȷ": "j"}
MOST_ASKED = 2000
"""So many accents of a page are looked at."""


def has_accents(text: str) -> bool:
    """Tell whether a page has accents that are letters of their own."""
    return _ACCENT.search(text) is not None


def with_accents(found: Sequence[Part], places: Places) -> list[Part]:
    """Return a page's pieces with each accent on the letter that it is drawn over: M¨uller is Müller, don´t stays."""
    composed = _composed(places)
    if not composed:
        return list(found)
    pairs = re.compile("|".join(map(re.escape, composed)))

    def mended(text: str) -> str:
        return pairs.sub(lambda pair: composed[pair[0]], text)

    return [
        mended(part) if isinstance(part, str) else [[(column, mended(text)) for column, text in row] for row in part]
        for part in found
    ]


def _composed(places: Places) -> dict[str, str]:
    """Return what accents and letters, as they follow each other, are drawn over each other, with the letter meant."""
    characters = places.characters()
    composed: dict[str, str] = {}
    for asked, accent in enumerate(_ACCENT.finditer(characters)):
        if asked >= MOST_ASKED:
            break
        place = accent.start()
        for at in (place + 1, place + 2, place - 1, place - 2):
            if not 0 <= at < len(characters) or (abs(at - place) == 2 and characters[(at + place) // 2] != " "):
                continue
            pair = characters[min(at, place) : max(at, place) + 1]
            base = _WITHOUT_DOT.get(characters[at], characters[at])
            letter = unicodedata.normalize("NFC", base + _COMBINING[accent[0]])
            if len(letter) == 1 and (pair in composed or _is_over(places, place, at)):
                composed[pair] = letter
                break
    return composed


def _is_over(places: Places, accent: int, letter: int) -> bool:
    """Tell whether the middle of an accent is over, or under, a letter."""
    mark, below = places.letter("", accent), places.letter("", letter)
    middle = (mark.left + mark.right) / 2
    return below.left < middle < below.right and mark.left < mark.right
