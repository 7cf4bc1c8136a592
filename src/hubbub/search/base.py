"""The door of the search: find passages, and keep the library that they come from."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from hubbub.core.documents import (
    Collection,
    Completeness,
    Document,
    DocumentState,
    Fault,
    Hit,
    Passage,
    Progress,
    Queued,
    Retrieval,
)
from hubbub.core.people import Group, Member, Permission, Reader, Right
from hubbub.search.document_readers import DocumentReaders as DocumentReaders
from hubbub.search.document_readers import Sight as Sight
from hubbub.search.listing import Condition as Condition
from hubbub.search.listing import DocumentOrder as DocumentOrder
from hubbub.search.listing import DocumentPage as DocumentPage
from hubbub.search.listing import Listing as Listing
from hubbub.search.listing import Place as Place


class Search(Protocol):
    """Finds passages in collections."""

    async def find(
        self,
        query: str,
        collection_ids: Sequence[str],
        *,
        limit: int = 8,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
    ) -> list[Hit]:
        """Return the best passages for a query, best first, none twice, from these collections only.

        With a reader, from those of them alone that the reader may use at the moment of the search; None: from all.

        Words can be found as soon as `put` has returned; meanings once the passages are embedded. Of
        `retrieval` what `Tunable.tunes` names holds, the rest changes nothing; None is what a `Retrieval` says itself.

        Raises:
            SearchError: the back end could not answer.
        """
        ...

    async def put(self, document: Document, passages: Sequence[Passage]) -> None:
        """Store a document's passages in place of those it had, all or none."""
        ...

    async def remove(self, document_id: str) -> None:
        """Forget a document's passages. Nothing happens where there are none."""
        ...

    async def passages(self, document_id: str) -> list[Passage]:
        """Return a document's passages in reading order."""
        ...


@runtime_checkable
class Personal(Protocol):
    """A search that finds different passages of one collection for different readers."""

    @property
    def is_personal(self) -> bool: ...


@runtime_checkable
class RemovesMany(Protocol):
    """A search that forgets many documents for less than one by one."""

    async def remove_many(self, document_ids: Sequence[str]) -> None:
        """Forget the passages of documents, as `Search.remove` does. Some may be gone before others."""
        ...


@runtime_checkable
class Renames(Protocol):
    """A library, or a search, in which a document may get another name without being read again."""

    async def rename(self, document_id: str, name: str) -> bool:
        """Give a document another name; return False where it is gone, or another one of its collection has the name.

        A search always returns True: it has the name for what it shows and finds alone.
        """
        ...


@runtime_checkable
class Narrowing(Protocol):
    """A search that can keep to some documents of the collections."""

    async def find_among(
        self,
        query: str,
        collection_ids: Sequence[str],
        document_ids: Sequence[str],
        *,
        limit: int = 8,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
    ) -> list[Hit]:
        """Return what `Search.find` does, as if the collections held these documents alone."""
        ...


class TermFound(msgspec.Struct, frozen=True):
    """A term of the query that a passage holds."""

    term: str
    """As it stands in the index: folded, and without its ending."""
    weight: float
    """What it adds to the passage's score by words (BM25): more for a rare term, and in a short passage."""


class Why(msgspec.Struct, frozen=True):
    """Why a passage was found: its place among those found by words and by vectors, and what it has there."""

    words_rank: int | None
    """Its place by words, from 1; null where it is not among these."""
    words_score: float | None
    vectors_rank: int | None
    similarity: float | None
    """The cosine of its vector and the query's."""
    terms: tuple[TermFound, ...]
    """The terms of the query that it holds, the weightiest first."""


@runtime_checkable
class Explains(Protocol):
    """A search that tells why it found what it found."""

    async def explain(
        self,
        query: str,
        collection_ids: Sequence[str],
        passage_ids: Sequence[str],
        *,
        document_ids: Sequence[str] | None = None,
        depth: int = 8,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
    ) -> dict[str, Why]:
        """Tell it of passages by their ids, as the same `find` or `find_among` with this limit finds them now.

        What that doesn't find is left out.

        Raises:
            SearchError: the back end could not answer.
        """
        ...


@runtime_checkable
class Tunable(Protocol):
    """A search that says what of a `Retrieval` it goes by."""

    @property
    def tunes(self) -> frozenset[str]:
        """The names of the fields that change what is found."""
        ...


def tuned_by(search: Search) -> frozenset[str]:
    """Return the fields of a `Retrieval` that a search goes by."""
    return search.tunes if isinstance(search, Tunable) else frozenset()


class EmbedsLater(Protocol):
    """A search whose vectors are made in the background, after its words can be found."""

    async def embed_next(self, limit: int = 16) -> Sequence[str]:
        """Embed up to `limit` passages that have no vector yet, oldest first.

        Returns the ids of the documents they belong to (one entry a passage); empty when none is left.
        """
        ...


