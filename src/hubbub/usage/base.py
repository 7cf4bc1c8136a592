"""The door of usage: what was used, by whom, what is set against that, and where all this is kept."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from hubbub.usage.bounds import MEASURES, Bound, Measure, Scope, Window

Write: TypeAlias = Callable[[], Awaitable[None]]
"""Stores something, all or nothing; another write to the same database may take it into its own transaction."""
Outcome: TypeAlias = Literal["done", "failed", "stopped"]
Kind: TypeAlias = Literal["answer", "embeddings", "ingest"]
By: TypeAlias = Literal["person", "group", "model", "key", "day"]
BY: tuple[By, ...] = ("person", "group", "model", "key", "day")
QuotaScope: TypeAlias = Scope | Literal["over"]
"""What a quota is for; "over": which model answers where a bound is reached."""
CounterRow: TypeAlias = tuple[str, str, str, int]
"""A counter as stores keep it: its scope, subject and window, and when that began."""

KEPT_SECONDS = 40 * 86_400
"""Counters of windows that began before that are of no use any more."""
WINDOW = 2_000
"""So many records are looked through at a time."""
OF_PERSON = (
    *("answer_id", "place", "at", "kind", "outcome", "model", "deployment", "questions", "input_tokens"),
    *("cached_tokens", "output_tokens", "reasoning_tokens", "money", "is_estimated"),
)
LOST_SECONDS = 3_600
"""A reservation that is older, and whose answer is not open, was left by a crash."""


class Asker(msgspec.Struct, frozen=True):
    """Who uses something: the person, the key that they came with, and their groups at that time."""

    person: str
    key: str = ""
    groups: tuple[str, ...] = ()
    """As quotas name them: those that were made here as "group:ID", those that a sign-in names by that name."""
    bounds: tuple[str, ...] = ()
    """What the key is limited to by who made it, besides what the settings say; not kept."""
    names: tuple[tuple[str, str], ...] = ()
    """What groups that were made here are called, by how quotas name them; not kept."""


class Amount(msgspec.Struct, frozen=True):
    """How much is used, or will be as far as can be told."""

    questions: int = 0
    tokens: int = 0
    money: int = 0
    """In units, see `prices`."""

    def of(self, measure: Measure) -> int:
        """Return how much it is of one measure."""
        return getattr(self, measure)

    @property
    def values(self) -> tuple[int, int, int]:
        """It as stores keep it: questions, tokens, money."""
        return self.questions, self.tokens, self.money


class Record(msgspec.Struct, frozen=True):
    """What one answer used of one model; an answer that asked none has one without a model."""

    answer_id: str
    place: int
    """0, 1 …: which of the answer's."""
    at: int
    """When it ended, in seconds of the epoch."""
    kind: Kind
    outcome: Outcome
    asker: Asker
    model: str
    """What was asked for by this name."""
    deployment: str = ""
    """The one of its deployments that answered."""
    questions: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    money: int = 0
    is_estimated: bool = False

    @property
    def amount(self) -> Amount:
        """What of it counts against bounds."""
        return Amount(self.questions, self.input_tokens + self.output_tokens, self.money)

    @property
    def values(self) -> tuple[str | int, ...]:
        """It as stores keep it, without whose it is."""
        return (
            self.answer_id,
            self.place,
            self.at,
            self.kind,
            self.outcome,
            self.model,
            self.deployment,
            self.questions,
            self.input_tokens,
            self.cached_tokens,
            self.output_tokens,
            self.reasoning_tokens,
            self.money,
            self.is_estimated,
        )


class Counter(msgspec.Struct, frozen=True):
    """What is counted together: what one subject uses in one window. Its start and end are seconds of the epoch."""

    scope: Scope
    subject: str
    window: Window
    start: int
    end: int
    name: str = ""
    """What a group that was made here is called."""

    @property
    def row(self) -> CounterRow:
        """It as stores keep it."""
        return self.scope, self.subject, self.window, self.start


class Charge(msgspec.Struct, frozen=True):
    """A counter that something counts in, and the bounds there."""

    counter: Counter
    bounds: tuple[Bound, ...]


