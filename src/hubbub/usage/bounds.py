"""Read bounds such as "50 questions per day", and say when the window of one begins and ends."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias, cast

import msgspec

from hubbub.usage.prices import as_text, units_of

Measure: TypeAlias = Literal["questions", "tokens", "money"]
Window: TypeAlias = Literal["minute", "hour", "day", "month"]
Scope: TypeAlias = Literal["server", "group", "person", "key"]

SECONDS: dict[str, int] = {"minute": 60, "hour": 3600}
_FORM = re.compile(r"(?P<most>[0-9][0-9_]*(?:\.[0-9]+)?) (?P<measure>questions|tokens|money) per (?P<window>\w+)")
MEASURES: tuple[Measure, ...] = ("questions", "tokens", "money")
WINDOWS: tuple[Window, ...] = ("minute", "hour", "day", "month")


class Bound(msgspec.Struct, frozen=True):
    """So much of a measure may be used in a window; money is in units, see `prices`."""

    most: int
    measure: Measure
    window: Window

    @property
    def text(self) -> str:
        """The bound as the settings write it: `read_bound` reads it again."""
        most = as_text(self.most) if self.measure == "money" else str(self.most)
        return f"{most} {self.measure} per {self.window}"

    @property
    def in_words(self) -> str:
        """The bound as a person reads it."""
        return f"{amount_in_words(self.most, self.measure)} per {self.window}"


def amount_in_words(amount: int, measure: Measure, currency: str = "") -> str:
    """Return an amount as a person reads it."""
    if measure == "money":
        return f"{as_text(amount)} {currency}".rstrip()
    return f"{amount:,} {measure if amount != 1 else measure[:-1]}"


def read_bound(text: str) -> Bound:
    """Return the bound that a text such as "50 questions per day" names.

    Raises:
        ValueError: it names none; the message says what one looks like.
    """
    found = _FORM.fullmatch(" ".join(text.split()))
    if found is None or found["window"] not in WINDOWS:
        raise ValueError(
            f'{text[:60]!r} is no bound; write such as "50 questions per day": a number of questions, tokens or money '
            "per minute, hour, day or month"
        )
    number = Decimal(found["most"].replace("_", ""))
    measure, window = cast(Measure, found["measure"]), cast(Window, found["window"])
    if measure == "money":
        return Bound(units_of(number), measure, window)
    if number != int(number):
        raise ValueError(f"{text[:60]!r}: {measure} are whole")
    return Bound(int(number), measure, window)


@lru_cache(maxsize=1024)
def read_bounds(texts: tuple[str, ...]) -> tuple[Bound, ...]:
    """Return the bounds that texts name.

    Raises:
        ValueError: one names none.
    """
    return tuple(map(read_bound, texts))


class Calendar:
    """Says in which minute, hour, day and month a moment is: days and months by a time zone, the others by the hour."""

    def __init__(self, zone: tzinfo = UTC) -> None:
        self._zone = zone
        self._known: dict[Window, tuple[int, int]] = {}

    def span(self, window: Window, at: float) -> tuple[int, int]:
        """Return when the window began that a moment is in, and when the next one begins, in seconds of the epoch."""
        known = self._known.get(window)
        if known is None or not known[0] <= at < known[1]:
            known = self._known[window] = self._found(window, at)
        return known

    def _found(self, window: Window, at: float) -> tuple[int, int]:
        if window in SECONDS:
            start = int(at) // SECONDS[window] * SECONDS[window]
            return start, start + SECONDS[window]
        day = datetime.fromtimestamp(at, self._zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        if window == "day":
            following = day + timedelta(days=1)
        else:
            day = day.replace(day=1)
            following = (day + timedelta(days=32)).replace(day=1)
        return int(day.timestamp()), int(following.timestamp())


Clock: TypeAlias = Callable[[], float]
