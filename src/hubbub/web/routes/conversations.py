"""OpenAI's conversations: our chats, begun and read by programs."""

from collections.abc import Collection
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from fastapi import APIRouter, Query, Request
from msgspec import Meta
from msgspec.structs import replace
from starlette.responses import Response

from hubbub.app import conversations
from hubbub.app.files_sent import with_files_read
from hubbub.app.messages import Able
from hubbub.core.errors import BadParam, NotFound
from hubbub.core.messages import JsonObject, Turn
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.conversation_items import items_in
from hubbub.web.conversing import PREFIX, chat_id_of, chat_of, conversation_of, standing_of
from hubbub.web.dialects.openai import FAULTS, read_body
from hubbub.web.dialects.responses import Echo
from hubbub.web.dialects.responses_request import read_input
from hubbub.web.recalled import recalled
from hubbub.web.routes.responses import ITEMS, MOST_ITEMS, Included, Items, page_of

router = APIRouter(prefix="/v1/conversations", tags=["OpenAI"], responses=FAULTS)

_Order: TypeAlias = Literal["asc", "desc"]
_CONVERSATION: dict[int | str, dict[str, Any]] = {
    200: {"description": "The conversation", "content": {"application/json": {"schema": {"type": "object"}}}}
}


_Metadata: TypeAlias = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]], Meta(max_length=16)
]

_ITEM: dict[int | str, dict[str, Any]] = {
    200: {"description": "The item", "content": {"application/json": {"schema": {"type": "object"}}}}
}


class NewItems(msgspec.Struct, frozen=True):
    """What was said elsewhere, to be added; no model is asked."""

    items: list[dict[str, Any]] | None = None
    metadata: _Metadata | None = None


class NewMetadata(msgspec.Struct, frozen=True):
    """What you keep with a conversation."""

    metadata: _Metadata | None = None


class DeletedConversation(msgspec.Struct, frozen=True):
    """That a conversation is there no more."""

    id: str
    object: str = "conversation.deleted"
    deleted: bool = True


@router.post("", response_class=Response, openapi_extra=takes(NewItems), responses=_CONVERSATION)
async def create_conversation(request: Request, app: App, person: Asker) -> Response:
    """Begin a chat, with what was said elsewhere if that is given."""
    new = await read_body(request, NewItems) if await request.body() else NewItems()
    turns = await _read(app, person, new)
    chat = await conversations.begin(app, person)
    if new.metadata:
        await conversations.annotate(app, chat.id, conversations.Annotation(new.metadata))
    if turns:
        at = conversations.Standing(chat, None, ())
        await conversations.add(app, person, at, turns, _echo(chat.id, turns))
    return await _told(app, person, chat.id)


@router.get("/{conversation_id}", response_class=Response, responses=_CONVERSATION)
async def show_conversation(conversation_id: str, app: App, person: Asker) -> Response:
    """Show a chat as a conversation."""
    return await _told(app, person, conversation_id)


@router.post("/{conversation_id}", response_class=Response, openapi_extra=takes(NewMetadata), responses=_CONVERSATION)
async def change_conversation(conversation_id: str, request: Request, app: App, person: Asker) -> Response:
    """Replace what you keep with a conversation."""
    new = await read_body(request, NewMetadata)
    chat = await chat_of(app, person, conversation_id)
    async with app.locks.of(chat.id):
        kept = await conversations.annotation_of(app, chat.id)
        await conversations.annotate(app, chat.id, replace(kept, metadata=new.metadata or {}))
    return await _told(app, person, conversation_id)


@router.delete("/{conversation_id}", responses=sends(DeletedConversation))
async def delete_conversation(conversation_id: str, app: App, person: Asker) -> Response:
    """Delete a chat with all its messages. Responses that are being made in it are stopped."""
    chat = await chat_of(app, person, conversation_id)
    await app.chats.delete(person, chat.id)
    return Json(DeletedConversation(PREFIX + chat.id))


