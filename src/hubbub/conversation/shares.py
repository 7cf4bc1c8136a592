"""Weigh how much of a question sentences hold: each of its words the more the rarer, in whatever way it is written."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from itertools import groupby
from typing import NamedTuple

from hubbub.conversation.candidates import Candidate
from hubbub.conversation.musts import holds
from hubbub.core.compounds import made_of
from hubbub.core.languages import is_stop_word
from hubbub.core.terms import words
from hubbub.core.wording import Term, folded, index_terms

_COMPOUNDING = frozenset(
    {"de", "nl", "sv", "da", "no", "nb", "fi", "hu", "ru", "uk", "pl", "cs", "tr", "fr", "es", "it", "pt"}
)
_WITHOUT_BETWEEN = frozenset({"ko", "ja", "zh", "th"})
_LEAST_AKIN = 4
AROUND = 0.3
"""A word counts this much where only the title, the headings or the sentence before hold it."""
HEADED = 0.6
"""… so much where the heading that it stands below has it, which says of what it speaks"""
LEANT_ON = 0.7
"""… and so much where the sentence speaks of what stands before it, as "It is dominated by …" does."""
AKIN = 0.6
"""… and so much where the sentence has it as a part of a longer word, or a part of it."""
BOTH_WORDS = 0.8
"""… so much where it has both words that a compound is made of,"""
ONE_WORD = 0.15
"""… and so much where it has one of them, and neither its headings nor what it leans on name the other one."""
ELSEWHERE = 1
"""So many sentences are taken to stand beside those that were found: of a single one, no word would tell anything."""


class Akin(NamedTuple):
    """How sentences may hold a term in another way."""

    words: frozenset[str]
    """The words that it is part of or that are part of it; without these where two words are known to make it up."""
    pair: tuple[str, str] | None
    """These two, as in "Frist" and "Kündigung"."""


def akin_of(wanted: Sequence[Term], candidates: Sequence[Candidate]) -> dict[Term, Akin]:
    """Return how else sentences may hold the terms, in languages that compound and inflect much.

    "Schaden" in "Wasserschaden", "melden" in "gemeldet". English is left out: its stems meet by themselves.
    """
    compounding = [candidate for candidate in candidates if candidate.language in _COMPOUNDING]
    vocabulary = {
        word for candidate in compounding for word in candidate.terms if len(word) >= _LEAST_AKIN and word.isalpha()
    }
    if not vocabulary:
        return {}
    known = Counter(word for candidate in compounding for word in candidate.passage)
    return {term: _akin_to(term, vocabulary, made_of(term.splits, known.__getitem__)) for term in wanted}


def _akin_to(term: Term, vocabulary: Set[str], pair: tuple[str, str] | None) -> Akin:
    forms = [form for form in term.forms if len(form) >= _LEAST_AKIN and form.isalpha()]
    longer = {word for form in forms for word in vocabulary if word.startswith(form) or word.endswith(form)}
    if pair is None:
        longer |= {word for form in forms for word in vocabulary if form.startswith(word) or form.endswith(word)}
    return Akin(frozenset(longer), pair)


def _akin_part(term: Term, akin: Akin, candidate: Candidate) -> float:
    """Return how much of a term a sentence holds in another way."""
    if not akin.words.isdisjoint(candidate.terms):
        return AKIN
    if akin.pair is None:
        return 0.0
    here = [word in candidate.terms for word in akin.pair]
    if not any(here):
        return 0.0
    if all(here):
        return BOTH_WORDS
    other = akin.pair[here.index(False)]
    return AKIN if other in candidate.named or holds(candidate.passage, term) else ONE_WORD


def among(wanted: Sequence[Term], others: Iterable[Term]) -> list[Term]:
    """Return the terms that may be written like one of the others."""
    forms = {form for term in others for form in term.forms}
    return [term for term in wanted if not forms.isdisjoint(term.forms)]


def has_any(candidate: Candidate, terms: Sequence[Term], akin: Mapping[Term, Akin]) -> bool:
    """Tell whether a sentence holds one of these terms, in whatever way, or what it leans on does."""
    return not terms or any(
        holds(candidate.named, term)
        or holds(candidate.around, term)
        or (akin and _akin_part(term, akin[term], candidate))
        for term in terms
    )


def phrases(question: str, language: str) -> list[tuple[str, ...]]:
    """Return the words of a question that stand beside each other, with no word between that only builds it.

    "Who manages the Home Plus plan?": "manages", and "home", "plus", "plan". None in languages that say with endings
    alone how a sentence is built: nothing would part them.
    """
    if language in _WITHOUT_BETWEEN:
        return []
    runs = groupby(words(question), lambda word: is_stop_word(word, language))
    return [tuple(run) for is_between, run in runs if not is_between]


def says_asked(
    wanted: Sequence[Term],
    named: Collection[Term],
    candidate: Candidate,
    akin: Mapping[Term, Akin],
    above: Set[str],
    beside: Sequence[Sequence[str]],
) -> bool:
    """Tell whether a sentence says something of what is asked of a thing, where it is known which thing that is.

    That are the terms that the question names (`named`) and those of the heading or the line that says of what the
    sentence speaks (`above`). Of the others it has to hold one: "The seal is replaced every 500 hours", below
    "Pump P-200", says nothing of the warranty of the P-200. What stands beside the thing's name (`beside`: `phrases`),
    there as here, is a part of it, if anything else is asked: of who manages the Home plan, a sentence on what the
    Home plan costs says nothing.
    """
    of_the_thing = [one for one in wanted if holds(above, one)]
    if not of_the_thing and not candidate.is_bare:
        return True
    others = [one for one in wanted if one not in of_the_thing and one not in named]
    name = _name_of({one.word for one in of_the_thing}, beside, folded(candidate.text))
    others = [one for one in others if one.word not in name] or others
    return not others or any(
        holds(candidate.terms, one)
        or (akin and _akin_part(one, akin[one], candidate) >= AKIN)
        or _is_derived(one, candidate.terms)
        for one in others
    )


def _name_of(words_of_it: Set[str], phrases: Sequence[Sequence[str]], text: str) -> set[str]:
    """Return the words that stand beside these in one of the phrases and in a text alike."""
    found: set[str] = set()
    for phrase in phrases:
        for place, word in enumerate(phrase):
            if word not in words_of_it:
                continue
            end = place + 1
            while end < len(phrase) and " ".join(phrase[place : end + 1]) in text:
                end += 1
            start = place
            while start and " ".join(phrase[start - 1 : end]) in text:
                start -= 1
            found.update(phrase[start:end])
    return found


def _is_derived(term: Term, said: Set[str]) -> bool:
    """Tell whether one of these words begins as a term does, or the other way round: "weigh", "weight"."""
    forms = [form for form in term.forms if len(form) >= _LEAST_AKIN]
    return any(
        len(word) >= _LEAST_AKIN and (word.startswith(form) or form.startswith(word)) for form in forms for word in said
    )


def worth_of(wanted: Sequence[Term], candidates: Sequence[Candidate], akin: Mapping[Term, Akin]) -> dict[Term, float]:
    """Return each term's part in the question, the rarer among the sentences the greater; 1 together."""
    held = Counter(
        term
        for candidate in candidates
        for term in wanted
        if holds(candidate.terms, term) or (akin and _akin_part(term, akin[term], candidate) >= AKIN)
    )
    count = len(candidates) + ELSEWHERE
    # The inverse document frequency of BM25, sentences taken for documents.
    worth = {term: math.log(1 + (count - held[term] + 0.5) / (held[term] + 0.5)) for term in wanted}
    total = sum(worth.values())
    return {term: part / total for term, part in worth.items()}


