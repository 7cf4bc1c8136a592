"""Turn text into the words that a search compares."""

import re
from functools import lru_cache

_WORD = re.compile(r"\w+(?:['’]\w+)?")
_VOWEL = re.compile(r"[aeiouy]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP_WORDS = _words(
    """a about above after again against all also although am among an and any are as at be because been before being
    below between both but by can could did do does doing done down during each either else ever few for from further
    get gets give given had has have having he her here hers herself him himself his how however i if in into is it its
    itself just let like may me might mine more most much must my myself neither no nor not of off on once one ones only
    or other our ours ourselves out over own per please same shall she should since so some such tell than that the
    their theirs them themselves then there these they this those through thus to too under until up upon us very via
    was we were what whatever when where whether which while who whom whose why will with within without would you your
    yours yourself"""
)
"""English words that say how a sentence is built, not what it is about."""

# The endings of English, longest first, and what is put in their place. A light version of what
# M. F. Porter describes in "An algorithm for suffix stripping" (Program 14/3, 1980).
_ENDINGS = (
    ("ization", "ize"),
    ("isation", "ize"),
    ("ational", "ate"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("iveness", "ive"),
    ("ations", "ate"),
    ("ation", "ate"),
    ("ators", "ate"),
    ("ator", "ate"),
    ("ments", ""),
    ("ment", ""),
    ("ingly", ""),
    ("edly", ""),
    ("ities", ""),
    ("ity", ""),
    ("ness", ""),
    ("ies", "y"),
    ("ied", "y"),
    ("ions", ""),
    ("ings", ""),
    ("ally", "al"),
    ("ion", ""),
    ("ing", ""),
    ("ers", ""),
    ("ors", ""),
    ("ly", ""),
    ("ed", ""),
    ("er", ""),
    ("or", ""),
    ("es", ""),
    ("al", ""),
    ("s", ""),
)
_LEAST = 2


def words(text: str) -> list[str]:
    """Return a text's words in order, in lower case, an English genitive's ending dropped."""
    return [re.sub(r"['’]s?$|['’](?=\w)", "", word) or word for word in _WORD.findall(text.lower())]


def terms(text: str) -> list[str]:
    """Return the stems of a text's words in order, without stop words (unless it has nothing else)."""
    found = words(text)
    return [stem(word) for word in found if word not in STOP_WORDS] or [stem(word) for word in found]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return what is left of a word in lower case without its ending: "located" and "location" give one stem."""
    for _ in range(2):  # "computational" has two
        word = _without_ending(word)
    if len(word) > _LEAST and word.endswith(("e", "y", "i")):
        word = word[:-1]
    return word[:-2] if len(word) > _LEAST + 3 and word.endswith("at") else word


def _without_ending(word: str) -> str:
    if word.endswith(("ss", "us", "is")):
        return word
    for ending, instead in _ENDINGS:
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= _LEAST and _VOWEL.search(rest):
            if ending in ("ed", "ing", "er", "ers") and rest[-1] == rest[-2] and rest[-1] not in "aeioulsz":
                rest = rest[:-1]  # "planned" → "plan"
            return rest + instead
    return word
