"""Find the passages that hold a word of a query as a part of a longer word, by the vocabulary of the index."""

import json
from typing import TYPE_CHECKING, NamedTuple

from hubbub.connections.sqlite import Connection, load_sql
from hubbub.core.compounds import beginnings, compound_of
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
KEPT = 256
KEPT_ROWS = 20_000


class Compounds(NamedTuple):
    """The compounds of a word, and the passages that hold one, by their rows, ascending."""

    words: tuple[str, ...]
    rows: "Rows"
    upto: int
    """The last change that is in it."""


class CompoundsCache:
    """Remembers the compounds that were asked for last, until a passage changes."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], Compounds] = {}

    def of(self, connection: Connection, upto: int, parts: tuple[str, ...]) -> Compounds:
        """Return the compounds of a word, by its forms; `upto` is the last change that this transaction sees."""
        found = self._kept.get(parts)
        if found is None or found.upto != upto:
            found = _read(connection, upto, parts)
            if len(self._kept) >= KEPT:
                self._kept = {}
            if len(found.rows) <= KEPT_ROWS:
                self._kept[parts] = found
        return found


def _read(connection: Connection, upto: int, parts: tuple[str, ...]) -> Compounds:
    import numpy as np  # here: it takes a while to import

    counts: dict[str, int] = {}
    for part in parts:
        for beginning in beginnings(part):
            for term, count in connection.all(SQL["terms_from"], (beginning, READ_TERMS)):
                if (word := compound_of(term, part)) is not None and word not in parts:
                    counts[word] = count
    words = tuple(sorted(counts, key=lambda word: -counts[word])[:MOST_COMPOUNDS])
    if not words:
        return Compounds((), np.empty(0, np.uint32), upto)
    match = " OR ".join(map(json.dumps, words))  # in any column: a collection's word has digits, and is no compound
    return Compounds(words, rows_with(connection, match), upto)
