"""Add, list, show and delete the documents of a person's collections."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence
from os import stat_result
from pathlib import Path
from typing import NamedTuple

from hubbub.app.access import Access, whose_first
from hubbub.app.found import Found, marked
from hubbub.app.found_pages import Narrow, Page, left_of, page_of
from hubbub.connections.sandbox import Sandbox
from hubbub.core.documents import Document, Hit, Passage
from hubbub.core.errors import Conflict, Invalid, NotFound
from hubbub.core.people import Person, Right, reader_of
from hubbub.core.reasons import because
from hubbub.core.tracing import step
from hubbub.identity.deeds import Deeds
from hubbub.ingest.files import Files
from hubbub.ingest.loaders.kinds import KINDS
from hubbub.ingest.names import suffix_of, usable_name
from hubbub.ingest.picture import USUAL_SCALE, picture
from hubbub.ingest.pipeline import Pipeline
from hubbub.search.base import Condition, DocumentPage, Library, Listing, Search

NAME_CHARACTERS = 400
NOT_RENAMED = because("document_not_renamed")
PAGE_SCALE = USUAL_SCALE
"""Pixels a point, 1/72 inch."""


class Stored(NamedTuple):
    """A document's file, as it was put in."""

    document: Document
    path: Path
    stat: stat_result


