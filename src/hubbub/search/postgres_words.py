"""Keep the index of words in PostgreSQL: texts as vectors of terms, and the passages that hold those of a query."""

import math
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hubbub.connections.postgres import Connection, plain
from hubbub.connections.sql import load_sql
from hubbub.core.compounds import Split, apart, backward, beginnings, made_of
from hubbub.core.documents import Document, Passage
from hubbub.core.languages import UNKNOWN
from hubbub.core.spelling import slips_of
from hubbub.core.wording import Term, index_terms, language_of, query_terms, telling
from hubbub.search.compounds import AS_PART, CERTAIN_LETTERS, MISSPELLED, MOST_COMPOUNDS, NEAR_PARTS, OTHERWISE
from hubbub.search.index_words import (
    MAX_TERMS,
    MOST_COUNTED,
    MOST_REMEMBERED,
    REMEMBERED_SECONDS,
    SHORT_CHARACTERS,
    WIDENED,
)
from hubbub.search.index_words import inside as inside

SQL = load_sql("hubbub.search", "postgres/search.sql")
RATED = 1_500
"""So many passages are rated for a query, about; more where its rarest word alone is in more."""
MOST_RATED = 5_000
"""Of more that hold all words of a query these are rated: any of them."""
ONE_PLACE = 6 / math.pi**2
"""What `ts_rank` makes of a word that stands in one place; of two words next to each other it makes 1."""
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
        vectors.append(
            _vector(document.collection_id, [(index_terms(text, language), kind) for text, kind in parts], language)
        )
    return vectors, sorted(languages)


def _vector(collection_id: str, parts: Iterable[tuple[Sequence[str], str]], language: str) -> str:
    """Return terms with their places; what a title holds weighs half, which its letter says.

    Long words stand there back to front as well, without a place, where the language has compounds.
    """
    places: dict[str, list[str]] = {}
    place = 0
    for terms, kind in parts:
        for term in terms:
            place = min(place + 1, 16_383)  # the last that PostgreSQL tells apart
            of_term = places.setdefault(plain(term), [])
            if len(of_term) < MOST_PLACES:
                of_term.append(f"{place}{kind}")
    turned = map(_quoted, backward(places, language))
    return " ".join(
        [inside(collection_id), *turned, *(f"{_quoted(term)}:{','.join(at)}" for term, at in places.items())]
    )


def _quoted(term: str) -> str:
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


class Counted(NamedTuple):
    """A word that is searched."""

    held: int
    """In about how many passages it is, by itself or in another way."""
    term: Term
    made_of: str
    """What finds the two words that it is made of, or written in; empty where the texts know none."""
    otherwise: tuple[str, ...] = ()
    """What finds it written as one with another word, or misspelled."""
    share: float = 0.0
    """Which part of the word's weight it has there."""

    @property
    def any_of(self) -> str:
        """What finds it in whichever way."""
        return _any(
            [*_exact(self.term), *_as_part(self.term), *([self.made_of] if self.made_of else []), *self.otherwise]
        )


