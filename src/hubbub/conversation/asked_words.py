"""Words of a question that no answer needs to repeat."""

import re

# "How long", "welcher Betrag": the answer has the measure, not the word for it.
MEASURE = re.compile(
    r"""\b(?:(?:how|wie|hoe|hur|hvor)\s+\w+
    |(?:what|which)\s+(?:time|date|amount|sum|price|period|day|year|month|century)
    |welche[rmns]?\s+(?:Zeit|Frist|Dauer|Höhe|Betrag|Summe|Preis|Datum|Uhrzeit|Tag|Jahr|Monat|Jahrhundert)
    |combien\s+de\s+temps|à\s+quelle\s+fréquence|cada\s+cuánto|com\s+que\s+frequência
    |con\s+(?:qué\s+frecuencia|che\s+frequenza)
    |ogni\s+quanto|de\s+quanto\s+em\s+quanto\s+tempo
    |quel(?:le)?s?\s+(?:est\s+(?:le|la)\s+)?(?:montant|somme|délai|durée|date|heure|prix|jour|année|mois)
    |cuánto\s+tiempo|(?:qué|cuál\s+es\s+(?:el|la))\s+(?:plazo|importe|fecha|hora|precio|duración|día|año|mes|siglo)
    |quanto\s+tempo|(?:quale?|che|qual\s+è\s+(?:il|la))\s+(?:termine|importo|data|ora|prezzo|durata|giorno|anno|mese)
    |qual\s+(?:é\s+)?[oa]?\s*(?:prazo|valor|data|hora|preço|duração|dia|ano|mês)
    |welke?\s+(?:tijd|termijn|bedrag|datum|prijs|duur|dag|jaar|maand)|vilke[nt]\s+(?:tid|frist|summa|datum)
    |сколько\s+времени|как(?:ого|ой|ая|ую|ом)\s+(?:времени|время|срока?|сумм[аыу]|дат[аыу]|цен[аыу]))\b""",
    re.IGNORECASE | re.VERBOSE,
)

# "What are the rules for guests?": whatever stands below "Guests" says something of what is asked.
AT_LARGE = re.compile(
    r"""\b(?:rules?|regulations?|polic(?:y|ies)|information|details?|sa(?:y|ys|id)|tell|told|know|known|explain|describe
    |appl(?:y|ies)|means?|meaning|stand|regulated?|provisions?|written|stated?|about
    |Regel\w*|Vorschrift\w*|Information\w*|Bestimmung\w*|geregelt|gesagt|steht|gilt|gelten|bedeutet|heißt|erklär\w*|beschreib\w*
    |règle\w*|règlement\w*|informations?|dit|concernant|prévu\w*|signifie|expliqu\w*|décri\w*
    |reglas?|normas?|reglamento|información|dice\w*|significa|sabe\w*|explica\w*|describe\w*
    |regole?|regolamento|informazioni|detto|spiega\w*|descriv\w*
    |regras?|regulamento|informaç\w+|diz\w*|sobre
    |regels?|regeling\w*|voorschrift\w*|informatie|zegt|betekent|geldt
    |правил\w*|информаци\w*|сказано|говорит\w*|известно|означает|regu\w+|zasad\w*|informacj\w*)\b""",
    re.IGNORECASE | re.VERBOSE,
)
