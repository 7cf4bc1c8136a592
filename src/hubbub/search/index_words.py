"""Keep the index of words: put a passage's terms into it, and find rows by them."""

import json
from collections.abc import Sequence

from hubbub.connections.sqlite import Connection, Row, load_sql
from hubbub.core.languages import UNKNOWN
from hubbub.core.wording import Term, index_terms, language_of, query_terms, telling

SQL = load_sql("hubbub.search", "search.sql")
MAX_TERMS = 32
"""So many terms of a query are searched, the rarest."""
SHORT_CHARACTERS = 200
"""A shorter text is taken to be in the language of the document around it."""


def put_terms(connection: Connection, passages: Sequence[Row]) -> None:
    """Index passages of one document (row, collection_id, name, title, heading, text, …); they wait no longer."""
    around = language_of("\n".join(row[5] for row in passages[:10])) if passages else UNKNOWN
    for row, collection_id, name, title, heading, text, *_ in passages:
        language = around if len(text) < SHORT_CHARACTERS else language_of(text) or around
        named = title if name == title else f"{name.rpartition('.')[0] or name}\n{title}"
        terms = [" ".join(index_terms(part, language)) for part in (named, heading, text)]
        connection.all(SQL["put_terms"], (row, inside(collection_id), *terms))
        connection.all(SQL["put_language"], (language,))
        connection.all(SQL["not_waiting"], (row,))


def find_words(
    connection: Connection, query: str, language: str, collection_ids: Sequence[str], depth: int
) -> list[int]:
    """Return the rows that hold all words of the query; where these are too few, then those that hold any."""
    languages = [row[0] for row in connection.all(SQL["languages"])]
    wanted = _rarest(connection, telling(query_terms(query, languages, language)))
    if not wanted:
        return []
    collections = " OR ".join(map(inside, collection_ids))
    groups = ["(" + " OR ".join(f'"{form}"' for form in term.forms) + ")" for term in wanted]
    rows: list[int] = []
    for operator in (" AND ", " OR ") if len(groups) > 1 else (" OR ",):
        match = f"inside : ({collections}) AND {{title heading text}} : ({operator.join(groups)})"
        rows += [row[0] for row in connection.all(SQL["find_words"], {"match": match, "limit": depth})]
        if len(rows) >= depth:
            break
    return list(dict.fromkeys(rows))[:depth]


def inside(collection_id: str) -> str:
    """Return a collection's id as a term of the index."""
    return f"c{collection_id.encode().hex()}x"


def _rarest(connection: Connection, terms: list[Term]) -> list[Term]:
    """Return so many terms that are in few passages, in their order in the query; one that is in none says nothing."""
    if len(terms) <= MAX_TERMS:
        return terms
    forms = json.dumps(sorted({form for term in terms for form in term.forms}))
    known = dict(connection.all(SQL["passages_with"], {"terms": forms}))
    there = [(count, place) for place, term in enumerate(terms) if (count := sum(known.get(f, 0) for f in term.forms))]
    return [terms[place] for place in sorted(place for _, place in sorted(there)[:MAX_TERMS])]
