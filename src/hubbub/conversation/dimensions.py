"""Tell whether what is measured in a quote can be what a question asks for: "How loud …?" is not told in millimetres.

Only figures with units tell anything: a quote without any is taken to fit.
"""

import re
from collections.abc import Iterator, Mapping, Set
from functools import lru_cache

_LENGTH, _TIME, _MASS, _SOUND, _SPEED, _WARMTH, _OTHER = (
    *("length", "time", "mass", "sound", "speed", "warmth"),
    "something else",
)

# Of words of several languages that are written alike, each stands once.
_UNITS: Mapping[str, str] = {
    _LENGTH: r"[mcdk]?m|[µμ]m|ft|yd|inch(?:es)?|foot|feet|yards?|miles?|(?:milli|centi|kilo|zenti)?(?:met(?:er|re)s?)"
    r"|metros?|(?:milli|centi)?mètres?|kilomètres?|chilometri|centimetri|millimetri|metri|zoll|meilen?"
    r"|pouces?|pulgadas?|metern|duim|м|мм|см|км|метр\w*",
    _TIME: r"m?s|secs?|mins?|h|hrs?|seconds?|minutes?|hours?|days?|weeks?|fortnights?|months?|quarters?|years?|decades?"
    r"|centur(?:y|ies)|sekunden?|minuten?|stunden?|tagen?|tage|wochen?|monat(?:e|en|s)?|quartale?|jahr(?:e|en|s)?"
    r"|werktagen?|secondes?|heures?|jours?|semaines?|mois|ans?|années?|segundos?|minutos?|horas?|días?|semanas?|mes(?:es)?|años?"
    r"|secondi|minuti|ore|giorn[oi]|settiman[ae]|mes[ei]|ann[oi]|dias?|mês|anos?|seconden|uur|dagen|weken|maand(?:en)?"
    r"|jaar|jaren|секунд\w*|минут\w*|час\w*|дн\w+|день|недел\w*|месяц\w*|год\w*|лет",
    _MASS: r"[mk]?g|kgs?|lbs?|oz|tonnes?|tons?|grams?|kilos?|kilograms?|ounces?|gramm|kilogramm|tonnen?|pfund"
    r"|grammes?|kilogrammes?|gramos?|kilogramos?|toneladas?|gramm[oi]|chil[oi]|gramas?|кг|грамм\w*|килограмм\w*|тонн\w*",
    _SOUND: r"dB(?:\(?A\)?)?|decibels?|dezibel|décibels?|decibel(?:es|i)?|phon|sone",
    _SPEED: r"km/h|kmh|kph|mph|m/s|knots?|kn|knoten|[kMG]?bit/s|[kMG]bps|[kMG]B/s|rpm|U/min|(?:miles|metres|meters"
    r"|kilomet(?:er|re)s) (?:per|an) (?:hour|second)|stundenkilometern?",
    _WARMTH: r"° ?[CF]?|K|degrees?|grad|degrés?|grados?|gradi|graus?|градус\w*",
    _OTHER: r"[kMm]?V|[kMm]?W|[kM]?Wh|m?Ah?|[kMG]?Hz|[kMGT]B|[mc]?l|litres?|liters?|pints?|gallons?|m[²³]|cm[²³]|ha"
    r"|acres?|%|per ?cent|prozent|bar|N|Nm|EUR|USD|CHF|GBP|euros?|dollars?|volts?|watts?|amps?|persons?|people",
}
_SHORT = 3
"""Units of more letters are some without a figure before them, too: "three years"."""

