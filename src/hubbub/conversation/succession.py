"""Find which of several sentences that say the same thing differently is the later one, by what dates their passages.

A passage is dated by its headings, its title, its file's name, or a line at its beginning: "Date: 3 May 2024".
"""

import re
from collections.abc import Iterator, Sequence
from operator import attrgetter, itemgetter
from typing import NamedTuple, TypeAlias

from hubbub.conversation.candidates import SEPARATOR, Candidate
from hubbub.conversation.dates import dates
from hubbub.conversation.musts import holds
from hubbub.core.terms import words
from hubbub.core.wording import query_terms

LEAST_ALIKE = 0.6
"""Sentences say the same thing that have so many of their words in common, over all, figures and dates apart."""
HEAD_CHARACTERS = 400
"""So far into a passage the line is looked for that dates it."""

_HEAD = re.compile(
    r"^[ \t*|>-]*(?:date|sent|as of|valid from|updated|datum|gesendet|stand|gültig ab|envoyé|en date du|mis à jour"
    r"|fecha|enviado|data|inviato|verzonden|дата|日期|日付|날짜)\b[ \t*]*[:：|]?[ \t*]*(?P<said>[^\n|]{4,60})",
    re.IGNORECASE | re.MULTILINE,
)
_VERSION = re.compile(
    r"(?<!\w)(?:version|versión|versione|versão|versie|v|revision|rev\.?|edition|édition|edición|ausgabe|release)"
    r"[ ._-]?(?P<number>\d+(?:\.\d+)*)(?![\w.]\w)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\w.,/-])(?:19|20)\d{2}(?!\w|[.,/-]\d)")
_ASKS_FOR_EARLIER = re.compile(
    r"\b(?:original|originally|previous|previously|earlier|former|formerly|initial|initially|old|until now|before"
    r"|ursprünglich\w*|vorher\w*|früher\w*|bisher\w*|alte[nrs]?|auparavant|ancien\w*|précéden\w*|initial\w*"
    r"|antes|anterior\w*|antigu\w*|prima|precedent\w*|vecchi\w*|antig\w*|vroeger\w*|oude?|oorspronkelijk\w*)\b"
    r"|原来|以前|之前|過去|元の",
    re.IGNORECASE,
)

_Moment: TypeAlias = tuple[int, ...]


class Dated(NamedTuple):
    """One of the sentences, by its place among them, and what dates it, as it is written there."""

    place: int
    written: str


class _When(NamedTuple):
    written: str
    version: _Moment | None
    date: _Moment | None


def in_succession(question: str, sentences: Sequence[Candidate]) -> list[Dated]:
    """Return the first sentence and those that say the same thing differently, the latest first.

    Those alone whose passages hold what the first one's holds of the question: another customer's fee is no later one.
    Empty where no other one does, where they are not dated or all alike, and where the question asks for one of a time.
    """
    if len(sentences) < 2 or re.search(r"\d", question) or _ASKS_FOR_EARLIER.search(question):
        return []
    best, *others = sentences
    if (first := _when(best)) is None:
        return []
    alike = [place for place, other in enumerate(others, start=1) if _differ(best, other)]
    if alike:
        asked = [term for term in query_terms(question, (best.language,)) if holds(best.passage, term)]
        alike = [place for place in alike if all(holds(sentences[place].passage, term) for term in asked)]
    if not alike or any(date.year or date.day for _, date in dates(question)):
        return []
    found = [(0, first)] + [(place, when) for place in alike if (when := _when(sentences[place])) is not None]
    for moment_of in (attrgetter("version"), attrgetter("date")):
        dated = [(moment_of(when), Dated(place, when.written)) for place, when in found if moment_of(when) is not None]
        if dated and dated[0][1].place == 0 and len({moment for moment, _ in dated}) > 1:
            return [one for _, one in sorted(dated, key=itemgetter(0), reverse=True)]
    return []


def _differ(one: Candidate, other: Candidate) -> bool:
    """Tell whether two sentences of different sections say the same thing, and not in the same way."""
    is_same_place = one.hit.passage_id == other.hit.passage_id and one.heading == other.heading
    if is_same_place or one.columns or other.columns:
        return False
    here, there = _said(one.text), _said(other.text)
    return bool(here) and len(here & there) >= LEAST_ALIKE * len(here | there) and words(one.text) != words(other.text)


def _said(text: str) -> frozenset[str]:
    for written, _ in dates(text):
        text = text.replace(written, " ")
    return frozenset(word for word in words(text) if not any(map(str.isdigit, word)))


def _when(candidate: Candidate) -> _When | None:
    for text in _dating(candidate):
        version = _VERSION.search(text)
        number = tuple(map(int, version["number"].split("."))) if version else None
        found = [(written, date) for written, date in dates(text) if date.year]
        if found:
            written, date = found[0]
            named = f"{version[0]}, {written}" if version else written
            return _When(named, number, (date.year or 0, date.month, date.day or 0))
        if version:
            return _When(version[0], number, None)
        if year := _YEAR.search(text):
            return _When(year[0], None, (int(year[0]), 0, 0))
    return None


def _dating(candidate: Candidate) -> Iterator[str]:
    hit = candidate.hit
    yield candidate.heading
    yield from reversed(hit.heading.split(SEPARATOR))
    if head := _HEAD.search(hit.text[:HEAD_CHARACTERS]):
        yield head["said"]
    yield hit.title
    yield hit.name
