"""Say that a bound is reached, in a person's words, and remember it for a moment."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TypeAlias

from hubbub.core.errors import OverQuota
from hubbub.core.reasons import because
from hubbub.usage.base import Amount, Charge, Counter, Standing
from hubbub.usage.bounds import Bound, amount_in_words

FRESH_SECONDS = 0.5
"""How long a refusal is remembered: who asks again and again costs no transaction. What is given back is seen then."""
MOST_KNOWN = 10_000

_Key: TypeAlias = tuple[Counter, Bound]


class OverBound(Exception):
    """Bounds are reached; told by a store, which knows no words for people."""

    def __init__(self, standings: Sequence[Standing], amount: Amount) -> None:
        super().__init__()
        self.standings = standings
        self.amount = amount


class Refusals:
    """Knows which bounds were reached a moment ago, so that most of those who are refused need no look-up."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[_Key, tuple[float, int, Standing]] = {}
        """By bound: until when it is believed, how much was too much, and how it stood."""

    def note(self, error: OverBound) -> None:
        """Remember a refusal."""
        until = self._clock() + FRESH_SECONDS
        for one in error.standings:
            self._known[(one.counter, one.bound)] = (until, error.amount.of(one.bound.measure), one)
        while len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]

    def check(self, charges: Sequence[Charge], amount: Amount) -> None:
        """Raise OverBound where no less than this was refused a moment ago."""
        if not self._known:
            return
        now = self._clock()
        over: list[Standing] = []
        for charge in charges:
            for bound in charge.bounds:
                known = self._known.get((charge.counter, bound))
                if known is None:
                    continue
                until, needed, standing = known
                if now >= until:
                    del self._known[(charge.counter, bound)]
                elif amount.of(bound.measure) >= needed:
                    over.append(standing)
        if over:
            raise OverBound(over, amount)


def refusal(error: OverBound, now: float, zone: tzinfo = UTC, currency: str = "") -> OverQuota:
    """Return what a person is told: the bound that turns last, and when."""
    last = max(error.standings, key=lambda one: one.counter.end)
    bound, counter = last.bound, last.counter
    wait = max(1.0, counter.end - now)
    needed = error.amount.of(bound.measure)
    if needed > bound.most:
        message = _capital(
            f"This would take about {amount_in_words(needed, bound.measure, currency)}; {_whose(counter)} allows "
            f"{in_words(bound, currency)}. Ask for less (shorter, or not thoroughly), or ask a cheaper model."
        )
    else:
        message = because(
            "quota_used_up",
            whose=_capital(_whose(counter)),
            limit=in_words(bound, currency),
            moment=moment(counter.end, now, zone),
            scope=counter.scope,
            group=_group(counter) if counter.scope == "group" else "",
            begins_at=counter.end,
        )
    return OverQuota(message, retry_after_seconds=wait, measure=bound.measure)


def in_words(bound: Bound, currency: str) -> str:
    """Return a bound as a person reads it."""
    return f"{amount_in_words(bound.most, bound.measure, currency)} per {bound.window}"


def moment(at: float, now: float, zone: tzinfo) -> str:
    """Return a moment to come as a person reads it: in how long where that is soon, else when."""
    seconds = max(1, round(at - now))
    if seconds < 90:
        return f"in {seconds} s"
    if seconds < 5400:
        return f"in {round(seconds / 60)} min"
    local = datetime.fromtimestamp(at, zone)
    return f"at {local:%Y-%m-%d %H:%M} {local.tzname() or ''}".rstrip()


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _group(counter: Counter) -> str:
    return (counter.name or counter.subject)[:100]


def _whose(counter: Counter) -> str:
    match counter.scope:
        case "server":
            return "the quota of this server"
        case "group":
            return f"the quota of the group {_group(counter)!r}"
        case "person":
            return "your quota"
        case "key":
            return "the quota of this API key"
