"""Find the passages that hold a word in another way: as a part of a longer word, or as the words it is made of.

In languages without compounds only as it may be written together or in two. A word that is found in none of these ways
is taken to be misspelled by a letter.
"""

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from hubbub.connections.sqlite import Connection, load_sql
from hubbub.core.compounds import apart, beginnings, compound_of, made_of
from hubbub.core.spelling import slips
from hubbub.core.wording import Term
from hubbub.search.postings import rows_with

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Rows = npt.NDArray[np.uint32]

SQL = load_sql("hubbub.search", "search.sql")
READ_TERMS = 100
"""So many terms of the vocabulary are read for each beginning."""
MOST_COMPOUNDS = 12
"""So many of them are searched for a word: those in the most passages."""
OTHERWISE = 1.0
"""A word weighs all where it is written together with its neighbour, or in two,"""
AS_PART = 0.8
"""… this much where it is only a part of a longer one,"""
NEAR_PARTS = 0.6
"""… where only the two words that it is made of stand there, near each other,"""
FAR_PARTS = 0.3
"""… and where they don't."""
MISSPELLED = 0.6
"""… and where a word stands there that is a letter off."""
CERTAIN_LETTERS = 3
"""So many letters at its beginning a misspelled word has as it should."""
NEAR = 10
"""So many other words may stand between them, as in FTS5 where nothing is said."""
KEPT = 256
KEPT_ROWS = 20_000
MOST_COUNTS = 20_000


class Kin(NamedTuple):
    """The passages that hold a word in one of these ways and in none before, by their rows, ascending."""

    rows: "Rows"
    weight: float
    """Which part of the word's weight it has there."""


class Kins(NamedTuple):
    """All of them, those that weigh the most first."""

    kins: tuple[Kin, ...]
    upto: int
    """The last change that is in it."""


class Counts(NamedTuple):
    """In how many passages forms are; 0 for those that are in none."""

    of: dict[str, int]
    upto: int
    """The last change that is in it."""


class CompoundsCache:
    """Remembers what was asked for last, until a passage changes."""

    def __init__(self) -> None:
        self._kept: dict[Term, Kins] = {}
        self._counts = Counts({}, -1)

    def of(self, connection: Connection, upto: int, term: Term, languages: Iterable[str] = ()) -> tuple[Kin, ...]:
        """Return where a word stands in other ways; `upto` is the last change that this transaction sees.

        `languages` are those in which it may be written in two, or misspelled.
        """
        found = self._kept.get(term)
        if found is None or found.upto != upto:
            counts = self._counts
            if counts.upto != upto or len(counts.of) > MOST_COUNTS:
                counts = self._counts = Counts({}, upto)
            found = Kins(_read(connection, term, languages, _counting(connection, counts.of)), upto)
            if len(self._kept) >= KEPT:
                self._kept = {}
            if sum(len(one.rows) for one in found.kins) <= KEPT_ROWS:
                self._kept[term] = found
        return found.kins


def _read(connection: Connection, term: Term, languages: Iterable[str], count: Callable[[str], int]) -> tuple[Kin, ...]:
    import numpy as np  # here: it takes a while to import

    matches: list[tuple[str, float]] = []
    if words := [form for form in term.together if count(form)]:
        matches.append((" OR ".join(map(json.dumps, words)), OTHERWISE))
    if pair := made_of((split for language in languages for split in apart(term.word, language)), count):
        matches.append((json.dumps(" ".join(pair)), OTHERWISE))
    if words := _longer(connection, term.parts):  # in any column: a collection's word has digits, and is no compound
        matches.append((" OR ".join(map(json.dumps, words)), AS_PART))
    if pair := made_of(term.splits, count):
        first, last = map(json.dumps, pair)
        matches += [(f"NEAR({first} {last}, {NEAR})", NEAR_PARTS), (f"{first} AND {last}", FAR_PARTS)]
    if not matches and languages and (words := _misspelled(connection, term)):
        matches.append((" OR ".join(map(json.dumps, words)), MISSPELLED))
    kins: list[Kin] = []
    for match, weight in matches:
        rows = rows_with(connection, match)
        for before in kins:
            rows = np.setdiff1d(rows, before.rows, assume_unique=True)
        if len(rows):
            kins.append(Kin(rows, weight))
    return tuple(kins)


def _longer(connection: Connection, parts: tuple[str, ...]) -> list[str]:
    """Return the compounds that a word is part of, by the vocabulary of the index."""
    counts: dict[str, int] = {}
    for part in parts:
        for beginning in beginnings(part):
            for term, count in connection.all(SQL["terms_from"], (beginning, READ_TERMS)):
                if (word := compound_of(term, part)) is not None and word not in parts:
                    counts[word] = count
    return sorted(counts, key=lambda word: -counts[word])[:MOST_COMPOUNDS]


def _misspelled(connection: Connection, term: Term) -> list[str]:
    """Return the words of the vocabulary that a word may have been meant for."""
    found: dict[str, None] = {}
    for form in dict.fromkeys((term.word, *term.forms)):
        vocabulary = connection.all(SQL["terms_from"], (form[:CERTAIN_LETTERS], READ_TERMS)) if form.isalpha() else ()
        found |= dict.fromkeys(slips(form, (row[0] for row in vocabulary)))
    return list(found)[:MOST_COMPOUNDS]


def _counting(connection: Connection, known: dict[str, int]) -> Callable[[str], int]:
    """Return what tells in how many passages a form is, and remembers it."""

    def count(form: str) -> int:
        if form not in known:
            found = connection.one(SQL["passages_with"], (form,))
            known[form] = found[0] if found else 0
        return known[form]

    return count
