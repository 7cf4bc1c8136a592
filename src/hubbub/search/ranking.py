"""Rank the passages of some collections for a query, by words and by meanings, on a thread of the database."""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from hubbub.connections.sqlite import Connection, load_sql
from hubbub.core.documents import Hit, Retrieval, Vector
from hubbub.core.languages import UNKNOWN
from hubbub.core.people import Reader
from hubbub.core.wording import language_of
from hubbub.search.among import EVERYTHING, Among
from hubbub.search.base import Why
from hubbub.search.document_readers_sqlite import closed_of
from hubbub.search.fusion import fuse, worth
from hubbub.search.index_meanings import find_near
from hubbub.search.index_words import Frequencies, find_words, weigh_words
from hubbub.search.permissions_sqlite import usable_of
from hubbub.search.rebuilding import find_before, is_behind
from hubbub.search.signs import SignsCache

SQL = load_sql("hubbub.search", "search.sql")

DEPTH = 50
"""How far each ranking is read before they are fused."""


class Asked(msgspec.Struct, frozen=True):
    """What is looked for, and how."""

    query: str
    collection_ids: list[str]
    limit: int
    retrieval: Retrieval
    vector: Vector | None
    space: str | None
    """The name of the embedder that made the vector."""
    reader: Reader | None = None
    """Whose rights count, as they are in the transaction that searches; None: nobody's."""
    document_ids: list[str] | None = None
    """The documents that are searched; None: all of the collections."""
    spoken: frozenset[str] | None = None
    """The languages that the embedder was made for; None: all."""
    language: str = UNKNOWN
    """The query's language; empty where it isn't known."""
    is_understood: bool = True
    """Whether the embedder was made for it. Both are known once the languages of the texts are: see `told`."""


class Rankings(NamedTuple):
    """Rows by both indexes, best first."""

    words: list[int]
    near: list[int]


def rank(connection: Connection, asked: Asked, frequencies: Frequencies, signs: SignsCache) -> list[Hit]:
    """Return the best passages, best first."""
    asked = _told(connection, asked)
    words, near = _rankings(connection, asked, frequencies, signs)
    best = _fused(asked, words, near)
    rows = json.dumps([row for row, _ in best])
    found = {row[0]: row[1:] for row in connection.all(SQL["hits"], {"rows": rows})}
    return [Hit(*found[row], score=score) for row, score in best]


def explain(
    connection: Connection, asked: Asked, frequencies: Frequencies, signs: SignsCache, passage_ids: Sequence[str]
) -> dict[str, Why]:
    """Return why these of the best passages are found, by their ids."""
    asked = _told(connection, asked)
    words, near = _rankings(connection, asked, frequencies, signs)
    best = json.dumps([row for row, _ in _fused(asked, words, near)])
    ids: dict[int, str] = {
        row: id_ for row, id_, *_ in connection.all(SQL["hits"], {"rows": best}) if id_ in set(passage_ids)
    }
    word_places = {row: place for place, row in enumerate(words, start=1)}
    near_places = {row: place for place, row in enumerate(near, start=1)}
    weights = weigh_words(connection, frequencies, asked.query, asked.language, list(ids))
    likeness: dict[int, float] = {}
    if near:
        bindings = {"rows": json.dumps(list(ids)), "vector": asked.vector}
        likeness = dict(connection.all(SQL["similarities"], bindings))
    return {
        id_: Why(
            word_places.get(row),
            sum(found.weight for found in weights[row]) if row in word_places else None,
            near_places.get(row),
            likeness.get(row),
            tuple(weights[row]),
        )
        for row, id_ in ids.items()
    }


def told(asked: Asked, languages: Iterable[str]) -> Asked:
    """Return what is asked with its language, and whether its vector can be trusted, for texts in these languages.

    A query too short to tell its own language is taken to be in one of theirs.
    """
    there = set(languages) - {UNKNOWN}
    language = language_of(asked.query, there)
    spoken = asked.spoken
    is_understood = spoken is None or (language in spoken if language else not there or not there.isdisjoint(spoken))
    return msgspec.structs.replace(asked, language=language, is_understood=is_understood)


def _told(connection: Connection, asked: Asked) -> Asked:
    return told(asked, [row[0] for row in connection.all(SQL["languages"])])


def _fused(asked: Asked, words: list[int], near: list[int]) -> Sequence[tuple[int, float]]:
    if words and not asked.is_understood:
        # The vectors of a language that their model doesn't know rank badly: they only come after the words' own.
        near = [row for row in near if row not in set(words)]
        fused = fuse([[*words, *near]])
    else:
        fused = fuse([words, near])
    return worth(fused, asked.retrieval.minimum_score)[: asked.limit]


def _rankings(connection: Connection, asked: Asked, frequencies: Frequencies, signs: SignsCache) -> Rankings:
    depth = max(DEPTH, asked.limit)
    ids, retrieval = asked.collection_ids, asked.retrieval
    if asked.reader is not None and not (ids := sorted(usable_of(connection, asked.reader, ids))):
        return Rankings([], [])
    there = connection.one(SQL["space"])
    vector = asked.vector if there is not None and there[0] == asked.space else None
    closed = closed_of(connection, asked.reader, ids)
    rows = _rows(connection, asked.document_ids, closed)
    words: list[int] = []
    near: list[int] = []
    if retrieval.mode != "vectors":
        words = find_words(connection, frequencies, asked.query, asked.language, ids, depth, rows)
    if vector is not None:
        near = find_near(connection, signs, vector, ids, depth, rows)
    if is_behind(connection):
        words, near = find_before(
            connection, asked.query if retrieval.mode != "vectors" else "", vector, ids, depth, words, near
        )
        words, near = (rows.kept(found) for found in (words, near))
    return Rankings(words, near)


def _rows(connection: Connection, document_ids: Sequence[str] | None, closed: Sequence[str]) -> Among:
    """Return the rows that a search keeps to: of these documents, or of all, but none that is closed."""
    if document_ids is not None:
        closed_ids = frozenset(closed)
        return Among(_of(connection, [one for one in document_ids if one not in closed_ids]))
    return Among(_of(connection, closed), is_left_out=True) if closed else EVERYTHING


def _of(connection: Connection, document_ids: Sequence[str]) -> frozenset[int]:
    return frozenset(row[0] for row in connection.all(SQL["rows_of"], (json.dumps(document_ids),)))
