"""Tell whether a question asks for what is not so, and whether a sentence says what is not."""

import re

_NOT = {
    "en": r"not|no|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|\w+n['’]t",
    "de": r"nicht|nichts|kein\w*|nie|niemals|niemand\w*|nirgends|weder|ohne",
    "fr": r"pas|jamais|aucune?|personne|rien|sans|ni",
    "es": r"no|nunca|jamás|nadie|nada|ningún|ninguna|ninguno|ni|sin",
    "it": r"non|mai|nessun\w*|niente|nulla|né|senza",
    "pt": r"não|nunca|jamais|ninguém|nada|nenhuma?|nem|sem",
    "nl": r"niet|niets|geen|nooit|niemand|nergens|noch|zonder",
}
_LACKS = {
    "en": r"except\w*|unless|absent|absence|lack\w*|fail\w*|refus\w*|reject\w*|den(?:y|ie[sd])|forb[ia]d\w*|prohibit\w*"
    r"|ban(?:ned|s)?|exclu\w+|prevent\w*|avoid\w*|oppos\w*|missing|un\w{4,}|in[acdefhv]\w{5,}|non\w*",
    "de": r"außer|ausnahme\w*|fehl\w*|verboten|untersagt|verbiet\w*|ausgeschlossen|ausgenommen|un\w{4,}"
    r"|\w+(?:los|frei)(?:e[mnrs]?)?",
    "fr": r"sauf|except\w+|hormis|absen\w+|interdi\w+|défend\w*|exclu\w*|manqu\w*|n['’]\w+",
    "es": r"salvo|excep\w+|ausen\w+|prohib\w+|exclu\w+|falta\w*",
    "it": r"salvo|ecce(?:tto|zion)\w*|tranne|assen\w+|viet\w+|esclu\w+|manc\w+",
    "pt": r"salvo|exce(?:to|ç)\w*|ausen\w+|proib\w+|exclu\w+|falta\w*",
    "nl": r"behalve|uitzondering\w*|afwezig\w*|verboden|uitgesloten|ontbre\w+|on\w{4,}",
}
"""What says in other words that something is not so."""


def _words(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'’])(?:{words})(?!\w)", re.IGNORECASE)


_ASKS = {language: _words(words) for language, words in _NOT.items()}
_SAYS = {language: _words(f"{words}|{_LACKS[language]}") for language, words in _NOT.items()}


def negated(question: str, language: str) -> re.Pattern[str] | None:
    """Return what finds in a sentence that something is not so; None where that is not asked, or can't be told."""
    asks = _ASKS.get(language or "en")
    return _SAYS[language or "en"] if asks is not None and asks.search(question) else None
