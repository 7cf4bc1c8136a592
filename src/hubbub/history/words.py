"""Prepare texts and queries for the search in chats, and cut out the place where the words stand."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

import msgspec

LONGEST = 200_000
"""So many characters of a text are searched."""
MOST_WORDS = 12
BEFORE, AFTER = 50, 130
"""So many characters before and behind the first word that was found are shown."""

# Scripts that put no spaces between words: each character counts as a word, and words that are asked for as phrases.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_EACH = re.compile(f"([{_UNSPACED}])")
_WORD = re.compile(r"\w+")


class Excerpt(msgspec.Struct, frozen=True):
    """A piece of a text, and from where to where the words in it stand that were looked for."""

    text: str
    marks: list[tuple[int, int]]


def spaced(text: str) -> str:
    """Return a text as it is indexed."""
    return _EACH.sub(r" \1 ", text[:LONGEST])


def owner_word(owner_id: str) -> str:
    """Return one word that stands for a person, whatever characters their id has."""
    return "o" + hashlib.blake2b(owner_id.encode(), digest_size=12).hexdigest()


def begins_with(text: str, title: str) -> bool:
    """Tell whether a title is the beginning of a text, so that its words are found there."""
    return " ".join(text[: 2 * len(title)].split()).startswith(title.rstrip("…").rstrip())


def words_of(query: str) -> list[str]:
    """Return the words of a query, each once."""
    return list(dict.fromkeys(_WORD.findall(unicodedata.normalize("NFC", query))))[:MOST_WORDS]


def match_of(owner_id: str, words: Sequence[str]) -> str:
    """Return the query of FTS5 for texts of a person that hold all words, or words that begin with them."""
    terms = [f'"{" ".join(spaced(word).split())}" *' for word in words]
    return f"owner : {owner_word(owner_id)} AND text : ({' AND '.join(terms)})"


def excerpt(text: str, words: Sequence[str]) -> Excerpt:
    """Return the piece of a text around the first of the words, on one line."""
    flat = " ".join(text[:LONGEST].split())
    plain = _plain(flat)
    found = sorted(match.span() for word in words for match in _finds(plain, word))
    first = found[0][0] if found else 0
    start, end = max(0, first - BEFORE), min(len(flat), first + AFTER)
    while 0 < start < first and flat[start - 1].isalnum() and first - start < 2 * BEFORE and flat[start - 1].isascii():
        start -= 1
    head, tail = "…" if start > 0 else "", "…" if end < len(flat) else ""
    marks = list[tuple[int, int]]()
    for begin, stop in found:
        if stop <= end and begin >= (marks[-1][1] + start - len(head) if marks else start):
            marks.append((begin - start + len(head), stop - start + len(head)))
    return Excerpt(head + flat[start:end] + tail, marks)


def _finds(plain: str, word: str) -> "Sequence[re.Match[str]]":
    wanted = re.escape(_plain(word))
    is_unspaced = _EACH.search(word) is not None
    return list(re.finditer(wanted if is_unspaced else rf"\b{wanted}\w*", plain))[:20]


def _plain(text: str) -> str:
    """Return a text of the same length, in small letters and without accents."""
    return "".join([_letter(character) for character in text])


def _letter(character: str) -> str:
    if character.isascii():
        return character.lower()
    base = unicodedata.normalize("NFD", character)[0].lower()
    return base if len(base) == 1 else character
