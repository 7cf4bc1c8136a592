"""Find what sentences hold of a question in another way of writing: dates, initials, words apart or misspelled."""

import re
from collections.abc import Iterable, Iterator, Sequence, Set

from msgspec.structs import replace

from hubbub.conversation.candidates import READ_CHARACTERS, Candidate
from hubbub.conversation.dates import dates, may_hold
from hubbub.core.compounds import LEAST_APART, LEAST_TOGETHER, together
from hubbub.core.languages import is_stop_word
from hubbub.core.spelling import LEAST_LETTERS, slips
from hubbub.core.wording import folded, index_terms, query_terms

LEAST_INITIALS, MOST_INITIALS = 3, 6
"""Two letters stand for too much, and no name is so long."""

_INITIALS = re.compile(rf"(?<![\w-])[A-Z]{{{LEAST_INITIALS},{MOST_INITIALS}}}(?![\w-])")
_WORD = re.compile(r"[^\W\d_]+")


class Otherwise:
    """The dates and names of a question, each with the terms that it is asked for by."""

    def __init__(self, question: str, language: str, languages: Iterable[str]) -> None:
        self._language = language
        self._languages = list(languages)
        self._dates = [(date, self._forms(written)) for written, date in dates(question)]
        means_capitals = any(character.islower() for character in question)
        self._initials = {one: self._forms(one) for one in _INITIALS.findall(question)} if means_capitals else {}
        words = self._telling(question)
        self._pairs = {one + other: f"{one} {other}" for one, other in together(question.lower(), language)}
        self._words = {word.lower() for word in words if len(word) >= LEAST_TOGETHER}
        self._unheld: Set[str] = frozenset()
        """The words of the question that no passage has."""
        self._long = {word.lower() for word in words if len(word) >= LEAST_LETTERS}
        self._capitals = {word.lower() for word in words if word[0].isupper()}
        self._meant: dict[str, Set[str]] = {}
        """What the passages have in the place of words that none has, and that are one letter off."""
        self._names = {
            "".join(word[0] for word in name).upper(): " ".join(name)
            for length in range(LEAST_INITIALS, MOST_INITIALS + 1)
            for name in (words[at : at + length] for at in range(len(words) - length + 1))
        }

    def known(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return the candidates, with the terms of the question that they hold in another way."""
        read = {one.hit.passage_id: one for one in candidates}.values()
        unheld = {
            word
            for word in self._words | self._long
            if all(one.passage.isdisjoint(index_terms(word, one.language)) for one in read)
        }
        self._unheld = unheld & self._words
        self._meant = _meant(unheld & self._long, read)
        passages: dict[str, Set[str]] = {}
        known: list[Candidate] = []
        for one in candidates:
            hit = one.hit
            if hit.passage_id not in passages:
                text = hit.text[:READ_CHARACTERS]
                passages[hit.passage_id] = self._held(f"{hit.title}\n{hit.heading}\n{hit.name}\n{text}")
            if in_passage := passages[hit.passage_id]:
                own = self._held(one.text)
                above = self._held(f"{hit.title}\n{hit.heading}\n{hit.name}\n{one.columns}")
                one = replace(
                    one,
                    terms=one.terms | own,
                    around=one.around | above,
                    named=one.named | own | above,
                    passage=one.passage | in_passage,
                )
            known.append(self._as_meant(one))
        return known

    def guessed(self, candidate: Candidate) -> Set[str]:
        """Return the terms of the question that a candidate holds only if they are misspelled."""
        if not self._meant:
            return frozenset()
        return {
            form
            for word, meant in self._meant.items()
            if not meant.isdisjoint(candidate.named) or not meant.isdisjoint(candidate.around)
            for form in self._forms(word)
        }

    def _as_meant(self, one: Candidate) -> Candidate:
        for word, meant in self._meant.items():
            if not meant.isdisjoint(one.passage):
                forms = self._forms(word)
                terms, around = (held if meant.isdisjoint(held) else held | forms for held in (one.terms, one.around))
                is_name = word in self._capitals and not meant.isdisjoint(one.named)
                named = one.named | forms if is_name else one.named
                one = replace(one, terms=terms, around=around, named=named, passage=one.passage | forms)
        return one

    def _held(self, text: str) -> Set[str]:
        return frozenset(form for forms in self._found(text) for form in forms)

    def _found(self, text: str) -> Iterator[Set[str]]:
        if any(may_hold(text, asked.month) for asked, _ in self._dates):
            days = {date for _, date in dates(text)}
            yield from (forms for asked, forms in self._dates if any(map(asked.covers, days)))
        if likely := [one for one in self._names if one in text]:
            held = set(_INITIALS.findall(text))
            yield from (self._forms(self._names[one]) for one in likely if one in held)
        if self._initials:
            letters = "".join(word[0] for word in self._telling(text)).upper()
            yield from (forms for one, forms in self._initials.items() if one in letters)

        lowered = text.lower()
        yield from (self._forms(pair) for joined, pair in self._pairs.items() if joined in lowered)
        yield from (self._forms(word) for word in self._unheld if _is_parted(word, lowered))

    def _forms(self, text: str) -> Set[str]:
        terms = query_terms(folded(text), self._languages, self._language)
        return {form for term in terms for form in term.forms}

    def _telling(self, text: str) -> list[str]:
        return [word for word in _WORD.findall(text) if not is_stop_word(word.lower(), self._language)]


def _meant(words: Set[str], read: Iterable[Candidate]) -> dict[str, Set[str]]:
    """Return the terms of what was read that these words are one letter off."""
    if not words:
        return {}
    vocabulary = frozenset[str]().union(*(one.passage for one in read))
    languages = {one.language for one in read}
    meant: dict[str, Set[str]] = {}
    for word in words:
        stems = {stem for language in languages for stem in index_terms(word, language)}
        if found := frozenset(near for stem in {word, *stems} for near in slips(stem, vocabulary)):
            meant[word] = found
    return meant


def _is_parted(word: str, text: str) -> bool:
    """Tell whether a text has a word in two parts: "data base", "data-base"."""
    at = text.find(word[:LEAST_APART])
    while at >= 0:
        written = text[at : at + len(word) + 1]
        if written.replace("-", " ").replace(" ", "", 1) == word and not text[at - 1 : at].isalnum():
            return True
        at = text.find(word[:LEAST_APART], at + 1)
    return False
