"""Choose the sentences of the hits that answer a question, word for word, or none."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence, Set
from struct import unpack
from typing import NamedTuple, cast

import msgspec
from msgspec.structs import replace

from hubbub.conversation.asked_words import AT_LARGE, MEASURE
from hubbub.conversation.candidates import (
    READ_HITS,
    WITH_NEIGHBOURS_CHARACTERS,
    Candidate,
    read,
    with_declared,
    with_neighbours,
)
from hubbub.conversation.contrasts import Contrasts
from hubbub.conversation.cues import ITEM_NUMBER, counted, cue, locates
from hubbub.conversation.declared import called
from hubbub.conversation.kinds import shows_kind
from hubbub.conversation.musts import Musts, compares, holds, musts
from hubbub.conversation.negations import negated
from hubbub.conversation.otherwise import Otherwise
from hubbub.conversation.shares import akin_of, among, has_any, is_said_below, phrases, says_asked, share_of, worth_of
from hubbub.conversation.succession import in_succession
from hubbub.conversation.variants import Variants
from hubbub.core.documents import Hit, Vector
from hubbub.core.embedding import Embedder, speaks
from hubbub.core.errors import ModelError
from hubbub.core.terms import words
from hubbub.core.wording import Term, index_terms, language_of, query_terms, telling

__all__ = ["READ_HITS", "Quote", "choose", "choose_by_meaning", "choose_in_turns", "rate"]

HEADED = 0.6
"""A sentence below a heading that asks the same, as in a list of frequent questions."""
OPENING = 0.9
"""The first sentence below a heading that names what is asked: it need not repeat the words of the question."""
SHORTLIST = 6
"""How many sentences are compared by meaning: eight or twelve gave no better answers, at 5 ms each."""
TELLING_HITS = 3
"""So many hits tell the language of a question that does not tell its own, or not of two which."""
EMBED_SECONDS = 3.0
TURN_SECONDS = 0.003
"""After so much work others have their turn: twenty hits of 8,000 characters take a quarter of a second."""

# What a sentence's score is made of, beside the share of the question's words that it holds (1) and the cosine of
# its vector and the question's (1). Neighbouring sentences, pairs of words and the rest of the passage were tried
# too and changed less than one answer in a hundred.
CODE = 0.3
"""Evidence where a code is asked for, which every quote then holds."""
CUE = 0.2
RANK = 0.25
LOCATED = 0.4
"""A sentence that says where the thing lies, where that is asked."""
DENIED = 0.2
"""A sentence that says what is not so, where that is asked."""
UNASKED = 0.3
"""What is taken off the score of a sentence that says only of which thing it is asked, beside one that says more."""
MISSING_NAME = 0.45
"""What is taken off the evidence where what is quoted lacks a name or number of the question, be it one of several."""
OTHER_VARIANT = 0.6
"""What is taken off a sentence's score that speaks of another variant than the asked one: "Home Plus" for "Home"."""
SAME_THING = 0.63
"""So near each other are the meanings of two words for one thing: of 20 pairs 16, of 20 pairs of other things none."""
MANY_PASSAGES = 8
"""Of so many it can be told what they are about: that a sentence doesn't name this is doubted, not refused."""

# At these thresholds, of SQuAD's answerable questions 4 to 5 % are refused by meaning; of questions about another
# subject 92 to 99 %; where the answer was taken out of the passages four in ten; where a name of the question was
# swapped for another of the article, a third.
LEAST_EVIDENCE = 0.2
LEAST_EVIDENCE_BY_MEANING = 0.68
SURE_EVIDENCE = 0.295
SURE_EVIDENCE_BY_MEANING = 0.81
"""Below that a quote is only the closest that was found: one in sixteen of those that do answer."""
LEAST_OF_BEST = 0.6
"""A sentence with less than this part of the best one's score is not worth quoting beside it."""
AS_MUCH = 0.15
"""A sentence says as much of what is asked as another one whose evidence is only so much greater."""
ALL = 0.99
LEAST_JOINED = 0.7
"""… and with less than this part of it, not worth making that quote longer."""


class Evidence(NamedTuple):
    """How much of a question quotes have to speak of."""

    to_quote: float
    to_be_sure: float


BY_WORDS = Evidence(LEAST_EVIDENCE, SURE_EVIDENCE)
BY_MEANING = Evidence(LEAST_EVIDENCE_BY_MEANING, SURE_EVIDENCE_BY_MEANING)


