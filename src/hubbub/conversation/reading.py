"""Wait a while for documents that were just added, and say which are still being read."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from hubbub.core.documents import Document
from hubbub.core.events import Event, StillReading

TOLD = 5
"""So many documents are named."""
WAITED_FOR = 20
"""An answer waits for so many; where more are read, as in a large ingestion, it would wait in vain."""
WAIT_SECONDS = 20.0
"""How long it waits, where its question doesn't say."""
LOOK_SECONDS = 0.25


class Shelf(Protocol):
    """Knows which documents can't be searched yet."""

    async def unread(self, collection_ids: Sequence[str], *, limit: int) -> list[Document]: ...


async def until_read(
    shelf: Shelf, collection_ids: Sequence[str], wait_seconds: float | None, send: Callable[[Event], None]
) -> StillReading | None:
    """Return once everything in these collections was read, or what is still being read when the time is up.

    Each time that changes it is sent; nothing is sent where there is nothing to wait for.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + (WAIT_SECONDS if wait_seconds is None else wait_seconds)
    told: StillReading | None = None
    while True:
        unread = await shelf.unread(collection_ids, limit=WAITED_FOR + 1)
        now = StillReading(tuple(document.name for document in unread[:TOLD]), len(unread) > TOLD)
        if now != (told or StillReading(())):
            told = now
            send(now)
        if not unread:
            return None
        if clock() >= until or (wait_seconds is None and len(unread) > WAITED_FOR):
            return now
        await asyncio.sleep(LOOK_SECONDS)


def in_words(reading: StillReading) -> str:
    """Return a sentence for a person about what is still being read."""
    *others, last = reading.names
    named = f"{', '.join(others)} and {last}" if others else last
    if reading.has_more:
        return f"{', '.join(reading.names)} and more documents are still being read."
    return f"{named} {'are' if others else 'is'} still being read."
