"""Fetch things for a person: what they may not see does not exist for them."""

from collections.abc import Sequence

from hubbub.answers.log import Log
from hubbub.core.documents import Collection, Document
from hubbub.core.errors import NotAllowed, NotFound
from hubbub.core.messages import Chat, Message
from hubbub.core.people import Person, may_list, may_see
from hubbub.history.base import History
from hubbub.search.base import Library


class Access:
    """Decides who may see what: every door asks here."""

    def __init__(self, history: History, library: Library, log: Log) -> None:
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
        return message

    async def check_answer(self, person: Person, answer_id: str) -> None:
        """Return if there is such an answer for the person.

        Raises:
            NotFound: there is none for them.
        """
        owner_id = await self._log.owner(answer_id)
        if owner_id is None or not may_see(person, owner_id):
            raise NotFound("There is no such answer.")

    async def known_collections(self, person: Person) -> list[Collection]:
        """Return the collections that the person may see, without their counts: also those not to be listed."""
        owner_id = None if person.is_operator else person.id
        collections = await self._library.named_collections(owner_id=owner_id)
        return [one for one in collections if may_see(person, one.owner_id, is_shared=one.is_shared)]

    async def listed_collections(self, person: Person) -> list[Collection]:
        """Return those of them that may be listed for the person."""
        known = await self.known_collections(person)
        return [one for one in known if may_list(person, one.owner_id, is_shared=one.is_shared)]

    async def check_collection(self, person: Person, collection_id: str, *, to_change: bool = False) -> None:
        """Return if there is such a collection for the person.

        Raises:
            NotFound: there is none for them.
            NotAllowed: it is to be changed, and is somebody else's.
        """
        found = await self._library.named_collections(ids=[collection_id])
        collection = found[0] if found else None
        if collection is None or not may_see(person, collection.owner_id, is_shared=collection.is_shared):
            raise NotFound("There is no such collection.")
        if to_change and not may_see(person, collection.owner_id):
            raise NotAllowed("This collection is shared with you to read. Make one of your own to add documents.")

    async def document(self, person: Person, document_id: str, *, to_change: bool = False) -> Document:
        """Return a document of a collection that the person may see.

        Raises:
            NotFound: there is none for them.
            NotAllowed: it is to be changed, and is somebody else's.
        """
        document = await self._library.document(document_id)
        if document is None:
            raise NotFound("There is no such document.")
        try:
            await self.check_collection(person, document.collection_id, to_change=to_change)
        except NotFound as error:
            raise NotFound("There is no such document.") from error
        return document

    async def check_collections(self, person: Person, collection_ids: Sequence[str]) -> tuple[str, ...]:
        """Return the ids, each once, if all are collections that the person may see.

        Raises:
            NotFound: one of them is not there for them.
        """
        wanted = tuple(dict.fromkeys(collection_ids))
        if wanted:
            found = await self._library.named_collections(ids=wanted)
            seen = {one.id for one in found if may_see(person, one.owner_id, is_shared=one.is_shared)}
            if not seen.issuperset(wanted):
                raise NotFound("There is no such collection.")
        return wanted