class Quote(msgspec.Struct, frozen=True):
    """A sentence that may answer: `hit.text[start : start + len(text)]`, word for word."""

    hit: Hit
    start: int
    text: str
    score: float
    """How it compares with the others; higher is better."""
    evidence: float
    """How much of the question it speaks of; low where nothing fits, whatever its score."""
    columns: str = ""
    """The row that names the columns, where this is a row of a table."""
    dated: str = ""
    """What dates it, as it is written in its document, where another quote says the same thing differently."""
    is_sure: bool = True
    """Whether it answers, as far as can be told; else it is only the closest that was found."""


class Rated(msgspec.Struct, frozen=True):
    """A sentence and how it is rated, before it is made a quote."""

    candidate: Candidate
    score: float
    evidence: float
    opens_answer: bool = False
    """Whether it is the first sentence below a heading that names what is asked."""
    says_all: bool = False
    """Whether it holds all that the question names."""
    says_asked: bool = True
    """Whether it says something of what is asked, and not only of which thing it is asked."""
    has_counted: bool = True
    """Whether it speaks of what its question wants to be counted, if anything."""
    below: str = ""
    """The heading above it, where that names something of the question that the sentence itself does not."""
    means: str = ""
    """The word of the question that it says in another word."""
    compared: tuple[Term, ...] = ()
    """What is compared: all of it has to be told of."""
    is_of_variant: bool = False
    """Whether it speaks of another variant of what is asked about."""
    dated: str = ""
    """What dates it, where another one says the same thing differently."""
    doubt: float = 0.0
    """What is taken off the evidence that it is a sure answer: a word that is a letter off may be another one."""


def choose(question: str, hits: Sequence[Hit], *, limit: int = 3) -> list[Quote]:
    """Return up to `limit` sentences that answer a question, best first; none where nothing fits.

    Goes by words alone: the same question and hits (best first) always give the same quotes. A sentence that leans
    on its neighbour, or announces a list, is quoted with it.
    """
    return _fitting(question, _drive(_rating(question, hits)), BY_WORDS, limit)


async def choose_in_turns(question: str, hits: Sequence[Hit], *, limit: int = 3) -> list[Quote]:
    """Return what `choose` does, without keeping the event loop from others for long."""
    return _fitting(question, await _in_turns(_rating(question, hits)), BY_WORDS, limit)


async def choose_by_meaning(question: str, hits: Sequence[Hit], embedder: Embedder, *, limit: int = 3) -> list[Quote]:
    """Return what `choose` does, having compared meanings as well.

    Knows much better when nothing fits. Goes by words alone where the embedder fails, and where it was not made for
    the question's language.
    """
    texts = _language_of_texts(hits)
    if not speaks(embedder, language_of(question, (texts,)) or texts):
        return await choose_in_turns(question, hits, limit=limit)
    rated = await _in_turns(_rating(question, hits))
    shortlist = rated[: max(SHORTLIST, limit)]
    if not shortlist:
        return []
    try:
        async with asyncio.timeout(EMBED_SECONDS):
            asked, *vectors = await embedder.embed([question, *map(_meant, shortlist)], is_urgent=True)
    except (ModelError, TimeoutError):
        return _fitting(question, rated, BY_WORDS, limit)
    cosines = [_dot(asked, vector) for vector in vectors]
    by_meaning = [
        replace(one, score=one.score + cosine, evidence=one.evidence + cosine)
        for one, cosine in zip(shortlist, cosines, strict=True)
    ]
    best, *others = _best_first(by_meaning)
    best = replace(best, means=await _meant_by(question, best, embedder))
    return _fitting(question, [best, *others], BY_MEANING, limit)


async def _meant_by(question: str, one: Rated, embedder: Embedder) -> str:
    """Return the word of the question that a sentence says in another word: "shop" by "store"; empty: none."""
    stead = _contrasts(question, one.candidate).in_stead(one.candidate, one.candidate.text)
    if stead is None:
        return ""
    try:
        async with asyncio.timeout(EMBED_SECONDS):
            asked, said = await embedder.embed(stead, is_urgent=True)
    except (ModelError, TimeoutError):
        return ""
    return stead.asked if _dot(asked, said) >= SAME_THING else ""