@router.get("/{conversation_id}/items", responses=sends(Items))
async def list_conversation_items(
    conversation_id: str,
    app: App,
    person: Asker,
    include: Included,
    order: _Order = "desc",
    limit: Annotated[int, Query(ge=1, le=MOST_ITEMS)] = ITEMS,
    after: str | None = None,
) -> Response:
    """List what was said, the last first unless asked otherwise."""
    return Json(page_of(await _items(app, person, conversation_id, include), order, limit, after))


@router.get("/{conversation_id}/items/{item_id}", response_class=Response, responses=_ITEM)
async def show_conversation_item(
    conversation_id: str, item_id: str, app: App, person: Asker, include: Included
) -> Response:
    """Show one item of a conversation."""
    return Json(_found(await _items(app, person, conversation_id, include), item_id))


@router.delete("/{conversation_id}/items/{item_id}", response_class=Response, responses=_CONVERSATION)
async def delete_conversation_item(conversation_id: str, item_id: str, app: App, person: Asker) -> Response:
    """Leave an item out of a conversation from now on; the page shows the chat as it was. Tells the conversation."""
    chat_id = (await chat_of(app, person, conversation_id)).id
    async with app.locks.of(chat_id):
        _found(await _items(app, person, conversation_id), item_id)
        kept = await conversations.annotation_of(app, chat_id)
        await conversations.annotate(app, chat_id, replace(kept, left_out=(*kept.left_out, item_id)))
    return await _told(app, person, conversation_id)


@router.post("/{conversation_id}/items", openapi_extra=takes(NewItems), responses=sends(Items))
async def add_conversation_items(conversation_id: str, request: Request, app: App, person: Asker) -> Response:
    """Add what was said elsewhere to a chat."""
    new = await read_body(request, NewItems)
    turns = await _read(app, person, new)
    if not turns:
        raise BadParam("items is empty: say what is to be added.", "items")
    chat_id = chat_id_of(conversation_id)
    async with app.locks.of(chat_id):
        at = await standing_of(app, person, chat_id)
        app.responses.check_length((*at.turns, *turns))
        known = {item["id"] for item in await items_in(app, at.chat, at.last_id)}
        await conversations.add(app, person, at, turns, _echo(chat_id, turns))
        items = [item for item in await _items(app, person, conversation_id) if item["id"] not in known]
    return Json(page_of(items, "asc", len(items), None))


async def _read(app: App, person: Asker, new: NewItems) -> tuple[Turn, ...]:
    items = await recalled(app, person, new.items or [])
    able = Able("The conversation", reads_images=True, calls_tools=True, image_hosts=frozenset(app.limits.image_hosts))
    turns = read_input(await with_files_read(app, person, items, where="items"), able)
    app.responses.check_length(turns)
    return turns


async def _items(app: App, person: Asker, conversation_id: str, include: Collection[str] = ()) -> list[JsonObject]:
    """Return the items of a conversation, without those that were deleted."""
    at = await standing_of(app, person, chat_id_of(conversation_id))
    left_out = (await conversations.annotation_of(app, at.chat.id)).left_out
    return [item for item in await items_in(app, at.chat, at.last_id, include) if item["id"] not in left_out]


def _found(items: list[JsonObject], item_id: str) -> JsonObject:
    for item in items:
        if item["id"] == item_id:
            return item
    raise NotFound(f"Item with id '{item_id[:80]}' not found.")


async def _told(app: App, person: Asker, conversation_id: str) -> Response:
    chat = await chat_of(app, person, conversation_id)
    return Json(conversation_of(chat, await conversations.annotation_of(app, chat.id)))


def _echo(chat_id: str, turns: tuple[Turn, ...]) -> JsonObject:
    """Return what is kept with what is added. What a model says last of it becomes the answer, and no turn."""
    last = turns[-1]
    new_turns = len(turns) - (last.role == "assistant" and bool(last.text) and not last.calls)
    return msgspec.to_builtins(Echo(store=True, conversation=PREFIX + chat_id, new_turns=new_turns))