def share_of(worth: dict[Term, float], candidate: Candidate, akin: Mapping[Term, Akin], above: Set[str]) -> float:
    """Return how much of the question a sentence holds, by the terms' parts in it; 1 where it holds all.

    `above` are the terms of the heading that it stands below.
    """
    share = 0.0
    for term, part in worth.items():
        if holds(candidate.terms, term):
            share += part
            continue
        around = (LEANT_ON if candidate.leans else AROUND) if holds(candidate.around, term) else 0.0
        if holds(above, term):
            around = max(around, HEADED)
        in_another_way = _akin_part(term, akin[term], candidate) if akin else 0.0
        share += part * (in_another_way if in_another_way >= AKIN else max(in_another_way, around))
    return share


def is_said_below(wanted: Sequence[Term], opening: Candidate, candidates: Sequence[Candidate]) -> bool:
    """Tell whether another sentence below a heading says of what is asked what neither that nor the first one does.

    Below "Meeting of 3 May" who was present stands in the sentence that says so, and not in the first one.
    """
    headed = frozenset(index_terms(opening.heading, opening.language))
    left = [term for term in wanted if not holds(headed, term) and not holds(opening.terms, term)]
    return bool(left) and any(
        any(holds(one.terms, term) for term in left)
        for one in candidates
        if one.hit.passage_id == opening.hit.passage_id and one.heading == opening.heading
    )
