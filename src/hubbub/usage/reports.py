"""Read which days a report is about, and write it as lines of CSV."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo

from hubbub.core.errors import Invalid
from hubbub.usage.base import Total
from hubbub.usage.prices import as_text

USUAL_DAYS = 30
MOST_DAYS = 3_660
COLUMNS = (
    *("name", "questions", "records", "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens"),
    *("money", "estimated"),
)


def period(first: str, last: str, now: float, zone: tzinfo) -> tuple[int, int]:
    """Return from when until before when days go that are named as 2026-11-28, both included; empty: the last 30.

    Raises:
        Invalid: they are no days, or too many.
    """
    today = datetime.fromtimestamp(now, zone).date()
    end = _day(last, "to") if last else today
    begin = _day(first, "from") if first else end - timedelta(days=USUAL_DAYS - 1)
    if not timedelta() <= end - begin <= timedelta(days=MOST_DAYS):
        raise Invalid(f"from has to be before to, and no more than {MOST_DAYS:,} days.")
    return _moment(begin, zone), _moment(end + timedelta(days=1), zone)


def as_csv(totals: Sequence[Total]) -> str:
    """Return a report as CSV, its columns named in the first line."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    for one in totals:
        lines.writerow((_plain(one.name), *numbers_of(one)))
    return text.getvalue()


def numbers_of(one: Total) -> tuple[int | str, ...]:
    """Return what stands behind a name, in the order of the columns."""
    return (
        one.questions,
        one.answers,
        one.input_tokens,
        one.cached_tokens,
        one.output_tokens,
        one.reasoning_tokens,
        as_text(one.money),
        one.estimated,
    )


def _plain(name: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def _day(text: str, name: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{name} has to be a day such as 2026-11-28.") from error
    if not 1971 <= found.year <= 2999:
        raise Invalid(f"{name} has to be a day between 1971 and 2999.")
    return found


def _moment(day: date, zone: tzinfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
