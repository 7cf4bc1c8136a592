"""Chats and the questions in them."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from hubbub.app.access import chat_for
from hubbub.app.chat_search import find
from hubbub.app.questions import Asked, NewQuestion, Unwatched, ask, ask_again
from hubbub.core.answer import Answer
from hubbub.core.errors import Invalid
from hubbub.core.messages import Chat, Message, Role
from hubbub.core.people import may_list
from hubbub.web.asker import App, Asker, application_of, person_of
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.dialects.hubbub import MEDIA_TYPE, HubbubEvents
from hubbub.web.quick import QuickRoute, body_as
from hubbub.web.streams import EventStream

router = APIRouter(prefix="/api", tags=["chats"])
quick = APIRouter(prefix="/api", tags=["chats"], route_class=QuickRoute)

TITLE_CHARACTERS = 200
MOST_CHATS = 200


class Chats(msgspec.Struct):
    """A person's chats, the one last used first."""

    chats: list[Chat]
    next: str | None
    """What gives the chats behind these, as `after`; None where there are none."""


class Found(msgspec.Struct):
    """A chat in which words were found, with the newest place where they stand."""

    chat: Chat
    message_id: str | None
    """None where they stand in the title alone."""
    role: Role | None
    created_at: float
    text: str
    """The piece of the text around the first word."""
    marks: list[tuple[int, int]]
    """From where to where in it the words stand."""


class FoundChats(msgspec.Struct):
    """Chats in which words were found, the newest place first."""

    found: list[Found]
    next: str | None
    """What gives more, as `before`; None where there is no more."""


class MessageWithAnswer(msgspec.Struct):
    """A message of a chat's tree; an assistant's carries what its answer is now."""

    id: str
    chat_id: str
    parent_id: str | None
    role: Role
    text: str
    created_at: float
    model: str
    collections: tuple[str, ...]
    answer: Answer | None


class ChatWithMessages(msgspec.Struct):
    """A chat and the tree of its messages, oldest first."""

    chat: Chat
    messages: list[MessageWithAnswer]


class NewTitle(BaseModel):
    """What a chat is to be called."""

    model_config = ConfigDict(extra="forbid")
    title: str


class OneMoreAnswer(BaseModel):
    """By which model and over which collections to answer again; as before where they are not given."""

    model_config = ConfigDict(extra="forbid")
    model: str | None = None
    collections: Annotated[list[str] | None, Field(max_length=50)] = None
    unwatched: Annotated[
        Unwatched | None,
        Field(description="What happens when nobody watches any more; as the server is set if not given"),
    ] = None
    grace_seconds: Annotated[float | None, Field(ge=0, le=3600)] = None
    max_tokens: Annotated[int | None, Field(ge=1, le=10**9, description="How long the answer may get")] = None
    continues: Annotated[
        str | None, Field(description="An answer to the question that was cut off: begin with its text, and go on")
    ] = None


@router.get("/chats", responses=sends(Chats))
async def list_chats(
    app: App,
    person: Asker,
    limit: Annotated[int, Query(ge=1, le=MOST_CHATS)] = MOST_CHATS,
    after: Annotated[str | None, Query(max_length=100, description="`next` of the chats before")] = None,
) -> Response:
    """List your chats, the one last used first, a page at a time."""
    place = None if after is None else _cursor(after)
    found = await app.history.chats(person.id, limit=limit + 1, after=place) if may_list(person, person.id) else []
    chats = found[:limit]
    last = f"{chats[-1].updated_at!r}.{chats[-1].id}" if len(found) > limit else None
    return Json(Chats(chats, last))


@router.get("/chats/found", responses=sends(FoundChats))
async def find_chats(
    app: App,
    person: Asker,
    words: Annotated[str, Query(max_length=500)],
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
    before: Annotated[int | None, Query(ge=1, lt=2**62, description="`next` of what was found before")] = None,
) -> Response:
    """Find chats by the words of their titles, questions and answers; each shows the newest place."""
    if not may_list(person, person.id):
        return Json(FoundChats([], None))
    found, following = await find(app, person.id, words, limit, before)
    return Json(FoundChats([Found(*one) for one in found], None if following is None else str(following)))


@router.get("/chats/{chat_id}", responses=sends(ChatWithMessages))
async def show_chat(chat_id: str, app: App, person: Asker) -> Response:
    """Show a chat with the tree of its messages, and what each answer is now."""
    chat = await chat_for(app, person, chat_id)
    messages = await app.history.messages(chat_id)
    answers = await app.log.answers([message.id for message in messages if message.role == "assistant"])
    found = [_with_answer(message, answers.get(message.id)) for message in messages]
    return Json(ChatWithMessages(chat, found))


@router.patch("/chats/{chat_id}", responses=sends(Chat))
async def rename_chat(chat_id: str, new: NewTitle, app: App, person: Asker) -> Response:
    """Give a chat another title."""
    chat = await chat_for(app, person, chat_id)
    title = " ".join(new.title.split())
    if not 0 < len(title) <= TITLE_CHARACTERS:
        raise Invalid(f"A title has 1 to {TITLE_CHARACTERS} characters.")
    await app.history.rename(chat_id, title)
    return Json(msgspec.structs.replace(chat, title=title))


@router.delete("/chats/{chat_id}", status_code=204)
async def delete_chat(chat_id: str, app: App, person: Asker) -> None:
    """Delete a chat with all its messages. Answers that are under way are stopped."""
    await chat_for(app, person, chat_id)
    answer_ids = await app.history.delete(chat_id)  # first: from here on no answer can come to it
    for answer_id in answer_ids:
        await app.desk.stop(answer_id, reason="chat_deleted")
    await app.log.forget(answer_ids)


@quick.post(
    "/questions",
    response_class=Response,
    status_code=202,
    openapi_extra=takes(NewQuestion),
    responses={
        **sends(Asked, 202, "Stored; the answer is under way"),
        200: {
            "description": "With `Accept: text/event-stream`: the same as an event `asked`, then the answer's events",
            "content": {MEDIA_TYPE: {}},
        },
    },
)
async def ask_question(request: Request) -> Response:
    """Ask. The question is stored when this returns; follow the answer's events to read it, or accept them here."""
    app, person = application_of(request), await person_of(request)
    asked = await ask(app, person, await body_as(request, NewQuestion))
    if not request.headers.get("accept", "").startswith("text/event-stream"):
        return Json(asked, status_code=202)
    return EventStream(app.log, asked.answer.id, HubbubEvents(msgspec.json.encode(asked)))


@router.post("/questions/{question_id}/answers", status_code=202, responses=sends(Asked, 202))
async def answer_again(question_id: str, new: OneMoreAnswer, app: App, person: Asker) -> Response:
    """Make one more answer to a question, beside those it has."""
    asked = await ask_again(
        app,
        person,
        question_id,
        model=new.model,
        collection_ids=new.collections,
        unwatched=new.unwatched,
        grace_seconds=new.grace_seconds,
        max_tokens=new.max_tokens,
        continues=new.continues,
    )
    return Json(asked, status_code=202)


def _cursor(text: str) -> tuple[float, str]:
    at, _, chat_id = text.rpartition(".")
    try:
        return float(at), chat_id
    except ValueError as error:
        raise Invalid("`after` is not what `next` of a page of chats was.") from error


def _with_answer(message: Message, answer: Answer | None) -> MessageWithAnswer:
    return MessageWithAnswer(**msgspec.structs.asdict(message), answer=answer)
