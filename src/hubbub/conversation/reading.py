"""Wait a while for documents that were just added, and say which are still being read."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from hubbub.core.documents import Document
from hubbub.core.events import Event, StillReading
from hubbub.core.markdown import escape
from hubbub.core.people import Reader
from hubbub.core.questions import Question

TOLD = 5
"""So many documents are named."""
WAITED_FOR = 20
"""An answer waits for so many; where more are read, as in a large ingestion, it would wait in vain."""
WAIT_SECONDS = 20.0
"""How long it waits, where its question doesn't say."""
LOOK_SECONDS = 0.25
PERCENT_STEP = 5
"""What is read of a document is told in steps, so that the log doesn't grow by each look."""


NOTHING_FOUND = "I did not find an answer to this in these documents."


class Unread(Protocol):
    """Knows which documents can't be searched yet."""

    async def unread(
        self, collection_ids: Sequence[str], *, limit: int, reader: Reader | None = None
    ) -> list[Document]: ...


async def until_read(library: Unread, question: Question, send: Callable[[Event], None]) -> StillReading | None:
    """Return once everything in a question's collections was read, or what is still being read when the time is up.

    Each time that changes it is sent; nothing is sent where there is nothing to wait for.
    """
    wait_seconds = question.wait_seconds
    clock = asyncio.get_running_loop().time
    until = clock() + (WAIT_SECONDS if wait_seconds is None else wait_seconds)
    told: StillReading | None = None
    while True:
        unread = await library.unread(question.collection_ids, limit=WAITED_FOR + 1, reader=question.reader)
        now = _told(unread)
        if now != (told or StillReading(())):
            told = now
            send(now)
        if not unread:
            return None
        if clock() >= until or (wait_seconds is None and len(unread) > WAITED_FOR):
            return now
        await asyncio.sleep(LOOK_SECONDS)


def _told(unread: Sequence[Document]) -> StillReading:
    """Return what is told of documents that are not read yet: the first few by name, each with what is read of it."""
    named = unread[:TOLD]
    percents = [min(int(document.progress * 100) // PERCENT_STEP * PERCENT_STEP, 99) for document in named]
    return StillReading(
        tuple(document.name for document in named), len(unread) > TOLD, tuple(percents) if any(percents) else ()
    )


def in_words(reading: StillReading) -> str:
    """Return a sentence for a person about what is still being read."""
    parts = dict(enumerate(reading.percents))
    *others, last = [f"{name} ({parts[i]} %)" if parts.get(i) else name for i, name in enumerate(reading.names)]
    named = f"{', '.join(others)} and {last}" if others else last
    if reading.has_more:
        return f"{', '.join((*others, last))} and more documents are still being read."
    return f"{named} {'are' if others else 'is'} still being read."


def nothing_found(reading: StillReading | None, *, is_plain: bool) -> str:
    """Return what is said where no document answers: also which of them were not read yet."""
    if reading is None:
        return NOTHING_FOUND
    words = in_words(reading)
    return f"{NOTHING_FOUND} {words if is_plain else escape(words)} Ask again in a moment."
