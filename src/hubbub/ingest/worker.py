"""Do the work on documents: read, put, embed."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TypeVar

from msgspec.structs import replace

from hubbub.connections.sandbox import NotStarted, Sandbox
from hubbub.core.documents import Completeness, Document, DocumentState, Fault, Passage, Queued
from hubbub.core.errors import HubbubError, ModelError, SearchError, StoreError
from hubbub.core.identifiers import new_id
from hubbub.core.lasting import Lasting
from hubbub.core.reasons import Reason, because
from hubbub.core.tasks import Tasks
from hubbub.ingest.base import NotInstalled
from hubbub.ingest.files import Files
from hubbub.ingest.gauge import Gauge, gauge
from hubbub.ingest.ocr.base import Plan
from hubbub.ingest.ocr.elsewhere import Elsewhere
from hubbub.ingest.reader import BATCH, NotNow, Reading
from hubbub.ingest.reading import MISTAKE, ReaderFault, ReaderKilled, read
from hubbub.ingest.rests import Rests
from hubbub.ingest.split import Sizes
from hubbub.ingest.turns import Turns
from hubbub.search.base import EmbedsLater, Library, Search, SharesWork

T = TypeVar("T")

POLL_SECONDS = 0.3
PROGRESS_SECONDS = 0.5
"""So often it is noted how much of a document is read."""
IDLE_SHARE = 10
"""Looking for work takes at most one part in so many of a reader's time, however many documents there are."""
EMBED_BATCH = 16
EMBED_POLL_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
FIRST_MISSING_SECONDS = 60.0
LONGEST_MISSING_SECONDS = 3600.0
TAKEN_SECONDS = 10.0
"""After so long without a word another machine reads what one had taken."""
SWEEP_SECONDS = 3600.0
KEPT_FAILED_SECONDS = 86400.0
"""How long the file of a document is kept that failed by its own fault. Its record, with the reason, stays."""
WAITS = because("reading_waits")
EARLIER = "(earlier version)"
"""Follows the name in the title of passages whose file was replaced by one that can't be read."""
MOST_KILLED = 3
"""So often a document's reader may be killed before that is held for the document's fault."""

