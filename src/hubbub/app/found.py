"""Mark in passages that were found where they hold the words of the query."""

import re
from collections import Counter
from collections.abc import Iterable, Set

import msgspec

from hubbub.core.compounds import apart, compound_of, made_of
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
    terms = telling(query_terms(query, (language,)))
    wanted = {form for term in terms for form in term.forms}
    parts = {part for term in terms for part in term.parts}
    words = [(word.start(), word.end(), index_terms(word.group(), language)) for word in _WORD.finditer(text)]
    counts = Counter(term for _, _, held in words for term in held)
    wanted |= {word for term in terms for word in made_of(term.splits, counts.__getitem__) or ()}
    wanted |= {form for term in terms for form in term.together}
    unheld = (term for term in terms if not any(counts[form] for form in term.forms))
    wanted |= {word for term in unheld for word in made_of(apart(term.word, language), counts.__getitem__) or ()}
    places = (Highlight(start, end) for start, end, held in words if _is_wanted(held, wanted, parts))
    return Found(hit, tuple(places), why)


def _is_wanted(held: Iterable[str], wanted: Set[str], parts: Set[str]) -> bool:
    return any(term in wanted or any(compound_of(term, part) for part in parts) for term in held)
