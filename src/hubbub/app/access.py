"""Decide what a person may do, and fetch it for them: what they may not see does not exist for them."""

from collections.abc import Sequence

from msgspec.structs import replace

from hubbub.answers.log import Log
from hubbub.app.readings import UNREAD, Readings, needs_reading
from hubbub.core.documents import Collection, Document, Hit
from hubbub.core.errors import Conflict, Invalid, NotAllowed, NotFound
from hubbub.core.messages import Chat, Message
from hubbub.core.people import (
    ANYBODY,
    GUEST_ID,
    OPERATOR_ID,
    PERSON,
    Person,
    Reader,
    Right,
    may_list,
    may_see,
    reader_of,
)
from hubbub.core.reasons import because
from hubbub.core.scopes import check_scope, may_use_collection
from hubbub.history.base import History
from hubbub.search.base import Library, Sight


class Access:
    """Decides who may see what: every door asks here."""

    def __init__(self, history: History, library: Library, log: Log, readings: Readings | None = None) -> None:
        self._readings = readings or Readings()
        self._history = history
        self._library = library
        self._log = log

    async def chat(self, person: Person, chat_id: str) -> Chat:
        """Return a chat that the person may see.

        Raises:
            NotFound: there is none for them.
        """
        chat = await self._history.chat(chat_id)
        if chat is None or not may_see(person, chat.owner_id):
            raise NotFound("There is no such chat.")
        await self._readings.check(person, chat.owner_id, chat_id)
        return chat

    async def message(self, person: Person, message_id: str) -> Message:
        """Return a message of a chat that the person may see.

        Raises:
            NotFound: there is none for them.
        """
        message = await self._history.message(message_id)
        chat = await self._history.chat(message.chat_id) if message is not None else None
        if message is None or chat is None or not may_see(person, chat.owner_id):
            raise NotFound("There is no such message.")
        await self._readings.check(person, chat.owner_id, message_id)
        return message

    async def check_answer(self, person: Person, answer_id: str) -> None:
        """Return if there is such an answer for the person.

        Raises:
            NotFound: there is none for them.
        """
        owner_id = await self._log.owner(answer_id)
        if owner_id is None or not may_see(person, owner_id):
            raise NotFound("There is no such answer.")
        await self._readings.check(person, owner_id, answer_id)

    async def check_reading(self, person: Person, owner_id: str, what: str) -> None:
        """Return if a person may read a thing that they may see: operators read another's only within a reading.

        Raises:
            NotAllowed: they have not begun one.
        """
        await self._readings.check(person, owner_id, what)

    async def reader(self, person: Person) -> Reader:
        """Return who a person is to what is read: operators read what anybody could whose things they read now."""
        reader = reader_of(person)
        if not needs_reading(person):
            return reader
        read = [PERSON + owner_id for owner_id in await self._readings.owners(person)]
        return Reader(person.id, (*reader.subjects, *read))

    async def known_collections(self, person: Person, least: Right = Right.USE) -> list[Collection]:
        """Return the collections that the person may use, without their counts: also those not to be listed."""
        found = await self._library.named_collections(reader=await self.reader(person))
        return [
            one for one in found if one.right >= least and may_use_collection(person, one.id) and not is_of_chat(one)
        ]

    async def uploads(self, person: Person) -> list[Collection]:
        """Return the collections that hold a file each which the person uploaded for no collection yet."""
        if not may_list(person, person.id):
            return []
        found = await self._library.named_collections(reader=reader_of(person))
        mine = CHAT_FILES + person.id
        return [one for one in found if one.owner_id == mine and is_upload(one) and may_use_collection(person, one.id)]

    async def listed_collections(self, person: Person) -> list[Collection]:
        """Return those of them that may be listed for the person."""
        return [one for one in await self.known_collections(person) if is_listed(person, one)]

    async def collection(self, person: Person, collection_id: str, right: Right) -> Collection:
        """Return a collection, without its counts, with which the person may do this.

        Raises:
            NotFound: there is none that they may see.
            NotAllowed: they may see it, and not do this.
        """
        if not may_use_collection(person, collection_id):
            raise NotFound(because("collection_gone"))
        reader = await self.reader(person) if right is Right.USE else reader_of(person)
        found = await self._library.named_collections(reader=reader, ids=[collection_id])
        if not found:
            await self._tell_unread(person, [collection_id])
            raise NotFound(because("collection_gone"))
        if found[0].right < right:
            raise NotAllowed(REFUSALS[right])
        return found[0]

    async def document(self, person: Person, document_id: str, right: Right = Right.USE) -> Document:
        """Return a document of a collection with which the person may do this.

        Raises:
            NotFound: there is none that they may see.
            NotAllowed: they may see it, and not do this.
        """
        reader = await self.reader(person) if right is Right.USE else reader_of(person)
        document = await self._library.document(document_id, reader=reader)
        if document is None:
            if needs_reading(person) and await self._library.document(document_id) is not None:
                raise NotAllowed(UNREAD, code="reading_needed")
            raise NotFound("There is no such document.")
        try:
            await self.collection(person, document.collection_id, right)
        except NotFound as error:
            raise NotFound("There is no such document.") from error
        return document

    async def check_collections(self, person: Person, collection_ids: Sequence[str]) -> tuple[str, ...]:
        """Return the ids, each once, if all are collections that the person may use.

        Raises:
            NotFound: one of them is not there for them.
            NotAllowed: they may see one of them, and not search it.
        """
        return (await self.readable(person, collection_ids))[0]

    async def readable(
        self, person: Person, collection_ids: Sequence[str], *, may_share: bool = False, files_id: str = ""
    ) -> tuple[tuple[str, ...], Reader | None]:
        """Return the ids, each once, if all are collections that the person may use, and who reads them.

        Where the answer may be shared, and they have no other right than everybody has, and see no document that is
        restricted, that is anybody: so the same question of different people is one. Without collections it is
        nobody. The files of a chat are searched in that chat alone: those of `files_id` may be among the collections.

        Raises:
            NotFound, NotAllowed: as `check_collections` does.
        """
        wanted = tuple(dict.fromkeys(collection_ids))
        if not wanted:
            return wanted, None
        if person.limits is not None:
            check_scope(person, "search")
            if not all(may_use_collection(person, one) for one in wanted):
                raise NotFound(because("collection_gone"))
        reader = await self.reader(person)
        sight: Sight | None = None
        if may_share:
            found, sight = await self._library.readable(reader, wanted)
        else:
            found = await self._library.named_collections(reader=reader, ids=wanted)
        if len(found) < len(wanted):
            await self._tell_unread(person, wanted)
        if not {one.id for one in found if one.id == files_id or not is_of_chat(one)}.issuperset(wanted):
            raise NotFound(because("collection_gone"))
        if any(one.right < Right.USE for one in found):
            raise NotAllowed(REFUSALS[Right.USE])
        is_as_anybody = all(one.is_shared and one.right is Right.USE for one in found)
        if sight is None or sight.sees_any or not is_as_anybody:
            return wanted, reader
        return wanted, replace(ANYBODY, sight=str(sight.revision)) if sight.are_any else ANYBODY

    async def check_name(self, person: Person, collection_id: str, name: str) -> None:
        """Return if a person may put a document of this name into a collection that they may write to.

        Raises:
            Conflict: another document has the name, which the person may not see.
        """
        known = await self._library.named(collection_id, name)
        if known is None or not known.is_restricted:
            return
        if await self._library.document(known.id, reader=reader_of(person)) is None:
            raise Conflict("This name can't be used in this collection. Choose another name.")

    async def check_hits(self, person: Person, hits: Sequence[Hit]) -> None:
        """Return if all documents of passages that were found earlier are there for the person still.

        Raises:
            Invalid: some are restricted to others by now.
        """
        ids = list(dict.fromkeys(hit.document_id for hit in hits))
        if ids and any(await self._library.readers.closed([(await self.reader(person), ids)])):
            raise Invalid("This answer used a document that is not there for you any more. Ask the question again.")

    async def _tell_unread(self, person: Person, ids: Sequence[str]) -> None:
        """Say to an operator why they don't get what they administrate.

        Raises:
            NotAllowed: all of it is there.
        """
        if needs_reading(person):
            found = await self._library.named_collections(reader=reader_of(person), ids=ids)
            if len(found) == len(set(ids)):
                raise NotAllowed(UNREAD, code="reading_needed")