OUTSIDE = (StoreError, SearchError, ModelError, NotNow)
"""Errors that are nobody's mistake: what failed is tried again by itself."""

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
        reads_hidden: bool = False,
        ocr: Plan | None = None,
        elsewhere: Elsewhere | None = None,
        keeps_earlier: bool = True,
        can_embed: Callable[[], bool] = lambda: True,
    ) -> None:
        self._library = library
        self._search = search
        self._embeds_later = embeds_later
        self._can_embed = can_embed
        self._files = files
        self._sandbox = sandbox
        self._sizes = sizes
        self._reads_hidden = reads_hidden
        self._ocr = ocr
        self._elsewhere = elsewhere
        self._keeps_earlier = keeps_earlier
        self._sharing = library if isinstance(library, SharesWork) else None
        self._id = new_id()
        """Names this worker among those of other machines."""
        self._taken: set[str] = set()
        self._turns = Turns(readers)
        self._rests = Rests(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        self._changed = asyncio.Event()
        self._put = asyncio.Event()

    def wake(self) -> None:
        """Say that a document was added, so that it need not be found by looking."""
        self._changed.set()

    async def run(self) -> None:
        """Work until cancelled. A document that was being read, here or by a dead process, is read again."""
        async with Tasks() as group:
            group.create_task(self._say_layers())
            await self._retry_ours()
            group.create_task(self._read_all())
            if self._sharing is not None:
                group.create_task(self._keep_taken(self._sharing))
            group.create_task(self._retry_missing())
            group.create_task(self._again_and_again(self._sweep))
            if self._embeds_later is not None:
                await self._settle_all()
                group.create_task(self._again_and_again(self._embed_round))

    async def _again_and_again(self, work: Callable[[], Awaitable[bool]]) -> None:
        """Repeat a piece of work; after one that says False or fails outside, wait, longer each time."""
        pause, waits = FIRST_PAUSE_SECONDS, Lasting(_log)
        while True:
            try:
                is_well = await work()
            except OUTSIDE as error:
                waits.met("ingestion waits and tries again", error.for_operators)
                is_well = False
            if is_well:
                waits.over()
                pause = FIRST_PAUSE_SECONDS
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _say_layers(self) -> None:
        """Say once what of a reader's confinement this machine lacks."""
        found = await self._sandbox.layers()
        if isinstance(found, NotStarted):
            _log.warning("a reader of documents can't be started now: %s", found.reason)
        else:
            for line in found.missing:
                _log.warning("a document that takes over its reader is not held back by the kernel: %s", line)

    async def _read_all(self) -> None:
        """Begin to read documents, in turn by person, until cancelled."""
        async with Tasks() as readers:
            await self._again_and_again(lambda: self._read_round(readers))

    async def _read_round(self, readers: asyncio.TaskGroup) -> bool:
        """Begin what there is a place for now, then wait until one ends, one is added, or some time."""
        self._changed.clear()
        began = time.monotonic()
        queue = [one for one in await self._queue() if one.document.id not in self._turns]
        pause = max(POLL_SECONDS, IDLE_SHARE * (time.monotonic() - began))
        until = began + pause
        while True:
            now = time.monotonic()
            while now >= self._rests.until and (chosen := self._turns.choose(self._rests.rested(queue, now))):
                queue.remove(chosen)
                self._turns.begin(chosen)
                readers.create_task(self._read_one(chosen), name=f"reading {chosen.document.id}")
            # What was seen is worked off before it is looked anew, which takes longer the more documents wait.
            await _wait(self._changed, until - time.monotonic())
            if not queue or time.monotonic() >= until:
                return True
            self._changed.clear()

    async def _queue(self) -> list[Queued]:
        if self._sharing is None:
            return await self._library.queue()
        return await self._sharing.free_queue(self._id)

    async def _read_one(self, one: Queued) -> None:
        document = one.document
        try:
            if await self._took(document):
                await self._read(document)
        except OUTSIDE as error:
            if isinstance(error, ReaderKilled) and self._rests.tries(document.id) + 1 >= MOST_KILLED:
                await self._fail(document, error.in_the_end, "file")
            else:
                pause = self._rests.failed(document.id, time.monotonic())
                why = error.lack if isinstance(error, NotNow) else error.for_operators
                _log.warning("“%s” will be read again in %.1f s: %s", document.name, pause, why)
                with contextlib.suppress(StoreError):
                    await self._mark(document, "waiting", (WAITS,))
        except HubbubError as error:
            _log.info("“%s” can't be read: %s", document.name, error.for_operators)
            await self._fail(
                document, error.why or error.message, "missing" if isinstance(error, NotInstalled) else "file"
            )
        except ReaderFault as error:
            _log.error("reading “%s” failed by a mistake of ours:\n%s", document.name, error.detail)
            await self._fail(document, MISTAKE, "ours")
        except Exception:  # noqa: BLE001 (a bug that one document meets must not keep the others waiting)
            _log.exception("reading “%s” failed", document.name)
            await self._fail(document, MISTAKE, "ours")
        else:
            self._rests.ended(document.id)
        finally:
            await self._let_go(document)
            self._turns.end(one)
            self._changed.set()

    async def _took(self, document: Document) -> bool:
        """Take a document to read it; False where another machine does so."""
        if self._sharing is None:
            return True
        if await self._sharing.take(document, self._id, TAKEN_SECONDS):
            self._taken.add(document.id)
            return True
        return False

    async def _let_go(self, document: Document) -> None:
        if self._sharing is not None and document.id in self._taken:
            self._taken.discard(document.id)
            with contextlib.suppress(StoreError):  # then it runs out
                await asyncio.shield(self._sharing.let_go(document.id, self._id))

    async def _keep_taken(self, sharing: SharesWork) -> None:
        """Say again and again that what is read here is being read, until cancelled."""
        while True:
            await asyncio.sleep(TAKEN_SECONDS / 4)
            with contextlib.suppress(StoreError):  # read twice it is the same
                if self._taken:
                    await sharing.keep(self._id, list(self._taken), TAKEN_SECONDS)

    async def _read(self, document: Document) -> None:
        if not await self._library.mark(document, "reading"):
            return  # it was removed or replaced
        path = await self._files.here(document.sha256)
        with gauge() as shown:
            reading = await _meanwhile(
                self._note_progress(document, shown),
                read(
                    self._sandbox,
                    path,
                    document.name,
                    self._sizes,
                    reads_hidden=self._reads_hidden,
                    ocr=self._ocr,
                    elsewhere=self._elsewhere,
                    gauge=shown,
                ),
            )
        titled = replace(document, title=reading.title, pages=reading.pages)
        await self._search.put(titled, await passages_of(document.id, reading))
        state = "embedding" if self._embeds_later is not None and self._can_embed() else "ready"
        how_whole = reading.completeness
        if await self._library.mark(document, state, title=reading.title, pages=reading.pages, completeness=how_whole):
            await self._settle(document.id)  # its last vector may have come before the mark
        else:
            await self._forget_removed(document)
        self._put.set()

    async def _note_progress(self, document: Document, shown: Gauge | None) -> None:
        """Note from time to time how much of a document is read, until cancelled."""
        noted = 0.0
        while shown is not None:
            await asyncio.sleep(PROGRESS_SECONDS)
            if (part := round(shown.part, 2)) != noted:
                with contextlib.suppress(StoreError):  # the document's next mark meets it again
                    await self._library.advance(document, part)
                noted = part

    async def _fail(self, document: Document, reason: Reason | str, fault: Fault) -> None:
        self._rests.ended(document.id)
        try:
            earlier = await self._search.passages(document.id)
            why = [reason]
            if earlier and await self._is_there(document):
                why.append(await self._settle_earlier(document, earlier))
            await self._mark(document, "failed", why, fault)
            await self._forget_removed(document)
        except (StoreError, SearchError):
            self._rests.failed(document.id, time.monotonic())

    async def _mark(
        self, document: Document, state: DocumentState, why: Sequence[Reason | str], fault: Fault = ""
    ) -> None:
        text = " ".join(one.text if isinstance(one, Reason) else one for one in why)
        named = tuple(one for one in why if isinstance(one, Reason))
        # In part it would be another message in another language.
        completeness = Completeness(why=named) if len(named) == len(why) else Completeness()
        await self._library.mark(document, state, reason=text, fault=fault, completeness=completeness)

    async def _settle_earlier(self, document: Document, passages: Sequence[Passage]) -> Reason:
        """Mark or drop what was read of a document before its file was replaced by one that can't be; say which."""
        if not self._keeps_earlier:
            await self._search.remove(document.id)
            return because("earlier_gone")
        await self._search.put(replace(document, title=f"{document.name} {EARLIER}"), passages)
        self._put.set()  # its vectors may be made anew
        return because("earlier_found")

    async def _is_there(self, document: Document) -> bool:
        """Tell whether a document still has the content that was to be read."""
        known = await self._library.document(document.id)
        return known is not None and known.sha256 == document.sha256

    async def _retry_ours(self) -> None:
        """Read again what failed by a mistake of ours: this may be a version that reads it."""
        with contextlib.suppress(StoreError):
            await self._library.retry(("ours", "missing"))

    async def _retry_missing(self) -> None:
        """Read again, with growing pauses, what a package was missing for: somebody may have installed it."""
        pause = FIRST_MISSING_SECONDS
        while True:
            await asyncio.sleep(pause)
            try:
                is_missed = await self._library.retry(("missing",)) > 0
            except StoreError:
                continue
            self._changed.set()
            pause = min(pause * 2, LONGEST_MISSING_SECONDS) if is_missed else FIRST_MISSING_SECONDS

    async def _forget_removed(self, document: Document) -> None:
        """Drop the passages of a document that was removed while it was read."""
        if await self._library.document(document.id) is None:
            await self._search.remove(document.id)

    async def _embed_round(self) -> bool:
        assert self._embeds_later is not None  # noqa: S101 (there is no such task without one)
        self._put.clear()
        embedded: Sequence[str] = await self._embeds_later.embed_next(EMBED_BATCH) if self._can_embed() else ()
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
        await self._library.drop_failed(time.time() - KEPT_FAILED_SECONDS)
        dropped = await self._files.sweep(await self._library.contents())
        if dropped:
            _log.info("dropped %d files that no document refers to", dropped)
        await asyncio.sleep(SWEEP_SECONDS)
        return True


async def passages_of(document_id: str, reading: Reading) -> list[Passage]:
    """Return what was read as passages of a document; others get the event loop in between."""
    passages: list[Passage] = []
    for number, piece in enumerate(reading.pieces):
        passages.append(Passage(new_id(), document_id, number, piece.text, piece.page, piece.heading))
        if number % BATCH == BATCH - 1:
            await asyncio.sleep(0)
    return passages


async def _meanwhile(aside: Coroutine[None, None, None], work: Coroutine[None, None, T]) -> T:
    """Return what the work returns; what goes on aside ends with it."""
    task = asyncio.create_task(aside)
    try:
        return await work
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