@runtime_checkable
class Standing(Protocol):
    """A search over an index that is filled elsewhere, which shows as one shared collection."""

    @property
    def standing(self) -> str:
        """What that collection is called."""
        ...

    def stand_as(self, collection_id: str) -> None:
        """Take the id that the library gave it."""
        ...


class Permissions(Protocol):
    """Keeps who may do what with collections, beside what owners may."""

    async def of(self, collection_id: str) -> list[Permission]:
        """Return what was given for a collection."""
        ...

    async def put(self, collection_id: str, permissions: Sequence[Permission]) -> None:
        """Give these permissions in place of those there were. `Right.NONE` gives nothing.

        Raises:
            NotFound: there is no such collection.
        """
        ...

    async def drop(self, subject: str) -> None:
        """Take everything from a subject."""
        ...

    async def revision(self) -> int:
        """Return a number that is another one after any change of rights: of permissions, members or collections."""
        ...

    async def usable(self, asked: Sequence[tuple[Reader, Sequence[str]]]) -> list[bool]:
        """Tell of each reader whether they may use all of these collections now."""
        ...


class Groups(Protocol):
    """Keeps groups and their members. Persons go by their ids."""

    async def groups(self, person_id: str | None = None) -> list[Group]:
        """Return all groups by name, or those that a person is a member of."""
        ...

    async def group(self, group_id: str, person_id: str = "") -> Group | None:
        """Return a group, and whether a person manages it."""
        ...

    async def create(self, name: str) -> Group:
        """Make a group.

        Raises:
            Conflict: there is one of that name.
            Invalid: the name is empty or over 256 characters.
        """
        ...

    async def delete(self, group_id: str) -> None:
        """Forget a group, its members' places in it and what it may do."""
        ...

    async def members(self, group_id: str) -> list[Member]:
        """Return a group's members, by their ids."""
        ...

    async def put_member(self, group_id: str, member: Member) -> None:
        """Make a person a member, or change what they are in it.

        Raises:
            NotFound: there is no such group.
        """
        ...

    async def remove_member(self, group_id: str, person_id: str) -> None:
        """Take a person out of a group. Nothing happens where they are not in it."""
        ...

    async def drop_person(self, person_id: str) -> None:
        """Take a person out of all groups, and all that they were given."""
        ...


@runtime_checkable
class SharesWork(Protocol):
    """A library whose documents several machines read: each takes some, for as long as it is heard of."""

    async def free_queue(self, worker: str, most_of_each: int = 8) -> list[Queued]:
        """Return what `Library.queue` does, without what other workers are reading."""
        ...

    async def take(self, document: Document, worker: str, seconds: float) -> bool:
        """Take this content of a document to read it; False where another worker has it, or it is not to be read."""
        ...

    async def keep(self, worker: str, document_ids: Sequence[str], seconds: float) -> None:
        """Keep what was taken for so much longer."""
        ...

    async def let_go(self, document_id: str, worker: str) -> None:
        """Let others take a document."""
        ...


