"""Find the dates of a text, however they are written: "14.01.2024", "January 14th, 2024", "2024年1月14日"."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_NAMES = (
    "january januar janvier enero gennaio janeiro januari января январь январе",
    "february februar février febrero febbraio fevereiro februari февраля февраль феврале",
    "march märz mars marzo março maart марта март марте",
    "april avril abril aprile апреля апрель апреле",
    "may mai mayo maggio maio mei мая май мае",
    "june juni juin junio giugno junho июня июнь июне",
    "july juli juillet julio luglio julho июля июль июле",
    "august août agosto augustus августа август августе",
    "september septembre septiembre settembre setembro сентября сентябрь сентябре",
    "october oktober octobre octubre ottobre outubro октября октябрь октябре",
    "november novembre noviembre novembro ноября ноябрь ноябре",
    "december dezember décembre diciembre dicembre dezembro декабря декабрь декабре",
)
_NAMES_OF = {number: tuple(names.split()) for number, names in enumerate(_NAMES, start=1)}
_MONTHS = {name: number for number, names in _NAMES_OF.items() for name in names}
_WORDS_TOO = frozenset({"may", "march", "mars", "mai"})
"""Without a day or a year these are a verb, a planet or an adverb as well."""

_DATE = re.compile(
    rf"""(?<![\w.,/-])(?:
    (?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.\s?(?P<year>\d{{4}})
    |(?P<iso_year>\d{{4}})-(?P<iso_month>\d{{1,2}})-(?P<iso_day>\d{{1,2}})
    |(?P<one>\d{{1,2}})/(?P<other>\d{{1,2}})/(?P<slash_year>\d{{4}})
    |(?:(?P<before>\d{{1,2}})(?:st|nd|rd|th|er|\.|[ºª])?\s+(?:of\s+|de\s+)?)?
     (?P<name>{"|".join(sorted(_MONTHS, key=len, reverse=True))})
     (?:\s+(?P<after>\d{{1,2}})(?:st|nd|rd|th)?(?!\d))?(?:,?\s+(?:de\s+)?(?P<named_year>\d{{4}}))?
    )(?![\w/-])
    |(?:(?P<east_year>\d{{4}})\s?[年년]\s?)?(?<!\d)(?P<east_month>\d{{1,2}})\s?[月월](?:\s?(?P<east_day>\d{{1,2}})\s?[日号일])?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_IN_FIGURES = re.compile(r"\d(?:[./-]\s?\d|\s?[月월])")


class Date(NamedTuple):
    """A month, of a year or any, and a day of it or any."""

    year: int | None
    month: int
    day: int | None

    def covers(self, other: "Date") -> bool:
        """Tell whether another date is this one, or within it."""
        return (
            self.month == other.month
            and self.year in (None, other.year)
            and (self.day is None or self.day == other.day)
        )


def may_hold(text: str, month: int) -> bool:
    """Tell whether a text may hold a date of this month, which is far cheaper than to find the dates."""
    if _IN_FIGURES.search(text) is not None:
        return True
    lowered = text.lower()
    return any(name in lowered for name in _NAMES_OF[month])


def dates(text: str) -> Iterator[tuple[str, Date]]:
    """Yield each date as it is written, and what it is; twice where either number may be the month."""
    for match in _DATE.finditer(text):
        for year, month, day in _readings(match):
            if 1 <= month <= 12 and (day is None or 1 <= day <= 31):
                yield match[0], Date(year, month, day)


def _readings(match: re.Match[str]) -> Iterator[tuple[int | None, int, int | None]]:
    if name := match["name"]:
        day, year = match["before"] or match["after"], match["named_year"]
        if day or year or name.lower() not in _WORDS_TOO:
            yield _number(year), _MONTHS[name.lower()], _number(day)
    elif match["one"]:
        one, other, year = int(match["one"]), int(match["other"]), int(match["slash_year"])
        yield year, other, one
        if one != other:
            yield year, one, other
    elif match["east_month"]:
        yield _number(match["east_year"]), int(match["east_month"]), _number(match["east_day"])
    else:
        year, month, day = (match[part] or match[f"iso_{part}"] for part in ("year", "month", "day"))
        yield int(year), int(month), int(day)


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None
