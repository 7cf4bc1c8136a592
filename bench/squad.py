"""Read questions whose answers are known, and put their paragraphs into the library as files."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from hubbub.compose import DocumentStore
from hubbub.conversation.engine import Engine
from hubbub.core.answer import Answer, fold
from hubbub.core.events import Event
from hubbub.core.markdown import unescape
from hubbub.core.people import OPERATOR_ID
from hubbub.core.questions import Question

CORPUS = "corpus.jsonl"
QUERIES = "queries.jsonl"


class Paragraph(msgspec.Struct, frozen=True):
    """A line of the corpus; its title is the article that it is of."""

    id: str = msgspec.field(name="_id")
    title: str = ""
    text: str = ""

    @property
    def file_name(self) -> str:
        """The name of the file that it is ingested from."""
        return self.id.replace("#", "-") + ".txt"


class Query(msgspec.Struct, frozen=True):
    """A question with the paragraphs that answer it and the answers that are accepted."""

    id: str = msgspec.field(name="_id")
    text: str = ""
    gold: dict[str, float] = {}
    answers: tuple[str, ...] = ()


def missing(folder: Path) -> str:
    """Return which files a folder lacks, in a line; empty where it has both."""
    absent = [name for name in (CORPUS, QUERIES) if not (folder / name).is_file()]
    return f"there is no {' and no '.join(absent)} in {folder}" if absent else ""


def read(folder: Path) -> tuple[list[Paragraph], list[Query]]:
    """Return the paragraphs and the questions of a folder."""
    corpus = msgspec.json.Decoder(Paragraph).decode_lines((folder / CORPUS).read_bytes())
    queries = msgspec.json.Decoder(Query).decode_lines((folder / QUERIES).read_bytes())
    return corpus, queries


def write_files(corpus: Sequence[Paragraph], folder: Path) -> None:
    """Write each paragraph as a text file of its own."""
    folder.mkdir(exist_ok=True)
    for paragraph in corpus:
        (folder / paragraph.file_name).write_text(paragraph.text, encoding="utf-8")


async def ingest(store: DocumentStore, corpus: Sequence[Paragraph], folder: Path) -> dict[str, str]:
    """Have the files read and embedded, a collection an article; returns the collections' ids by article."""
    ids: dict[str, str] = {}
    for title in sorted({paragraph.title for paragraph in corpus}):
        ids[title] = (await store.library.create(title, owner_id=OPERATOR_ID, is_shared=True)).id
    for paragraph in corpus:
        await store.pipeline.add(ids[paragraph.title], paragraph.file_name, folder / paragraph.file_name)
    async with asyncio.TaskGroup() as group, contextlib.aclosing(store.pipeline.watch()) as states:
        working = group.create_task(store.pipeline.run())
        async for state in states:
            if state.failed:
                raise RuntimeError(f"{state.failed} of the files could not be read")
        working.cancel()
    return ids


async def answer(engine: Engine, question: str, collection_ids: Sequence[str]) -> Answer:
    """Return the engine's answer, folded from the events that it sent."""
    events: list[Event] = []

    def send(event: Event) -> None:
        events.append(event)

    events.append(await engine.answer(Question(question, collection_ids=tuple(collection_ids)), send))
    return fold("answer", events)


def is_right(query: Query, answer: Answer) -> bool:
    """Tell whether an answer, as a reader sees it, holds one of the accepted answers."""
    seen = plain(unescape(answer.text))
    return any(plain(accepted) in seen for accepted in query.answers)


def is_right_at_first(query: Query, answer: Answer) -> bool:
    """Tell whether what an answer quotes first holds one of the accepted answers."""
    first = plain(answer.citations[0].quote) if answer.citations else ""
    return any(plain(accepted) in first for accepted in query.answers)


def plain(text: str) -> str:
    """Return a text for comparing: upper and lower case, and white space, make no difference."""
    return " ".join(text.casefold().split())


class Cited(msgspec.Struct, frozen=True):
    """How many of some answers' citations hold: they point at a hit, and quote its document word for word."""

    count: int
    at_hits: int
    verbatim: int


def check_citations(answers: Sequence[Answer], texts: Mapping[str, str]) -> Cited:
    """Check each citation against the answer's hits and text, and against the files' texts by their names."""
    cited = [(citation, answer) for answer in answers for citation in answer.citations]
    at_hits = verbatim = 0
    for citation, answer in cited:
        hit = next((hit for hit in answer.hits if hit.passage_id == citation.passage_id), None)
        is_at_hit = hit is not None and (hit.document_id, hit.name) == (citation.document_id, citation.name)
        at_hits += is_at_hit
        line = " ".join(citation.quote.split())
        verbatim += (
            hit is not None
            and bool(line)
            and citation.quote in hit.text
            and line in " ".join(texts[citation.name].split())
            and f"> {line} [{citation.marker}]\n" in unescape(answer.text)
        )
    return Cited(len(cited), at_hits, verbatim)