class Library(Protocol):
    """Knows the collections and their documents, and how far each has come.

    With a reader, documents that are restricted to others are not there, and not counted.
    """

    @property
    def permissions(self) -> "Permissions":
        """Who may do what with collections."""
        ...

    @property
    def readers(self) -> DocumentReaders:
        """Who may read single documents."""
        ...

    @property
    def groups(self) -> "Groups":
        """The groups that permissions name."""
        ...

    async def collections(self, *, reader: Reader | None = None) -> list[Collection]:
        """Return all collections with their counts, by name; with a reader those that they may see."""
        ...

    async def named_collections(
        self, *, reader: Reader | None = None, ids: Sequence[str] | None = None
    ) -> list[Collection]:
        """Return collections by name, without their counts: those that a reader may see, or all; of these ids only.

        What it costs does not depend on how many documents they hold: rights and names are looked up by it.
        """
        ...

    async def readable(self, reader: Reader, ids: Sequence[str]) -> tuple[list[Collection], Sight]:
        """Return what `named_collections` does, and what the reader sees of restricted documents there."""
        ...

    async def collection(self, collection_id: str) -> Collection | None: ...

    async def create(self, name: str, *, owner_id: str, is_shared: bool, description: str = "") -> Collection:
        """Make a collection.

        Raises:
            Conflict: this owner has one of that name.
            Invalid: the name is empty or over 100 characters.
        """
        ...

    async def delete(self, collection_id: str) -> None:
        """Forget a collection and the records of its documents (their passages: `Search.remove`)."""
        ...

    async def documents(self, collection_id: str, *, reader: Reader | None = None) -> list[Document]:
        """Return a collection's documents, by name."""
        ...

    async def listed(self, collection_id: str, listing: Listing, *, reader: Reader | None = None) -> DocumentPage:
        """Return some of a collection's documents; those that are equal in its order, by their ids."""
        ...

    async def conditions(self, collection_id: str, *, reader: Reader | None = None) -> Mapping[Condition, int]:
        """Return how many documents of a collection are of each condition; "ready" has the partial ones, too."""
        ...

    async def document(self, document_id: str, *, reader: Reader | None = None) -> Document | None: ...

    async def named(self, collection_id: str, name: str, *, reader: Reader | None = None) -> Document | None:
        """Return the document of this name in a collection."""
        ...

    async def change(
        self, collection_id: str, *, name: str | None = None, is_shared: bool | None = None
    ) -> Collection | None:
        """Rename a collection, or share it with everybody or not; None where there is none.

        Raises:
            Conflict: its owner has another one of that name.
            Invalid: the name is empty or over 100 characters.
        """
        ...

    async def add(self, document: Document, *, payer: str = "", readers: Sequence[str] | None = None) -> Document:
        """Record a document as waiting to be read; one of the same name in its collection is replaced, keeping its id.

        It is restricted to the readers from the first moment; None: as the one that it replaces.

        Returns the record as stored. Its passages stay searchable until new ones are put. Its bytes are
        charged to the payer.

        Raises:
            NotFound: the collection is not there.
        """
        ...

    async def mark(
        self,
        document: Document,
        state: DocumentState,
        *,
        reason: str = "",
        fault: Fault = "",
        title: str | None = None,
        pages: int | None = None,
        completeness: Completeness | None = None,
    ) -> bool:
        """Note how far this content of a document has come. What is None stays as it was.

        Nothing happens, and it returns False, where the document has gone or has other content (by
        its sha256) by now.
        """
        ...

    async def advance(self, document: Document, read: float) -> None:
        """Note which part of a document, 0 to 1, is read. Nothing happens unless this content of it is being read."""
        ...

    async def forget(self, document_id: str) -> None:
        """Drop a document's record (its passages: `Search.remove`)."""
        ...

    async def unfinished(self) -> list[Document]:
        """Return the documents that are waiting, reading or embedding, oldest first."""
        ...

    async def queue(self, most_of_each: int = 8) -> list[Queued]:
        """Return the documents that are waiting or being read, oldest first: the first few of each payer and owner."""
        ...

    async def retry(self, faults: Sequence[Fault]) -> int:
        """Let the documents that failed by these faults wait to be read again; return how many they are."""
        ...

    async def kept_bytes(self, payer: str) -> int:
        """Return how many bytes of files are kept for a payer: 4096 at least a file, as a disk has it."""
        ...

    async def refers_to(self, sha256: str) -> bool:
        """Tell whether a document has this content."""
        ...

    async def drop_failed(self, before: float) -> int:
        """Note that the files of documents that failed by their own fault before a time are kept no longer."""
        ...

    async def unread(
        self, collection_ids: Sequence[str], *, limit: int, reader: Reader | None = None
    ) -> list[Document]:
        """Return up to `limit` documents of these collections that are waiting or being read, oldest first."""
        ...

    async def progress(self, collection_id: str | None = None) -> Progress:
        """Count how far the documents of a collection, or of all, have come."""
        ...

    async def contents(self) -> set[str]:
        """Return the sha256 of every document's content that is kept."""
        ...


@runtime_checkable
class KnowsPersons(Protocol):
    """A library that says what it keeps of a person besides their collections and groups."""

    async def given(self, subject: str) -> list[tuple[str, Right]]:
        """Return the ids of the collections that a subject was given a right to, each with the right."""
        ...

    async def paid(self, payer: str) -> list[str]:
        """Return the ids of the documents that somebody is charged for, the oldest first."""
        ...

    async def forget_payer(self, payer: str) -> int:
        """Charge documents to nobody from now on; returns how many they were."""
        ...


@runtime_checkable
class Givable(Protocol):
    """A library whose collections can become somebody else's."""

    async def count_kept(self, owner_id: str) -> dict[str, int]:
        """Return how many `collections` somebody has, and how many `documents` in them."""
        ...

    async def charged_bytes(self, owner_id: str) -> int:
        """Return how many bytes of what is in somebody's collections they are charged for."""
        ...

    async def give(self, giver_id: str, taker_id: str) -> None:
        """Give all that somebody has, and may, to somebody else: all or nothing. Doing it again changes nothing."""
        ...

    async def give_collections(self, giver_id: str, taker_id: str) -> None:
        """Give what somebody has, and not what they may, so: the taker is charged for it. Rights of others stay."""
        ...