class TermCounts:
    """Remembers for a while in how many passages a term is: counting a frequent one takes as long as a search."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._since = 0.0

    async def of(
        self, connection: Connection, terms: Sequence[Term], total: int, languages: Sequence[str]
    ) -> list[Counted]:
        """Return each term that is in any of the passages, with in about how many.

        The rarest are also looked for as they may be written otherwise; `languages` are those of the texts.

        The most frequent ones are known by PostgreSQL's statistics; until it has some, they count as in MOST_RATED.
        """
        now = time.monotonic()
        if now - self._since > REMEMBERED_SECONDS or len(self._known) > MOST_REMEMBERED:
            self._known, self._since = await _frequent(connection, total), now
        await self._count(connection, (form for term in terms for form in (*_exact(term), *_as_part(term))))
        words = (word for term in terms for split in term.splits for word in (*split.first, *split.last))
        await self._count(connection, map(_quoted, words))
        pairs = [made_of(term.splits, lambda word: self._known.get(_quoted(word), 0)) for term in terms]
        await self._count(connection, (_both(*pair) for pair in pairs if pair is not None))
        counted = [self._counted(*one) for one in zip(terms, pairs, strict=True)]
        widened = await self._widened(connection, sorted(counted, key=_held)[:WIDENED], languages)
        found = {one.term: one for one in (*counted, *widened)}
        return [one for one in found.values() if one.held]

    async def _widened(
        self, connection: Connection, rarest: Sequence[Counted], languages: Sequence[str]
    ) -> list[Counted]:
        """Return words with what else finds them: written as one with another; those that are nowhere, in two, too.

        What still is nowhere may be misspelled.
        """
        await self._count(connection, (_quoted(form) for one in rarest for form in one.term.together))
        absent = {one.term: list(_apart(one.term, languages)) for one in rarest if not one.held}
        parts = (word for halves in absent.values() for split in halves for word in (*split.first, *split.last))
        await self._count(connection, map(_quoted, parts))
        pairs = {
            term: made_of(halves, lambda word: self._known.get(_quoted(word), 0)) for term, halves in absent.items()
        }
        await self._count(connection, (_next_to(*pair) for pair in pairs.values() if pair is not None))
        widened: list[Counted] = []
        for one in rarest:
            joined = tuple(form for form in map(_quoted, one.term.together) if self._known.get(form))
            in_two = _next_to(*pair) if (pair := pairs.get(one.term)) is not None else ""
            held = one.held + self._sum(joined)
            if number := self._known.get(in_two):
                one, held = one._replace(made_of=in_two), held + number
            widened.append(one._replace(held=held, otherwise=joined, share=OTHERWISE))
        if lost := [one.term for one in widened if not one.held]:
            meant = await self._misspelled(connection, lost)
            for place, one in enumerate(widened):
                if found := meant.get(one.term):
                    widened[place] = one._replace(held=self._sum(found), otherwise=found, share=MISSPELLED)
        return widened

    async def _misspelled(self, connection: Connection, terms: Sequence[Term]) -> dict[Term, tuple[str, ...]]:
        """Return the words of the passages that these may have been meant for."""
        near = {term: dict.fromkeys(one for form in (term.word, *term.forms) for one in _slips(form)) for term in terms}
        # Each by itself: of a query of hundreds of words PostgreSQL expects so much that it reads the whole table.
        await self._count(connection, (_quoted(one) for words in near.values() for one in words))
        return {
            term: tuple([form for form in map(_quoted, words) if self._known.get(form)][:MOST_COMPOUNDS])
            for term, words in near.items()
        }

    async def _count(self, connection: Connection, forms: Iterable[str]) -> None:
        unknown = list({form for form in forms if form not in self._known})
        if unknown:
            found = await connection.all(SQL["passages_with"], unknown, unknown, MOST_RATED)
            self._known |= {row[0]: row[1] for row in found if row[1]}  # what is nowhere may be put at any time

    def _counted(self, term: Term, pair: tuple[str, str] | None) -> Counted:
        made_of = "" if pair is None else _both(*pair)
        held = max(self._sum(_exact(term)), self._sum(_as_part(term)), self._known.get(made_of, 0))
        return Counted(held, term, made_of)

    def _sum(self, forms: Sequence[str]) -> int:
        return sum(self._known.get(form, 0) for form in forms)


async def _frequent(connection: Connection, total: int) -> dict[str, int]:
    """Return the most frequent terms, as they are asked for, with in about how many passages each is.

    Few passages are better counted: their shares change fast, and nothing is frequent enough to take long.
    """
    row = None if total <= MOST_RATED else await connection.one(SQL["frequent_terms"], total)
    if row is None or row[0] is None:
        return {}
    terms, shares = row
    return {_quoted(term): round(share * total) for term, share in zip(terms, shares, strict=False)}


async def find_words(
    connection: Connection,
    counts: TermCounts,
    wanted: Sequence[Term],
    total: int,
    languages: Sequence[str],
    collection_ids: Sequence[str],
    depth: int,
    document_ids: list[str] | None = None,
    but: Sequence[str] = (),
) -> list[int]:
    """Return the rows that hold all the terms; where these are too few, then those that hold any.

    Where documents are named, those of others are left out; where none are, those of `but`.
    Of many terms the rarest count. Where there are many passages, one has to hold one of the rarer terms.
    """
    counted = sorted(await counts.of(connection, wanted[:MOST_COUNTED], total, languages), key=_held)[:MAX_TERMS]
    if not counted:
        return []
    groups = [one.any_of for one in counted]
    rated, weights = _rated(counted, total)
    rare = groups[: _rare([one.held for one in counted])]
    collections = " | ".join(map(inside, collection_ids))
    any_of = f"({' | '.join(groups)})"
    if len(rare) < len(groups):
        any_of = f"({' | '.join(rare)})"
    rows: list[int] = []
    for match in (" & ".join(groups), any_of) if len(groups) > 1 else (any_of,):
        query = f"({match}) & ({collections})"
        values = (query, rated, weights, depth, 2 * MOST_RATED)
        if document_ids is None and but:
            rows += [row[0] for row in await connection.all(SQL["find_words_but"], *values, list(but))]
        elif document_ids is None:
            rows += [row[0] for row in await connection.all(SQL["find_words"], *values)]
        else:
            rows += [row[0] for row in await connection.all(SQL["find_words_among"], *values, document_ids)]
        if len(rows) >= depth:
            break
    return list(dict.fromkeys(rows))[:depth]


def _exact(term: Term) -> list[str]:
    return [_quoted(form) for form in term.forms]


def _as_part(term: Term) -> list[str]:
    """Return what finds the words that a term begins or ends: any of them, also those that are no compounds."""
    return [f"{_quoted(beginning)}:*" for part in term.parts for beginning in beginnings(part)]


def _any(forms: Sequence[str]) -> str:
    return f"({' | '.join(forms)})"


def _apart(term: Term, languages: Sequence[str]) -> list[Split]:
    return [split for language in languages for split in apart(term.word, language)]


def _slips(form: str) -> list[str]:
    return slips_of(form, CERTAIN_LETTERS)


def _next_to(one: str, other: str) -> str:
    return f"({_quoted(one)} <-> {_quoted(other)})"


def _held(one: Counted) -> int:
    return one.held


def _both(one: str, other: str) -> str:
    return f"({_quoted(one)} & {_quoted(other)})"


def _rated(counted: Sequence[Counted], total: int) -> tuple[list[str], list[float]]:
    """Return what passages are rated by, and what each weighs: a word is worth less as a part of a longer one."""
    queries: list[str] = []
    weights: list[float] = []
    for one in counted:
        rarity = math.log(1 + (max(total - one.held, 0) + 0.5) / (one.held + 0.5))
        exact, as_part = _exact(one.term), _as_part(one.term)
        shares = [(exact, 1 - AS_PART), (exact + as_part, AS_PART)] if as_part else [(exact, 1.0)]
        for forms, share in shares:
            queries.append(_any(forms))
            weights.append(len(forms) * rarity * share)  # `ts_rank` shares it among the forms, of which one is held
        if one.made_of:  # `ts_rank` rates two words by how near they are
            queries.append(one.made_of)
            weights.append(rarity * NEAR_PARTS * ONE_PLACE)
        if one.otherwise:
            queries.append(_any(one.otherwise))
            weights.append(len(one.otherwise) * rarity * one.share)
    return queries, weights


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
