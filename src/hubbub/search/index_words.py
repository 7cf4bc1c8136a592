"""Keep the index of words: put a passage's terms into it, and find rows by them."""

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from hubbub.connections.sqlite import Connection, Row, load_sql
from hubbub.core.compounds import backward
from hubbub.core.languages import UNKNOWN
from hubbub.core.wording import Term, index_terms, language_of, query_terms, telling
from hubbub.search.among import EVERYTHING, Among
from hubbub.search.base import TermFound
from hubbub.search.compounds import CompoundsCache, Kin
from hubbub.search.postings import Moment, PostingsCache, forget_changes, idf, note_change

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SQL = {**load_sql("hubbub.search", "search.sql"), **load_sql("hubbub.search", "changes.sql")}
MAX_TERMS = 32
"""So many terms of a query are searched, the rarest."""
MOST_COUNTED = 256
RATED = 3_000
"""So many passages are rated for a query, about; more where its rarest word alone is in more. On a hundred thousand
passages that takes a quarter of the time of rating all, with the same first ones nearly always."""
CHECKED = 128
"""So many of the best are looked up at once to see that they are still there."""
REMEMBERED_SECONDS = 300.0
MOST_REMEMBERED = 50_000
REMEMBERED_FROM = 100
"""Fewer are counted anew, which costs little: a word that was nowhere a moment ago may be in a document by now."""
WIDENED = 4
"""So many of a query's words, the rarest, are also found as parts of longer ones, and by the words they are made of."""
SHORT_CHARACTERS = 200
"""A shorter text is taken to be in the language of the document around it."""


def put_terms(connection: Connection, passages: Sequence[Row], around: str | None = None) -> None:
    """Index passages of one document (row, collection_id, name, title, heading, text, …); they wait no longer.

    `around` is the document's language; None: it is told from these passages.
    """
    if around is None:
        around = language_of("\n".join(row[5] for row in passages[:10])) if passages else UNKNOWN
    for row, collection_id, name, title, heading, text, *_ in passages:
        language = around if len(text) < SHORT_CHARACTERS else language_of(text) or around
        named = title if name == title else f"{name}\n{title}"
        terms = [" ".join(index_terms(part, language)) for part in (named, heading, text)]
        around_terms = " ".join((inside(collection_id), *backward(" ".join(terms).split(), language)))
        connection.all(SQL["put_terms"], (row, around_terms, *terms))
        connection.all(SQL["put_language"], (language,))
        connection.all(SQL["not_waiting"], (row,))
        note_change(connection, row, around_terms, terms)
    if passages:
        forget_changes(connection)


class Counted(NamedTuple):
    """A word that is searched."""

    held: int
    """In about how many passages it is, by itself or in another way."""
    term: Term
    kins: tuple[Kin, ...] = ()
    """The other ways, with what the word weighs there."""


class Frequencies:
    """Remembers for a while in how many passages a term is: counting a frequent one takes as long as a search."""

    def __init__(self) -> None:
        self.postings = PostingsCache()
        self.compounds = CompoundsCache()
        self._known: dict[str, int] = {}
        self._since = 0.0

    def of(self, connection: Connection, term: Term) -> int:
        """Return in about how many passages a term is."""
        now = time.monotonic()
        if now - self._since > REMEMBERED_SECONDS or len(self._known) > MOST_REMEMBERED:
            self._known, self._since = {}, now
        return sum(self._count(connection, form) for form in term.forms)

    def _count(self, connection: Connection, form: str) -> int:
        count = self.postings.known(form)
        if count is None:
            count = self._known.get(form)
        if count is None:
            found = connection.one(SQL["passages_with"], (form,))
            count = found[0] if found else 0
            if count >= REMEMBERED_FROM:
                self._known[form] = count
        return count


def find_words(
    connection: Connection,
    frequencies: Frequencies,
    query: str,
    language: str,
    collection_ids: Sequence[str],
    depth: int,
    among: Among = EVERYTHING,
) -> list[int]:
    """Return the rows that hold all words of the query; where these are too few, then those that hold any.

    Of a long query the rarest words count. Where there are many passages, one has to hold one of the rarer words.
    Only the rows of `among` count.
    """
    moment = frequencies.postings.catch_up(connection)
    counted = _counted(connection, frequencies, moment, query, language)
    if not counted:
        return []
    rare = _rare([one.held for one in counted])
    ranked = _ranked(connection, frequencies.postings, moment, counted, rare, collection_ids, among)
    found: list[int] = []
    for start in range(0, len(ranked), CHECKED):
        rows = ranked[start : start + CHECKED].tolist()
        there = {row[0] for row in connection.all(SQL["alive_rows"], (json.dumps(rows),))}
        found += [row for row in rows if row in there]
        if len(found) >= depth:
            break
    return found[:depth]


