"""Search in memory: the twin for tests and small experiments."""

import math
from collections import Counter
from collections.abc import Callable, Sequence, Set
from struct import unpack

import msgspec
from msgspec.structs import replace

from hubbub.core.compounds import compound_of, made_of
from hubbub.core.documents import Document, Hit, Passage, Retrieval, Vector
from hubbub.core.embedding import Embedder
from hubbub.core.errors import ModelError
from hubbub.core.people import Reader
from hubbub.core.wording import Term, index_terms, language_of, query_terms, telling
from hubbub.search.compounds import AS_PART, FAR_PARTS, NEAR, NEAR_PARTS
from hubbub.search.fusion import fuse, worth

# Robertson and Zaragoza: The Probabilistic Relevance Framework: BM25 and Beyond (2009); FTS5 uses the same.
K1 = 1.2
B = 0.75


class Entry(msgspec.Struct, frozen=True):
    """A passage with what finding it needs."""

    document: Document
    passage: Passage
    terms: Sequence[str]
    """In the order of the text."""
    counts: Counter[str]
    language: str
    vector: Vector | None = None


class MemorySearch:
    """Finds passages by BM25 and exact cosines, fused. Takes time linear in all passages."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._embedder = embedder
        self._entries: dict[str, Entry] = {}
        self.usable_of: Callable[[Reader, Sequence[str]], Sequence[str]] = lambda reader, ids: []
        """Says which collections a reader may use; the library knows. Until it is asked they may use none."""
        self.closed_of: Callable[[Reader], Sequence[str]] = lambda reader: []
        """Says which documents are restricted to others than a reader."""

    @property
    def tunes(self) -> frozenset[str]:
        return frozenset({"mode", "minimum_score"})

    async def find(
        self,
        query: str,
        collection_ids: Sequence[str],
        *,
        limit: int = 8,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
    ) -> list[Hit]:
        retrieval = retrieval or Retrieval()
        if limit < 1 or not query.strip():
            return []
        if reader is not None:
            collection_ids = self.usable_of(reader, collection_ids)
        closed = frozenset(() if reader is None else self.closed_of(reader))
        languages = sorted({entry.language for entry in self._entries.values()})
        wanted = telling(query_terms(query, languages)) if retrieval.mode != "vectors" else []
        vector = await self._query_vector(query) if retrieval.mode != "text" else None
        entries = {
            passage_id: entry
            for passage_id, entry in self._entries.items()
            if entry.document.collection_id in collection_ids and entry.document.id not in closed
        }
        best = worth(fuse([_by_words(wanted, entries), _by_vectors(vector, entries)]), retrieval.minimum_score)
        return [_hit(entries[passage_id], score) for passage_id, score in best[:limit]]

    async def put(self, document: Document, passages: Sequence[Passage]) -> None:
        await self.remove(document.id)
        self._entries |= {passage.id: _entry(document, passage) for passage in passages}

    async def rename(self, document_id: str, name: str) -> bool:
        """Give a document another name; see `Renames`. Its vectors stay."""
        for passage_id, entry in self._entries.items():
            if entry.document.id == document_id:
                renamed = _entry(replace(entry.document, name=name), entry.passage)
                self._entries[passage_id] = replace(renamed, vector=entry.vector)
        return True

    async def remove(self, document_id: str) -> None:
        self._entries = {
            passage_id: entry for passage_id, entry in self._entries.items() if entry.document.id != document_id
        }

    async def passages(self, document_id: str) -> list[Passage]:
        found = [entry.passage for entry in self._entries.values() if entry.document.id == document_id]
        return sorted(found, key=lambda passage: passage.number)

    async def counts(self) -> dict[str, tuple[int, int]]:
        """Return for each document how many passages it has, and how many of these have a vector."""
        counts: dict[str, tuple[int, int]] = {}
        for entry in self._entries.values():
            passages, embedded = counts.get(entry.document.id, (0, 0))
            counts[entry.document.id] = (passages + 1, embedded + (entry.vector is not None))
        return counts

    async def embed_next(self, limit: int = 16) -> Sequence[str]:
        waiting = [entry for entry in self._entries.values() if entry.vector is None][:limit]
        if self._embedder is None or not waiting:
            return []
        vectors = await self._embedder.embed([entry.passage.text for entry in waiting])
        for entry, vector in zip(waiting, vectors, strict=True):
            if self._entries.get(entry.passage.id) is entry:
                self._entries[entry.passage.id] = replace(entry, vector=vector)
        return [entry.document.id for entry in waiting]

    async def _query_vector(self, query: str) -> Vector | None:
        if self._embedder is None:
            return None
        try:
            return (await self._embedder.embed([query], is_urgent=True))[0]
        except ModelError:
            return None


def _entry(document: Document, passage: Passage) -> Entry:
    language = language_of(passage.text)
    indexed = f"{document.name}\n{document.title}\n{passage.heading}\n{passage.text}"
    terms = index_terms(indexed, language)
    return Entry(document, passage, terms, Counter(terms), language)


def _by_words(wanted: Sequence[Term], entries: dict[str, Entry]) -> list[str]:
    lengths = {passage_id: entry.counts.total() for passage_id, entry in entries.items()}
    mean = sum(lengths.values()) / max(len(lengths), 1) or 1.0
    scores: dict[str, float] = {}
    for term, weight in _weighted(wanted, {word for entry in entries.values() for word in entry.counts}):
        holding = [passage_id for passage_id, entry in entries.items() if term in entry.counts]
        idf = math.log(1 + (len(entries) - len(holding) + 0.5) / (len(holding) + 0.5))
        for passage_id in holding:
            count = entries[passage_id].counts[term]
            share = count * (K1 + 1) / (count + K1 * (1 - B + B * lengths[passage_id] / mean))
            scores[passage_id] = scores.get(passage_id, 0.0) + weight * idf * share
    for term in wanted:
        for weight, holding in _by_words_of_compound(term, entries):
            idf = math.log(1 + (len(entries) - len(holding) + 0.5) / (len(holding) + 0.5))
            for passage_id in holding:
                scores[passage_id] = scores.get(passage_id, 0.0) + weight * idf
    return sorted(scores, key=lambda passage_id: -scores[passage_id])


def _weighted(wanted: Sequence[Term], vocabulary: Set[str]) -> list[tuple[str, float]]:
    """Return what is looked for: the words, and the compounds that they are part of, which weigh less."""
    compounds = {word for word in vocabulary if any(compound_of(word, part) for one in wanted for part in one.parts)}
    forms = {form for one in wanted for form in one.forms}
    return [*((form, 1.0) for form in sorted(forms)), *((word, AS_PART) for word in sorted(compounds - forms))]


def _by_words_of_compound(term: Term, entries: dict[str, Entry]) -> list[tuple[float, list[str]]]:
    """Return where the two words stand that a term is made of, and not itself: near each other, and elsewhere."""
    pair = made_of(term.splits, lambda form: sum(form in entry.counts for entry in entries.values()))
    if pair is None:
        return []
    near: list[str] = []
    far: list[str] = []
    for passage_id, entry in entries.items():
        if all(word in entry.counts for word in pair) and not any(form in entry.counts for form in term.forms):
            (near if _are_near(entry.terms, *pair) else far).append(passage_id)
    return [(NEAR_PARTS, near), (FAR_PARTS, far)]


def _are_near(terms: Sequence[str], one: str, other: str) -> bool:
    places = [[place for place, term in enumerate(terms) if term == word] for word in (one, other)]
    return any(0 < abs(first - last) <= NEAR + 1 for first in places[0] for last in places[1])


def _by_vectors(vector: Vector | None, entries: dict[str, Entry]) -> list[str]:
    if vector is None:
        return []
    scores = {
        passage_id: _dot(vector, entry.vector) for passage_id, entry in entries.items() if entry.vector is not None
    }
    return sorted(scores, key=lambda passage_id: -scores[passage_id])


def _dot(one: Vector, other: Vector) -> float:
    form = f"<{len(one) // 4}f"
    return sum(a * b for a, b in zip(unpack(form, one), unpack(form, other), strict=True))


def _hit(entry: Entry, score: float) -> Hit:
    document, passage = entry.document, entry.passage
    return Hit(
        passage_id=passage.id,
        document_id=document.id,
        collection_id=document.collection_id,
        name=document.name,
        title=document.title,
        text=passage.text,
        page=passage.page,
        heading=passage.heading,
        score=score,
    )
