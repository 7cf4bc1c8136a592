"""Meter what answers use: reserve before, note while they are made, settle with their endings."""

import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from contextvars import ContextVar
from datetime import datetime, timedelta, tzinfo
from weakref import WeakValueDictionary

import msgspec

from hubbub.connections.sqlite import in_one
from hubbub.core.answer import Answer
from hubbub.core.people import GROUP
from hubbub.core.usage import Call, Spending, estimated_tokens
from hubbub.usage.base import (
    BY,
    Amount,
    Asker,
    By,
    Charge,
    Charges,
    Counter,
    KeepsOfPeople,
    Kind,
    Outcome,
    QuotaStore,
    Record,
    Reservation,
    Standing,
    Standings,
    Total,
    UsageStore,
    Write,
)
from hubbub.usage.bounds import WINDOWS, Bound, Calendar, Scope, Window, read_bounds
from hubbub.usage.prices import FREE, Price
from hubbub.usage.quotas import Rules, RulesInForce
from hubbub.usage.refusals import OverBound, Refusals, moment, refusal

MOST_ADOPTED = 10_000
MOST_CHARGED = 10_000


class Totals(msgspec.Struct):
    """What a model was used for by this process."""

    answers: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    money: int = 0


class Bill(Spending):
    """What one answer spends. It is known to the meter as long as whoever makes the answer holds it."""

    __slots__ = ("answer_id", "asker", "free_characters", "is_adopted", "kind", "reserving", "standings")

    def __init__(self, answer_id: str, asker: Asker, kind: Kind = "answer") -> None:
        super().__init__()
        self.answer_id = answer_id
        self.asker = asker
        self.kind: Kind = kind
        self.free_characters = 0
        """How much of the text an earlier answer has said, and paid for."""
        self.is_adopted = False
        """Whether another worker began it: what it spent there is not known."""
        self.reserving: Write | None = None
        """Counts in what it will use; None where no bound holds."""
        self.standings: Standings = tuple
        """How the bounds stood then."""


told: ContextVar[Standings] = ContextVar("told", default=tuple)
"""How the bounds stand for what the request that is being served has begun."""