def _language_of_texts(hits: Sequence[Hit]) -> str:
    """Return the language that most of the first hits are in."""
    return _most_frequent([language_of(hit.text) for hit in hits[:TELLING_HITS]])


def _most_frequent(languages: Sequence[str]) -> str:
    counts = Counter(languages)
    return max(counts, key=lambda language: counts[language], default="")


def _meant(one: Rated) -> str:
    """Return the text whose meaning is compared: what a sentence leans on and stands below belongs to it."""
    candidate = one.candidate
    start, end = with_neighbours(candidate) if candidate.leans else (candidate.start, candidate.end)
    said = candidate.hit.text[start:end]
    return f"{one.below}: {said}" if one.below else said


def rate(question: str, hits: Sequence[Hit]) -> list[Quote]:
    """Return every sentence of the first hits, however badly it fits, best first."""
    return [_quote(one, (one.candidate.start, one.candidate.end)) for one in _drive(_rating(question, hits))]


def _drive(rating: Generator[None, None, list[Rated]]) -> list[Rated]:
    while True:
        try:
            next(rating)
        except StopIteration as stop:
            return cast(list[Rated], stop.value)


async def _in_turns(rating: Generator[None, None, list[Rated]]) -> list[Rated]:
    """Do this work, and let others have their turn on the loop after every few milliseconds of it."""
    began = time.thread_time()
    while True:
        try:
            next(rating)
        except StopIteration as stop:
            return cast(list[Rated], stop.value)
        if time.thread_time() - began > TURN_SECONDS:
            await asyncio.sleep(0)
            began = time.thread_time()


def _rating(question: str, hits: Sequence[Hit]) -> Generator[None, None, list[Rated]]:
    """Rate sentence by sentence: whoever drives this may do something else between them."""
    candidates, languages_of_hits = yield from read(hits)
    languages = sorted({candidate.language for candidate in candidates})
    language = language_of(question, (_most_frequent(languages_of_hits[:TELLING_HITS]),))
    wanted = telling(query_terms(MEASURE.sub(" ", question), languages, language))
    if not any(term.is_telling for term in wanted):
        wanted = telling(query_terms(question, languages, language))
    if not wanted or not candidates:
        return []
    otherwise = Otherwise(question, language, languages)
    candidates = otherwise.known(candidates)
    akin = akin_of(wanted, candidates)
    worth = worth_of(wanted, candidates, akin)
    asked = set(words(question))
    holds_cue = cue(question, language)
    counted_terms = among(wanted, query_terms(counted(question, language), languages, language))
    needed = musts(question, language, languages)
    subjects = _subjects_of(candidates, needed.names)
    at_large = query_terms(" ".join([*AT_LARGE.findall(question), called(question)]), languages, language)
    known = (*needed.codes, *needed.numbers, *needed.names, *among(wanted, at_large))
    spelled = (*(name for name in needed.names if name not in subjects), *needed.numbers)
    beside = phrases(question, language)
    says_not = negated(question, language)
    says_where = locates(question, set(needed.spelled))
    is_compared = compares(question, language, needed)
    enough = any if is_compared else all
    variants = Variants(question, language, candidates)
    yield from variants.read()
    headed: dict[tuple[str, str], tuple[float, float, Set[str]]] = {}
    rated: list[Rated] = []
    for found in candidates:
        yield
        candidate = _naming_what_must_be(needed, found, enough)
        if candidate is None:
            continue
        has_cue = 0.5 if holds_cue is None else float(holds_cue(ITEM_NUMBER.sub("", candidate.text), asked))
        lacks_one = not enough(holds(candidate.named, one) for one in spelled) and bool(spelled)
        lacks_subject = not lacks_one and not all(holds(candidate.named, one) for one in subjects)
        heading, path = candidate.heading, candidate.hit.heading
        if (heading, path) not in headed:
            headed[heading, path] = (
                _alike(asked, heading),
                _names(wanted, heading, candidate.language),
                frozenset(index_terms(path, candidate.language)),
            )
        alike, names, above = headed[heading, path]
        share = share_of(worth, candidate, akin, above)
        is_of_variant = variants.is_of_another(candidate)
        if is_of_variant:
            alike = names = 0.0
        opening = names if names and candidate.opens and not is_said_below(wanted, candidate, candidates) else 0.0
        guessed = otherwise.guessed(candidate)
        doubt = MISSING_NAME * (lacks_subject or any(not guessed.isdisjoint(name.forms) for name in needed.names))
        doubt += sum(part for term, part in worth.items() if not guessed.isdisjoint(term.forms)) if guessed else 0.0
        place = LOCATED if says_where is not None and says_where(candidate.text, asked) else 0.0
        denied = DENIED if says_not is not None and says_not.search(candidate.text) else 0.0
        says = says_asked(wanted, known, candidate, akin, above | candidate.declared, beside)
        says = says and not variants.says_only_which(candidate, wanted)
        rated.append(
            Rated(
                candidate,
                score=denied
                + share
                + CUE * has_cue
                + RANK / candidate.rank
                + place
                + HEADED * alike
                + OPENING * opening
                - OTHER_VARIANT * is_of_variant,
                evidence=share - MISSING_NAME * lacks_one + place + HEADED * alike + (CODE if needed.codes else 0.0),
                opens_answer=opening > 0,
                says_all=share > ALL,
                says_asked=says and not (lacks_one and candidate.is_record),
                has_counted=has_any(candidate, counted_terms, akin),
                compared=(*needed.names, *needed.codes) if is_compared else (),
                is_of_variant=is_of_variant,
                doubt=doubt,
                below=heading if any(holds(above, one) and not holds(candidate.terms, one) for one in wanted) else "",
            )
        )
    return _best_first(_asked_first(rated))


