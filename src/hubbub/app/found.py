"""Mark in passages that were found where they hold the words of the query."""

import re

import msgspec

from hubbub.core.documents import Hit
from hubbub.core.wording import index_terms, language_of, query_terms, telling
from hubbub.search.base import Why

MARKED_CHARACTERS = 8_000
"""How much of a passage is read for highlights."""
_WORD = re.compile(r"\w+(?:[.'’\-‐‑_/:@+,]\w+)*")


class Highlight(msgspec.Struct, frozen=True):
    """A word of the query in a passage: `text[start:end]`, in Unicode code points."""

    start: int
    end: int


class Found(msgspec.Struct, frozen=True):
    """A passage that was found, and where it holds the words of the query."""

    hit: Hit
    highlights: tuple[Highlight, ...]
    why: Why | None = None
    """Why it was found, where that was asked for and the search can tell."""


def marked(query: str, hit: Hit, why: Why | None = None) -> Found:
    """Return a hit with the places of the query's telling words in it, in order, none overlapping."""
    text = hit.text[:MARKED_CHARACTERS]
    language = language_of(text)
    wanted = {form for term in telling(query_terms(query, (language,))) for form in term.forms}
    words = ((word.start(), word.end(), index_terms(word.group(), language)) for word in _WORD.finditer(text))
    return Found(hit, tuple(Highlight(start, end) for start, end, terms in words if not wanted.isdisjoint(terms)), why)