class Meter:
    """Knows the bounds, the prices, and what is under way. Without a store nothing is kept, and no bound can be set."""

    def __init__(
        self,
        store: UsageStore | None = None,
        *,
        rules: Rules = Rules(),  # noqa: B008 (frozen)
        quotas: QuotaStore | None = None,
        prices: Mapping[str, Price] | None = None,
        pools: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take where it is kept. `prices` are by model; `pools` say of deployments which model they are one of.

        `rules` are those of the settings; in place of them holds what is set in `quotas`.
        """
        self._store = store
        self.rules = rules
        """What holds, as far as is known: see `look`."""
        self.of_settings = rules
        self.quotas = quotas if store is not None else None
        self._in_force = RulesInForce(rules, self.quotas)
        self._prices = prices or {}
        self._pools = pools or {}
        self._clock = clock
        self._calendar = Calendar(rules.zone)
        self._charged: dict[tuple[Asker, str], tuple[float, float, Charges]] = {}
        """By asker and party: from when until when these are where something counts that they use."""
        self._refusals = Refusals(clock)
        self._bills: WeakValueDictionary[str, Bill] = WeakValueDictionary()
        self._adopted: dict[str, Bill] = {}
        self._dear: dict[str, Price] = {}
        self.is_on = store is not None and rules.is_any
        """Whether any bound is set; keys may have some of their own besides."""
        self.totals: defaultdict[str, Totals] = defaultdict(Totals)
        """What was used here, by model."""
        for member, pool in self._pools.items():  # a pool is counted on at the price of its dearest deployment
            one, other = self._prices.get(member, FREE), self._dear.get(pool, FREE)
            self._dear[pool] = Price(*(max(pair) for pair in zip(_fields(one), _fields(other), strict=True)))

    @property
    def zone(self) -> tzinfo:
        """Where days and months begin."""
        return self.rules.zone

    async def look(self) -> None:
        """Take in what operators have set meanwhile, on any worker: whoever goes by the rules does so before."""
        if await self._in_force.look():
            self.rules = self._in_force.rules
            self.is_on = self._store is not None and self.rules.is_any
            self._charged.clear()

    def forget_quotas(self) -> None:
        """Look anew: quotas were changed in this process."""
        self._in_force.forget()

    def bill(self, answer_id: str, asker: Asker, party: str, model: str, input_tokens: int, output_tokens: int) -> Bill:
        """Return what an answer will spend on: `party` is as whom a person's bounds count them.

        Raises:
            OverQuota: a bound was reached a moment ago.
        """
        bill = self._bills[answer_id] = Bill(answer_id, asker)
        self._reserve(bill, party, model, 1, input_tokens, output_tokens)
        return bill

    def bill_of_texts(self, answer_id: str, asker: Asker, party: str, model: str, tokens: int) -> Bill:
        """Return the same for texts that are embedded, which are no question.

        Raises:
            OverQuota: a bound was reached a moment ago.
        """
        bill = Bill(answer_id, asker, "embeddings")
        self._reserve(bill, party, model, 0, tokens, 0)
        return bill

    def adopt(self, answer_id: str, asker: Asker) -> Bill:
        """Return what an answer spends from now on that another worker began."""
        known = self._adopted.get(answer_id)
        if known is None:
            known = self._bills[answer_id] = self._adopted[answer_id] = Bill(answer_id, asker)
            known.is_adopted = True
            if len(self._adopted) > MOST_ADOPTED:
                del self._adopted[next(iter(self._adopted))]
        return known

    def refusal(self, error: OverBound) -> Exception:
        """Return what a person is told of bounds that are reached, and remember it for a moment."""
        self._refusals.note(error)
        return refusal(error, self._clock(), self.zone, self.rules.currency)

    def beside(self, bill: Bill, other: Callable[[], Awaitable[None]] | None) -> Write | None:
        """Return what is stored beside a new answer, its reservation included; where one fails, so does the other."""
        if bill.reserving is None or self._store is None:
            return other
        store = self._store
        return (
            bill.reserving
            if other is None
            else in_one(bill.reserving, other, undo=lambda: store.releasing(bill.answer_id)())
        )

    def settling(self, answers: Sequence[Answer]) -> Write:
        """Return what stores what ending answers used: it belongs into the transaction that stores their endings."""
        if self._store is None:
            raise RuntimeError("There is no store.")
        now = int(self._clock())
        records: list[Record] = []
        for answer in answers:
            records += self._records(answer, now)
        is_elsewhere = any(one.id not in self._bills or self._bills[one.id].is_adopted for one in answers)
        return self._store.settling(records, looks=is_elsewhere)

    async def settle(self, bill: Bill, model: str, tokens: int, *, is_done: bool) -> None:
        """Store what embedding texts used; where nobody counted, so many tokens as was guessed."""
        if self._store is None:
            return
        calls = bill.calls or ([Call(model, tokens)] if is_done else [])
        records = self._of_calls(bill, model, calls, "done" if is_done else "failed", int(self._clock()))
        await self._store.settling(records)()

    def bounds_hold_for(self, asker: Asker) -> bool:
        """Tell whether somebody may reach a bound: one that is set, or of the key that they came with."""
        return self.is_on or bool(asker.bounds)

    async def standings(self, asker: Asker, party: str) -> list[Standing]:
        """Return how the bounds stand that hold for somebody now."""
        if self._store is None or not self.bounds_hold_for(asker):
            return []
        return await self._store.standings(self._charges(asker, party))

    async def of_person(self, person_id: str) -> AsyncGenerator[Mapping[str, str | int]]:
        """Yield what a person used, record by record."""
        if isinstance(self._store, KeepsOfPeople):
            async with aclosing(self._store.of_person(person_id)) as records:
                async for record in records:
                    yield record

    async def forget_person(self, person_id: str) -> int:
        """Name a person no more in what was used and in quotas; returns in how many. The amounts stay."""
        count = await self.quotas.forget_person(person_id) if self.quotas is not None else 0
        self.forget_quotas()
        if isinstance(self._store, KeepsOfPeople):
            count += await self._store.forget_person(person_id)
        return count

    async def forget_group(self, group_id: str) -> None:
        """Drop the quota of a group that was made here and is gone. What it used stays."""
        if self.quotas is not None:
            await self.quotas.forget("group", GROUP + group_id)
        self.forget_quotas()

    async def report(self, by: By, start: float, end: float) -> list[Total]:
        """Return what was used from `start` until before `end` (seconds of the epoch), by what it is asked by."""
        if self._store is None or by not in BY:
            return []
        return await self._store.report(by, int(start), int(end), self.days(start, end) if by == "day" else ())

    def days(self, start: float, end: float) -> list[tuple[int, str]]:
        """Return the days from one moment until before another: when each begins, and its date."""
        found: list[tuple[int, str]] = []
        day = datetime.fromtimestamp(start, self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        while day.timestamp() < end:
            found.append((int(day.timestamp()), f"{day:%Y-%m-%d}"))
            day += timedelta(days=1)
        return found

    def until(self, error_at: float) -> str:
        """Return a moment to come as a person reads it."""
        return moment(error_at, self._clock(), self.zone)

    def _reserve(
        self, bill: Bill, party: str, model: str, questions: int, input_tokens: int, output_tokens: int
    ) -> None:
        if self._store is None or not self.bounds_hold_for(bill.asker):
            return
        charges = self._charges(bill.asker, party)
        if not charges:
            return
        price = self._dear.get(model) or self._prices.get(model, FREE)
        amount = Amount(questions, input_tokens + output_tokens, price.of(input_tokens, 0, output_tokens))
        is_obliged = bool(model) and model == self.rules.over

        def tell(standings: Standings) -> None:
            bill.standings = standings

        if not is_obliged:
            try:
                self._refusals.check(charges, amount)
            except OverBound as error:
                raise refusal(error, self._clock(), self.zone, self.rules.currency) from None
        reservation = Reservation(bill.answer_id, bill.asker, amount, charges)
        bill.reserving = self._store.reserving(reservation, tell, obliged=is_obliged)

    def _charges(self, asker: Asker, party: str) -> Charges:
        """Return where counts what somebody uses now, which is the same until the first of the windows ends."""
        now = self._clock()
        known = self._charged.get((asker, party))
        if known is None or not known[0] <= now < known[1]:
            charges = self._charges_at(now, asker, party)
            start = max((one.counter.start for one in charges), default=now)
            end = min((one.counter.end for one in charges), default=now)
            known = self._charged[(asker, party)] = (start, end, charges)
            if len(self._charged) > MOST_CHARGED:
                del self._charged[next(iter(self._charged))]
        return known[2]

    def _charges_at(self, now: float, asker: Asker, party: str) -> Charges:
        rules, span, names = self.rules, self._calendar.span, dict(asker.names)
        held: list[tuple[Scope, str, tuple[Bound, ...]]] = [
            ("server", "", rules.server),
            *(("group", one, rules.of_group(one, names.get(one, ""))) for one in asker.groups),
            ("person", party, rules.people.get(asker.person, rules.person)),
        ]
        if asker.key:
            own = read_bounds(asker.bounds) if asker.bounds else ()
            held.append(("key", asker.key, (*rules.keys.get(asker.key, rules.key), *own)))
        return Charges(
            Charge(Counter(scope, subject, window, *span(window, now), names.get(subject, "")), of_window)
            for scope, subject, bounds in held
            for window, of_window in _by_window(bounds)
        )

    def _records(self, answer: Answer, now: int) -> list[Record]:
        bill = self._bills.get(answer.id)
        if bill is None:
            bill = Bill(answer.id, Asker(""))
            bill.is_adopted = True
        outcome: Outcome = "done" if answer.state == "done" else "stopped" if answer.state == "stopped" else "failed"
        calls = bill.calls or _guessed(bill, answer)
        for call in calls:
            if not call.is_whole:
                said = (answer.text[bill.free_characters :], answer.reasoning, *(one.arguments for one in answer.calls))
                call.output_tokens = sum(map(estimated_tokens, said))
        return self._of_calls(bill, answer.model, calls, outcome, now)

    def _of_calls(self, bill: Bill, model: str, calls: Sequence[Call], outcome: Outcome, now: int) -> list[Record]:
        """Return a record for each model that was asked; at least one."""
        of_models: dict[str, list[Call]] = {}
        for call in calls:
            of_models.setdefault(call.model, []).append(call)
        is_question = bill.kind == "answer" and (outcome == "done" or bool(calls))
        if not of_models:
            self.totals[model].answers += 1
            asked = int(is_question)
            return [Record(bill.answer_id, 0, now, bill.kind, outcome, bill.asker, model, questions=asked)]
        return [
            self._record(bill, place, name, of_it, outcome, now, is_question=is_question and place == 0)
            for place, (name, of_it) in enumerate(of_models.items())
        ]

    def _record(
        self,
        bill: Bill,
        place: int,
        name: str,
        calls: Sequence[Call],
        outcome: Outcome,
        now: int,
        *,
        is_question: bool,
    ) -> Record:
        read = sum([call.input_tokens for call in calls])
        cached = sum([call.cached_tokens for call in calls])
        said = sum([call.output_tokens for call in calls])
        thought = sum([call.reasoning_tokens for call in calls])
        money = self._prices.get(name, FREE).of(read, cached, said)
        model = self._pools.get(name, name)
        totals = self.totals[model]
        totals.answers += 1
        totals.input_tokens += read
        totals.cached_tokens += cached
        totals.output_tokens += said
        totals.reasoning_tokens += thought
        totals.money += money
        is_estimated = not all(call.is_counted for call in calls)
        deployment = name if model != name else ""
        return Record(
            bill.answer_id,
            place,
            now,
            bill.kind,
            outcome,
            bill.asker,
            model,
            deployment,
            int(is_question),
            read,
            cached,
            said,
            thought,
            money,
            is_estimated,
        )


def _guessed(bill: Bill, answer: Answer) -> list[Call]:
    """Return what another worker had asked for an answer that it left behind, as far as the answer tells."""
    has_said = answer.text or answer.reasoning or answer.calls
    if not (bill.is_adopted and has_said) or answer.state == "done" or answer.way == "quotes":
        return []
    call = Call(answer.model, sum(estimated_tokens(hit.text) for hit in answer.hits))
    call.is_whole = False
    return [call]


def _by_window(bounds: tuple[Bound, ...]) -> list[tuple[Window, tuple[Bound, ...]]]:
    return [(window, of_it) for window in WINDOWS if (of_it := tuple(one for one in bounds if one.window == window))]


def _fields(price: Price) -> tuple[int, int, int]:
    return price.input, price.cached_input, price.output
