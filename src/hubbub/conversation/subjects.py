"""Tell whether a sentence says of another thing what a question asks about one: "Laptops are replaced" for phones.

Such a sentence begins with another thing, goes on with the question's words, and lacks the one thing asked about.
"""

from collections.abc import Sequence, Set
from itertools import takewhile
from typing import NamedTuple, Protocol

MOST_WORDS = 3
"""So many words a thing may have that a sentence begins with."""
SOON = 8
"""Among so many words after the thing the sentence says the same as the question."""

_BEFORE_THINGS = frozenset(
    """the a an all every each our your der die das ein eine alle jede jeder jedes unser unsere ihr ihre le la les l un
    une des tous toutes chaque nos vos notre votre el los las una unos unas todos todas cada nuestro nuestra nuestros
    nuestras su sus il lo i gli uno tutti tutte ogni o os as um uma nosso nossa nossos nossas seu sua de het een elke
    elk onze ons uw""".split()
)
_ASKS_WHICH = frozenset(
    """which what whose many much welche welcher welches welchen welchem wessen viele viel quel quelle quels quelles
    qué cuál cuáles cuántos cuántas quale quali quanti quante qual quais quantos quantas que che welk welke hoeveel
    kind kinds type types sort""".split()
)
"""What stands before what a sentence need not name as its answer is one: "Which city …?" "Lyon …"."""
_ASKS_WHO = {
    language: frozenset(words.split())
    for language, words in {
        "": "who whom",
        "en": "who whom",
        "de": "wer wem wen",
        "fr": "qui",
        "es": "quién quiénes",
        "it": "chi",
        "pt": "quem",
        "nl": "wie",
    }.items()
}
_VERB_FIRST = frozenset({"de", "nl", "fr", "es", "it", "pt"})
"""Languages whose questions have the thing behind the verb: "Wann öffnet die Bibliothek?"."""
_WITH_ARTICLES = frozenset({"fr", "es", "it", "pt"})
"""Languages whose sentences don't begin with a thing without an article."""


class Stead(NamedTuple):
    """A thing that a question asks about, and the other one of which a sentence speaks in its stead."""

    asked: str
    said: str


class Word(Protocol):
    """A word of a text as it is compared; signs are words that are not telling."""

    @property
    def word(self) -> str: ...
    @property
    def forms(self) -> Set[str]: ...
    @property
    def is_telling(self) -> bool: ...
    @property
    def is_name(self) -> bool: ...
    @property
    def is_number(self) -> bool: ...


def in_stead(asked: Sequence[Word], language: str, said: Sequence[Word], known: Set[str]) -> Stead | None:
    """Return with which other thing a sentence begins than the only one of a question's that is not known."""
    missing = [place for place, word in enumerate(asked) if word.is_telling and word.forms.isdisjoint(known)]
    if len(missing) != 1 or not _is_subject(asked, missing[0], language):
        return None
    articles = sum(1 for _ in takewhile(lambda word: word.word in _BEFORE_THINGS, said))
    if not articles and language in _WITH_ARTICLES:
        return None
    said = said[articles:]
    common = frozenset(form for word in asked if word.is_telling for form in word.forms)
    thing = list(takewhile(lambda word: word.is_telling and word.forms.isdisjoint(common), said))
    after = said[len(thing) :]
    is_thing = 0 < len(thing) <= MOST_WORDS and not any(word.is_number or word.is_name for word in thing)
    is_thing = is_thing and not any(asked[missing[0]].word.endswith(word.word) for word in thing)
    goes_on = any(word.is_telling and not word.forms.isdisjoint(common) for word in after[:SOON])
    if not is_thing or not goes_on or not after[0].word.isalpha():
        return None
    return Stead(asked[missing[0]].word, " ".join(word.word for word in thing))


def _is_subject(asked: Sequence[Word], place: int, language: str) -> bool:
    """Tell whether a word of a question is the thing that something is asked of, and not what is asked for."""
    word = asked[place]
    before = {one.word for one in asked[max(0, place - 3) : place]}
    asks_who = any(one.word in _ASKS_WHO.get(language, ()) for one in asked[:place])
    if word.is_name or word.is_number or asks_who or before & _ASKS_WHICH:
        return False
    return any(one.is_telling for one in asked[place + 1 :]) or (
        language in _VERB_FIRST and any(one.is_telling for one in asked[:place])
    )
