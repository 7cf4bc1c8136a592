"""Tell which of several variants of a thing a question asks about, and which one a sentence speaks of.

"Home", "Home Plus" and "Home Plus S": each name begins another one, so that every word of the shorter one stands in
what is said of the longer one. That they are variants is seen in titles and headings, of which one goes on with a name
where another one ends.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from hubbub.conversation.candidates import READ_CHARACTERS, SEPARATOR, Candidate
from hubbub.conversation.musts import PUTS_NOUNS_IN_CAPITALS
from hubbub.conversation.variants_unspaced import UnspacedVariants
from hubbub.core.languages import is_stop_word
from hubbub.core.wording import Term, folded

MOST_MORE = 3
"""So many words a variant's name may have more than the shortest one."""

_WORD = re.compile(r"[^\W_]+(?:['’.+-][^\W_]+)*\+*|[^\w\s]")

Names: TypeAlias = tuple[str, ...]


class _Word(NamedTuple):
    low: str
    is_name: bool


class Family(NamedTuple):
    """Variants of a thing."""

    last: str
    """The last word that all of them begin with: "home"."""
    members: frozenset[Names]
    """What each has behind it: (), ("plus",), ("plus", "s")."""
    asked: frozenset[Names]
    """Those that a question names."""


class Variants:
    """The variants that the titles and headings of some candidates tell, and those of them that a question names."""

    def __init__(self, question: str, language: str, candidates: Sequence[Candidate]) -> None:
        self._unspaced = UnspacedVariants(question, language, candidates)
        self._labels: dict[str, tuple[_Word, ...]] = {}
        self._families: list[Family] = []
        asked = _words(question)
        read = list({one.hit.passage_id: one for one in candidates}.values())
        labels = dict.fromkeys(self._label(text) for one in read for text in _above(one))
        in_question = {word.low for word in asked}
        likely = [label for label in labels if label and not in_question.isdisjoint(word.low for word in label)]
        names_mean_something = language not in PUTS_NOUNS_IN_CAPITALS
        for root, longer in _families(likely):
            last = root[-1].low
            if last not in in_question or is_stop_word(last, language):
                continue
            is_named = names_mean_something and any(word.is_name for word in asked[1:] if word.low == last)
            mores = [tuple(word.low for word in label[len(root) :]) for label in longer]
            kept = [more for more in mores if is_named or _is_written(last, more, read)]
            if kept:
                members = frozenset((*kept, ()))
                self._families.append(Family(last, members, frozenset(_named(asked, last, members))))

    def read(self) -> Generator[None, None, None]:
        """Read what is told of variants in scripts without spaces. Who drives this may pause in between."""
        yield from self._unspaced.read()

    def is_of_another(self, candidate: Candidate) -> bool:
        """Tell whether a candidate speaks of another variant than the question, and not of that one too."""
        is_of_another = any(self._is_of_another(candidate, family) for family in self._families)
        return is_of_another or self._unspaced.is_of_another(candidate)

    def says_only_which(self, candidate: Candidate, wanted: Sequence[Term]) -> bool:
        """Tell whether a candidate has only the variant of what is wanted, where what is said of another has more."""
        return self._unspaced.says_only_which(candidate, wanted)

    def _is_of_another(self, candidate: Candidate, family: Family) -> bool:
        levels: Iterable[Sequence[_Word]] = (
            _words(candidate.text) if place == 0 else self._label(text)
            for place, text in enumerate((candidate.text, *_above(candidate)))
        )
        for words in levels:
            names = [word if word.is_name else word._replace(low="") for word in words]
            if said := set(_named(names, family.last, family.members)):
                return said.isdisjoint(family.asked)
        return False

    def _label(self, text: str) -> tuple[_Word, ...]:
        if text not in self._labels:
            self._labels[text] = tuple(_words(text))
        return self._labels[text]


def _above(candidate: Candidate) -> Iterator[str]:
    hit = candidate.hit
    yield candidate.heading
    yield from reversed(hit.heading.split(SEPARATOR))
    yield hit.title


def _words(text: str) -> list[_Word]:
    return [_Word(folded(word), not word[0].islower()) for word in _WORD.findall(text)]


def _families(labels: Sequence[tuple[_Word, ...]]) -> Iterator[tuple[tuple[_Word, ...], list[tuple[_Word, ...]]]]:
    """Yield each label that others go on from, with these: none that itself goes on from one."""
    taken: set[tuple[_Word, ...]] = set()
    for root in sorted(labels, key=len):
        if root in taken:
            continue
        longer = [label for label in labels if _goes_on(root, label)]
        taken.update(longer)
        if longer:
            yield root, longer


def _goes_on(root: Sequence[_Word], label: Sequence[_Word]) -> bool:
    more = label[len(root) :]
    return (
        0 < len(more) <= MOST_MORE
        and all(word.is_name and word.low[0].isalnum() for word in more)
        and all(one.low == other.low for one, other in zip(root, label, strict=False))
    )


def _is_written(last: str, more: Names, read: Sequence[Candidate]) -> bool:
    """Tell whether a text has a variant's name in capitals: "Home Plus has four", not "storage costs"."""
    name = re.compile(r"\s+".join(map(re.escape, (last, *more))), re.IGNORECASE)
    return any(
        all(not word[0].islower() for word in match[0].split())
        for one in read
        for match in name.finditer(one.hit.text[:READ_CHARACTERS])
    )


def _named(words: Sequence[_Word], last: str, members: Iterable[Names]) -> Iterator[Names]:
    """Yield of each place where a family is named which of its variants is."""
    longest = sorted(members, key=len, reverse=True)
    for place, word in enumerate(words, start=1):
        if word.low == last:
            after = tuple(one.low for one in words[place : place + MOST_MORE])
            yield next(member for member in longest if after[: len(member)] == member)
