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


class _Counter:
    """What is used in one counter since its window began: questions, tokens, money.

    It is stored with what counts too much until ended answers are settled.
    """

    __slots__ = ("excess", "net", "start")

    def __init__(self, stored: Sequence[int], start: int) -> None:
        self.net = [*stored]
        """Without what counts too much."""
        self.excess = [*NOTHING]
        """How much too much counts."""
        self.start = start

    @property
    def stored(self) -> tuple[int, int, int]:
        """As the counter is stored."""
        net, excess = self.net, self.excess
        return net[0] + excess[0], net[1] + excess[1], net[2] + excess[2]

    def begin(self, start: int) -> None:
        """Begin with nothing in a new window."""
        self.net = [*NOTHING]
        self.excess = [*NOTHING]
        self.start = start


class Counting:
    """What is known of the counters and the reservations in a file; see `Connection.known`.

    Reservations name their counters as JSON. Many name the same ones, as all of one person do: what changes in these
    is added up first.
    """

    def __init__(self) -> None:
        self._counters: dict[_Key, _Counter] = {}
        self._named: dict[str, list[tuple[int, _Counter]]] = {}
        """Of counters as reservations name them: when the window of each began there, and the counter."""
        self._changed: set[str] = set()
        """What this transaction has still to write: counters as reservations name them."""
        self._reserved: dict[str, Reserved] = {}
        """By answer."""
        self._unwritten: list[Reserved] = []
        """Those of them that this transaction has still to write."""
        self._ended: dict[str, Ended] = {}
        """By answer: those that ended and are not settled."""
        self._excess: dict[str, list[int]] = {}
        """By how much too much counts for all of them, by counters as reservations name them."""

    def count(self, connection: Connection, counters: str, amount: Sequence[int]) -> list[Sequence[int]]:
        """Count an amount in counters (JSON), from nothing where a new window begins; return what is used in each."""
        questions, tokens, money = amount
        changing = self._changing(connection, counters)
        for start, counter in changing:
            if counter.start != start:
                counter.begin(start)
            net = counter.net
            net[0] += questions
            net[1] += tokens
            net[2] += money
        return [(*counter.net,) for _, counter in changing]

    def used(self, counters: str) -> list[Sequence[int]]:
        """Return what is used in counters in which something was counted, without what is known to count too much."""
        return [(*counter.net,) for _, counter in self._named[counters]]

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
        changes: dict[str, list[int]] = {}
        for answer_id, amount in used.items():
            one = self._reserved.get(answer_id)
            if one is None:
                continue
            askers[answer_id] = (one.person, one.key, one.groups)
            if answer_id not in self._ended:
                excess = (one.questions - amount[0], one.tokens - amount[1], one.money - amount[2])
                self._ended[answer_id] = Ended(one.counters, amount, excess)
                _add(changes.setdefault(one.counters, [*NOTHING]), excess)
        for counters, change in changes.items():
            _add(self._excess.setdefault(counters, [*NOTHING]), change)
            self._take_off(counters, change)
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
        changes: dict[str, tuple[list[int], list[int]]] = {}
        for one in self._released(connection, list(used)):
            questions, tokens, money = used[one.answer_id]
            change = (questions - one.questions, tokens - one.tokens, money - one.money)
            stored, taken_off = changes.setdefault(one.counters, ([*NOTHING], [*NOTHING]))
            _add(stored, change)
            if (ended := self._ended.pop(one.answer_id, None)) is not None:
                _add(taken_off, ended.excess)
        for counters, (stored, taken_off) in changes.items():
            net = [sum(pair) for pair in zip(stored, taken_off, strict=True)]
            if any(stored) or any(net):
                for start, counter in self._changing(connection, counters):
                    if counter.start == start:  # else a new window has begun
                        _add(counter.net, net)
                        _add(counter.excess, [-much for much in taken_off])
            if counters in self._excess:
                _add(self._excess[counters], [-much for much in taken_off])
        if not self._ended:
            self._excess.clear()

    def forget_person(self, connection: Connection, person_id: str) -> None:
        """Drop a person's counters, and what names them in what has not been settled."""
        self.settle(connection)
        self._write(connection)
        connection.all(SQL["forget_counters_of"], (person_id,))
        self._forget_counters()

    def _changing(self, connection: Connection, counters: str) -> list[tuple[int, _Counter]]:
        """Return when the window of each counter began, and the counter: whoever asks may change it."""
        named = self._named.get(counters)
        if named is None:
            keys = _keys_of(counters)
            self._look_up(connection, [key for key, _ in keys if key not in self._counters])
            named = self._named[counters] = [(start, self._counters[key]) for key, start in keys]
        if not self._changed:
            connection.at_end(self._write)
        self._changed.add(counters)
        return named

    def _look_up(self, connection: Connection, unknown: Sequence[_Key]) -> None:
        if not unknown:
            return
        for scope, subject, window, *stored, start in _with_rows(connection, "counters", unknown):
            self._counters[(scope, subject, window)] = _Counter(stored, start)
        for key in unknown:
            self._counters.setdefault(key, _Counter(NOTHING, _NEVER))
        for counters, excess in self._excess.items():
            self._take_off(counters, excess, unknown)

    def _take_off(self, counters: str, excess: Sequence[int], among: Sequence[_Key] | None = None) -> None:
        """Take off what counts too much, where that is known: what is looked up later has it taken off then."""
        if among is None and counters in self._named:
            found = self._named[counters]
        else:
            keys = [(key, start) for key, start in _keys_of(counters) if among is None or key in among]
            found = [(start, self._counters[key]) for key, start in keys if key in self._counters]
        questions, tokens, money = excess
        for start, counter in found:
            if counter.start == start:
                net, too_much = counter.net, counter.excess
                net[0] -= questions
                net[1] -= tokens
                net[2] -= money
                too_much[0] += questions
                too_much[1] += tokens
                too_much[2] += money

    def _forget_counters(self) -> None:
        self._counters.clear()
        self._named.clear()

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
        counters = {key: self._counters[key] for named in self._changed for key, _ in _keys_of(named)}
        rows = [(*key, *one.stored, one.start) for key, one in counters.items() if one.start != _NEVER]
        _with_rows(connection, "put_counters", rows)
        self._changed.clear()
        if len(self._counters) > MOST_KNOWN or len(self._named) > MOST_KNOWN:
            self._forget_counters()


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
