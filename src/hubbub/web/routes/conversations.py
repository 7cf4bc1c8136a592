"""OpenAI's conversations: our chats, begun and read by programs."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hubbub.app import conversations
from hubbub.app.files_sent import with_files_read
from hubbub.app.messages import Able
from hubbub.core.errors import BadParam
from hubbub.core.messages import JsonObject
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.conversing import PREFIX, chat_id_of, chat_of, conversation_of, standing_of
from hubbub.web.dialects.openai import FAULTS, read_body
from hubbub.web.dialects.responses import Echo
from hubbub.web.dialects.responses_request import items_of, read_input
from hubbub.web.recalled import recalled
from hubbub.web.routes.responses import ITEMS, MOST_ITEMS, Items, page_of

router = APIRouter(prefix="/v1/conversations", tags=["OpenAI"], responses=FAULTS)

_Order: TypeAlias = Literal["asc", "desc"]
_CONVERSATION: dict[int | str, dict[str, Any]] = {
    200: {"description": "The conversation", "content": {"application/json": {"schema": {"type": "object"}}}}
}


class NewItems(msgspec.Struct, frozen=True):
    """What was said elsewhere, to be added; no model is asked."""

    items: list[dict[str, Any]] | None = None
    metadata: dict[str, str] | None = None


class DeletedConversation(msgspec.Struct, frozen=True):
    """That a conversation is there no more."""

    id: str
    object: str = "conversation.deleted"
    deleted: bool = True


@router.post("", response_class=Response, openapi_extra=takes(NewItems), responses=_CONVERSATION)
async def create_conversation(request: Request, app: App, person: Asker) -> Response:
    """Begin a chat, with what was said elsewhere if that is given."""
    new = await read_body(request, NewItems) if await request.body() else NewItems()
    _refuse_metadata(new)
    turns = await _read(app, person, new)
    chat = await conversations.begin(app, person)
    if turns:
        at = conversations.Standing(chat, None, ())
        await conversations.add(app, person, at, turns, _echo(chat.id))
    return Json(conversation_of(await chat_of(app, person, chat.id)))


@router.get("/{conversation_id}", response_class=Response, responses=_CONVERSATION)
async def show_conversation(conversation_id: str, app: App, person: Asker) -> Response:
    """Show a chat as a conversation."""
    return Json(conversation_of(await chat_of(app, person, conversation_id)))


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
    order: _Order = "desc",
    limit: Annotated[int, Query(ge=1, le=MOST_ITEMS)] = ITEMS,
    after: str | None = None,
) -> Response:
    """List what was said, the last first unless asked otherwise."""
    at = await standing_of(app, person, chat_id_of(conversation_id))
    return Json(page_of(items_of(at.chat.id, at.turns), order, limit, after))


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
        await conversations.add(app, person, at, turns, _echo(chat_id))
    items = items_of(chat_id, (*at.turns, *turns))[len(items_of(chat_id, at.turns)) :]
    return Json(page_of(items, "asc", len(items), None))


async def _read(app: App, person: Asker, new: NewItems) -> tuple[Any, ...]:
    items = await recalled(app, person, new.items or [])
    able = Able("The conversation", reads_images=True, calls_tools=True, image_hosts=frozenset(app.limits.image_hosts))
    turns = read_input(await with_files_read(app, person, items, where="items"), able)
    app.responses.check_length(turns)
    return turns


def _refuse_metadata(new: NewItems) -> None:
    if new.metadata:
        raise BadParam("Conversations keep no metadata here. Leave it out.", "metadata", code="unsupported_parameter")


def _echo(chat_id: str) -> JsonObject:
    return msgspec.to_builtins(Echo(store=True, conversation=PREFIX + chat_id))
