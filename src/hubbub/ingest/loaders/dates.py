"""Show a spreadsheet's dates and times by their formats."""

import datetime
import re
from collections.abc import Callable

_TOKEN = re.compile(
    r"""  "(?P<quoted>[^"]*)"?
        | \\(?P<escaped>.)
        | [_*].
        | \[(?P<elapsed>h+|m+|s+)\]
        | \[\$(?P<currency>[^\]-]*)[^\]]*\]
        | \[[^\]]*\]
        | (?P<half>AM/PM|A/P)
        | b[12]                         # which calendar
        | (?P<code>y+|m+|d+|h+|s+|e+|g+|b+)
        | (?P<fraction>\.0+)
        | (?P<other>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_NOT_CODES = re.compile(r'"[^"]*"?|\\.|[_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]|General|E[+-]0+', re.IGNORECASE)
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_LEAP_BUG = 60
"""Day 60 of 1900 is a 29 February that never was: days before it count from one later."""


def is_date_format(section: str) -> bool:
    """Tell whether a section of a number format shows a date or a time."""
    return re.search("[ymdhsge]", _NOT_CODES.sub("", section), re.IGNORECASE) is not None


def date_format(section: str, is_1904: bool) -> Callable[[float], str]:
    """Return what shows a day's number (its fraction is the time) by a format; what is no date it returns as a number.

    A year of two digits is written with four, since a passage stands alone.
    """
    tokens = list(_TOKEN.finditer(section))
    is_12 = any(token["half"] for token in tokens)
    is_elapsed = any(token["elapsed"] for token in tokens)
    parts_of_second = 1000 if any(token["fraction"] for token in tokens) else 1
    pieces = [_piece(tokens, place, is_12) for place in range(len(tokens))]

    def show(serial: float) -> str:
        if is_elapsed:  # the hours of a negative time count on from zero, too; all parts are of the same second
            serial = round(serial * 86400 * parts_of_second) / parts_of_second / 86400
        at = _moment(abs(serial) if is_elapsed else serial, is_1904, parts_of_second)
        if at is None:
            return str(serial)
        return "".join(piece if isinstance(piece, str) else piece(at, serial) for piece in pieces).strip()

    return show


def _piece(tokens: list[re.Match[str]], place: int, is_12: bool) -> str | Callable[[datetime.datetime, float], str]:
    """Return what a token of a format shows: always the same, or something of a moment and its number."""
    token = tokens[place]
    if token["elapsed"]:
        return lambda at, serial: _elapsed(serial, token["elapsed"].lower())
    if token["half"]:
        return lambda at, serial: "AM" if at.hour < 12 else "PM"
    if token["fraction"]:
        length = len(token["fraction"])
        return lambda at, serial: f".{at.microsecond:06d}"[:length]
    if token["code"]:
        code, is_minute = token["code"].lower(), _is_minute(tokens, place)
        return lambda at, serial: _shown(code, at, is_12, is_minute)
    return token["quoted"] or token["escaped"] or token["currency"] or token["other"] or ""


def _moment(serial: float, is_1904: bool, parts_of_second: int) -> datetime.datetime | None:
    first = datetime.datetime(1904, 1, 1) if is_1904 else datetime.datetime(1899, 12, 30)
    if not is_1904 and 0 <= serial < _LEAP_BUG:
        first += datetime.timedelta(days=1)
    try:
        rounded = round(serial * 86400 * parts_of_second) / parts_of_second
        return first + datetime.timedelta(seconds=rounded)
    except (OverflowError, ValueError):
        return None


def _is_minute(tokens: list[re.Match[str]], place: int) -> bool:
    """Tell whether an m is a minute: after hours, or before seconds."""
    times = [index for index, token in enumerate(tokens) if token["code"] or token["elapsed"]]
    here = times.index(place) if place in times else 0
    neighbours = [tokens[times[index]] for index in (here - 1, here + 1) if 0 <= index < len(times)]
    names = [(token["code"] or token["elapsed"]).lower()[0] for token in neighbours]
    before = names[0] if here > 0 else ""
    after = names[-1] if here + 1 < len(times) else ""
    return before == "h" or after == "s"


def _shown(code: str, at: datetime.datetime, is_12: bool, is_minute: bool) -> str:
    length = len(code)
    match code[0]:
        case "y" | "e":
            return f"{at.year:04d}"
        case "m" if is_minute:
            return str(at.minute).rjust(min(length, 2), "0")
        case "m":
            name = _MONTHS[at.month - 1]
            return {3: name[:3], 4: name, 5: name[:1]}.get(length, str(at.month).rjust(min(length, 2), "0"))
        case "d":
            day = _DAYS[at.weekday()]
            return {3: day[:3], 4: day}.get(length, str(at.day).rjust(min(length, 2), "0"))
        case "h":
            hour = (at.hour % 12 or 12) if is_12 else at.hour
            return str(hour).rjust(min(length, 2), "0")
        case "s":
            return str(at.second).rjust(min(length, 2), "0")
        case _:
            return ""


def _elapsed(serial: float, code: str) -> str:
    per_day = {"h": 24, "m": 1440, "s": 86400}[code[0]]
    total = int(abs(serial) * per_day + 1e-6)
    return ("-" if serial < 0 else "") + str(total).rjust(len(code), "0")