def _asked_first(rated: Sequence[Rated]) -> list[Rated]:
    """Rate lower what says only of which thing it is asked, where what stands with it says something of the rest."""
    said = {_place(one.candidate) for one in rated if one.says_asked}
    return [
        one if one.says_asked or _place(one.candidate) not in said else replace(one, score=one.score - UNASKED)
        for one in rated
    ]


def _place(candidate: Candidate) -> tuple[str, str]:
    return candidate.hit.passage_id, candidate.heading


def _subjects_of(candidates: Sequence[Candidate], names: Sequence[Term]) -> list[Term]:
    """Return those of a question's names that most passages hold, as they are about them."""
    passages = list({one.hit.passage_id: one.passage for one in candidates}.values())
    if len(passages) < MANY_PASSAGES:
        return []
    return [name for name in names if 2 * sum(holds(passage, name) for passage in passages) >= len(passages)]


def _holds_what_must_be(needed: Musts, candidate: Candidate, enough: Callable[[Iterable[bool]], bool]) -> bool:
    where = candidate.named if candidate.columns else candidate.passage
    return (not needed.codes or enough(holds(candidate.named, code) for code in needed.codes)) and all(
        holds(where, number) for number in needed.numbers
    )


def _naming_what_must_be(
    needed: Musts, candidate: Candidate, enough: Callable[[Iterable[bool]], bool]
) -> Candidate | None:
    """Return a sentence so that it names what must be there: by itself, or with the line that says what it is of."""
    if _holds_what_must_be(needed, candidate, enough):
        return candidate
    others = with_declared(candidate) if needed.codes else []
    return next((one for one in others if _holds_what_must_be(needed, one, enough)), None)


def _alike(asked: Set[str], heading: str) -> float:
    """Return how nearly a heading asks the same question: common words over all; 0 below a half."""
    headed = set(words(heading))
    share = len(asked & headed) / len(asked | headed) if headed else 0.0
    return share if share > 0.5 else 0.0


def _names(wanted: Sequence[Term], heading: str, language: str) -> float:
    """Return how nearly a heading names what is asked, by telling terms: "Adding files" for "add a file".

    Those in common over all; 0 up to a half.
    """
    headed = set(index_terms(heading, language))
    common = sum(holds(headed, term) for term in wanted)
    if not common:
        return 0.0
    said = len(telling(query_terms(heading, (language,), language)))
    share = common / max(len(wanted) + said - common, common)
    return share if share > 0.5 else 0.0


def _best_first(rated: Sequence[Rated]) -> list[Rated]:
    return sorted(rated, key=lambda one: -one.score)


