"""Keep the index of words: put a passage's terms into it, and find rows by them."""

import json
import time
from collections.abc import Sequence

from hubbub.connections.sqlite import Connection, Row, load_sql
from hubbub.core.languages import UNKNOWN
from hubbub.core.wording import Term, index_terms, language_of, query_terms, telling

SQL = load_sql("hubbub.search", "search.sql")
MAX_TERMS = 32
"""So many terms of a query are searched, the rarest."""
MOST_COUNTED = 256
RATED = 3_000
"""So many passages are rated for a query, about; more where its rarest word alone is in more. On a hundred thousand
passages that takes a quarter of the time of rating all, with the same first ones nearly always."""
REMEMBERED_SECONDS = 300.0
MOST_REMEMBERED = 50_000
SHORT_CHARACTERS = 200
"""A shorter text is taken to be in the language of the document around it."""


def put_terms(connection: Connection, passages: Sequence[Row]) -> None:
    """Index passages of one document (row, collection_id, name, title, heading, text, …); they wait no longer."""
    around = language_of("\n".join(row[5] for row in passages[:10])) if passages else UNKNOWN
    for row, collection_id, name, title, heading, text, *_ in passages:
        language = around if len(text) < SHORT_CHARACTERS else language_of(text) or around
        named = title if name == title else f"{name}\n{title}"
        terms = [" ".join(index_terms(part, language)) for part in (named, heading, text)]
        connection.all(SQL["put_terms"], (row, inside(collection_id), *terms))
        connection.all(SQL["put_language"], (language,))
        connection.all(SQL["not_waiting"], (row,))


class Frequencies:
    """Remembers for a while in how many passages a term is: counting a frequent one takes as long as a search."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._since = 0.0

    def of(self, connection: Connection, term: Term) -> int:
        """Return in about how many passages a term is."""
        now = time.monotonic()
        if now - self._since > REMEMBERED_SECONDS or len(self._known) > MOST_REMEMBERED:
            self._known, self._since = {}, now
        known = self._known  # another thread may begin a new one
        for form in term.forms:
            if form not in known:
                found = connection.one(SQL["passages_with"], (form,))
                known[form] = found[0] if found else 0
        return sum(known[form] for form in term.forms)


def find_words(
    connection: Connection,
    frequencies: Frequencies,
    query: str,
    language: str,
    collection_ids: Sequence[str],
    depth: int,
    document_ids: Sequence[str] | None = None,
) -> list[int]:
    """Return the rows that hold all words of the query; where these are too few, then those that hold any.

    Of a long query the rarest words count. Where there are many passages, one has to hold one of the rarer words.
    With documents only their passages count.
    """
    languages = [row[0] for row in connection.all(SQL["languages"])]
    counted = [
        (count, term)
        for term in telling(query_terms(query, languages, language))[:MOST_COUNTED]
        if (count := frequencies.of(connection, term))
    ]
    if not counted:
        return []
    counted = sorted(counted, key=lambda one: one[0])[:MAX_TERMS]
    groups = ["(" + " OR ".join(f'"{form}"' for form in term.forms) + ")" for _, term in counted]
    rare = groups[: _rare([count for count, _ in counted])]
    collections = " OR ".join(map(inside, collection_ids))
    any_of = f"({' OR '.join(groups)})"
    if len(rare) < len(groups):
        any_of = f"({' OR '.join(rare)}) AND {any_of}"
    rows: list[int] = []
    for wanted in (" AND ".join(groups), any_of) if len(groups) > 1 else (any_of,):
        match = f"{{title heading text}} : ({wanted}) AND inside : ({collections})"
        bindings: dict[str, str | int] = {"match": match, "limit": depth}
        name = "find_words"
        if document_ids is not None:
            name, bindings["document_ids"] = "find_words_among", json.dumps(list(document_ids))
        rows += [row[0] for row in connection.all(SQL[name], bindings)]
        if len(rows) >= depth:
            break
    return list(dict.fromkeys(rows))[:depth]


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
