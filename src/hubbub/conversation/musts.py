"""Find what of a question has to stand in what answers it: codes, numbers and names."""

import re
from collections.abc import Iterable

import msgspec

from hubbub.conversation.dates import dates
from hubbub.core.wording import Term, folded, query_terms

# A code has digits and something else in it: E4019, 2023-131, AB/12, 3.2.1, user1@example.com.
_CODE = re.compile(
    r"(?<![\w.])(?=[\w./:@#+-]*\d)(?=[\w./:@#+-]*[A-Za-z/:@#+-]|\d+(?:\.\d+){2})[A-Za-z0-9]+(?:[-./:@#+_][A-Za-z0-9]+)*"
)
# "X11-Programms", "24-Stunden-Dienst": the noun is no part of the code, and has endings.
_WITH_NOUN = re.compile(r"(?<![\w-])((?:\w+-)*?[A-Za-z]*\d\w*)(?:-[A-ZÄÖÜ][a-zäöüß]{2,})+(?![\w-])")
_NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?:[.,'’ ]\d{3})+(?!\w)|(?<![\w])\d+(?:[.,]\d+)?(?![\w])")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th|s|er|e|º|ª)\b", re.IGNORECASE)
_NAME = re.compile(r"(?:(?<=\s)|(?<=[(\"“'‘«„]))[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯЁΑ-Ω][\w’'-]*[\w]")
# There a capital tells nothing: "I lost the key. Does …"; after "St." and "D." it does.
_BEGINNING = re.compile(r"((?:[!?…]|\w{4}[.:]|\b[a-zß-öø-ÿ]\w{1,2}[.:])[\"”’)]?\s+)\w[\w’'-]*")
_OR = {
    "en": "or", "de": "oder", "fr": "ou", "es": "o", "it": "o", "pt": "ou", "nl": "of", "pl": "lub|czy", "ru": "или",
}  # fmt: skip
_DIFFERENCE = re.compile(
    r"\b(?:difference|compar\w+|unterschied\w*|vergl\w+|différence|diferencia|diferença|differenza|verschil|różnica)\b"
    r"|还是|還是|それとも",
    re.IGNORECASE,
)
PUTS_NOUNS_IN_CAPITALS = frozenset({"de"})
SHORT_WORDS = 5
"""In so short a question a name may be most of it."""
_LEAST_DIGITS = 2
"""A single digit is a word like others."""


class Musts(msgspec.Struct, frozen=True):
    """What a question names, as terms."""

    codes: tuple[Term, ...] = ()
    """Each of them has to stand in the quote, or above it."""
    numbers: tuple[Term, ...] = ()
    """Each of them, dates as well, has to stand in the passage; in a table, in the row or above it."""
    names: tuple[Term, ...] = ()
    """What is named in capitals."""
    spelled: tuple[str, ...] = ()
    """The names and numbers as they are written in the question."""


def musts(question: str, language: str, languages: Iterable[str]) -> Musts:
    """Return what has to stand in what answers a question, in texts of these languages."""
    languages = list(languages)
    text = question.strip()
    if language in PUTS_NOUNS_IN_CAPITALS:
        text = _WITH_NOUN.sub(r"\1", text)
    codes, dated = _codes_and_dates(text)
    rest = _CODE.sub(" ", text)
    numbers = [number for number in _NUMBER.findall(rest) if sum(map(str.isdigit, number)) >= _LEAST_DIGITS] + dated
    names: list[str] = []
    if language not in PUTS_NOUNS_IN_CAPITALS and _has_lower_case(text):
        _, _, after = rest.partition(" ")
        names = _NAME.findall(_BEGINNING.sub(r"\1", f" {after}"))
    return Musts(
        tuple(_terms(codes, language, languages)),
        tuple(_terms(numbers, language, languages)),
        tuple(_terms(names, language, languages)),
        (*names, *numbers),
    )


def codes_in(text: str) -> list[str]:
    """Return the codes of a text as they are written there; dates are none."""
    return _codes_and_dates(text)[0]


def _codes_and_dates(text: str) -> tuple[list[str], list[str]]:
    written = [code for code in _CODE.findall(text) if not _ORDINAL.fullmatch(code)]
    dated = [code for code in written if any(date == code for date, _ in dates(code))]
    return [code for code in written if code not in dated], dated


def compares(question: str, language: str, needed: Musts) -> bool:
    """Tell whether things are compared, of which each may be told of by itself: "Which is longer, A1 or A2?"."""
    if len(needed.names) + len(needed.codes) < 2:
        return False
    either = rf"\b(?:{_OR.get(language or 'en', 'or')})\b"
    return re.search(either, question, re.IGNORECASE) is not None or _DIFFERENCE.search(question) is not None


def _has_lower_case(text: str) -> bool:
    """Tell whether capitals mean anything: in a question all in capitals, or In Title Case, they don't."""
    words = [word for word in text.split() if word[:1].isalpha()]
    capitals = sum(word[0].isupper() for word in words)
    return capitals * 3 <= len(words) * 2 or (len(words) <= SHORT_WORDS and capitals < len(words))


def _terms(words: Iterable[str], language: str, languages: list[str]) -> Iterable[Term]:
    for word in words:
        found = query_terms(folded(word), languages, language)
        yield from (term for term in found if term.is_telling)


def holds(terms: Iterable[str] | frozenset[str], must: Term) -> bool:
    """Tell whether one of these terms is what must be there."""
    return not must.forms or any(form in terms for form in must.forms)
