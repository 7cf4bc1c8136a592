"""Keep in memory in which passages terms stand, and what they weigh there: FTS5 counts all of that anew each time."""

import math
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from hubbub.connections.sqlite import Connection, load_sql

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Rows = npt.NDArray[np.uint32]
    Weights = npt.NDArray[np.float32]

SQL = load_sql("hubbub.search", "changes.sql")
BUDGET_BYTES = 64 * 1024 * 1024
"""How much is kept: what was used last. 8 bytes a passage for a term."""
KEPT_CHANGES = 2_048
"""So many passages may change before what is kept is read anew."""

# BM25 as FTS5 has it, with the weights of title, heading and text that the index was made with.
K1 = 1.2
B = 0.75
COLUMN_WEIGHTS = (0.5, 1.0, 1.0)
LEAST_IDF = 1e-6
_RANK = 1e12
"""Ranks are read as whole numbers of so many parts of one."""


class Postings(NamedTuple):
    """The passages that hold a term, by their rows, ascending."""

    rows: "Rows"
    weights: "Weights"
    """What BM25 makes of the term in each passage, before the term's rarity counts."""
    upto: int
    """The last change that is in it."""


class Change(NamedTuple):
    """A passage that was indexed anew, or removed."""

    number: int
    row: int
    weights: dict[str, float]
    """Of those of its terms that were kept when the change was seen."""


class Moment(NamedTuple):
    """What one transaction sees."""

    passages: int
    average_length: float
    upto: int
    """The last change."""


class PostingsCache:
    """Keeps postings within a budget, in step with the database: each search asks for what changed since.

    What it says of passages that are gone is no harm, because a search takes those that are there alone.
    """

    def __init__(self, budget_bytes: int = BUDGET_BYTES) -> None:
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Postings] = OrderedDict()
        self._bytes = 0
        self._changes: deque[Change] = deque(maxlen=KEPT_CHANGES)
        self._upto = 0

    def catch_up(self, connection: Connection) -> Moment:
        """Take in what changed, and return what this transaction sees."""
        passages, average_length = totals(connection)
        ((first, upto),) = connection.all(SQL["reach"])
        with self._lock:
            if upto > self._upto:
                if self._kept and first <= self._upto + 1:
                    for number, row, terms in connection.all(SQL["changes_after"], (self._upto,)):
                        self._changes.append(Change(number, row, self._weigh(terms, average_length)))
                else:
                    self._forget()
                self._upto = upto
            return Moment(passages, average_length, upto)

    def known(self, key: str) -> int | None:
        """Return in about how many passages a term is, if its postings are kept."""
        with self._lock:
            found = self._kept.get(key)
            return None if found is None else len(found.rows)

    def kept(self) -> list[Postings]:
        """Return what is kept, the last used last."""
        with self._lock:
            return list(self._kept.values())

    def term(self, connection: Connection, moment: Moment, form: str) -> Postings:
        """Return the postings of a term as it stands in the index."""
        return self._get(form) or self._keep(form, _read_term(connection, moment, form), moment)

    def collection(self, connection: Connection, moment: Moment, word: str) -> Postings:
        """Return the passages of a collection, by the word that stands for it."""
        return self._get(word) or self._keep(word, _read_rows(connection, moment, word), moment)

    def _get(self, key: str) -> Postings | None:
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            if found.upto < self._upto:
                found = self._brought_up(key, found)
                if found is None:
                    return None
            self._kept.move_to_end(key)
            return found

    def _brought_up(self, key: str, found: Postings) -> Postings | None:
        """Return postings with the changes since, or None where too many were."""
        if not self._changes or self._changes[0].number > found.upto + 1:
            self._drop(key)
            return None
        latest = {change.row: change.weights.get(key) for change in self._changes if change.number > found.upto}
        brought = _changed(found, latest, self._upto)
        self._bytes += size_of(brought) - size_of(found)
        self._kept[key] = brought
        return brought

    def _keep(self, key: str, read: Postings, moment: Moment) -> Postings:
        with self._lock:
            if moment.upto == self._upto and size_of(read) <= self._budget_bytes:
                self._drop(key)
                self._kept[key] = read
                self._bytes += size_of(read)
                while self._bytes > self._budget_bytes:
                    self._drop(next(iter(self._kept)))
        return read

    def _drop(self, key: str) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._bytes -= size_of(found)

    def _forget(self) -> None:
        self._kept.clear()
        self._changes.clear()
        self._bytes = 0

    def _weigh(self, terms: str, average_length: float) -> dict[str, float]:
        if not terms:
            return {}
        (inside, *backward), *cut = [column.split(" ") if column else [] for column in terms.split("\n")]
        norm = K1 * (1 - B + B * (1 + len(backward) + sum(map(len, cut))) / average_length)
        found = Counter[str]()
        for weight, column in zip(COLUMN_WEIGHTS, cut, strict=True):
            for term in column:
                if term in self._kept:
                    found[term] += weight  # pyright: ignore[reportArgumentType] - a Counter adds up floats as well
        weights = {term: count * (K1 + 1) / (count + norm) for term, count in found.items()}
        if inside in self._kept:
            weights[inside] = 0.0
        return weights


