"""Do the work on documents: read, put, embed."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence

from msgspec.structs import replace

from hubbub.connections.sandbox import Sandbox
from hubbub.core.documents import Document, Passage
from hubbub.core.errors import HubbubError, ModelError, SearchError, StoreError
from hubbub.core.identifiers import new_id
from hubbub.ingest.files import Files
from hubbub.ingest.reading import Reading, read
from hubbub.ingest.split import Sizes
from hubbub.search.base import EmbedsLater, Library, Search

POLL_SECONDS = 0.3
IDLE_SHARE = 10
"""Looking for work takes at most one part in so many of a reader's time, however many documents there are."""
EMBED_BATCH = 16
EMBED_POLL_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
SWEEP_SECONDS = 3600.0

_OUTSIDE = (StoreError, SearchError, ModelError)
"""Errors that are not the document's: what failed is tried again."""

_log = logging.getLogger(__name__)


class Worker:
    """Takes documents from waiting to ready. There is one at a time for a library."""

    def __init__(
        self,
        library: Library,
        search: Search,
        embeds_later: EmbedsLater | None,
        files: Files,
        sandbox: Sandbox,
        *,
        sizes: Sizes | None = None,
        readers: int = 2,
    ) -> None:
        self._library = library
        self._search = search
        self._embeds_later = embeds_later
        self._files = files
        self._sandbox = sandbox
        self._sizes = sizes
        self._readers = readers
        self._added = asyncio.Event()
        self._put = asyncio.Event()

    def wake(self) -> None:
        """Say that a document was added, so that it need not be found by looking."""
        self._added.set()

    async def run(self) -> None:
        """Work until cancelled. A document that was being read, here or by a dead process, is read again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again_and_again(self._read_round))
            group.create_task(self._again_and_again(self._sweep))
            if self._embeds_later is not None:
                await self._settle_all()
                group.create_task(self._again_and_again(self._embed_round))

    async def _again_and_again(self, work: Callable[[], Awaitable[bool]]) -> None:
        """Repeat a piece of work; after one that says False or fails outside, wait, longer each time."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                is_well = await work()
            except _OUTSIDE as error:
                _log.warning("ingestion waits %.1f s: %s", pause, error.for_operators)
                is_well = False
            if is_well:
                pause = FIRST_PAUSE_SECONDS
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _read_round(self) -> bool:
        """Read all documents that wait now; where there are none, wait for one."""
        self._added.clear()
        began = time.monotonic()
        unread = [document for document in await self._library.unfinished() if document.state != "embedding"]
        if not unread:
            pause = max(POLL_SECONDS, IDLE_SHARE * (time.monotonic() - began))
            await _wait(self._added, pause)
            return True
        failures: list[Document] = []
        shared = iter(unread)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._readers):
                group.create_task(self._read_each(shared, failures))
        return not failures

    async def _read_each(self, documents: Iterator[Document], failures: list[Document]) -> None:
        for document in documents:
            try:
                await self._read(document)
            except _OUTSIDE as error:
                _log.warning("“%s” will be read again: %s", document.name, error.for_operators)
                failures.append(document)
            except Exception:  # noqa: BLE001 (a bug that one document meets must not keep the others waiting)
                _log.exception("reading “%s” failed", document.name)
                await self._fail(document, "Something went wrong inside. The server's log says more.", failures)

    async def _read(self, document: Document) -> None:
        if not await self._library.mark(document, "reading"):
            return  # it was removed or replaced
        try:
            reading = await read(self._sandbox, self._files.path(document.sha256), document.name, self._sizes)
        except HubbubError as error:
            _log.info("“%s” can't be read: %s", document.name, error.for_operators)
            await self._library.mark(document, "failed", reason=error.message)
            await self._forget_removed(document)
            return
        titled = replace(document, title=reading.title, pages=reading.pages)
        await self._search.put(titled, passages_of(document.id, reading))
        state = "ready" if self._embeds_later is None else "embedding"
        if await self._library.mark(document, state, title=reading.title, pages=reading.pages):
            await self._settle(document.id)  # its last vector may have come before the mark
        else:
            await self._forget_removed(document)
        self._put.set()

    async def _fail(self, document: Document, reason: str, failures: list[Document]) -> None:
        try:
            await self._library.mark(document, "failed", reason=reason)
        except StoreError:
            failures.append(document)

    async def _forget_removed(self, document: Document) -> None:
        """Drop the passages of a document that was removed while it was read."""
        if await self._library.document(document.id) is None:
            await self._search.remove(document.id)

    async def _embed_round(self) -> bool:
        assert self._embeds_later is not None  # noqa: S101 (there is no such task without one)
        self._put.clear()
        embedded: Sequence[str] = await self._embeds_later.embed_next(EMBED_BATCH)
        for document_id in dict.fromkeys(embedded):
            await self._settle(document_id)
        if not embedded:
            await _wait(self._put, EMBED_POLL_SECONDS)
        return True

    async def _settle_all(self) -> None:
        """Finish what a dead process had embedded but not marked."""
        with contextlib.suppress(StoreError):  # the rounds meet it again, and wait
            for document in await self._library.unfinished():
                await self._settle(document.id)

    async def _settle(self, document_id: str) -> None:
        document = await self._library.document(document_id)
        if document and document.state == "embedding" and document.embedded >= document.passages:
            await self._library.mark(document, "ready")

    async def _sweep(self) -> bool:
        dropped = await self._files.sweep(await self._library.contents())
        if dropped:
            _log.info("dropped %d files that no document refers to", dropped)
        await asyncio.sleep(SWEEP_SECONDS)
        return True


def passages_of(document_id: str, reading: Reading) -> list[Passage]:
    """Return what was read as passages of a document."""
    return [
        Passage(new_id(), document_id, number, piece.text, piece.page, piece.heading)
        for number, piece in enumerate(reading.pieces)
    ]


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