class Documents:
    """The documents of the collections that people may see."""

    def __init__(
        self,
        access: Access,
        library: Library,
        search: Search,
        files: Files,
        pipeline: Pipeline,
        pictures: Sandbox,
        deeds: Deeds | None = None,
    ) -> None:
        """Take what keeps documents, and where pages are drawn."""
        self._deeds = deeds or Deeds()
        self._access = access
        self._library = library
        self._search = search
        self._files = files
        self._pipeline = pipeline
        self._pictures = pictures

    @property
    def suffixes(self) -> Sequence[str]:
        """How the names of files end that can be read."""
        ours = [suffix for kind in KINDS for suffix in kind.suffixes]
        return [*ours, *(suffix for suffix in self._pipeline.own_types if suffix not in ours)]

    async def list(self, person: Person, collection_id: str) -> Sequence[Document]:
        """Return all documents of a collection, by name.

        Raises:
            NotFound: there is no such collection for this person.
        """
        await self._access.collection(person, collection_id, Right.SEE)
        return await self._library.documents(collection_id, reader=reader_of(person))

    async def listed(
        self, person: Person, collection_id: str, listing: Listing
    ) -> tuple[DocumentPage, Mapping[Condition, int]]:
        """Return some of a collection's documents, and how many of each condition it has.

        Raises:
            NotFound: there is no such collection for this person.
        """
        await self._access.collection(person, collection_id, Right.SEE)
        reader = reader_of(person)
        page = await self._library.listed(collection_id, listing, reader=reader)
        return page, await self._library.conditions(collection_id, reader=reader)

    async def check_may_add(self, person: Person, collection_id: str) -> None:
        """Return if a person may add documents to a collection.

        Raises:
            NotFound: there is no such collection for this person.
            NotAllowed: it is not theirs to add to.
        """
        await self._access.collection(person, collection_id, Right.WRITE)

    async def add(
        self,
        person: Person,
        collection_id: str,
        name: str,
        content: bytes | Path | AsyncIterable[bytes],
        *,
        payer: str = "",
    ) -> Document:
        """Add a document, or replace the one of this name; it is read in the background, and stored when this returns.

        Its bytes are charged to the payer, if one is named.

        Raises:
            NotFound: there is no such collection for this person.
            NotAllowed: it is not theirs to add to.
            Invalid: the name can't be used.
            Conflict: a document has it that the person may not see.
            TooLarge: the file is over the limit, or over what is left of the payer's allowance.
            StoreFull: the disk is full, or nearly.
        """
        await self.check_may_add(person, collection_id)
        if not 0 < len(name.strip()) <= NAME_CHARACTERS:
            raise Invalid(because("document_name", most=NAME_CHARACTERS))
        await self._access.check_name(person, collection_id, usable_name(name))
        source = _once(content) if isinstance(content, bytes) else content
        detail = f"{name} in {collection_id}"
        async with self._deeds.doing("document added", by=person, detail=detail) as doing:
            added = await self._pipeline.add(collection_id, name, source, payer=payer)
            doing.of = added.id
        return added

    async def show(self, person: Person, document_id: str) -> tuple[Document, Sequence[Passage]]:
        """Return a document, and its passages in reading order.

        Raises:
            NotFound: there is none for this person.
        """
        document = await self._access.document(person, document_id)
        return document, await self._search.passages(document_id)

    async def file(self, person: Person, document_id: str) -> Stored:
        """Return a document's file.

        Raises:
            NotFound: there is no such document for this person, or its file is gone.
        """
        return await self.stored(await self._access.document(person, document_id))

    async def stored(self, document: Document) -> Stored:
        """Return the file of a document that was found for a person.

        Raises:
            NotFound: it is gone.
        """
        path = await self._files.here(document.sha256)
        return Stored(document, path, await self._files.stat(document.sha256))

    async def page(
        self,
        person: Person,
        document_id: str,
        number: int,
        quote: str = "",
        *,
        passage: str = "",
        scale: float = PAGE_SCALE,
    ) -> bytes:
        """Return the picture of a page of a PDF as PNG, with the words of a quote, else of a passage by its id, marked.

        Raises:
            NotFound: there is no such document for this person, or no such page in it.
        """
        document = await self._access.document(person, document_id)
        if document.media_type != "application/pdf" or not 1 <= number <= max(document.pages, 1):
            raise NotFound("There is no such page to show.")
        if passage and not quote.strip():
            texts = [one.text for one in await self._search.passages(document_id) if one.id == passage]
            quote = texts[0] if texts else ""
        path = await self._files.here(document.sha256)
        return await picture(self._pictures, path, number, quote, scale=scale)

    async def rename(self, person: Person, document_id: str, name: str) -> Document:
        """Give a document another name, and return it as it is now. It isn't read again.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is in a collection that is not theirs to change.
            Invalid: the name can't be used, or ends in another kind of file.
            Conflict: another document has the name, or this one can't be renamed now.
        """
        document = await self._access.document(person, document_id, Right.WRITE)
        name = usable_name(name.strip())
        if name == document.name:
            return document
        if suffix_of(name) != suffix_of(document.name):
            raise Invalid(because("name_suffix", suffix=suffix_of(document.name)))
        if await self._library.named(document.collection_id, name) is not None:
            raise Conflict(because("name_taken", name=name))
        detail = f"{document.name} to {name} in {document.collection_id}"
        async with self._deeds.doing("document renamed", by=person, of=document_id, detail=detail):
            if not await self._pipeline.rename(document, name):
                raise Conflict(NOT_RENAMED)
        return await self._access.document(person, document_id)

    async def delete(self, person: Person, document_id: str) -> None:
        """Delete a document.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is in a collection that is not theirs to change.
        """
        document = await self._access.document(person, document_id, Right.WRITE)
        detail = f"{document.name} in {document.collection_id}"
        async with self._deeds.doing("document deleted", by=person, of=document_id, detail=detail):
            await self._pipeline.remove(document_id)

    async def named(self, person: Person, names: Sequence[str]) -> Document:
        """Return the first document of one of these names: of the person's own ones, else of those that are shared.

        Raises:
            NotFound: there is none for this person.
        """
        listed = await self._access.listed_collections(person)
        reader = await self._access.reader(person)
        for collection in sorted(listed, key=lambda one: whose_first(person, one)):
            for name in names:
                if (found := await self._library.named(collection.id, name, reader=reader)) is not None:
                    return found
        raise NotFound("There is no such document.")

    async def find(
        self, person: Person, query: str, collection_ids: Sequence[str] = (), *, limit: int = 8
    ) -> Sequence[Hit]:
        """Return the best passages for a query, best first: of these collections, else of all that the person may list.

        Raises:
            NotFound: there is no such collection for this person.
            SearchError: the search could not answer.
        """
        ids = await self._access.check_collections(person, collection_ids)
        if not collection_ids:
            ids = tuple(one.id for one in await self._access.listed_collections(person))
        if not ids:
            return []
        with step("search"):
            return await self._search.find(query, ids, limit=limit, reader=await self._access.reader(person))

    async def find_marked(
        self, person: Person, query: str, collection_ids: Sequence[str] = (), *, limit: int = 8
    ) -> Sequence[Found]:
        """Return what `find` does, each passage with the places that hold words of the query.

        Raises:
            NotFound, SearchError: as `find` does.
        """
        found: list[Found] = []
        for hit in await self.find(person, query, collection_ids, limit=limit):
            found.append(marked(query, hit))
            await asyncio.sleep(0)  # a long passage takes a millisecond
        return found

    async def find_page(
        self,
        person: Person,
        query: str,
        collection_ids: Sequence[str],
        narrow: Narrow,
        *,
        offset: int,
        limit: int,
        with_reasons: bool = False,
    ) -> Page:
        """Return some of the best passages, from a place on, of the documents that `narrow` leaves.

        Of these collections, else of all that the person may list; with reasons, why each is found.

        Raises:
            NotFound, SearchError: as `find` does.
            Invalid: that far no ranking goes.
        """
        ids = await self._access.check_collections(person, collection_ids)
        if not collection_ids:
            ids = tuple(one.id for one in await self._access.listed_collections(person))
        reader = await self._access.reader(person)
        return await page_of(
            self._library,
            self._search,
            query,
            ids,
            narrow,
            offset=offset,
            limit=limit,
            reader=reader,
            with_reasons=with_reasons,
        )

    async def left_of(self, collection_ids: Sequence[str], narrow: Narrow) -> Sequence[str]:
        """Return the ids of the documents that `narrow` leaves of collections, whoever may read them: see `find`."""
        return await left_of(self._library, collection_ids, narrow)

    async def until_read(self, collection_id: str, *, most_seconds: float) -> None:
        """Return when no document of a collection waits or is read any more, or when the time is up."""
        async with contextlib.aclosing(self._pipeline.watch(collection_id)) as watched:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(most_seconds):
                    async for progress in watched:
                        if not (progress.waiting or progress.reading):
                            return


async def _once(content: bytes) -> AsyncGenerator[bytes]:
    yield content
