"""Tell what a question asks for, and whether a sentence holds such a thing."""

import re
from collections.abc import Callable, Set
from typing import TypeAlias

from hubbub.conversation.cues_elsewhere import ASKS, SHOWN
from hubbub.conversation.cues_elsewhere import COUNTS as COUNTS_ELSEWHERE
from hubbub.conversation.definitions import defines

Holds: TypeAlias = Callable[[str, Set[str]], bool]
"""Takes a sentence and the question's words in lower case."""

_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty"
    r"|ninety|hundred|thousand|million|billion|dozen|half|quarter|once|twice|percent)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"""(?:\w*(?:gram|gramm|gramo|gramme|grama|met(?:er|re|ro)|mètre|lit(?:er|re|ro)|byte|watt)[sn]?|kilos?|miles?
    |seconds?|minutes?|hours?|days?|weeks?|months?|years?|times|percent|degrees?|euros?|dollars?|pounds?
    |sekunden|minuten|stunden|tagen?|wochen|monaten?|jahren?|mal|prozent|grad
    |segundos|minutos|horas|días|dias|semanas|meses|años|anos|veces|vezes|grados|graus
    |secondes|heures|jours|semaines|mois|années|ans|fois|degrés|temps
    |secondi|minuti|ore|giorni|settimane|mesi|anni|volte|gradi|seconden|uren|uur|dagen|weken|maanden|jaar|keer|graden)
    (?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
"""Many texts have the measure in short, or say "daily" for it: "250 g"."""
ITEM_NUMBER = re.compile(r"^\s*\(?\d{1,3}[.)]\s")
COUNTS = re.compile(r"\bhow many\b", re.IGNORECASE)
FEW = re.compile(rf"{_NUMBER.pattern}|\bone(?= \w)(?! (?:of|another)\b)", re.IGNORECASE)
COUNTED = re.compile(
    rf"{_NUMBER.pattern}|\b(?:one|single|only|both|pair|couple|several|few|many|none|no|all|every|each)\b",
    re.IGNORECASE,
)
TIME = re.compile(
    r"\b(?:1\d{3}s?|20\d{2}s?|\d{1,2}(?:st|nd|rd|th)|\d{1,2}:\d{2}|january|february|march|april|may|june|july|august"
    r"|september|october|november|december|(?:mon|tues|wednes|thurs|fri|satur|sun)day|year|month|week|century|decade)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:in|at|on|near|from|to|of|into|across|along|between|north|south|east|west)"
    r"(?: (?:the|modern|present-day))? [A-Z]"
)
_REASON = re.compile(
    r"\b(?:because|since|due to|so that|therefore|thus|hence|caus\w+|in order to|reasons?|as a result|leads? to"
    r"|led to)\b",
    re.IGNORECASE,
)
_CAPITALISED = re.compile(r"(?<=\w[ ,])[\"'“‘(]?([A-Z][\w-]+)|^([A-Z][\w-]+) (?=[A-Z])")

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|old|long|far|tall|large|big|often|high|deep|wide|fast|heavy)\b"
    r"|\b(?:what|which) (?:(?:is|was|are|were) the )?(?:\w+ )?(?:number|percentage|amount|price|cost|age|size|rate)\b"
)
_ASKS_TIME = re.compile(
    r"\bwhen\b|\b(?:what|which) (?:(?:is|was|are|were) the )?(?:\w+ )?"
    r"(?:year|century|date|decade|month|day|time|period)s?\b|\bhow soon\b"
)
_ASKS_NAME = re.compile(r"\bwho(?:m|se)?\b")
_ASKS_PLACE = re.compile(
    r"\bwhere\b|\b(?:what|which) (?:\w+ )?(?:country|countries|city|cities|place|state|region|town|continent|area)s?\b"
)
_ASKS_REASON = re.compile(r"\bwhy\b|\bwhat (?:\w+ )?(?:causes?|caused|reasons?)\b|\bhow come\b")


def _holds_name(sentence: str, asked: Set[str]) -> bool:
    return any((inside or first).lower() not in asked for inside, first in _CAPITALISED.findall(sentence))


def _holds(pattern: re.Pattern[str]) -> Holds:
    return lambda sentence, asked: pattern.search(sentence) is not None


_CUES: tuple[tuple[re.Pattern[str], Holds], ...] = (
    (_ASKS_NUMBER, _holds(_NUMBER)),
    (_ASKS_TIME, _holds(TIME)),
    (_ASKS_NAME, _holds_name),
    (_ASKS_PLACE, _holds(_PLACE)),
    (_ASKS_REASON, _holds(_REASON)),
)


def is_number(word: str) -> bool:
    """Tell whether a word is a number, in figures or, in English, in letters, or has figures."""
    return _NUMBER.search(word) is not None


def cue(question: str, language: str = "en") -> Holds | None:
    """Return what tells whether a sentence holds the kind of thing that a question asks for.

    A number, a time, a name that the question does not give, what something is and, in English, a place or a reason;
    None where the question asks for something else, or the language's words for that are not known.
    """
    asked_for = _asked_for(question, language)
    # "Who was Rollo?" asks for no other name.
    return defines(question) or asked_for if asked_for in (None, _holds_name) else asked_for


def _asked_for(question: str, language: str) -> Holds | None:
    if language not in ("", "en"):
        asked_for = next((kind for asks, kind in ASKS.get(language, ()) if asks.search(question)), None)
        if asked_for is None:
            return None
        return _holds(SHOWN[language][asked_for]) if asked_for in SHOWN[language] else _holds_name
    lowered = question.lower()
    return next((holds for asks, holds in _CUES if asks.search(lowered)), None)


def counted(question: str, language: str = "en") -> str:
    """Return what a question wants to be counted: its next two words, the thing, or what kind of it and the thing.

    Empty where that is a unit, where it asks for something else, and where that is not known.
    """
    asks = COUNTS if language in ("", "en") else COUNTS_ELSEWHERE.get(language)
    if asks is None or (asked := asks.search(question)) is None:
        return ""
    after = question[asked.end() :].split()[:2]
    is_unit = bool(after) and _UNIT.match(after[0]) is not None
    return "" if is_unit else " ".join(after)


def locates(question: str, names: Set[str]) -> Holds | None:
    """Return what tells whether a sentence says where one of the named things lies; None where that isn't asked.

    Surface patterns such as "Lyon, a city in France" (Ravichandran and Hovy 2002, "Learning surface text
    patterns for a question answering system").
    """
    if not names or not _ASKS_PLACE.search(question.lower()):
        return None
    named = "|".join(re.escape(name) for name in sorted(names))
    return _holds(
        re.compile(
            rf"\b(?:{named}),? (?:(?:an?|the|is|was|lies|lay|stands|stood|located|situated)\b[^.;:]{{0,60}}? )?"
            r"(?:in|of|on|near) (?:the |modern |present-day )?[A-Z]"
        )
    )