CHAT_FILES = "chat-files:"
"""What the owner of a collection begins with that holds the files of a chat: nobody has such an id. The person has a
right to write to it, and no right to share it."""


UPLOADED = "uploaded:"
"""What the name of such a collection begins with that holds a single file which a program uploaded."""


def owner_ids(person_id: str) -> tuple[str, ...]:
    """Return what owners of a person's collections are called: the person, and whatever else is made of their id.

    Exports, erasures, legal holds and what guests take along go by this.
    """
    return person_id, CHAT_FILES + person_id


REFUSALS = {
    Right.USE: because("collection_not_used"),
    Right.WRITE: because("collection_not_written"),
    Right.MANAGE: because("collection_not_changed"),
}


def whose_first(person: Person, collection: Collection) -> tuple[bool, bool, float, str]:
    """Return what sorts collections so that of one name the person's own comes first, then the operator's, the oldest.

    Whoever shares a collection must not stand in for another one by its name.
    """
    return collection.owner_id != person.id, collection.owner_id != OPERATOR_ID, collection.created_at, collection.id


def is_of_chat(collection: Collection) -> bool:
    """Tell whether a collection holds the files of a chat."""
    return collection.owner_id.startswith(CHAT_FILES)


def is_upload(collection: Collection) -> bool:
    """Tell whether a collection holds a single file that a program uploaded for no collection yet."""
    return is_of_chat(collection) and collection.name.startswith(UPLOADED)


def is_listed(person: Person, collection: Collection) -> bool:
    """Tell whether a collection that a person may see is shown to them where they don't name it."""
    if is_of_chat(collection):
        return False
    return person.id != GUEST_ID or collection.owner_id != GUEST_ID or collection.is_shared