class Charges(tuple[Charge, ...]):
    """All that something counts in; the same for many questions, so that what follows from it is made once."""

    @cached_property
    def rows(self) -> tuple[CounterRow, ...]:
        """The counters as stores keep them: each once, and sorted, so that no two wait for each other's."""
        return tuple(sorted({charge.counter.row for charge in self}))

    @cached_property
    def text(self) -> str:
        """Those as JSON."""
        return msgspec.json.encode(self.rows).decode()

    def standings(self, used: Sequence[Sequence[int]]) -> "list[Standing]":
        """Return how the bounds stand where so much is used in each of `rows`: questions, tokens, money."""
        return [Standing(counter, bound, used[row][place]) for counter, bound, row, place in self._bounds]

    def over(self, used: Sequence[Sequence[int]], amount: "Amount") -> "list[Standing]":
        """Return the bounds that are passed where so much is used, of which the amount needs any."""
        for row, place, most in self._mosts:  # as a rule none is passed, and nothing is made
            if used[row][place] > most:
                break
        else:
            return []
        needed = amount.values
        return [
            Standing(counter, bound, used[row][place])
            for counter, bound, row, place in self._bounds
            if used[row][place] > bound.most and needed[place] > 0  # what costs nothing passes where money is gone
        ]

    @cached_property
    def _mosts(self) -> list[tuple[int, int, int]]:
        return [(row, place, bound.most) for _, bound, row, place in self._bounds]

    @cached_property
    def _bounds(self) -> list[tuple[Counter, Bound, int, int]]:
        return [
            (charge.counter, bound, self.rows.index(charge.counter.row), MEASURES.index(bound.measure))
            for charge in self
            for bound in charge.bounds
        ]


class Standing(msgspec.Struct, frozen=True):
    """How a bound stands: what is used of it, what is under way included."""

    counter: Counter
    bound: Bound
    used: int

    @property
    def remaining(self) -> int:
        """How much is left; never less than nothing."""
        return max(0, self.bound.most - self.used)


Standings: TypeAlias = Callable[[], Sequence[Standing]]
"""Returns how bounds stood at a moment: few ask, so that it is worked out for these alone."""


class Reservation(msgspec.Struct, frozen=True):
    """What an answer will use as far as can be told, and where that counts."""

    answer_id: str
    asker: Asker
    amount: Amount
    charges: Charges


class Total(msgspec.Struct, frozen=True):
    """What was used under one name of a report."""

    name: str
    questions: int
    answers: int
    """Those and all else that was recorded."""
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    money: int
    estimated: int
    """How many of the records hold estimates."""


def used_of(records: Sequence[Record]) -> dict[str, list[int]]:
    """Return by answer what it used of all its models: questions, tokens, money."""
    used: dict[str, list[int]] = {}
    for record in records:
        of_it = used.setdefault(record.answer_id, [0, 0, 0])
        for place, amount in enumerate(record.amount.values):
            of_it[place] += amount
    return used


class UsageStore(Protocol):
    """Keeps what was used. Writes that are made here may be taken into the transaction of others."""

    def reserving(self, reservation: Reservation, told: Callable[[Standings], None], *, obliged: bool) -> Write:
        """Return what counts a reservation in, and tells how its bounds stand then.

        Called, it raises OverQuota where it is over a bound, and nothing is counted; not where it is `obliged`.
        """
        ...

    def settling(self, records: Sequence[Record], *, looks: bool = False) -> Write:
        """Return what stores records, and puts what was used in place of what was reserved for their answers.

        What is stored already is not stored again. Where an answer was reserved for, its asker is who was named then.
        `looks`: another worker may have reserved for one of them, though none ever did here.
        """
        ...

    def releasing(self, answer_id: str) -> Write:
        """Return what gives a reservation back: nothing was used."""
        ...

    async def standings(self, charges: Sequence[Charge]) -> list[Standing]:
        """Return how these bounds stand."""
        ...

    async def report(self, by: By, start: int, end: int, offsets: Sequence[tuple[int, str]] = ()) -> list[Total]:
        """Return what was used from `start` until before `end`, by what it is asked by.

        For days: `offsets` are their beginnings and names.
        """
        ...


class SetQuota(msgspec.Struct, frozen=True):
    """What an operator has set in place of what the settings say for the same subject; no subject: for each."""

    scope: QuotaScope
    subject: str
    texts: tuple[str, ...]
    """Bounds such as "50 questions per day", or the model of "over"; empty: none."""
    set_by: str
    set_at: float
    """Seconds of the epoch."""


class QuotaStore(Protocol):
    """Keeps the quotas that operators set."""

    async def revision(self) -> int:
        """Return a number that is another one after any change."""
        ...

    async def quotas(self) -> list[SetQuota]:
        """Return all that are set, in order."""
        ...

    async def change(self, scope: QuotaScope, subject: str, *, known: SetQuota | None, wanted: SetQuota | None) -> bool:
        """Put what is wanted in place of what is known, None being nothing; False: it is not what is known any more."""
        ...

    async def forget(self, scope: Scope, subject: str) -> None:
        """Drop the quota of a key or a group that is gone."""
        ...

    async def forget_person(self, person_id: str) -> int:
        """Drop a person's quota, and who that was who set others; returns how many quotas that were."""
        ...


@runtime_checkable
class KeepsOfPeople(Protocol):
    """Keeps what each person used, tells it to them, and forgets who it was."""

    def of_person(self, person: str) -> AsyncGenerator[Mapping[str, str | int]]:
        """Yield what a person used, record by record."""
        ...

    async def forget_person(self, person_id: str) -> int:
        """Name a person no more in what was used; returns in how many records."""
        ...
