"""Count in SQLite what is used: a counter is read once, and written once in each transaction that changes it.

What is reserved for an answer counts until its reservation is settled, that is, taken away and what was used counted in
its place. That is done for several ended answers at a time: alone it would cost as much as all else that is counted for
a question. Until then they are recognized by their records of use; nobody is refused before they are settled.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from hubbub.connections.sqlite import Connection, Row, Value, load_sql
from hubbub.usage.base import CounterRow

SQL = load_sql("hubbub.usage", "usage.sql")
ROWS = 16
"""So many rows are bound in one statement: few enough that statements of each number of rows stay prepared."""
MOST_KNOWN = 10_000
NOTHING = (0, 0, 0)
_NEVER = -1
_Key = tuple[str, str, str]


class Reserved(NamedTuple):
    """A reservation as it is stored. Groups and counters are JSON."""

    answer_id: str
    questions: int
    tokens: int
    money: int
    person: str
    key: str
    groups: str
    counters: str


class Ended(NamedTuple):
    """What an answer used, and by how much too much counts for it until it is settled, in which counters (JSON)."""

    counters: str
    used: Sequence[int]
    excess: Sequence[int]


class Counting:
    """What is known of the counters and the reservations in a file; see `Connection.known`."""

    def __init__(self) -> None:
        self._used: dict[_Key, list[int]] = {}
        """Of each counter by its scope, subject and window: questions, tokens, money, and when the window began."""
        self._changed: set[str] = set()
        """What this transaction has still to write: counters as reservations name them."""
        self._reserved: dict[str, Reserved] = {}
        """By answer."""
        self._unwritten: list[Reserved] = []
        """Those of them that this transaction has still to write."""
        self._ended: dict[str, Ended] = {}
        """By answer: those that ended and are not settled."""
        self._excess: dict[tuple[_Key, int], list[int]] = {}
        """By how much too much counts for all of them, by counter and when its window began."""

    def count(self, connection: Connection, counters: str, amount: Sequence[int]) -> list[list[int]]:
        """Count an amount in counters (JSON), from nothing where a new window begins; return what is used in each."""
        for start, used in self._changing(connection, counters):
            if used[3] != start:
                used[:] = (*NOTHING, start)
            _add(used, amount)
        return self.used(counters)

    def used(self, counters: str) -> list[list[int]]:
        """Return what is used in counters, without what counts too much as far as is known."""
        found: list[list[int]] = []
        for one in _keys_of(counters):
            used = self._used[one[0]]
            if (excess := self._excess.get(one)) is not None:
                used = [so_far - much for so_far, much in zip(used, excess, strict=False)]  # used has its window, too
            found.append(used)
        return found

    def reserve(self, connection: Connection, reserved: Reserved) -> None:
        """Store a reservation whose amount was counted, with the counters."""
        self._unwritten.append(reserved)
        self._reserved[reserved.answer_id] = reserved

    def end(self, connection: Connection, used: Mapping[str, Sequence[int]]) -> dict[str, tuple[str, str, str]]:
        """Note what answers used for which something is reserved, until it is settled; return for whom that was."""
        unknown = [(one,) for one in used if one not in self._reserved]
        if unknown:
            for row in _with_rows(connection, "reserved", unknown):
                self._reserved[row[0]] = Reserved(*row)
        askers: dict[str, tuple[str, str, str]] = {}
        for answer_id, amount in used.items():
            one = self._reserved.get(answer_id)
            if one is None:
                continue
            askers[answer_id] = (one.person, one.key, one.groups)
            if answer_id not in self._ended:
                ended = self._ended[answer_id] = Ended(
                    one.counters, amount, (one.questions - amount[0], one.tokens - amount[1], one.money - amount[2])
                )
                for counter in _keys_of(one.counters):
                    _add(self._excess.setdefault(counter, [*NOTHING]), ended.excess)
        return askers

    def settle(self, connection: Connection, answer_ids: Sequence[str] | None = None) -> None:
        """Count what was used in place of what was reserved: for these of the answers that ended, or for all."""
        self._write_reserved(connection)
        if answer_ids is None:
            rows = connection.all(SQL["all_ended"])
        else:
            unknown = [(one,) for one in answer_ids if one not in self._ended]
            rows = _with_rows(connection, "ended", unknown)
            rows += [(one, *self._ended[one].used) for one in answer_ids if one in self._ended]
        self.give_back(connection, {answer_id: used for answer_id, *used in rows})

    def give_back(self, connection: Connection, used: Mapping[str, Sequence[int]]) -> None:
        """Count what answers used in place of what was reserved for them."""
        for one in self._released(connection, list(used)):
            before = (one.questions, one.tokens, one.money)
            change = [new - old for new, old in zip(used[one.answer_id], before, strict=True)]
            if any(change):
                for start, now in self._changing(connection, one.counters):
                    if now[3] == start:  # else a new window has begun
                        _add(now, change)
            if (ended := self._ended.pop(one.answer_id, None)) is not None:
                for counter in _keys_of(ended.counters):
                    _add(self._excess[counter], [-much for much in ended.excess])
        if not self._ended:
            self._excess.clear()

    def forget_person(self, connection: Connection, person_id: str) -> None:
        """Drop a person's counters, and what names them in what has not been settled."""
        self.settle(connection)
        self._write(connection)
        connection.all(SQL["forget_counters_of"], (person_id,))
        self._used.clear()

    def _changing(self, connection: Connection, counters: str) -> list[tuple[int, list[int]]]:
        """Return when the window of each counter began, and what is used of it: whoever asks may change that."""
        keys = _keys_of(counters)
        unknown = [key for key, _ in keys if key not in self._used]
        if unknown:
            for scope, subject, window, *used in _with_rows(connection, "counters", unknown):
                self._used[(scope, subject, window)] = used
            for key in unknown:
                self._used.setdefault(key, [*NOTHING, _NEVER])
        if not self._changed:
            connection.at_end(self._write)
        self._changed.add(counters)
        return [(start, self._used[key]) for key, start in keys]

    def _released(self, connection: Connection, answer_ids: Sequence[str]) -> list[Reserved]:
        """Take reservations away, and return those there were."""
        self._write_reserved(connection)
        ids = [(one,) for one in answer_ids]
        known = [one for answer_id in answer_ids if (one := self._reserved.pop(answer_id, None)) is not None]
        if len(known) < len(ids):
            return [Reserved(*row) for row in _with_rows(connection, "release", ids)]
        _with_rows(connection, "drop_reserved", ids)
        return known

    def _write_reserved(self, connection: Connection) -> None:
        _with_rows(connection, "reserve", self._unwritten)
        self._unwritten.clear()

    def _write(self, connection: Connection) -> None:
        self._write_reserved(connection)
        keys = {key for counters in self._changed for key, _ in _keys_of(counters)}
        rows = [(*key, *used) for key in keys if (used := self._used[key])[3] != _NEVER]
        _with_rows(connection, "put_counters", rows)
        self._changed.clear()
        if len(self._used) > MOST_KNOWN:
            self._used.clear()


def _add(used: list[int], amount: Sequence[int]) -> None:
    used[0] += amount[0]
    used[1] += amount[1]
    used[2] += amount[2]


def _with_rows(connection: Connection, name: str, rows: Sequence[Sequence[Value]]) -> list[Row]:
    """Run a statement over rows, which are all as wide, and return what it returns."""
    found: list[Row] = []
    for start in range(0, len(rows), ROWS):
        some = rows[start : start + ROWS]
        found += connection.all(_statement(name, len(some), len(some[0])), [value for row in some for value in row])
    return found


@lru_cache(maxsize=8 * ROWS)
def _statement(name: str, rows: int, width: int) -> str:
    row = f"({', '.join('?' * width)})" if width > 1 else "?"
    return SQL[name].replace("{rows}", ", ".join([row] * rows))


@lru_cache(maxsize=1024)
def _keys_of(counters: str) -> tuple[tuple[_Key, int], ...]:
    return tuple((row[:3], row[3]) for row in msgspec.json.decode(counters, type=list[CounterRow]))
