"""Tell whether a sentence speaks of another thing of the kind that a question asks about.

"Oak shelf" for "oak table", "Plan Basic" for "Plan Pro", "last year" for "this year", "X210" for "X200",
"Wassertank" for "Milchtank": what they have in common makes such a sentence look like the answer.
"""

import re
from collections.abc import Iterator, Sequence, Set
from itertools import takewhile
from typing import NamedTuple

from hubbub.conversation.candidates import READ_CHARACTERS, SEPARATOR, Candidate, is_item
from hubbub.conversation.cues import is_number
from hubbub.conversation.musts import PUTS_NOUNS_IN_CAPITALS
from hubbub.conversation.subjects import Stead, in_stead
from hubbub.core.compounds import COMPOUNDING
from hubbub.core.documents import Hit
from hubbub.core.languages import is_stop_word, without_accents
from hubbub.core.wording import LONGEST_TERM, folded, index_terms

LEAST_TAIL = 4
LEAST_BEGINNING = 3
"""So many letters two compounds have in common at their ends, and so many apart before these."""

LEAST_NAME, MOST_ENDING = 5, 3
"""So many letters a name and its adjective have in common, and so many at most behind these."""

_TOKEN = re.compile(r"[^\W_]+(?:['’.:/@#+-][^\W_]+)*|[^\w\s'’]")
_OF = frozenset(
    "of the de la le les l du des do da dos das del della dello dei der dem den von vom van het zum zur im in".split()
)
"""What may stand between a thing and whose or of what it is: "the agency of the airport"."""
_NOW = frozenset("this dieses dieser diesem diesen diese cette ce este esta questo questa deste desta dit deze".split())
_SPANS = frozenset(
    """year month week quarter season jahr monat woche quartal saison année mois semaine año mes semana anno mese
    settimana ano mês jaar maand kwartaal""".split()
)
_ADDS_BEHIND = frozenset({"fr", "es", "it", "pt"})
"""Languages whose adjectives stand behind the noun."""
_IDENTIFIER = re.compile(r"(?=\w*\d)\w+(?:[-./]\w+)*")
_YEAR = re.compile(r"[12]\d{3}")
_DERIVED = re.compile(
    r".{0,2}(?:ung(?:en)?|heit(?:en)?|keit(?:en)?|schaft(?:en)?|lich\w*|isch\w*|ieren|tion(?:en)?|ende?[nrs]?)"
)


class Token(NamedTuple):
    """A word of a text as it is compared."""

    word: str
    forms: Set[str]
    """Empty where it is a sign between words."""
    is_telling: bool
    is_name: bool
    """Whether it is written with a capital, where that means something."""
    is_number: bool


class Pair(NamedTuple):
    """Two words of a question that name one thing together."""

    first: Token
    last: Token
    is_of: bool
    """Whether the second says of what or whose the first is."""


