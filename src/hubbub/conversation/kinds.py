"""Tell what kind of thing a question asks for, and whether a quote shows one.

"What does the drill cost?" is not answered by what says how heavy it is. In doubt a quote is taken to show such a
thing: only of one that surely shows none that is told.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TypeAlias

from hubbub.conversation.cues import COUNTED, COUNTS, FEW, ITEM_NUMBER, TIME
from hubbub.conversation.cues_elsewhere import COUNTS as COUNTS_ELSEWHERE
from hubbub.conversation.cues_elsewhere import NUMBER, SHOWN
from hubbub.conversation.cues_elsewhere import TIME as DATE
from hubbub.conversation.definitions import defines
from hubbub.conversation.dimensions import can_be_measure, without_measures
from hubbub.conversation.kinds_spoken import CURRENCY, SPOKEN
from hubbub.core.languages import is_stop_word, without_accents
from hubbub.core.wording import folded

LEAST_ALIKE = 4
"""Words that begin with so many of the same letters are taken for one: "boats" and "boat"."""

Shows: TypeAlias = Callable[[str, str], bool]
"""Takes a quote without what its question names, and the quote as it is below what stands above it."""

_LEAD = (
    r"^\W*(?:.{0,80}?(?:[,:;] | tell me | know ))?(?:(?:and|so|but|by|to|for|from|with|of|at|in|on|since|until|till"
    r"|after|about|before|von|seit|bis|ab|um|mit|für|an|auf|door|van|sinds|tot|vanaf|met|depuis|par|pour|à|de|a|en|desde"
    r"|hasta|con|por|para|até|em|com|da|di|per|fino a|jusqu['’]à|dès) )?\W?"
)
_CODE = re.compile(r"\w*\d(?:[\w.,:/-]*\w)?")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE = re.compile(r"(?:^|[.!?:|;]\s+|\n)\W*")
_FIGURE = re.compile(r"(?<!\w)\d|(?:EUR|USD|CHF|GBP)\d", re.IGNORECASE)
_CURRENCY = re.compile(CURRENCY, re.IGNORECASE)
_WHAT = (
    r"^\W*(?:\w+ )?(?:what(?:['’]s| is| are)|which|wie (?:lautet|ist)|welke?\b|welche\w*|quel\w*|cuál\w*"
    r"|qual\w*|wat is)\b(?!.* (?:for|used|change|mean)\W*$)[^?,]{0,40}?"
)
"""How such an address is asked for; "How do I change my e-mail address?" asks for none."""
_ADDRESSES = tuple(
    (re.compile(rf"{_WHAT}(?:{asks})", re.IGNORECASE), re.compile(shown, re.IGNORECASE))
    for asks, shown in (
        (
            r"\b(?:tele)?fax ?(?:number|nummer)|\bn[uú]m[eé]ro d[ei] (?:tele)?fax",
            r"fax",
        ),
        (
            r"\be-?mail[- ]?adres\w*|\be-?mail address|\b(?:adresse|indirizzo|direcci[oó]n|endere[cç]o)\W+(?:d[ei] )?"
            r"(?:e-?mail|courriel|correo)|\be-?mail(?= of\b)",
            r"\w@\w|\w ?[(\[](?:at|ät)[)\]] ?\w",
        ),
        (
            r"\b(?:tele)?phone ?number\b|\b(?:telef\w+|ruf|mobil)nummer"
            r"|\bnum[ée]ro (?:de )?t[ée]l[ée]phone|\bn[uú]mero d[ei] telef\w+|\bt[eé]l[eé](?:f|ph)one?o?(?= d[eo]\b)",
            r"\d(?:[\s()/.–-]*\d){4}|(?:\btel|phone|\bcall|\bdial|\bext|\bfax|\bapp|\bruf|durchwahl)\D{0,30}\d",
        ),
        (
            r"\b(?:web|internet)[- ]?adres\w*|\bweb address|\burl\b",
            r"https?:|\bwww\.|\w\.(?:[a-z]{2,3}|info|example|online|shop)(?!\w|\.\w)",
        ),
    )
)


def shows_kind(question: str, asked_in: str, quote: str, above: str, language: str) -> bool:
    """Tell whether a quote in a language shows the kind of thing that a question asks for, be it any.

    `above` is what stands above the quote and says what its figures are.
    """
    text = _without(_CODE.findall(folded(question)), _CODE, ITEM_NUMBER.sub("", quote))
    for asks, shown in _ADDRESSES:
        if asks.search(question):
            return shown.search(f"{above}\n{text}") is not None
    language, asked_in = language or asked_in or "en", asked_in or "en"
    if not can_be_measure(question, asked_in, text):
        return False
    if asked_in not in SPOKEN or language not in SPOKEN:
        return True
    for asks, shows in zip(_asks(asked_in), _shown(language), strict=True):
        if asks.search(question):
            return shows(_without(_telling(folded(question), asked_in), _WORD, text), f"{above}\n{quote}")
    if _asks_who(asked_in).search(question) and defines(question) is None:
        return _shows_somebody(question, text, language)
    return True


def _without(said: Iterable[str], found: re.Pattern[str], text: str) -> str:
    """Return a text without what a question says already: that is not what it asks for."""
    known = set(said)
    return found.sub(lambda match: " " if folded(match[0]) in known else match[0], text) if known else text


def _words(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)


@lru_cache
def _asks(language: str) -> tuple[re.Pattern[str], ...]:
    """Return how a language asks for a price, a measure, a count, an amount and a time."""
    spoken = SPOKEN[language]
    counts = COUNTS_ELSEWHERE.get(language, COUNTS).pattern
    return tuple(
        re.compile(rf"{_LEAD}(?:{asks})(?!\w)" if asks != counts else asks, re.IGNORECASE)
        for asks in (spoken.asks_price, spoken.asks_measure, counts, spoken.asks_amount, spoken.asks_time)
    )


@lru_cache
def _asks_who(language: str) -> re.Pattern[str]:
    return re.compile(rf"{_LEAD}(?:{SPOKEN[language].asks_name})(?!\w)", re.IGNORECASE)


@lru_cache
def _shown(language: str) -> tuple[Shows, ...]:
    """Return what tells a price, a measure, a count, an amount and a time, in this order."""
    spoken = SPOKEN[language]
    numbers = SHOWN[language][NUMBER] if language in SHOWN else FEW
    counts = SHOWN[language][NUMBER] if language in SHOWN else COUNTED
    dates = SHOWN[language][DATE] if language in SHOWN else TIME
    free, prices, measures, times = map(_words, (spoken.free, spoken.prices, spoken.measures, spoken.times))

    def has_number(text: str, words: re.Pattern[str] = numbers) -> bool:
        return _FIGURE.search(text) is not None or words.search(_CODE.sub(" ", text)) is not None

    def shows_price(text: str, whole: str) -> bool:
        if _CURRENCY.search(text) or free.search(text):
            return True
        return has_number(text) and any(one.search(whole) for one in (prices, _CURRENCY))

    def shows_count(text: str, _: str) -> bool:
        return has_number(text, counts)

    def shows_measure(text: str, _: str) -> bool:
        return has_number(text) or measures.search(text) is not None

    def shows_amount(text: str, _: str) -> bool:
        return has_number(text) or _CURRENCY.search(text) is not None or free.search(text) is not None

    def shows_time(text: str, _: str) -> bool:
        text = without_measures(text)
        return _FIGURE.search(text) is not None or any(one.search(_CODE.sub(" ", text)) for one in (dates, times))

    return shows_price, shows_measure, shows_count, shows_amount, shows_time


def _shows_somebody(question: str, text: str, language: str) -> bool:
    """Tell whether a text may name somebody that the question does not.

    By a capital or a role, after "by", or in that a sentence begins with something else than what is asked about.
    """
    asked = {word[:LEAST_ALIKE] if len(word) > LEAST_ALIKE else word for word in _telling(folded(question), language)}
    left = [word for word in _WORD.findall(text) if not _is_among(asked, folded(word))]
    if _people(language).search(" ".join(left)) or _by(language).search(text):
        return True
    starts = {match.end() for match in _SENTENCE.finditer(text)}
    for word in _WORD.finditer(text):
        if _is_among(asked, folded(word[0])):
            continue
        if word[0][0].isupper() and word.start() not in starts:
            return True
    return any(not _is_among(asked, subject) for subject in _subjects(text, starts, language))


def _subjects(text: str, starts: set[int], language: str) -> Iterator[str]:
    """Yield the first word of each sentence that says something."""
    for start in starts:
        telling = next(_telling(folded(text[start : start + 100]), language), None)
        if telling is not None:
            yield telling


def _telling(text: str, language: str) -> Iterator[str]:
    return (word for word in _WORD.findall(text) if not is_stop_word(without_accents(word), language))


def _is_among(asked: set[str], word: str) -> bool:
    return word in asked or word[:LEAST_ALIKE] in asked


@lru_cache
def _people(language: str) -> re.Pattern[str]:
    return _words(SPOKEN[language].people)


@lru_cache
def _by(language: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{SPOKEN[language].by}) +\w", re.IGNORECASE)
