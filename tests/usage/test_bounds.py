"""Bounds in words, the turn of days and months, and money to the last digit."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.usage.bounds import Bound, Calendar, Window, read_bound
from hubbub.usage.prices import UNITS, as_text, price_of, to_the_cent, units_of

BERLIN = ZoneInfo("Europe/Berlin")


def test_bounds_are_read_from_words() -> None:
    assert read_bound("50 questions per day") == Bound(50, "questions", "day")
    assert read_bound("1_000_000 tokens per  month") == Bound(1_000_000, "tokens", "month")
    assert read_bound("0.05 money per hour") == Bound(5 * UNITS // 100, "money", "hour")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "50",
        "50 questions",
        "50 questions per week",
        "-1 tokens per day",
        "1.5 questions per day",
        "x money per day",
    ],
)
def test_what_is_no_bound_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"bound|whole"):
        read_bound(text)


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@pytest.mark.parametrize(
    ("window", "moment", "start", "end"),
    [
        ("month", "2026-11-30T23:59:59", "2026-11-01", "2026-12-01"),
        ("month", "2026-12-01T00:00:00", "2026-12-01", "2027-01-01"),
        ("month", "2028-02-29T12:00:00", "2028-02-01", "2028-03-01"),
        ("day", "2026-03-29T12:00:00", "2026-03-29", "2026-03-30"),  # of 23 hours
        ("day", "2026-10-25T23:30:00", "2026-10-25", "2026-10-26"),  # of 25 hours
        ("hour", "2026-10-25T23:30:00", "2026-10-25T23:00", "2026-10-26T00:00"),
        ("minute", "2026-10-25T23:30:59", "2026-10-25T23:30", "2026-10-25T23:31"),
    ],
)
def test_windows_begin_and_end_by_the_time_zone(window: Window, moment: str, start: str, end: str) -> None:
    assert Calendar(BERLIN).span(window, at(moment)) == (at(start), at(end))


def test_a_calendar_goes_on_from_window_to_window() -> None:
    calendar = Calendar(BERLIN)
    before, after = at("2026-12-31T23:59:59"), at("2027-01-01T00:00:00")
    assert calendar.span("month", before) != calendar.span("month", after)
    assert calendar.span("month", before)[1] == calendar.span("month", after)[0] == after


PRICES = [  # per million: input, cached, output; tokens: input, of them cached, output; what it costs
    ("2.50", "1.25", "10.00", 1_000_000, 0, 0, "2.50"),
    ("2.50", "1.25", "10.00", 1_000_000, 400_000, 100_000, "3.00"),
    ("0.15", "0.075", "0.60", 1, 0, 1, "0.00000075"),
    ("0.15", "0.075", "0.60", 333, 111, 77, "0.000087825"),
    ("0.05", "0.0125", "0.40", 3, 3, 0, "0.0000000375"),
    ("1.10", None, "4.40", 1000, 1000, 0, "0.0011"),
    ("0", None, "0", 10**9, 0, 10**9, "0.00"),
]


@pytest.mark.parametrize(("read", "cached", "written", "tokens_in", "of_it", "tokens_out", "costs"), PRICES)
def test_money_is_exact(
    read: str, cached: str | None, written: str, tokens_in: int, of_it: int, tokens_out: int, costs: str
) -> None:
    price = price_of(Decimal(read), None if cached is None else Decimal(cached), Decimal(written))
    assert as_text(price.of(tokens_in, of_it, tokens_out)) == costs


def test_ten_thousand_answers_cost_ten_thousand_times_as_much() -> None:
    price = price_of(Decimal("0.15"), None, Decimal("0.60"))
    units = sum(price.of(123, 0, 45) for _ in range(10_000))
    assert to_the_cent(units) == "0.45" == f"{Decimal('4545') / 10_000:.2f}"
    assert to_the_cent(units_of(Decimal("1234567.895"))) == "1,234,567.90"


@given(st.decimals(min_value=0, max_value=10**6, places=4))
def test_an_amount_is_the_same_in_units_and_in_words(amount: Decimal) -> None:
    assert Decimal(as_text(units_of(amount))) == amount
