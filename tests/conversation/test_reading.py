"""Asking at once after documents were added: the answer waits for them, and says which it had to do without."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubbub.conversation.engine import Engine
from hubbub.conversation.reading import NOTHING_FOUND, WAITED_FOR, in_words
from hubbub.core.documents import Document, Passage
from hubbub.core.events import Done, Event, Searched, StillReading
from hubbub.core.questions import Question
from hubbub.models.catalog import Catalog
from hubbub.models.scripted import ScriptedModel
from hubbub.search.base import Library, Search
from tests.conversation.test_engine import text_of
from tests.libraries import library_in


class Documents:
    """A library with one collection, and the search in it."""

    def __init__(self, library: Library, search: Search) -> None:
        self.library = library
        self.search = search
        self.id = ""

    async def add(self, name: str) -> Document:
        if not self.id:
            self.id = (await self.library.create("Ours", owner_id="ann", is_shared=False)).id
        return await self.library.add(Document(name, self.id, name, name, 1))

    async def read(self, document: Document) -> None:
        await self.search.put(document, [Passage(f"{document.id}-1", document.id, 0, "Herons wait for the perch.")])
        await self.library.mark(document, "ready")

    def engine(self, *models: ScriptedModel) -> Engine:
        return Engine(Catalog(models), self.search, library=self.library)


@pytest.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    async with library_in(tmp_path) as (library, search):
        yield Documents(library, search)


@asynccontextmanager
async def asking(engine: Engine, question: Question) -> AsyncIterator[tuple[asyncio.Task[Done], list[Event]]]:
    events: list[Event] = []
    task = asyncio.create_task(engine.answer(question, events.append))
    yield task, events
    await task


async def test_an_answer_waits_until_what_was_added_is_read(documents: Documents) -> None:
    handbook = await documents.add("handbook.pdf")
    engine = documents.engine(ScriptedModel(["For the perch [1]."]))
    async with asking(engine, Question("What do herons wait for?", collection_ids=(documents.id,))) as (task, events):
        while StillReading(("handbook.pdf",)) not in events:
            await asyncio.sleep(0)
        assert not task.done()
        await documents.read(handbook)
    assert StillReading(()) in events
    assert text_of(events) == "For the perch [1]."
    assert [event.hits[0].name for event in events if isinstance(event, Searched)] == ["handbook.pdf"]


async def test_how_much_is_read_is_told_in_steps(documents: Documents) -> None:
    handbook = await documents.add("handbook.pdf")
    await documents.library.mark(handbook, "reading")
    question = Question("What do herons wait for?", collection_ids=(documents.id,))
    async with asking(documents.engine(), question) as (_, events):
        while StillReading(("handbook.pdf",)) not in events:
            await asyncio.sleep(0)
        for part, percent in ((0.42, 40), (0.44, 40), (0.999, 95)):
            await documents.library.advance(handbook, part)
            while StillReading(("handbook.pdf",), percents=(percent,)) not in events:
                await asyncio.sleep(0)
        await documents.read(handbook)
    told = [event.percents for event in events if isinstance(event, StillReading)]
    assert told == [(), (40,), (95,), ()]


async def test_when_the_time_is_up_it_says_what_was_missing(documents: Documents) -> None:
    await documents.add("a_handbook.pdf")
    for models in ([], [ScriptedModel()]):
        question = Question("What do herons wait for?", collection_ids=(documents.id,), wait_seconds=0.0)
        async with asking(documents.engine(*models), question) as (task, events):
            pass
        assert task.result() == Done("nothing_found")
        assert text_of(events).startswith(f"{NOTHING_FOUND} a\\_handbook.pdf is still being read.")
    within = Question("What do herons wait for?", collection_ids=(documents.id,), within_seconds=0.4)
    async with asking(documents.engine(), within) as (task, events):
        pass
    assert task.result() == Done("nothing_found") and "still being read" in text_of(events)


async def test_it_waits_for_nothing_that_is_elsewhere_and_not_for_very_many(documents: Documents) -> None:
    await documents.read(await documents.add("ready.md"))
    for number in range(WAITED_FOR + 1):
        other = await documents.library.create(f"Other {number}", owner_id="ann", is_shared=False)
        await documents.library.add(Document(f"o{number}", other.id, "other.md", "x", 1))
    question = Question("What do herons wait for?", collection_ids=(documents.id,))
    async with asking(documents.engine(), question) as (_, events):
        pass
    assert not any(isinstance(event, StillReading) for event in events)
    for number in range(WAITED_FOR + 1):
        await documents.add(f"{number}.md")
    async with asyncio.timeout(10), asking(documents.engine(), question) as (_, events):
        pass
    (told,) = [event for event in events if isinstance(event, StillReading)]
    assert told.has_more and len(told.names) < WAITED_FOR


def test_what_is_read_is_said_in_a_sentence() -> None:
    assert in_words(StillReading(("a.pdf",))) == "a.pdf is still being read."
    assert in_words(StillReading(("a.pdf", "b.pdf"))) == "a.pdf and b.pdf are still being read."
    assert in_words(StillReading(("a.pdf",), percents=(40,))) == "a.pdf (40 %) is still being read."
    assert in_words(StillReading(("a.pdf", "b.pdf"), True)) == "a.pdf, b.pdf and more documents are still being read."
    some = StillReading(("a.pdf", "b.pdf"), True, (0, 5))
    assert in_words(some) == "a.pdf, b.pdf (5 %) and more documents are still being read."
