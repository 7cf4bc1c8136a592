"""Fetch things for a person: what they may not see does not exist for them."""

from collections.abc import Sequence

from hubbub.app.application import Application
from hubbub.core.documents import Collection, Document
from hubbub.core.errors import NotAllowed, NotFound
from hubbub.core.messages import Chat, Message
from hubbub.core.people import Person, may_list, may_see


async def chat_for(app: Application, person: Person, chat_id: str) -> Chat:
    """Return a chat that the person may see.

    Raises:
        NotFound: there is none for them.
    """
    chat = await app.history.chat(chat_id)
    if chat is None or not may_see(person, chat.owner_id):
        raise NotFound("There is no such chat.")
    return chat


async def message_for(app: Application, person: Person, message_id: str) -> Message:
    """Return a message of a chat that the person may see.

    Raises:
        NotFound: there is none for them.
    """
    message = await app.history.message(message_id)
    chat = await app.history.chat(message.chat_id) if message is not None else None
    if message is None or chat is None or not may_see(person, chat.owner_id):
        raise NotFound("There is no such message.")
    return message


async def check_answer(app: Application, person: Person, answer_id: str) -> None:
    """Return if there is such an answer for the person.

    Raises:
        NotFound: there is none for them.
    """
    owner_id = await app.log.owner(answer_id)
    if owner_id is None or not may_see(person, owner_id):
        raise NotFound("There is no such answer.")


async def collections_for(app: Application, person: Person) -> list[Collection]:
    """Return the collections that may be shown to the person."""
    collections = await app.library.collections()
    return [one for one in collections if may_list(person, one.owner_id, is_shared=one.is_shared)]


async def collection_for(
    app: Application, person: Person, collection_id: str, *, to_change: bool = False
) -> Collection:
    """Return a collection that the person may see.

    Raises:
        NotFound: there is none for them.
        NotAllowed: it is to be changed, and is somebody else's.
    """
    collection = await app.library.collection(collection_id)
    if collection is None or not may_see(person, collection.owner_id, is_shared=collection.is_shared):
        raise NotFound("There is no such collection.")
    if to_change and not may_see(person, collection.owner_id):
        raise NotAllowed("This collection is shared with you to read. Make one of your own to add documents.")
    return collection


async def document_for(app: Application, person: Person, document_id: str, *, to_change: bool = False) -> Document:
    """Return a document of a collection that the person may see.

    Raises:
        NotFound: there is none for them.
        NotAllowed: it is to be changed, and is somebody else's.
    """
    document = await app.library.document(document_id)
    if document is None:
        raise NotFound("There is no such document.")
    try:
        await collection_for(app, person, document.collection_id, to_change=to_change)
    except NotFound as error:
        raise NotFound("There is no such document.") from error
    return document


async def check_collections(app: Application, person: Person, collection_ids: Sequence[str]) -> tuple[str, ...]:
    """Return the ids, each once, if all are collections that the person may see.

    Raises:
        NotFound: one of them is not there for them.
    """
    for collection_id in collection_ids:
        await collection_for(app, person, collection_id)
    return tuple(dict.fromkeys(collection_ids))
