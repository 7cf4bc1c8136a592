"""Measure how well the embedded defaults find, quote and refuse, on questions whose answers are known.

    python -m bench.grounding FOLDER

FOLDER holds `corpus.jsonl` {_id, title, text}, a paragraph a line, and `queries.jsonl` {_id, text,
gold: {paragraph: gain}, answers: [text]}, as made from SQuAD. Each paragraph goes as a file through
the pipeline into a new data folder; each question goes through the engine. Exits with 1 where a
target is missed.
"""

import argparse
import asyncio
import math
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeAlias

import msgspec

from bench import squad
from bench.squad import Paragraph, Query
from hubbub.compose import DocumentStore, open_document_store, open_engine, prepare_folder
from hubbub.connections.http import Http
from hubbub.core.answer import Answer
from hubbub.core.embedding import Embedder
from hubbub.search.base import Search
from hubbub.settings import Settings

LEAST_RECALL_AT_5 = 0.96
LEAST_RIGHT = 0.45

WAYS = ("words", "vectors", "hybrid")
"""Hybrid is what the embedded defaults do."""

Rank: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""Returns file names for a question, best first."""


class Row(msgspec.Struct, frozen=True):
    """A line of the table: a cell a way, and for the last way the least that is wanted of it."""

    label: str
    cells: Sequence[float | None]
    form: str = "{:.1%}"
    target: float | None = None

    @property
    def is_missed(self) -> bool:
        """Whether the target is not reached."""
        reached = self.cells[-1]
        return self.target is not None and (reached is None or reached < self.target)

    def __str__(self) -> str:
        cells = "".join(f"{'' if cell is None else self.form.format(cell):>10}" for cell in self.cells)
        if self.target is None:
            return f"{self.label:40}{cells}"
        verdict = "MISSED" if self.is_missed else "reached"
        return f"{self.label:40}{cells}   ≥ {self.form.format(self.target)} {verdict}"


async def measure(folder: Path) -> bool:
    """Print the table; returns whether all targets are reached."""
    corpus, queries = squad.read(folder)
    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch) / "files"
        squad.write_files(corpus, files)
        settings = _settings(Path(scratch) / "data", embeddings="minilm")
        by_words = _settings(Path(scratch) / "data", embeddings="none")
        prepare_folder(settings.server.data_folder)
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(Http())
            store = await stack.enter_async_context(open_document_store(settings, http, _say_fetching))
            if store.embedder is None:
                sys.exit("Nothing is measured: the embedding model can't be had.")
            began = time.process_time()
            collections = await squad.ingest(store, corpus, files)
            ingested_cpu_seconds = time.process_time() - began
            words_store = await stack.enter_async_context(open_document_store(by_words, http))
            engine, _ = await stack.enter_async_context(open_engine(settings, needs_model=False))
            words_engine, _ = await stack.enter_async_context(open_engine(by_words, needs_model=False))
            ids = tuple(collections.values())
            passages = sum(one.passages for one in await store.library.collections())
            print(
                f"{len(corpus)} paragraphs as files, {passages} passages, {len(ids)} articles, "
                f"{len(queries)} questions; ingested with {ingested_cpu_seconds:.1f} s of CPU, its children apart"
            )
            ranks = [
                _by_search(words_store.search, ids),
                await _by_vectors(store.embedder, store, ids),
                _by_search(store.search, ids),
            ]
            rows = [
                *await retrieval(ranks, queries),
                *await grounding([words_engine, None, engine], corpus, queries, collections),
            ]
    print("\n".join([f"{'':40}" + "".join(f"{way:>10}" for way in WAYS) + "   target", *map(str, rows)]))
    return not any(row.is_missed for row in rows)


def _settings(data_folder: Path, *, embeddings: str) -> Settings:
    return Settings.model_validate(
        {
            "server": {"data_folder": data_folder},
            "discovery": {"is_enabled": False},
            "embeddings": {"provider": embeddings},
        }
    )


async def retrieval(ranks: Sequence[Rank], queries: Sequence[Query]) -> list[Row]:
    """Measure how well each ranking finds the gold paragraphs."""
    columns: list[tuple[float, ...]] = []
    for rank in ranks:
        began = time.process_time()
        rankings = [await rank(query.text) for query in queries]
        cpu_ms = 1000 * (time.process_time() - began) / len(queries)
        first = five = gain = 0.0
        for query, ranking in zip(queries, rankings, strict=True):
            gold = {Paragraph(paragraph).file_name: worth for paragraph, worth in query.gold.items()}
            first += any(found in gold for found in ranking[:1])
            five += any(found in gold for found in ranking[:5])
            gain += _ndcg([gold.get(found, 0.0) for found in ranking[:10]], list(gold.values()))
        columns.append((first / len(queries), five / len(queries), gain / len(queries), cpu_ms))
    recall_at_1, recall_at_5, ndcg, cpu = zip(*columns, strict=True)
    return [
        Row("recall@1", recall_at_1, "{:.3f}"),
        Row("recall@5", recall_at_5, "{:.3f}", LEAST_RECALL_AT_5),
        Row("nDCG@10", ndcg, "{:.3f}"),
        Row("CPU ms a search", cpu, "{:.1f}"),
    ]


async def grounding(
    engines: Sequence[squad.Engine | None],
    corpus: Sequence[Paragraph],
    queries: Sequence[Query],
    collections: Mapping[str, str],
) -> list[Row]:
    """Measure each engine's answers: right ones, refusals on both sides, and citations that hold."""
    texts = {paragraph.file_name: paragraph.text for paragraph in corpus}
    title_of = {paragraph.id: paragraph.title for paragraph in corpus}
    columns: list[tuple[float | None, ...]] = []
    for engine in engines:
        if engine is None:
            columns.append((None,) * 8)
            continue
        began = time.process_time()
        answers = [await squad.answer(engine, query.text, tuple(collections.values())) for query in queries]
        cpu_ms = 1000 * (time.process_time() - began) / len(queries)
        elsewhere: list[Answer] = []
        for query in queries:
            own = {title_of[paragraph] for paragraph in query.gold}
            others = [id_ for title, id_ in collections.items() if title not in own]
            elsewhere.append(await squad.answer(engine, query.text, others))
        right = sum(squad.is_right(query, answer) for query, answer in zip(queries, answers, strict=True))
        cited = squad.check_citations([*answers, *elsewhere], texts)
        columns.append(
            (
                right / len(queries),
                sum(squad.is_right_at_first(*pair) for pair in zip(queries, answers, strict=True)) / len(queries),
                sum(answer.finish_reason == "closest" for answer in answers) / len(queries),
                sum(not answer.citations for answer in answers) / len(queries),
                sum(not answer.citations for answer in elsewhere) / len(queries),
                cited.at_hits / max(cited.count, 1),
                cited.verbatim / max(cited.count, 1),
                cpu_ms,
            )
        )
    right, first, closest, abstained, refused, at_hits, verbatim, cpu = zip(*columns, strict=True)
    return [
        Row("answers that hold an accepted answer", right, target=LEAST_RIGHT),
        Row("the quote shown first holds one", first),
        Row("called only the closest, it is there", closest),
        Row("abstained, the answer is there", abstained),
        Row("abstained, asked of the other articles", refused),
        Row("citations that point at a hit", at_hits, target=1.0),
        Row("citations quoted word for word", verbatim, target=1.0),
        Row("CPU ms an answer, its search included", cpu, "{:.1f}"),
    ]


