"""Keep the index of words in PostgreSQL: texts as vectors of terms, and the passages that hold those of a query."""

import math
import time
from collections.abc import Iterable, Sequence

from hubbub.connections.postgres import Connection, plain
from hubbub.connections.sql import load_sql
from hubbub.core.documents import Document, Passage
from hubbub.core.languages import UNKNOWN
from hubbub.core.wording import Term, index_terms, language_of, query_terms, telling
from hubbub.search.index_words import MAX_TERMS, MOST_COUNTED, MOST_REMEMBERED, REMEMBERED_SECONDS, SHORT_CHARACTERS
from hubbub.search.index_words import inside as inside

SQL = load_sql("hubbub.search", "postgres/search.sql")
RATED = 1_500
"""So many passages are rated for a query, about; more where its rarest word alone is in more."""
MOST_RATED = 5_000
"""Of more that hold all words of a query these are rated: any of them."""
MOST_PLACES = 255
"""PostgreSQL keeps no more places of a term in one text."""


def vectors_of(document: Document, passages: Sequence[Passage]) -> tuple[list[str], list[str]]:
    """Return the terms of a document's passages, as a `tsvector` is written, and the languages they are in.

    Takes a while where there are many passages: to be called in a thread.
    """
    around = language_of("\n".join(one.text for one in passages[:10])) if passages else UNKNOWN
    named = document.title if document.name == document.title else f"{document.name}\n{document.title}"
    vectors: list[str] = []
    languages: set[str] = set()
    for one in passages:
        language = around if len(one.text) < SHORT_CHARACTERS else language_of(one.text) or around
        languages.add(language)
        parts = ((named, "C"), (one.heading, ""), (one.text, ""))
        vectors.append(_vector(document.collection_id, ((index_terms(text, language), kind) for text, kind in parts)))
    return vectors, sorted(languages)


def _vector(collection_id: str, parts: Iterable[tuple[Sequence[str], str]]) -> str:
    """Return terms with their places; what a title holds weighs half, which its letter says."""
    places: dict[str, list[str]] = {}
    place = 0
    for terms, kind in parts:
        for term in terms:
            place = min(place + 1, 16_383)  # the last that PostgreSQL tells apart
            of_term = places.setdefault(plain(term), [])
            if len(of_term) < MOST_PLACES:
                of_term.append(f"{place}{kind}")
    return " ".join([inside(collection_id), *(f"{_quoted(term)}:{','.join(at)}" for term, at in places.items())])


def _quoted(term: str) -> str:
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


class TermCounts:
    """Remembers for a while in how many passages a term is: counting a frequent one takes as long as a search."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._since = 0.0

    async def of(self, connection: Connection, terms: Sequence[Term]) -> list[tuple[int, Term]]:
        """Return each term that is in any passage, with in about how many: those in many count as in MOST_RATED."""
        now = time.monotonic()
        if now - self._since > REMEMBERED_SECONDS or len(self._known) > MOST_REMEMBERED:
            self._known, self._since = {}, now
        unknown = list({form for term in terms for form in term.forms if form not in self._known})
        if unknown:
            quoted = [_quoted(form) for form in unknown]
            found = await connection.all(SQL["passages_with"], unknown, quoted, MOST_RATED)
            self._known |= {row[0]: row[1] for row in found}
        counted = [(sum(self._known.get(form, 0) for form in term.forms), term) for term in terms]
        return [one for one in counted if one[0]]


async def find_words(
    connection: Connection,
    counts: TermCounts,
    wanted: Sequence[Term],
    total: int,
    collection_ids: Sequence[str],
    depth: int,
    document_ids: list[str] | None = None,
    but: Sequence[str] = (),
) -> list[int]:
    """Return the rows that hold all the terms; where these are too few, then those that hold any.

    Where documents are named, those of others are left out; where none are, those of `but`.
    Of many terms the rarest count. Where there are many passages, one has to hold one of the rarer terms.
    """
    counted = sorted(await counts.of(connection, wanted[:MOST_COUNTED]), key=lambda one: one[0])[:MAX_TERMS]
    if not counted:
        return []
    groups = ["(" + " | ".join(_quoted(form) for form in term.forms) + ")" for _, term in counted]
    # `ts_rank` shares what a group is worth among its forms, of which a passage holds one.
    weights = [len(term.forms) * math.log(1 + (max(total - count, 0) + 0.5) / (count + 0.5)) for count, term in counted]
    rare = groups[: _rare([count for count, _ in counted])]
    collections = " | ".join(map(inside, collection_ids))
    any_of = f"({' | '.join(groups)})"
    if len(rare) < len(groups):
        any_of = f"({' | '.join(rare)})"
    rows: list[int] = []
    for match in (" & ".join(groups), any_of) if len(groups) > 1 else (any_of,):
        query = f"({match}) & ({collections})"
        values = (query, groups, weights, depth, 2 * MOST_RATED)
        if document_ids is None and but:
            rows += [row[0] for row in await connection.all(SQL["find_words_but"], *values, list(but))]
        elif document_ids is None:
            rows += [row[0] for row in await connection.all(SQL["find_words"], *values)]
        else:
            rows += [row[0] for row in await connection.all(SQL["find_words_among"], *values, document_ids)]
        if len(rows) >= depth:
            break
    return list(dict.fromkeys(rows))[:depth]


def terms_of(query: str, languages: Sequence[str], language: str) -> list[Term]:
    """Return what of a query is looked for."""
    return telling(query_terms(query, languages, language))


def _rare(counts: Sequence[int]) -> int:
    """Return how many of the terms, rarest first, are rare enough that all that hold one are rated."""
    total = 0
    for place, count in enumerate(counts):
        total += count
        if total > RATED and place:
            return place
    return len(counts)