def _fitting(question: str, rated: Sequence[Rated], least: Evidence, limit: int) -> list[Quote]:
    # The first quote decides: that a worse one speaks of more of the question makes the first no better.
    if not rated or (evidence := rated[0].evidence) < least.to_quote:
        return []
    rated = _latest_first(question, rated[: max(SHORTLIST, limit)])
    quotes: list[Quote] = []
    whole: list[bool] = []
    for one in rated:
        if one.score < LEAST_OF_BEST * rated[0].score:
            break
        is_room = len(quotes) < limit
        if not is_room and all(quote.hit.passage_id != one.candidate.hit.passage_id for quote in quotes):
            continue
        span = with_neighbours(one.candidate, with_steps=one.opens_answer)
        quote = _quote(one, span)
        if not _has_joined(quotes, quote, whole) and is_room:
            quotes.append(quote)
            whole.append(one.says_all)
    is_sure = evidence - rated[0].doubt >= least.to_be_sure and _answers(question, rated[0], quotes[0].text)
    if rated[0].compared:
        told = "\n".join(f"{quote.hit.title}\n{quote.hit.heading}\n{quote.columns}\n{quote.text}" for quote in quotes)
        held = frozenset(index_terms(told, rated[0].candidate.language))
        is_sure = is_sure and all(holds(held, term) for term in rated[0].compared)
    return quotes if is_sure else [replace(quote, is_sure=False) for quote in quotes]


def _latest_first(question: str, rated: Sequence[Rated]) -> list[Rated]:
    """Return these with those first that say what the best one does, the latest of them before the others."""
    best = rated[0]
    least = best.evidence - AS_MUCH
    likely = [one for one in rated if one.evidence >= least and one.is_of_variant == best.is_of_variant]
    found = [
        replace(likely[dated.place], dated=dated.written, score=best.score, evidence=best.evidence, doubt=best.doubt)
        for dated in in_succession(question, [one.candidate for one in likely])
    ]
    taken = {id(one.candidate) for one in found}
    return [*found, *(one for one in rated if id(one.candidate) not in taken)]


def _answers(question: str, one: Rated, quote: str) -> bool:
    """Tell whether the best sentence, quoted like this, shows what kind of thing is asked for, and of which thing."""
    candidate = one.candidate
    language = _asked_in(question, candidate)
    above = f"{candidate.hit.heading}\n{candidate.heading}\n{candidate.columns}"
    if one.is_of_variant or not one.says_asked or not one.has_counted:
        return False
    if not shows_kind(question, language, quote, above, candidate.language):
        return False
    says_not = negated(question, language)
    if says_not is not None and not says_not.search(quote):
        return False
    contrasts = _contrasts(question, candidate)
    is_of_another = contrasts.in_stead(candidate, quote) is not None and not one.means
    return not is_of_another and not contrasts.are_in(candidate, quote, one.means)


def _asked_in(question: str, candidate: Candidate) -> str:
    return language_of(question, (candidate.language,))


def _contrasts(question: str, candidate: Candidate) -> Contrasts:
    return Contrasts(MEASURE.sub("; ", question), _asked_in(question, candidate))


def _has_joined(quotes: list[Quote], quote: Quote, whole: Sequence[bool]) -> bool:
    """Make one of these quotes longer by another that belongs to it; tell whether one of them did or covers it."""
    for place, other in enumerate(quotes):
        if (joined := _joined(other, quote, is_whole=whole[place])) is not None:
            quotes[place] = joined
            return True
    return False


def _joined(better: Quote, other: Quote, *, is_whole: bool) -> Quote | None:
    """Return as one quote two that overlap or follow each other within a paragraph; None where they stay two.

    The better one stays as it is where it is whole by itself, and where both together would be too long.
    """
    if better.hit.passage_id != other.hit.passage_id:
        return None
    first, second = sorted((better, other), key=lambda quote: quote.start)
    end = first.start + len(first.text)
    is_overlap = second.start < end
    between = first.hit.text[end : second.start]
    if not is_overlap and (between.strip() or "\n" in between or better.columns or other.columns):
        return None
    end = max(end, second.start + len(second.text))
    is_worth_it = other.score >= LEAST_JOINED * better.score and end - first.start <= WITH_NEIGHBOURS_CHARACTERS
    if is_whole or not is_worth_it:
        return better if is_overlap else None
    return replace(better, start=first.start, text=first.hit.text[first.start : end])


def _quote(one: Rated, span: tuple[int, int]) -> Quote:
    hit = one.candidate.hit
    start, end = span
    return Quote(hit, start, hit.text[start:end], one.score, one.evidence, one.candidate.columns, one.dated)


def _dot(one: Vector, other: Vector) -> float:
    form = f"<{len(one) // 4}f"
    return sum(a * b for a, b in zip(unpack(form, one), unpack(form, other), strict=True))