def _ndcg(gains: Sequence[float], ideal: Sequence[float]) -> float:
    best = _dcg(sorted(ideal, reverse=True)[:10])
    return _dcg(gains) / best if best else 0.0


def _dcg(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))


def _by_search(search: Search, ids: Sequence[str]) -> Rank:
    async def rank(question: str) -> list[str]:
        return list(dict.fromkeys(hit.name for hit in await search.find(question, ids, limit=15)))

    return rank


async def _by_vectors(embedder: Embedder, store: DocumentStore, ids: Sequence[str]) -> Rank:
    import numpy as np

    documents = [document for id_ in ids for document in await store.library.documents(id_)]
    found = [(one.name, passage.text) for one in documents for passage in await store.search.passages(one.id)]
    vectors = np.array([np.frombuffer(vector, "<f4") for vector in await embedder.embed([text for _, text in found])])

    async def rank(question: str) -> list[str]:
        (vector,) = await embedder.embed([question], is_urgent=True)
        best = np.argsort(-(vectors @ np.frombuffer(vector, "<f4")))[:15]
        return list(dict.fromkeys(found[row][0] for row in best))

    return rank


_fetching: set[str] = set()


def _say_fetching(name: str, done_bytes: int, total_bytes: int | None) -> None:
    if name not in _fetching:
        _fetching.add(name)
        print(f"Fetching {name}, once …", file=sys.stderr)


def main() -> None:
    """Run the measurement that the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.grounding", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help=f"holds {squad.CORPUS} and {squad.QUERIES}")
    folder: Path = parser.parse_args().folder
    if missing := squad.missing(folder):
        print(f"skipped: {missing} (make bench SQUAD=FOLDER names another folder)")
        return
    if not asyncio.run(measure(folder)):
        sys.exit(1)


if __name__ == "__main__":
    main()
