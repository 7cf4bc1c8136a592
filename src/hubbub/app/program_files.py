"""Show documents as the files that OpenAI's clients know, and take files that are for no collection yet."""

from collections.abc import AsyncIterable, Sequence

import msgspec

from hubbub.app.access import Access, is_upload
from hubbub.app.attachments import UNSENT_SECONDS, Attachments
from hubbub.app.documents import Documents
from hubbub.core.documents import Collection, Document
from hubbub.core.errors import BadParam, HubbubError, NotAllowed, NotFound, NotSignedIn
from hubbub.core.people import Person, Right, may_list, reader_of
from hubbub.search.base import Condition, Library, Listing, Place


class ProgramFile(msgspec.Struct, frozen=True):
    """A document as a file."""

    document: Document
    expires_at: float | None = None
    """When it is deleted, where it is in no collection and no chat by then; None where it stays."""


class ProgramFiles:
    """All documents that a person may read: those of collections, and what was uploaded for none yet."""

    def __init__(self, access: Access, library: Library, documents: Documents, attachments: Attachments) -> None:
        self._access = access
        self._library = library
        self._documents = documents
        self._attachments = attachments

    async def upload(self, person: Person, name: str, pieces: AsyncIterable[bytes], *, payer: str = "") -> ProgramFile:
        """Store a file for no collection yet: it is found by its id alone, and searched nowhere.

        Raises:
            NotSignedIn: the person is not known here, and would not find it again.
            NotAllowed: their key is for some collections alone.
            HubbubError: as `Documents.add` does.
        """
        if not may_list(person, person.id):
            raise NotSignedIn("Files are kept for whom this server knows: send an API key.")
        if person.limits is not None and person.limits.collections is not None:
            raise NotAllowed("This API key is for some collections alone. Put the file into one of those.")
        collection = await self._attachments.begin_upload(person)
        try:
            document = await self._documents.add(person, collection.id, name, pieces, payer=payer)
        except HubbubError:
            await self._attachments.drop_upload(collection)
            raise
        return _file(document, collection)

    async def delete(self, person: Person, document_id: str) -> None:
        """Delete a file, with what held it where that was uploaded for no collection.

        Raises:
            NotFound, NotAllowed: as `Documents.delete` does.
        """
        document = await self._access.document(person, document_id, Right.WRITE)
        await self._documents.delete(person, document_id)
        collection = await self._library.collection(document.collection_id)
        if collection is not None and is_upload(collection):
            await self._attachments.drop_upload(collection)

    async def show(self, person: Person, document_id: str) -> ProgramFile:
        """Return a file.

        Raises:
            NotFound: there is none for this person.
        """
        document = await self._access.document(person, document_id)
        return _file(document, await self._library.collection(document.collection_id))

    async def listed(
        self, person: Person, *, after: str | None, limit: int, is_descending: bool
    ) -> tuple[Sequence[ProgramFile], bool]:
        """Return some of the files that a person may read, by when they were added, and whether there are more.

        Those of chats are not listed. `after` is the id of the one that they come behind.

        Raises:
            BadParam: there is none of that id for this person.
        """
        collections = [*await self._access.listed_collections(person), *await self._access.uploads(person)]
        place = await self._place(person, after)
        listing = Listing(order="added", is_descending=is_descending, after=place, limit=limit + 1)
        reader = await self._access.reader(person)
        found: list[ProgramFile] = []
        for collection in collections:
            page = await self._library.listed(collection.id, listing, reader=reader)
            found += [_file(document, collection) for document in page.documents]
            found.sort(key=lambda one: (one.document.added_at, one.document.id), reverse=is_descending)
            del found[limit + 1 :]
        return found[:limit], len(found) > limit

    async def listed_in(
        self,
        person: Person,
        collection_id: str,
        *,
        condition: Condition,
        after: str | None,
        limit: int,
        is_descending: bool,
        param: str = "after",
    ) -> tuple[Sequence[Document], bool]:
        """Return some of a collection's documents, by when they were added, and whether there are more.

        `param` is what the asker calls `after`.

        Raises:
            NotFound: there is no such collection for this person.
            BadParam: it has no such document that they come behind.
        """
        await self._access.collection(person, collection_id, Right.SEE)
        place = await self._place(person, after, collection_id, param)
        listing = Listing("", condition, None, "added", is_descending, place, limit)
        page = await self._library.listed(collection_id, listing, reader=reader_of(person))
        return page.documents, page.next is not None

    async def within(self, person: Person, collection_id: str, document_id: str) -> Document:
        """Return a document of a collection: that of this id, or else its copy that was put there.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: they may see the collection, and not use it.
        """
        await self._access.collection(person, collection_id, Right.USE)
        document = await self._access.document(person, document_id)
        if document.collection_id == collection_id:
            return document
        reader = await self._access.reader(person)
        copy = await self._library.named(collection_id, document.name, reader=reader)
        if copy is None or copy.sha256 != document.sha256:
            raise NotFound("There is no such file in this vector store.")
        return copy

    async def _place(
        self, person: Person, after: str | None, collection_id: str | None = None, param: str = "after"
    ) -> Place | None:
        if after is None:
            return None
        try:
            last = await self._access.document(person, after, Right.SEE)
        except NotFound:
            last = None
        if last is None or collection_id not in (None, last.collection_id):
            raise BadParam(f"There is no file {after[:64]!r} here.", param)
        return last.added_at, last.id


def _file(document: Document, collection: Collection | None) -> ProgramFile:
    if collection is None or not is_upload(collection):
        return ProgramFile(document)
    return ProgramFile(document, collection.created_at + UNSENT_SECONDS)