class Contrasts:
    """The things that a question names by two words or by a code."""

    def __init__(self, question: str, language: str) -> None:
        tokens = _tokens(question, language)
        self._tokens = tokens
        self._compounds_words = language in COMPOUNDING
        self._language = language
        self._asked = {form for token in tokens for form in token.forms}
        self._telling = [token for token in tokens if token.is_telling]
        self._pairs = list(_pairs(tokens))
        self._identifiers = [token for token in tokens if _IDENTIFIER.fullmatch(token.word)]
        least = LEAST_TAIL + LEAST_BEGINNING if language in COMPOUNDING else LONGEST_TERM
        self._compounds = [token.word for token in tokens if token.is_telling and len(token.word) >= least]
        self._adds = language in _ADDS_BEHIND
        self._read: dict[Hit, list[Pair]] = {}

    def are_in(self, candidate: Candidate, quote: str, means: str = "") -> bool:
        """Tell whether a candidate, quoted like this, names another thing in the place of one that is asked about.

        `means` is a word of the question that it says in another word.
        """
        language = candidate.language
        levels = [_tokens(quote, language)]
        above = [
            candidate.columns,
            candidate.heading,
            *reversed(candidate.hit.heading.split(SEPARATOR)),
            candidate.hit.title,
        ]
        levels += [_tokens(text, language) for text in dict.fromkeys(above) if text]
        held = [{form for token in level for form in token.forms} for level in levels]
        known = self._known(frozenset(candidate.named).union(*held), means)
        return (
            any(self._is_replaced(pair, candidate, levels, known) for pair in self._pairs)
            or any(_has_rival(one, levels, held) for one in self._identifiers)
            or any(_has_other_beginning(one, levels[0], known) for one in self._compounds)
        )

    def _known(self, held: Set[str], means: str) -> Set[str]:
        """Return what is held, and what of the question is held in another way: "Handys" in "Diensthandys"."""
        known = set(held)
        for token in self._telling:
            if token.word == means or (self._compounds_words and _is_part(token, held)):
                known |= token.forms
        return known

    def in_stead(self, candidate: Candidate, quote: str) -> Stead | None:
        """Return of which other thing a candidate, quoted like this, says what is asked of one; None where of none."""
        if candidate.columns or candidate.leans or is_item(candidate):
            return None
        language = candidate.language
        held = (form for token in _tokens(quote, language) for form in token.forms)
        known = self._known(frozenset(candidate.named).union(held), "")
        return in_stead(self._tokens, self._language, _tokens(candidate.text, language), known)

    def _is_replaced(
        self, pair: Pair, candidate: Candidate, levels: Sequence[Sequence[Token]], known: Set[str]
    ) -> bool:
        """Tell whether another word stands beside one of a pair, whose other one is nowhere near."""
        has_first, has_last = not pair.first.forms.isdisjoint(known), not pair.last.forms.isdisjoint(known)
        if has_first == has_last:
            return False
        there, missing = (pair.first, pair.last) if has_first else (pair.last, pair.first)
        if not has_first and (pair.is_of or there.is_name or missing.word.endswith("ed") or _is_participle(there)):
            return False
        is_prose = not candidate.columns and not is_item(candidate)
        is_strict = not is_prose or missing.is_number or there.word in _SPANS
        # Of a question in other words, more than one is missing.
        if not is_strict and sum(token.forms.isdisjoint(known) for token in self._telling) > 1:
            return False
        for place, tokens in enumerate(levels):
            is_said = is_prose and not place
            # What follows a word in a sentence is a verb as often as not.
            if is_said and has_first and not (missing.is_number or missing.is_name or pair.is_of or self._adds):
                continue
            if any(
                self._is_other(one, missing, is_said=is_said)
                for one in _beside(tokens, there, pair, is_after=has_first)
            ):
                is_known = is_said and not missing.forms.isdisjoint(candidate.passage)
                return not is_known or self._is_set_apart(pair, candidate)
        return False

    def _is_set_apart(self, pair: Pair, candidate: Candidate) -> bool:
        """Tell whether the passage names the asked thing too, so that it tells it from others."""
        if candidate.hit not in self._read:
            self._read[candidate.hit] = list(_pairs(_tokens(candidate.hit.text[:READ_CHARACTERS], candidate.language)))
        return any(
            not pair.first.forms.isdisjoint(one.first.forms) and not pair.last.forms.isdisjoint(one.last.forms)
            for one in self._read[candidate.hit]
        )

    def _is_other(self, token: Token, missing: Token, *, is_said: bool) -> bool:
        # A name in a sentence may well be that of the asked thing: "the Baltica shipyard".
        return (
            token.is_telling
            and token.forms.isdisjoint(self._asked)
            and token.is_number == missing.is_number
            and (token.is_name or not missing.is_name)
            and not (missing.is_name and _is_of_name(token.word, missing.word))
            and not (is_said and token.is_name and not missing.is_name and not token.is_number)
        )


def _is_part(token: Token, held: Set[str]) -> bool:
    forms = tuple(form for form in token.forms if len(form) >= LEAST_TAIL and form.isalpha())
    return any(word.endswith(forms) for word in held)