_ASKED: Mapping[str, tuple[tuple[str, Set[str]], ...]] = {
    "en": (
        (r"how long", {_LENGTH, _TIME}),
        (r"how (?:wide|broad|tall|deep|thick)", {_LENGTH}),
        (r"how far", {_LENGTH, _TIME}),
        (r"how heavy|how much (?:\S+ ){1,6}weighs?|what (?:do|does|did) .+ weigh|(?:what|which) weight", {_MASS}),
        (r"how (?:loud|noisy|quiet|silent)", {_SOUND}),
        (r"how (?:fast|quick|slow)|(?:what|which) speed", {_SPEED, _TIME}),
        (r"how (?:hot|cold|warm|cool)|(?:what|which) temperature", {_WARMTH}),
        (r"how old", {_TIME}),
    ),
    "de": (
        (r"wie lang", {_LENGTH, _TIME}),
        (r"wie lange", {_TIME}),
        (r"wie (?:breit|tief|dick)", {_LENGTH}),
        (r"wie weit", {_LENGTH, _TIME}),
        (r"wie schwer|wie ?viel wiegt|was wiegt", {_MASS}),
        (r"wie (?:laut|leise)", {_SOUND}),
        (r"wie (?:schnell|langsam)", {_SPEED, _TIME}),
        (r"wie (?:heiß|kalt|warm|kühl)", {_WARMTH}),
        (r"wie alt", {_TIME}),
    ),
    "fr": ((r"combien (?:de temps|d['’]années)", {_TIME}), (r"combien (?:pèse\w*|.+ pèsent?|.+ pèse-t-)", {_MASS})),
    "es": ((r"cuánto (?:tiempo|dura)", {_TIME}), (r"cuánto pesan?", {_MASS}), (r"cuánto mide", {_LENGTH})),
    "it": (
        (r"quanto (?:tempo|dura)", {_TIME}),
        (r"quanto pesa", {_MASS}),
        (r"quanto è (?:lungo|alto|largo)", {_LENGTH}),
    ),
    "pt": ((r"quanto (?:tempo|dura)", {_TIME}), (r"quanto pesa", {_MASS})),
    "nl": ((r"hoe lang", {_LENGTH, _TIME}), (r"hoe zwaar", {_MASS}), (r"hoe (?:luid|stil)", {_SOUND})),
}


def can_be_measure(question: str, asked_in: str, quote: str) -> bool:
    """Tell whether a quote tells in a fitting unit what a question in a language wants measured, or in none at all."""
    wanted = next((fitting for asks, fitting in _asks(asked_in) if asks.search(question)), None)
    if wanted is None:
        return True
    told = {dimension for dimension, _ in _measured(quote)}
    return not told or not wanted.isdisjoint(told)


def without_measures(text: str) -> str:
    """Return a text without figures that measure something else than a time: "29 euros" is no year."""
    for dimension, found in reversed(list(_measured(text))):
        if dimension != _TIME and (figure := _FIGURE.search(text, 0, found.start())):
            text = text[: figure.start()] + " " + text[found.end() :]
    return text


def _measured(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    for one in _units().finditer(text):
        if one.lastgroup and _is_unit(one):
            yield _DIMENSIONS[int(one.lastgroup[1:])], one


def _is_unit(found: re.Match[str]) -> bool:
    return (
        len(found[0]) > _SHORT
        or _FIGURE_BEFORE.search(found.string, max(0, found.start() - 2), found.start()) is not None
    )


_FIGURE = re.compile(r"\d[\d.,’']*[ \u00a0\u202f-]?\Z")
_FIGURE_BEFORE = re.compile(r"\d[ \u00a0\u202f-]?\Z")
_DIMENSIONS = tuple(_UNITS)


@lru_cache
def _asks(language: str) -> tuple[tuple[re.Pattern[str], Set[str]], ...]:
    return tuple(
        (re.compile(rf"(?<!\w)(?:{asks})(?!\w)", re.IGNORECASE), fitting) for asks, fitting in _ASKED.get(language, ())
    )


@lru_cache
def _units() -> re.Pattern[str]:
    """Return what finds units; the group that matched says of which dimension one is."""
    groups = "|".join(f"(?P<d{place}>{units})" for place, units in enumerate(_UNITS.values()))
    return re.compile(rf"(?<![^\W\d])(?:{groups})(?![\w/²³])")
