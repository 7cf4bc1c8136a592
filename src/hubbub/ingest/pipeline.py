"""Take documents in and out of collections, and say how far each has come."""

import asyncio
import contextlib
import time
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from hubbub.connections.lock import FolderLock
from hubbub.connections.sandbox import Sandbox
from hubbub.core.documents import Document, Progress
from hubbub.core.errors import StoreError
from hubbub.core.identifiers import new_id
from hubbub.ingest.allowance import Allowance
from hubbub.ingest.files import Files, Kept
from hubbub.ingest.loaders.kinds import media_type_of
from hubbub.ingest.names import suffix_of, usable_name
from hubbub.ingest.ocr.base import Plan
from hubbub.ingest.ocr.elsewhere import Elsewhere
from hubbub.ingest.split import Sizes
from hubbub.ingest.worker import Worker
from hubbub.search.base import EmbedsLater, Library, RemovesMany, Renames, Search

WATCH_SECONDS = 0.3


class Pipeline:
    """Documents go through it: stored and waiting → reading → embedding → ready, or failed.

    Any process may add and remove. One process of a data folder does the work, in `run`; the
    others wait in theirs until it is gone, and go on where it was.
    """

    def __init__(
        self,
        library: Library,
        search: Search,
        embeds_later: EmbedsLater | None,
        files: Files,
        sandbox: Sandbox,
        *,
        lock_path: Path,
        sizes: Sizes | None = None,
        readers: int = 2,
        reads_hidden: bool = False,
        ocr: Plan | None = None,
        elsewhere: Elsewhere | None = None,
        keeps_earlier: bool = True,
        allowance: Allowance | None = None,
        can_embed: Callable[[], bool] = lambda: True,
        own_types: Mapping[str, str] | None = None,
    ) -> None:
        self._library = library
        self._search = search
        self._files = files
        self._lock_path = lock_path
        self._allowance = allowance
        self.own_types = own_types or {}
        """The media types of formats that loaders of somebody's own read, by suffix."""
        self._worker = Worker(
            library,
            search,
            embeds_later,
            files,
            sandbox,
            sizes=sizes,
            readers=readers,
            reads_hidden=reads_hidden,
            ocr=ocr,
            elsewhere=elsewhere,
            keeps_earlier=keeps_earlier,
            can_embed=can_embed,
        )

    async def add(
        self,
        collection_id: str,
        name: str,
        source: Path | AsyncIterable[bytes],
        *,
        payer: str = "",
        readers: Sequence[str] | None = None,
    ) -> Document:
        """Store a file and record it as waiting to be read, in place of the one that had its name.

        What is there already with the same content, and has not failed, is returned as it is. The bytes are
        charged to the payer, if one is named. It is restricted to the readers; None: as the one before.

        Raises:
            Invalid: the name can't be used, or the file can't be opened.
            NotFound: the collection or the file is not there.
            TooLarge: the file is over the limit, or over what is left of the payer's allowance.
            StoreFull: the disk is full, or nearly.
        """
        name = usable_name(name)
        pieces = self._files.read(source) if isinstance(source, Path) else source
        async with AsyncExitStack() as stack:
            if self._allowance is not None:
                counted = await stack.enter_async_context(self._allowance.taking(payer))
                pieces = counted(pieces)
            kept = await stack.enter_async_context(self._files.keeping(pieces))
            known = await self._library.named(collection_id, name)
            stored = await self._record(collection_id, name, kept, known, payer, readers)
        if known and known.sha256 != kept.sha256:
            await self._drop(known.sha256)
        return stored

    async def would_exceed(self, payer: str, more_bytes: int) -> bool:
        """Tell whether somebody would keep more than their allowance with so many more bytes."""
        return self._allowance is not None and await self._allowance.would_exceed(payer, more_bytes)

    def _media_type_of(self, name: str) -> str:
        return self.own_types.get(suffix_of(name)) or media_type_of(name)

    async def _record(
        self,
        collection_id: str,
        name: str,
        kept: Kept,
        known: Document | None,
        payer: str,
        readers: Sequence[str] | None,
    ) -> Document:
        if known and known.sha256 == kept.sha256 and known.state != "failed":
            if readers is not None:
                await self._library.readers.put(known.id, readers)
            return known
        document = Document(
            id=new_id(),
            collection_id=collection_id,
            name=name,
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            media_type=self._media_type_of(name),
            added_at=time.time(),
        )
        stored = await self._library.add(document, payer=payer, readers=readers)
        self._worker.wake()
        return stored

    async def rename(self, document: Document, name: str) -> bool:
        """Give a document that has been read another name; return False where it has to be added under that instead."""
        name = usable_name(name)
        if document.state not in ("embedding", "ready") or suffix_of(document.name) != suffix_of(name):
            return False
        if not isinstance(self._library, Renames) or not isinstance(self._search, Renames):
            return False
        if await self._library.named(document.collection_id, name) is not None:
            return False
        # In this order, so that what is broken off in between is renamed again.
        await self._search.rename(document.id, name)
        if await self._library.rename(document.id, name):
            return True
        await self._search.rename(document.id, document.name)
        return False

    async def remove(self, document_id: str) -> None:
        """Forget a document, its passages and its file, unless another document has the same content."""
        known = await self._library.document(document_id)
        await self._search.remove(document_id)
        await self._library.forget(document_id)
        # Once more: what was just being read may have been put between the two.
        await self._search.remove(document_id)
        if known is not None:
            await self._drop(known.sha256)

    async def _drop(self, sha256: str) -> None:
        with contextlib.suppress(StoreError):  # then the next sweep takes it
            await self._files.drop(sha256, lambda: self._library.refers_to(sha256))

    async def remove_missing(self, collection_id: str, names: Collection[str]) -> list[Document]:
        """Remove the documents of a collection whose names are not among these; returns them."""
        kept = {unicodedata.normalize("NFC", name) for name in names}  # as `usable_name` has them
        missing = [document for document in await self._library.documents(collection_id) if document.name not in kept]
        for document in missing:
            await self.remove(document.id)
        return missing

    async def remove_collection(self, collection_id: str) -> None:
        """Forget a collection with its documents and their passages."""
        documents = await self._library.documents(collection_id)
        ids = [document.id for document in documents]
        await self._remove_passages(ids)
        await self._library.delete(collection_id)
        # Once more: what was just being read may have been put between the two.
        await self._remove_passages(ids)
        for sha256 in {document.sha256 for document in documents}:
            await self._drop(sha256)

    async def _remove_passages(self, document_ids: Sequence[str]) -> None:
        if isinstance(self._search, RemovesMany):
            await self._search.remove_many(document_ids)
            return
        for document_id in document_ids:
            await self._search.remove(document_id)

    async def progress(self, collection_id: str | None = None) -> Progress:
        """Count how far the documents of a collection, or of all, have come."""
        return await self._library.progress(collection_id)

    async def watch(self, collection_id: str | None = None) -> AsyncGenerator[Progress]:
        """Yield the progress at once and whenever it has changed, until every document is ready or failed."""
        last: Progress | None = None
        while last is None or not last.is_settled:
            if last is not None:
                await asyncio.sleep(WATCH_SECONDS)
            progress = await self.progress(collection_id)
            if progress != last:
                yield progress
            last = progress

    async def run(self) -> None:
        """Do the work until cancelled, as soon as no other process does it. Nothing is lost at any point."""
        async with FolderLock(self._lock_path):
            await self._worker.run()
