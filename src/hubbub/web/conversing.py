"""Find the chat that a program calls a conversation, and tell of it in OpenAI's words."""

from typing import cast

from hubbub.app.application import Application
from hubbub.app.conversations import Annotation, Standing, annotation_of, standing
from hubbub.core.errors import BadParam, Conflict, NotFound
from hubbub.core.identifiers import is_id
from hubbub.core.messages import Chat, JsonObject
from hubbub.core.people import Person
from hubbub.web.conversation_items import items_in, turns_in

PREFIX = "conv_"


def chat_id_of(conversation: object) -> str:
    """Return the id of a chat by that of a conversation, which may stand in an object.

    Raises:
        BadParam: it is none.
    """
    if isinstance(conversation, dict):
        conversation = cast(JsonObject, conversation).get("id")
    if not isinstance(conversation, str):
        raise BadParam("conversation has to be an id, or an object with one.", "conversation", code="invalid_type")
    return conversation.removeprefix(PREFIX)


async def chat_of(app: Application, person: Person, conversation_id: str) -> Chat:
    """Return the chat that a conversation is.

    Raises:
        NotFound: there is none for this person.
    """
    chat_id = chat_id_of(conversation_id)
    try:
        if is_id(chat_id):
            return await app.access.chat(person, chat_id)
    except NotFound as error:
        raise _unknown(chat_id) from error
    raise _unknown(chat_id)


async def standing_of(app: Application, person: Person, chat_id: str, param: str | None = None) -> Standing:
    """Return how far a conversation has come.

    Raises:
        NotFound: there is none for this person; where a parameter names it, that is to blame (BadParam).
        BadParam: its last answer is still being made.
    """
    try:
        if not is_id(chat_id):
            raise NotFound("There is no such chat.")
        at = await standing(app, person, chat_id)
        if left_out := (await annotation_of(app, chat_id)).left_out:
            items = await items_in(app, at.chat, at.last_id)
            at = at._replace(turns=turns_in([item for item in items if item["id"] not in left_out]))
        return at
    except NotFound as error:
        unknown = _unknown(chat_id)
        raise (BadParam(unknown.message, param, code="not_found") if param else unknown) from error
    except Conflict as error:
        message = "Another response is being made in this conversation. Go on when it is complete."
        raise BadParam(message, "conversation", code="conversation_locked") from error


def _unknown(chat_id: str) -> NotFound:
    return NotFound(f"Conversation with id '{PREFIX}{chat_id[:64]}' not found.")


def conversation_of(chat: Chat, annotation: Annotation) -> JsonObject:
    """Return a chat as a conversation."""
    return {
        "id": PREFIX + chat.id,
        "object": "conversation",
        "created_at": int(chat.created_at),
        "metadata": annotation.metadata,
    }
