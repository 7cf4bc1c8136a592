"""Fetch things for a person: what they may not see does not exist for them."""

import ipaddress
from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request
from msgspec.structs import replace

from hubbub.core.documents import Collection, Document
from hubbub.core.errors import NotAllowed, NotFound
from hubbub.core.messages import Chat, Message
from hubbub.core.people import Person, may_list, may_see
from hubbub.identity.grants import granted
from hubbub.web.address import client_address
from hubbub.web.services import Services, services_of


async def person_of(request: Request) -> Person:
    """Return who sends a request; from where, if nothing vouches for them. What it opens ends with what let it in."""
    services = services_of(request)
    person = await services.identity.person(request.headers)
    granted.set(services.grants.of(request.headers, person.id))
    if person.known_by in ("cookie", "nothing"):
        return replace(person, address=client_address(request.scope))
    return person


async def hub_of(request: Request) -> Services:
    """Return the services. A coroutine, because FastAPI runs plain functions in a pool of threads that all share."""
    return services_of(request)


_OF_PROXIES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")

Hub = Annotated[Services, Depends(hub_of)]
Asker = Annotated[Person, Depends(person_of)]


def check_operator(services: Services, person: Person, request: Request) -> None:
    """Return if who asks may see how the server does.

    Where everybody is let in, whoever sits at the machine itself may: who comes from a loopback
    address, and not through a proxy.

    Raises:
        NotFound: they may not.
    """
    is_here = services.has_local_operators and _comes_from_here(request)
    if not (person.is_operator or is_here):
        raise NotFound("There is nothing at this address.")


def _comes_from_here(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _OF_PROXIES):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


async def chat_for(services: Services, person: Person, chat_id: str) -> Chat:
    """Return a chat that the person may see.

    Raises:
        NotFound: there is none for them.
    """
    chat = await services.history.chat(chat_id)
    if chat is None or not may_see(person, chat.owner_id):
        raise NotFound("There is no such chat.")
    return chat


async def message_for(services: Services, person: Person, message_id: str) -> Message:
    """Return a message of a chat that the person may see.

    Raises:
        NotFound: there is none for them.
    """
    message = await services.history.message(message_id)
    chat = await services.history.chat(message.chat_id) if message is not None else None
    if message is None or chat is None or not may_see(person, chat.owner_id):
        raise NotFound("There is no such message.")
    return message


async def check_answer(services: Services, person: Person, answer_id: str) -> None:
    """Return if there is such an answer for the person.

    Raises:
        NotFound: there is none for them.
    """
    owner_id = await services.log.owner(answer_id)
    if owner_id is None or not may_see(person, owner_id):
        raise NotFound("There is no such answer.")


async def collections_for(services: Services, person: Person) -> list[Collection]:
    """Return the collections that may be shown to the person."""
    collections = await services.library.collections()
    return [one for one in collections if may_list(person, one.owner_id, is_shared=one.is_shared)]


async def collection_for(
    services: Services, person: Person, collection_id: str, *, to_change: bool = False
) -> Collection:
    """Return a collection that the person may see.

    Raises:
        NotFound: there is none for them.
        NotAllowed: it is to be changed, and is somebody else's.
    """
    collection = await services.library.collection(collection_id)
    if collection is None or not may_see(person, collection.owner_id, is_shared=collection.is_shared):
        raise NotFound("There is no such collection.")
    if to_change and not may_see(person, collection.owner_id):
        raise NotAllowed("This collection is shared with you to read. Make one of your own to add documents.")
    return collection


async def document_for(services: Services, person: Person, document_id: str, *, to_change: bool = False) -> Document:
    """Return a document of a collection that the person may see.

    Raises:
        NotFound: there is none for them.
        NotAllowed: it is to be changed, and is somebody else's.
    """
    document = await services.library.document(document_id)
    if document is None:
        raise NotFound("There is no such document.")
    try:
        await collection_for(services, person, document.collection_id, to_change=to_change)
    except NotFound as error:
        raise NotFound("There is no such document.") from error
    return document


async def check_collections(services: Services, person: Person, collection_ids: Sequence[str]) -> tuple[str, ...]:
    """Return the ids, each once, if all are collections that the person may see.

    Raises:
        NotFound: one of them is not there for them.
    """
    for collection_id in collection_ids:
        await collection_for(services, person, collection_id)
    return tuple(dict.fromkeys(collection_ids))
