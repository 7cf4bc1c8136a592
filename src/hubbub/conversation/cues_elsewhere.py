"""What questions in other languages than English ask for, and how a sentence shows that it holds such a thing."""

import re

NUMBER, TIME, NAME = "number", "time", "name"


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


ASKS: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "de": (
        (_words(r"wie ?viele?n?", r"wie (?:hoch|lange?|oft|alt|weit|teuer|schwer|groß|tief|breit)\w*"), NUMBER),
        (_words("wann", r"welche[mnrs]? (?:Tag|Jahr|Monat|Woche|Jahrhundert|Datum|Uhrzeit)"), TIME),
    ),
    "es": (
        (_words("cuánt[oa]s?", r"qué (?:cantidad|porcentaje|longitud|altura|edad)"), NUMBER),
        (_words("cuándo", r"qué (?:día|año|mes|siglo|fecha|hora)"), TIME),
        (_words("quién(?:es)?"), NAME),
    ),
    "fr": (
        (_words("combien"), NUMBER),
        (_words("quand", r"quel(?:le)? (?:jour|année|mois|siècle|date|heure)"), TIME),
        (_words("qui (?:a|est|fut|était|ont|sont)"), NAME),
    ),
    "it": (
        (_words("quant[oaie]"), NUMBER),
        (_words("quando", r"(?:che|quale|quali) (?:giorno|anno|mese|secolo|data|ora)"), TIME),
        (_words("chi"), NAME),
    ),
    "pt": (
        (_words("quant[oa]s?"), NUMBER),
        (_words("quando", r"que (?:dia|ano|mês|século|data|hora)"), TIME),
        (_words("quem"), NAME),
    ),
    "nl": (
        (_words("hoeveel", r"hoe (?:hoog|lang|vaak|oud|ver|duur|groot)"), NUMBER),
        (_words("wanneer", r"welke? (?:dag|jaar|maand|eeuw|datum)"), TIME),
    ),
}
"""For each language what asks, and for what. In German and Dutch a capital or its lack tells no name."""

COUNTS: dict[str, re.Pattern[str]] = {
    "de": _words("wie ?viele"),
    "es": _words("cuánt[oa]s"),
    "fr": _words(r"combien d(?:e|'|’)"),
    "it": _words("quant[ie]"),
    "pt": _words("quant[oa]s"),
    "nl": _words("hoeveel (?!is|kost|bedraagt)"),
}
"""How a question asks how many there are of something."""

SHOWN: dict[str, dict[str, re.Pattern[str]]] = {
    language: {
        NUMBER: re.compile(rf"\d|(?<!\w)(?:{numbers})(?!\w)", re.IGNORECASE),
        TIME: re.compile(rf"(?<!\d)[12]\d{{3}}(?!\d)|\d{{1,2}}[.:]|(?<!\w)(?:{times})", re.IGNORECASE),
    }
    for language, numbers, times in (
        (
            "de",
            "zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|hundert|tausend|einmal|zweimal|Hälfte|Dutzend",
            r"(?:Mon|Diens|Mittwoch|Donners|Frei|Sams|Sonn)(?:tag)?|Januar|Februar|März|April|Mai|Juni|Juli|August"
            r"|September|Oktober|November|Dezember|Jahr|Monat|Woche|Uhr",
        ),
        (
            "es",
            "dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|cien|mil|una vez|mitad|docena|millón|millones",
            r"lunes|martes|miércoles|jueves|viernes|sábado|domingo|enero|febrero|marzo|abril|mayo|junio|julio|agosto"
            r"|septiembre|octubre|noviembre|diciembre|año|mes|semana|siglo",
        ),
        (
            "fr",
            "deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|cent|mille|une fois|moitié|douzaine|million",
            r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|janvier|février|mars|avril|mai|juin|juillet|août"
            r"|septembre|octobre|novembre|décembre|année|an|mois|semaine|siècle",
        ),
        (
            "it",
            r"due|tre|quattro|cinque|sei|sette|otto|nove|dieci|undici|dodici|cento|mille|una volta"
            r"|metà|dozzina|milion[ei]",
            r"lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|gennaio|febbraio|marzo|aprile|maggio|giugno"
            r"|luglio|agosto|settembre|ottobre|novembre|dicembre|ann[oi]|mes[ei]|settiman|secol",
        ),
        (
            "pt",
            "dois|duas|três|quatro|cinco|seis|sete|oito|nove|dez|onze|doze|cem|mil|uma vez|metade|dúzia|milhão|milhões",
            r"segunda|terça|quarta|quinta|sexta|sábado|domingo|janeiro|fevereiro|março|abril|maio|junho|julho|agosto"
            r"|setembro|outubro|novembro|dezembro|ano|mês|meses|semana|século",
        ),
        (
            "nl",
            "twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf|honderd|duizend|eenmaal|helft|dozijn|miljoen",
            r"(?:maan|dins|woens|donder|vrij|zater|zon)dag|januari|februari|maart|april|mei|juni|juli|augustus"
            r"|september|oktober|november|december|jaar|maand|week|eeuw|uur",
        ),
    )
}