def _tokens(text: str, language: str) -> list[Token]:
    found = [(word, low) for word in _TOKEN.findall(text) if (low := folded(word))]  # soft hyphens alone are no word
    words, lowered = [word for word, _ in found], [low for _, low in found]
    return [
        Token(
            low,
            frozenset(index_terms(low, language)),
            _is_telling(low, after, language),
            before.isalnum() and language not in PUTS_NOUNS_IN_CAPITALS and word[0].isupper(),
            is_number(low),
        )
        for word, low, before, after in zip(words, lowered, ["", *words], [*lowered[1:], ""], strict=False)
    ]


def _is_telling(word: str, after: str, language: str) -> bool:
    if word in _NOW:
        return after in _SPANS
    return word[0].isalnum() and not is_stop_word(without_accents(word), language)


def _pairs(tokens: Sequence[Token]) -> Iterator[Pair]:
    for place, token in enumerate(tokens):
        if not token.is_telling:
            continue
        after = place + 1
        while after < len(tokens) and tokens[after].word in _OF:
            after += 1
        if after < len(tokens) and tokens[after].is_telling:
            yield Pair(token, tokens[after], is_of=after > place + 1)


def _beside(tokens: Sequence[Token], there: Token, pair: Pair, *, is_after: bool) -> Iterator[Token]:
    """Yield what stands where the other one of a pair would stand."""
    for place, token in enumerate(tokens):
        if token.forms.isdisjoint(there.forms) or (_is_bent(token.word) and not _is_bent(there.word)):
            continue
        at = place + 1 if is_after else place - 1
        while pair.is_of and 0 <= at < len(tokens) and tokens[at].word in _OF:
            at += 1 if is_after else -1
        if 0 <= at < len(tokens) and not (is_after and _is_verb(tokens[at])):
            yield tokens[at]


def _is_bent(word: str) -> bool:
    return word.endswith(("ed", "ing"))


def _is_of_name(word: str, name: str) -> bool:
    """Tell whether one is the other's adjective: "Californian" and "California"."""
    alike = len(_common_end(word[::-1], name[::-1]))
    return alike >= LEAST_NAME and max(len(word), len(name)) - alike <= MOST_ENDING


def _is_participle(token: Token) -> bool:
    """Tell whether before a word stands how something is done: "traditionally described"."""
    return token.word.endswith("ed") and token.word not in token.forms


def _is_verb(token: Token) -> bool:
    return not token.is_number and not token.is_name and token.word.endswith(("ed", "ing", "s"))


def _has_rival(identifier: Token, levels: Sequence[Sequence[Token]], held: Sequence[Set[str]]) -> bool:
    """Tell whether what stands nearest is another code of the same shape: "X210" for "X200"."""
    shape = _shape(identifier.word)
    for place, (tokens, forms) in enumerate(zip(levels, held, strict=True)):
        if not identifier.forms.isdisjoint(forms):
            return False
        # A number in the sentence itself may be what is asked for.
        if (place or not shape.isdecimal()) and any(_shape(token.word) == shape for token in tokens):
            return True
    return False


def _shape(word: str) -> str:
    """Return how a code is built: "x00" for "X210"; empty for what is no code."""
    if not _IDENTIFIER.fullmatch(word):
        return ""
    return re.sub(r"\d", "0", word)


def _has_other_beginning(compound: str, tokens: Sequence[Token], known: Set[str]) -> bool:
    """Tell whether a word ends as the asked compound does, and begins otherwise: "Wassertank" for "Milchtank".

    Or is only its end, with another word for its beginning: "Schlüssel zur Waschküche" for "Kellerschlüssel".
    """
    for place, token in enumerate(tokens):
        tail = _common_end(compound, token.word)
        beginning = compound[: len(compound) - len(tail)]
        if len(tail) < LEAST_TAIL or len(beginning) < LEAST_BEGINNING or _DERIVED.fullmatch(tail):
            continue
        if any(word.startswith(beginning[:LEAST_TAIL]) for word in known):
            return False
        if len(token.word) - len(tail) >= LEAST_BEGINNING:
            return True
        after = [one.word for one in tokens[place + 1 : place + 3]]
        if token.word == tail and after and after[0] in _OF:
            return True
    return False


def _common_end(one: str, other: str) -> str:
    """Return the letters that two words end with alike."""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(reversed(one), reversed(other), strict=False))
    count = sum(1 for _ in alike)
    return one[len(one) - count :]
