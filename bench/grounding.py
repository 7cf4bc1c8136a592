"""Measure how well answers are found, quoted and refused, on questions whose answers are known.

    python -m bench.grounding FOLDER --weights FOLDER

FOLDER holds `corpus.jsonl` {_id, title, text}, a paragraph a line, and `queries.jsonl` {_id, text,
gold: {paragraph: gain}, answers: [text]}, as made from SQuAD. `--weights` names a folder with
MiniLM's `model.onnx` and `tokenizer.json`.
"""

import argparse
import asyncio
import math
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from hubbub.connections.sqlite import Sqlite
from hubbub.conversation.quoting import READ_HITS, choose, choose_by_meaning
from hubbub.core.documents import Citation, Document, Hit, Passage
from hubbub.core.embedding import Embedder
from hubbub.models.minilm import MiniLmEmbedder
from hubbub.search.base import Search
from hubbub.search.sqlite import SqliteSearch


class Paragraph(msgspec.Struct, frozen=True):
    """A line of the corpus. Each title is a collection, each paragraph a document."""

    id: str = msgspec.field(name="_id")
    title: str = ""
    text: str = ""


class Query(msgspec.Struct, frozen=True):
    """A question with the paragraphs that answer it and the answers that are accepted."""

    id: str = msgspec.field(name="_id")
    text: str = ""
    gold: dict[str, float] = {}
    answers: tuple[str, ...] = ()


class Reply(msgspec.Struct, frozen=True):
    """What answered a question: its text, what was found and what it cites; no citations where it abstained."""

    text: str
    hits: Sequence[Hit] = ()
    citations: Sequence[Citation] = ()


