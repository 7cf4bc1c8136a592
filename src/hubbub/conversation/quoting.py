"""Choose the sentences of the hits that answer a question, word for word, or none."""

import asyncio
import math
import re
import time
from collections import Counter
from collections.abc import Generator, Sequence, Set
from struct import unpack
from typing import cast

import msgspec
from msgspec.structs import replace

from hubbub.conversation.cues import cue, locates
from hubbub.core.documents import Hit, Vector
from hubbub.core.embedding import Embedder
from hubbub.core.errors import ModelError
from hubbub.core.sentences import sentences
from hubbub.core.terms import stem, terms, words

READ_HITS = 20
"""More than a person is shown: reading costs little, and of twenty hits 1.5 % more answers came than of eight."""
READ_CHARACTERS = 8_000
"""How much of a hit is read."""
QUOTE_CHARACTERS = 1_000
"""A "sentence" that is longer is a table or a text without stops, and no quote."""
HEADED = 0.6
"""A sentence below a heading that asks the same, as in a list of frequent questions."""
HEADING_CHARACTERS = 100
SHORTLIST = 6
"""How many sentences are compared by meaning: eight or twelve gave no better answers, at 5 ms each."""
EMBED_SECONDS = 3.0
TURN_SECONDS = 0.003
"""After so much work others have their turn: twenty hits of 8,000 characters take a quarter of a second."""

# What a sentence's score is made of, beside the share of the question's words that it holds (1) and the cosine of
# its vector and the question's (1). Neighbouring sentences, pairs of words and the rest of the passage were tried
# too and changed less than one answer in a hundred.
AROUND = 0.3
"""A word counts this much where only the title, the headings or the sentence before hold it."""
CUE = 0.2
RANK = 0.25
LOCATED = 0.4
"""A sentence that says where the thing lies, where that is asked."""
MISSING_NAME = 0.25
"""What is taken off the evidence where the passage holds none of the names and numbers of the question."""

# At these thresholds, of SQuAD's answerable questions 3 % are refused by words alone and 5 % by meaning; of questions
# about another subject 92 and 99 %; of those on the subject, passages with the answer taken out, not quite half.
LEAST_EVIDENCE = 0.2
LEAST_EVIDENCE_BY_MEANING = 0.7
LEAST_OF_BEST = 0.6
"""A sentence with less than this part of the best one's score is not worth quoting beside it."""


class Quote(msgspec.Struct, frozen=True):
    """A sentence that may answer: `hit.text[start : start + len(text)]`, word for word."""

    hit: Hit
    start: int
    text: str
    score: float
    """How it compares with the others; higher is better."""
    evidence: float
    """How much of the question it speaks of; low where nothing fits, whatever its score."""


def choose(question: str, hits: Sequence[Hit], *, limit: int = 3) -> list[Quote]:
    """Return up to `limit` sentences that answer a question, best first; none where nothing fits.

    Goes by words alone: the same question and hits (best first) always give the same quotes.
    """
    return _fitting(rate(question, hits)[:limit], LEAST_EVIDENCE)


async def choose_in_turns(question: str, hits: Sequence[Hit], *, limit: int = 3) -> list[Quote]:
    """Return what `choose` does, without keeping the event loop from others for long."""
    return _fitting((await _in_turns(_rating(question, hits)))[:limit], LEAST_EVIDENCE)


async def choose_by_meaning(question: str, hits: Sequence[Hit], embedder: Embedder, *, limit: int = 3) -> list[Quote]:
    """Return what `choose` does, having compared meanings as well; by words alone where the embedder fails.

    Knows much better when nothing fits.
    """
    shortlist = (await _in_turns(_rating(question, hits)))[: max(SHORTLIST, limit)]
    if not shortlist:
        return []
    try:
        async with asyncio.timeout(EMBED_SECONDS):
            asked, *vectors = await embedder.embed([question, *(quote.text for quote in shortlist)], is_urgent=True)
    except (ModelError, TimeoutError):
        return _fitting(shortlist[:limit], LEAST_EVIDENCE)
    cosines = [_dot(asked, vector) for vector in vectors]
    rated = [
        replace(quote, score=quote.score + cosine, evidence=quote.evidence + cosine)
        for quote, cosine in zip(shortlist, cosines, strict=True)
    ]
    return _fitting(_best_first(rated)[:limit], LEAST_EVIDENCE_BY_MEANING)


def rate(question: str, hits: Sequence[Hit]) -> list[Quote]:
    """Return every sentence of the first hits, however badly it fits, best first."""
    rating = _rating(question, hits)
    while True:
        try:
            next(rating)
        except StopIteration as stop:
            return cast(list[Quote], stop.value)


async def _in_turns(rating: Generator[None, None, list[Quote]]) -> list[Quote]:
    """Do this work, and let others have their turn on the loop after every few milliseconds of it."""
    began = time.thread_time()
    while True:
        try:
            next(rating)
        except StopIteration as stop:
            return cast(list[Quote], stop.value)
        if time.thread_time() - began > TURN_SECONDS:
            await asyncio.sleep(0)
            began = time.thread_time()