def weigh_words(
    connection: Connection, frequencies: Frequencies, query: str, language: str, rows: Sequence[int]
) -> dict[int, list[TermFound]]:
    """Return the terms of a query that rows hold, the weightiest first."""
    moment = frequencies.postings.catch_up(connection)
    found: dict[int, list[TermFound]] = {row: [] for row in rows}
    for one in _counted(connection, frequencies, moment, query, language):
        weights = dict.fromkeys(rows, 0.0)
        for form in one.term.forms:
            postings = frequencies.postings.term(connection, moment, form)
            rarity = idf(moment.passages, len(postings.rows))
            for row in rows:
                if (place := _place(postings.rows, row)) is not None:
                    weights[row] += float(postings.weights[place]) * rarity
        for kin in one.kins:
            for row in rows:
                if not weights[row] and _place(kin.rows, row) is not None:
                    weights[row] = kin.weight
        for row, weight in weights.items():
            if weight:
                found[row].append(TermFound(one.term.forms[0], weight))
    return {row: sorted(terms, key=lambda one: -one.weight) for row, terms in found.items()}


def _place(rows: "npt.NDArray[np.uint32]", row: int) -> int | None:
    place = int(rows.searchsorted(row))
    return place if place < len(rows) and rows[place] == row else None


def _counted(
    connection: Connection, frequencies: Frequencies, moment: Moment, query: str, language: str
) -> list[Counted]:
    """Return the terms that are searched, rarest first."""
    languages = [row[0] for row in connection.all(SQL["languages"])]
    wanted = telling(query_terms(query, languages, language))[:MOST_COUNTED]
    found = sorted((Counted(frequencies.of(connection, term), term) for term in wanted), key=_held)
    # What more than half of many passages hold weighs nothing, and takes the longest to read. Of few passages none is
    # left out by its count, which may be of before the last change.
    most = moment.passages // 2 if moment.passages > RATED else RATED + moment.passages
    widened = [_widened(connection, frequencies, moment, one, most, languages) for one in found[:WIDENED]]
    counted = sorted((one for one in (*widened, *found[WIDENED:]) if one.held), key=_held)[:MAX_TERMS]
    return [one for one in counted if one.held <= most] or counted[:1]


def _held(one: Counted) -> int:
    return one.held


def _widened(
    connection: Connection,
    frequencies: Frequencies,
    moment: Moment,
    one: Counted,
    most: int,
    languages: Sequence[str],
) -> Counted:
    """Return a word with the other ways it stands in passages, but for those that are in most.

    Only a word that is in none is looked for in two.
    """
    apart_in = () if one.held else languages
    if one.held > most or not (one.term.parts or one.term.together or apart_in):
        return one
    held, kins = one.held, list[Kin]()
    for kin in frequencies.compounds.of(connection, moment.upto, one.term, apart_in):
        if held + len(kin.rows) <= most:
            held += len(kin.rows)
            kins.append(kin._replace(weight=kin.weight * idf(moment.passages, held)))
    return Counted(held, one.term, tuple(kins))


def _ranked(
    connection: Connection,
    postings: PostingsCache,
    moment: Moment,
    wanted: Sequence[Counted],
    rare: int,
    collection_ids: Sequence[str],
    among: Among,
) -> "npt.NDArray[np.uint32]":
    """Return the rows that hold one of the first terms, so many, best first; some may be gone."""
    import numpy as np  # here: it takes a while to import

    of_terms = [[postings.term(connection, moment, form) for form in one.term.forms] for one in wanted]
    held_by = [one.rows for forms in of_terms[:rare] for one in forms]
    held_by += [kin.rows for one in wanted[:rare] for kin in one.kins]
    rows = np.unique(np.concatenate(held_by))
    is_inside = np.zeros(len(rows), bool)
    for collection_id in collection_ids:
        held, _ = _places(postings.collection(connection, moment, inside(collection_id)).rows, rows)
        is_inside |= held
    if (mask := among.mask(rows)) is not None:
        is_inside &= mask
    rows = rows[is_inside]
    scores = np.zeros(len(rows), np.float64)
    held_terms = np.zeros(len(rows), np.uint8)
    for counted, forms in zip(wanted, of_terms, strict=True):
        is_held = np.zeros(len(rows), bool)
        for one in forms:
            held, places = _places(one.rows, rows)
            scores[held] += one.weights[places] * idf(moment.passages, len(one.rows))
            is_held |= held
        for kin in counted.kins:
            held, _ = _places(kin.rows, rows)
            scores[held & ~is_held] += kin.weight
            is_held |= held
        held_terms += is_held
    return rows[np.lexsort((rows, -scores, held_terms < len(wanted)))]


def _places(
    rows: "npt.NDArray[np.uint32]", wanted: "npt.NDArray[np.uint32]"
) -> "tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]":
    """Return which of the wanted rows are there, and where these are. Both are ascending."""
    import numpy as np

    if not len(rows):
        return np.zeros(len(wanted), bool), np.empty(0, np.intp)
    places = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
    held = rows[places] == wanted
    return held, places[held]


def _rare(counts: Sequence[int]) -> int:
    """Return how many of the terms, rarest first, are rare enough that all that hold one are rated."""
    total = 0
    for place, count in enumerate(counts):
        total += count
        if total > RATED and place:
            return place
    return len(counts)


def inside(collection_id: str) -> str:
    """Return a collection's id as a term of the index."""
    return f"c{collection_id.encode().hex()}x"