Ask: TypeAlias = Callable[[str, Sequence[str]], Awaitable[Reply]]
"""Answers a question over the collections of these ids."""
Rank: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""Returns the ids of paragraphs for a question, best first."""


def read(folder: Path) -> tuple[list[Paragraph], list[Query]]:
    """Return the paragraphs and the questions of a folder."""
    corpus = msgspec.json.Decoder(Paragraph).decode_lines((folder / "corpus.jsonl").read_bytes())
    queries = msgspec.json.Decoder(Query).decode_lines((folder / "queries.jsonl").read_bytes())
    return corpus, queries


async def fill(search: Search, corpus: Iterable[Paragraph]) -> None:
    """Put every paragraph as a document of one passage."""
    for paragraph in corpus:
        title = paragraph.title.replace("_", " ")
        document = Document(paragraph.id, paragraph.title, paragraph.id, "", len(paragraph.text), title=title)
        await search.put(document, [Passage(paragraph.id, document.id, 0, paragraph.text)])


def embedded(search: Search, embedder: Embedder | None) -> Ask:
    """Return what the embedded defaults do with a question: search, then quote."""

    async def ask(question: str, collection_ids: Sequence[str]) -> Reply:
        hits = await search.find(question, collection_ids, limit=READ_HITS)
        quotes = choose(question, hits) if embedder is None else await choose_by_meaning(question, hits, embedder)
        citations = [
            Citation(
                number, q.hit.passage_id, q.hit.document_id, q.hit.name, q.hit.title, q.hit.page, q.hit.heading, q.text
            )
            for number, q in enumerate(quotes, start=1)
        ]
        return Reply("\n".join(f"{quote.text} [{number}]" for number, quote in enumerate(quotes, 1)), hits, citations)

    return ask


async def retrieval(name: str, rank: Rank, queries: Sequence[Query]) -> None:
    """Print a line on how well a ranking finds the gold paragraphs."""
    first = five = gain = 0.0
    began = time.process_time()
    rankings = [await rank(query.text) for query in queries]
    cpu_ms = 1000 * (time.process_time() - began) / len(queries)
    for query, ranking in zip(queries, rankings, strict=True):
        first += any(found in query.gold for found in ranking[:1])
        five += any(found in query.gold for found in ranking[:5])
        gain += _ndcg([query.gold.get(found, 0.0) for found in ranking[:10]], list(query.gold.values()))
    count = len(queries)
    print(f"{name:28} {first / count:8.3f} {five / count:8.3f} {gain / count:8.3f} {cpu_ms:8.1f}")


def _ndcg(gains: Sequence[float], ideal: Sequence[float]) -> float:
    best = _dcg(sorted(ideal, reverse=True)[:10])
    return _dcg(gains) / best if best else 0.0


def _dcg(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))


async def grounding(name: str, ask: Ask, corpus: Sequence[Paragraph], queries: Sequence[Query]) -> None:
    """Print what a way to answer is worth: right answers, refusals on both sides, and citations that hold."""
    titles = sorted({paragraph.title for paragraph in corpus})
    title_of = {paragraph.id: paragraph.title for paragraph in corpus}
    began = time.process_time()
    replies = [await ask(query.text, titles) for query in queries]
    cpu_ms = 1000 * (time.process_time() - began) / len(queries)
    right = sum(
        any(_plain(answer) in _plain(reply.text) for answer in query.answers) for query, reply in _zip(queries, replies)
    )
    abstained = sum(not reply.citations for reply in replies)
    refused = 0
    for query in queries:
        own = {title_of[paragraph] for paragraph in query.gold}
        elsewhere = await ask(query.text, [title for title in titles if title not in own])
        refused += not elsewhere.citations
        replies.append(elsewhere)
    cited = [(citation, reply) for reply in replies for citation in reply.citations]
    texts = [{hit.passage_id: hit.text for hit in reply.hits} for _, reply in cited]
    at_hits = sum(citation.passage_id in found for (citation, _), found in zip(cited, texts, strict=True))
    verbatim = sum(
        bool(citation.quote) and citation.quote in found.get(citation.passage_id, "")
        for (citation, _), found in zip(cited, texts, strict=True)
    )
    print(f"\n{name}")
    for label, part, whole in (
        ("answers holding an accepted answer", right, len(queries)),
        ("abstained, though the answer is there", abstained, len(queries)),
        ("abstained, asked of the other articles", refused, len(queries)),
        ("citations that point at a hit", at_hits, len(cited)),
        ("citations quoted word for word", verbatim, len(cited)),
    ):
        print(f"  {label:42} {part / max(whole, 1):7.1%}  ({part} of {whole})")
    print(f"  {'CPU a question, search included':42} {cpu_ms:7.1f} ms")


def _zip(queries: Sequence[Query], replies: Sequence[Reply]) -> Iterable[tuple[Query, Reply]]:
    return zip(queries, replies, strict=True)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _by_search(search: Search, titles: Sequence[str]) -> Rank:
    async def rank(question: str) -> list[str]:
        return [hit.passage_id for hit in await search.find(question, titles, limit=10)]

    return rank


async def _by_vectors(embedder: Embedder, corpus: Sequence[Paragraph]) -> Rank:
    import numpy as np

    vectors = np.array(
        [np.frombuffer(vector, "<f4") for vector in await embedder.embed([paragraph.text for paragraph in corpus])]
    )

    async def rank(question: str) -> list[str]:
        (vector,) = await embedder.embed([question], is_urgent=True)
        return [corpus[row].id for row in np.argsort(-(vectors @ np.frombuffer(vector, "<f4")))[:10]]

    return rank


async def measure(folder: Path, weights: Path) -> None:
    """Print the whole table."""
    corpus, queries = read(folder)
    titles = sorted({paragraph.title for paragraph in corpus})
    print(f"{len(corpus)} paragraphs, {len(titles)} articles, {len(queries)} questions\n")
    with tempfile.TemporaryDirectory() as scratch:
        async with (
            Sqlite(Path(scratch) / "grounding.db") as database,
            MiniLmEmbedder(weights / "model.onnx", weights / "tokenizer.json") as embedder,
            SqliteSearch(database, embedder) as search,
            SqliteSearch(database, None) as by_words,
        ):
            await fill(search, corpus)
            while await search.embed_next():
                pass
            print(f"{'':28} recall@1 recall@5  nDCG@10   CPU ms")
            await retrieval("words", _by_search(by_words, titles), queries)
            await retrieval("vectors", await _by_vectors(embedder, corpus), queries)
            await retrieval("hybrid", _by_search(search, titles), queries)
            await grounding("words only, no embedder", embedded(by_words, None), corpus, queries)
            await grounding("embedded defaults", embedded(search, embedder), corpus, queries)


def main() -> None:
    """Run the measurement that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.grounding", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds corpus.jsonl and queries.jsonl")
    parser.add_argument("--weights", type=Path, required=True, help="holds model.onnx and tokenizer.json")
    arguments = parser.parse_args()
    for path in (arguments.folder / "corpus.jsonl", arguments.weights / "model.onnx"):
        if not path.exists():
            sys.exit(f"Skipped: {path} is not there.")
    asyncio.run(measure(arguments.folder, arguments.weights))


if __name__ == "__main__":
    main()