def _rating(question: str, hits: Sequence[Hit]) -> Generator[None, None, list[Quote]]:
    """Rate sentence by sentence: whoever drives this may do something else between them."""
    wanted = set(terms(question))
    candidates = yield from _read(hits)
    if not wanted or not candidates:
        return []
    worth = _worth(wanted, candidates)
    asked = set(words(question))
    holds = cue(question)
    spelled = _names(question)
    names = {stem(words(name)[0]) for name in spelled}
    says_where = locates(question, spelled)
    quotes: list[Quote] = []
    for candidate in candidates:
        yield
        share = _share(worth, candidate)
        has_cue = 0.5 if holds is None else float(holds(candidate.text, asked))
        missing = len(names - candidate.passage) / len(names) if names else 0.0
        alike = _alike(asked, candidate.hit.heading)
        place = LOCATED if says_where is not None and says_where(candidate.text, asked) else 0.0
        quotes.append(
            Quote(
                candidate.hit,
                candidate.start,
                candidate.text,
                score=share + CUE * has_cue + RANK / candidate.rank + place + HEADED * alike,
                evidence=share - MISSING_NAME * missing + place + HEADED * alike,
            )
        )
    return _best_first(quotes)


class _Candidate(msgspec.Struct, frozen=True):
    """A sentence as it is read: the stems it holds, those just around it and those of its whole passage."""

    hit: Hit
    rank: int
    start: int
    text: str
    stems: Set[str]
    around: Set[str]
    passage: Set[str]


def _read(hits: Sequence[Hit]) -> Generator[None, None, list[_Candidate]]:
    candidates: list[_Candidate] = []
    seen: set[str] = set()  # passages of a document may overlap
    for rank, hit in enumerate(hits[:READ_HITS], start=1):
        above = _stems(f"{hit.title} {hit.heading}")
        read = hit.text[:READ_CHARACTERS]
        passage = above | _stems(read)
        before: Set[str] = frozenset()
        yield
        for start, end in sentences(read):
            yield
            text = read[start:end]
            stems = _stems(text)
            is_quotable = len(text) <= QUOTE_CHARACTERS and not text.endswith("?") and not _is_heading(read, start, end)
            if text not in seen and is_quotable:
                candidates.append(_Candidate(hit, rank, start, text, stems, above | before, passage))
            seen.add(text)
            before = stems
    return candidates


def _alike(asked: Set[str], heading: str) -> float:
    """Return how nearly the innermost heading asks the same question: common words over all; 0 below a half."""
    headed = set(words(heading.rpartition(" › ")[2]))
    share = len(asked & headed) / len(asked | headed) if headed else 0.0
    return share if share > 0.5 else 0.0


def _is_heading(text: str, start: int, end: int) -> bool:
    """Tell whether a sentence is a line by itself, set apart below, that ends in no stop."""
    is_apart = text[start - 1 : start] in ("", "\n") and text.startswith("\n\n", end)
    return is_apart and end - start <= HEADING_CHARACTERS and text[end - 1].isalnum()


def _stems(text: str) -> Set[str]:
    return frozenset(map(stem, words(text)))


def _worth(wanted: Set[str], candidates: Sequence[_Candidate]) -> dict[str, float]:
    """Return each term's part in the question, the rarer among the sentences the greater; 1 together."""
    held = Counter(term for candidate in candidates for term in candidate.stems & wanted)
    count = len(candidates)
    # The inverse document frequency of BM25, sentences taken for documents.
    worth = {term: math.log(1 + (count - held[term] + 0.5) / (held[term] + 0.5)) for term in sorted(wanted)}
    total = sum(worth.values())
    return {term: part / total for term, part in worth.items()}


def _share(worth: dict[str, float], candidate: _Candidate) -> float:
    here = sum(part for term, part in worth.items() if term in candidate.stems)
    around = sum(part for term, part in worth.items() if term in candidate.around - candidate.stems)
    return here + AROUND * around


def _names(question: str) -> set[str]:
    """Return what looks like a name or a number, the question's first word aside."""
    _, _, rest = question.strip().partition(" ")
    return set(re.findall(r"\b(?:[A-Z][\w-]+|\d[\w.,]*)", rest))


def _best_first(quotes: Sequence[Quote]) -> list[Quote]:
    return sorted(quotes, key=lambda quote: -quote.score)


def _fitting(best: Sequence[Quote], least_evidence: float) -> list[Quote]:
    if not any(quote.evidence >= least_evidence for quote in best):
        return []
    return [quote for quote in best if quote.score >= LEAST_OF_BEST * best[0].score]


def _dot(one: Vector, other: Vector) -> float:
    form = f"<{len(one) // 4}f"
    return sum(a * b for a, b in zip(unpack(form, one), unpack(form, other), strict=True))