def idf(passages: int, holding: int) -> float:
    """Return how much the rarity of a term counts, as FTS5 says."""
    holding = min(holding, passages)
    return max(math.log((passages - holding + 0.5) / (holding + 0.5)), LEAST_IDF)


def note_change(connection: Connection, row: int, inside: str, columns: Sequence[str]) -> None:
    """Note that a passage was indexed anew."""
    connection.all(SQL["note_change"], (row, "\n".join((inside, *columns))))


def forget_changes(connection: Connection) -> None:
    """Drop all but the last changes."""
    connection.all(SQL["forget_changes"], (KEPT_CHANGES,))


def totals(connection: Connection) -> tuple[int, float]:
    """Return how many passages are in the index, and how many terms they have on average (at least 1).

    They stand in FTS5's record of averages: how many rows, and the terms of each column, as varints.
    """
    found = connection.one(SQL["totals"])
    numbers: list[int] = []
    number = 0
    for byte in found[0] if found else b"":
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    passages, terms = (numbers[0], sum(numbers[1:])) if numbers else (0, 0)
    return passages, max(terms / passages, 1.0) if passages else 1.0


def _read_term(connection: Connection, moment: Moment, form: str) -> Postings:
    import numpy as np

    ((found,),) = connection.all(SQL["weights_of"], (f'{{title heading text}} : "{form}"',))
    read = np.frombuffer(found or b"", [("row", ">u4"), ("rank", ">i8")])
    weights = read["rank"] / (_RANK * idf(moment.passages, len(read)))
    return Postings(read["row"].astype(np.uint32), weights.astype(np.float32), moment.upto)


def rows_with(connection: Connection, match: str) -> "Rows":
    """Return the passages that FTS5 matches, by their rows, ascending."""
    import numpy as np

    ((found,),) = connection.all(SQL["rows_with"], (match,))
    return np.frombuffer(found or b"", ">u4").astype(np.uint32)


def _read_rows(connection: Connection, moment: Moment, word: str) -> Postings:
    import numpy as np

    return Postings(rows_with(connection, f"inside : {word}"), np.empty(0, np.float32), moment.upto)


def _changed(found: Postings, latest: dict[int, float | None], upto: int) -> Postings:
    """Return postings in which these rows hold the term with these weights, or not at all (None)."""
    import numpy as np

    rows, weights = found.rows, found.weights
    is_weighed = len(weights) == len(rows)
    changed = np.fromiter(latest, np.uint32, len(latest))
    places = np.searchsorted(rows, changed)
    there = places[rows[np.minimum(places, len(rows) - 1)] == changed] if len(rows) else np.empty(0, np.intp)
    added = sorted((row, weight) for row, weight in latest.items() if weight is not None)
    if not len(there) and not added:
        return found._replace(upto=upto)
    rows = np.concatenate([np.delete(rows, there), np.array([row for row, _ in added], np.uint32)])
    order = np.argsort(rows, kind="stable")  # mostly sorted already, which costs little
    if is_weighed:
        weights = np.concatenate([np.delete(weights, there), np.array([weight for _, weight in added], np.float32)])
        weights = weights[order]
    return Postings(rows[order], weights, upto)


def size_of(postings: Postings) -> int:
    """Return how many bytes postings take."""
    return postings.rows.nbytes + postings.weights.nbytes + 200  # with what an entry takes
