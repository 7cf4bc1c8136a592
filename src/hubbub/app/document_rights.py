"""Restrict single documents to some of those who may see their collection."""

from collections.abc import Sequence

from hubbub.app.access import Access
from hubbub.app.giving import Giving
from hubbub.core.documents import Document
from hubbub.core.errors import Invalid, NotAllowed
from hubbub.core.people import EVERYBODY, Person, Right, is_subject
from hubbub.core.scopes import check_scope
from hubbub.identity.deeds import Deeds
from hubbub.search.base import Library

MOST_READERS = 500
NOT_THEIRS = "Whoever manages the collection says who may see its documents. Ask them."


class DocumentRights:
    """Who may read single documents: those on a document's list, of those who may see its collection."""

    def __init__(
        self, access: Access, library: Library, giving: Giving | None = None, deeds: Deeds | None = None
    ) -> None:
        self._access = access
        self._library = library
        self._giving = giving or Giving(library.groups)
        self._deeds = deeds or Deeds()

    async def readers(self, person: Person, document: Document) -> Sequence[str] | None:
        """Return to whom a document is restricted that the person may see.

        None where it is not restricted, and for persons who don't manage its collection.
        """
        if not document.is_restricted or not await self._manages(person, document):
            return None
        return await self._library.readers.of(document.id)

    async def restrict(self, person: Person, document_id: str, subjects: Sequence[str] | None) -> Document:
        """Let a document be seen by these alone, of those who may see its collection; None: by all of them again.

        Whoever manages the collection sees it always. What is open over it ends within a second for all others. An
        empty list leaves nobody else.

        Raises:
            NotFound: there is no such document, no such group for this person, or nobody of such an id.
            NotAllowed: they don't manage its collection.
            Invalid: somebody can't be named.
        """
        document = await self._access.document(person, document_id, Right.SEE)
        if not await self._manages(person, document):
            raise NotAllowed(NOT_THEIRS)
        check_scope(person, "documents:share")
        before = await self._library.readers.of(document_id)
        after = None if subjects is None else list(dict.fromkeys(subjects))
        await self._check(person, before or (), after or ())
        detail = f"{document.name} in {document.collection_id}: {changes(before, after)}"
        async with self._deeds.doing("document shared", by=person, of=document_id, detail=detail):
            await self._library.readers.put(document_id, after)
        return await self._access.document(person, document_id, Right.SEE)

    async def _check(self, person: Person, before: Sequence[str], after: Sequence[str]) -> None:
        if len(after) > MOST_READERS:
            raise Invalid(f"A document can be restricted to {MOST_READERS} persons and groups. Make a group of them.")
        for subject in after:
            if subject == EVERYBODY:
                raise Invalid("Everybody who may see the collection sees a document that is not restricted.")
            if not is_subject(subject):
                raise Invalid(
                    "A document is restricted to person:ID, group:ID of a group here, claim:PROVIDER/NAME of a group "
                    "that a sign-in names, or signed-in."
                )
        await self._giving.check_named(person, before, after)

    async def _manages(self, person: Person, document: Document) -> bool:
        try:
            await self._access.collection(person, document.collection_id, Right.MANAGE)
        except NotAllowed:
            return False
        return True


def changes(before: Sequence[str] | None, after: Sequence[str] | None) -> str:
    """Say in one line how a document's list changed."""
    if after is None:
        return "restricted no more"
    had = before or ()
    told = [f"+{one}" for one in after if one not in had] + [f"-{one}" for one in had if one not in after]
    return " ".join(told) or ("restricted to nobody else" if not after else "as before")
