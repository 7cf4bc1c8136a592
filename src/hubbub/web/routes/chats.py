"""Chats and the questions in them."""

import hashlib
from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from msgspec import Meta
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from hubbub.app.again import Again
from hubbub.app.attachments import MOST_NAMED, MOST_PICTURES
from hubbub.app.chat_search import find
from hubbub.app.chats import MOST_AT_ONCE, ChatWithMessages
from hubbub.app.importing import Imported
from hubbub.app.limits import Unwatched
from hubbub.app.questions import Asked, Place
from hubbub.app.sent_along import Sent
from hubbub.core.messages import Chat, Role
from hubbub.core.people import may_list
from hubbub.core.questions import Generation, Question
from hubbub.history.base import ChatChanges, Kept
from hubbub.web.asker import App, Asker, application_of, person_of
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.cursors import MOST, After, Limit, cursor, cursor_of, page_of
from hubbub.web.dialects.hubbub import MEDIA_TYPE, HubbubEvents
from hubbub.web.headers import headers_of
from hubbub.web.quick import QuickRoute, body_as
from hubbub.web.routes.documents import pieces_of
from hubbub.web.streams import EventStream

router = APIRouter(prefix="/api", tags=["chats"])
quick = APIRouter(prefix="/api", tags=["chats"], route_class=QuickRoute)

MOST_CHATS = 200
_BYTES = {"type": "string", "format": "binary"}
_TAKES = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": _BYTES}}}}


class Chats(msgspec.Struct):
    """A person's chats, the one last used first."""

    chats: Sequence[Chat]
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


class NewQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question. Without `chat_id` it begins a chat; with the `parent_id` of an earlier one it is an edit of that."""

    text: str
    chat_id: str | None = None
    parent_id: Annotated[str | None, Meta(description="The answer that the question follows")] = None
    question_id: Annotated[str | None, Meta(description="Makes repeating the request safe; a ULID in lower case")] = (
        None
    )
    model: str | None = None
    collections: Annotated[list[str], Meta(max_length=50)] = []
    files: Annotated[
        str | None, Meta(description="The files of this chat, which are to be searched: see POST /api/chat-files")
    ] = None
    attached: Annotated[
        list[str],
        Meta(max_length=MOST_NAMED, description="Those of them that are sent with this question"),
    ] = []
    pictures: Annotated[
        list[str], Meta(max_length=MOST_PICTURES, description="Pictures for the model: see POST /api/pictures")
    ] = []
    with_instructions: Annotated[
        bool, Meta(description="Whether the model is told your instructions: see PUT /api/me/instructions")
    ] = False
    assistant: Annotated[
        str | None,
        Meta(
            description="The assistant that is asked, now and later in this chat: see GET /api/assistants. "
            "Empty: none; the chat's if not given"
        ),
    ] = None
    reasoning_effort: Annotated[
        Annotated[str, Meta(pattern="^[a-z]{1,20}$")] | None,
        Meta(description="How hard a model that thinks is to think: low, medium, high, or what else it knows"),
    ] = None
    is_temporary: Annotated[
        bool,
        Meta(
            description="Whether the chat that this begins is listed and found nowhere, and deleted when it is not used"
        ),
    ] = False
    unwatched: Annotated[
        Unwatched | None,
        Meta(description="What happens to the answer when nobody watches any more; as the server is set if not given"),
    ] = None
    grace_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=3600)] | None, Meta(description="How long it is still worked on then")
    ] = None
    within_seconds: Annotated[
        Annotated[float, Meta(gt=0, le=3600)] | None,
        Meta(description="By when the answer has to be there, be it as far as it has come"),
    ] = None
    wait_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=600)] | None,
        Meta(description="How long the answer waits for documents that are still being read; a while if not given"),
    ] = None
    max_tokens: Annotated[
        Annotated[int, Meta(ge=1, le=10**9)] | None,
        Meta(
            description="How long the answer may get; as the model is set if not given, which is as it likes as a rule"
        ),
    ] = None
    thorough: Annotated[
        bool,
        Meta(
            description="Over documents: whether the model may take the question apart, search several times and read "
            "in between, which takes longer and costs more"
        ),
    ] = False


class ChatChange(BaseModel):
    """What is to change of a chat; what is not given stays."""

    model_config = ConfigDict(extra="forbid")
    title: str | None = None
    is_pinned: bool | None = None
    is_archived: Annotated[bool | None, Field(description="Archived chats are listed apart, and are still found")] = (
        None
    )
    folder: Annotated[str | None, Field(description="The name of the folder; empty: none")] = None
    instructions: Annotated[str | None, Field(description="What models are told with each question in it")] = None


class ManyChats(BaseModel):
    """Chats that are to be changed in the same way; what is not given stays."""

    model_config = ConfigDict(extra="forbid")
    ids: Annotated[list[str], Field(max_length=MOST_AT_ONCE)]
    is_pinned: bool | None = None
    is_archived: bool | None = None
    folder: str | None = None


class ChatsToDelete(BaseModel):
    """Chats that are to be deleted."""

    model_config = ConfigDict(extra="forbid")
    ids: Annotated[list[str], Field(max_length=MOST_AT_ONCE)]


class FolderName(BaseModel):
    """A folder and its new name. With the name of another folder both become one; with none its chats are in none."""

    model_config = ConfigDict(extra="forbid")
    name: str
    new: str


class Folder(msgspec.Struct):
    """A folder of chats. It is there for as long as a chat is in it."""

    name: str
    chats: int


class Folders(msgspec.Struct):
    """A person's folders, by name."""

    folders: list[Folder]
    next: str | None
    """What gives those behind these, as `after`; None where there are none."""


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
    thorough: Annotated[
        bool | None, Field(description="Whether it is searched for in several steps, as with a question")
    ] = None
    continues: Annotated[
        str | None, Field(description="An answer to the question that was cut off: begin with its text, and go on")
    ] = None
    beside: Annotated[
        str | None,
        Field(description="An answer to the question that this one stands beside, for the person to keep one of them"),
    ] = None
    answer_id: Annotated[str | None, Field(description="Makes repeating the request safe; a ULID in lower case")] = None


@router.get("/chats", responses=sends(Chats))
async def list_chats(
    app: App,
    person: Asker,
    limit: Annotated[int, Query(ge=1, le=MOST_CHATS)] = MOST_CHATS,
    after: Annotated[str | None, Query(max_length=100, description="`next` of the chats before")] = None,
    kept: Annotated[Kept, Query(description="usual: those that are not archived")] = "usual",
    folder: Annotated[str | None, Query(max_length=400, description="Those in this folder; empty: in none")] = None,
) -> Response:
    """List your chats, the one last used first, a page at a time. Temporary ones are never among them."""
    place = None if after is None else cursor(after)
    found = await app.chats.list(person, limit=limit + 1, after=place, kept=kept, folder=folder)
    chats = found[:limit]
    return Json(Chats(chats, cursor_of(chats[-1].updated_at, chats[-1].id) if len(found) > limit else None))


@router.patch("/chats", status_code=204)
async def change_chats(many: ManyChats, app: App, person: Asker) -> None:
    """Pin or archive many chats, or put them into a folder: all of them or none."""
    changes = ChatChanges(many.is_pinned, many.is_archived, many.folder)
    await app.chats.change_many(person, many.ids, changes)


@router.post("/chats/deletions", status_code=204)
async def delete_chats(many: ChatsToDelete, app: App, person: Asker) -> None:
    """Delete many chats, as `DELETE /api/chats/{chat_id}` does with one."""
    await app.chats.delete_many(person, many.ids)


@router.post("/chats/import", responses=sends(Imported), openapi_extra=_TAKES)
async def import_chats(request: Request, app: App, person: Asker) -> Response:
    """Import chats that you have elsewhere. The body is the file itself, as JSON or ZIP; what it is shows in it.

    Read are what "Save as JSON" writes here and the archive of all your data, the export of ChatGPT (the ZIP file, or
    the `conversations.json` in it), and the chats that Open WebUI exports. Branches, titles, times, pins and archives
    are kept. Each chat comes as a whole or not at all. What was imported before stays as it is: to send a file twice
    brings nothing twice. Lines in the messages say where pictures, files and calls of tools were; these are not here.
    """
    return Json(await app.importing.take(person, pieces_of(request)))


@router.get("/folders", responses=sends(Folders))
async def list_folders(app: App, person: Asker, limit: Limit = MOST, after: After = None) -> Response:
    """List the folders that your chats are in."""
    found = [Folder(*one) for one in await app.chats.folders(person)]
    return Json(Folders(*page_of(found, lambda one: (one.name.casefold(), one.name), after, limit)))


@router.patch("/folders", status_code=204)
async def rename_folder(folder: FolderName, app: App, person: Asker) -> None:
    """Give a folder another name, or dissolve it."""
    await app.chats.rename_folder(person, folder.name, folder.new)


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
    return Json(await app.chats.show(person, chat_id))


@router.patch("/chats/{chat_id}", responses=sends(Chat))
async def change_chat(chat_id: str, new: ChatChange, app: App, person: Asker) -> Response:
    """Give a chat another title; pin or archive it; put it into a folder; say what models are told in it."""
    if new.title is not None:
        await app.chats.rename(person, chat_id, new.title)
    told = new.model_dump(exclude={"title"})
    return Json(await app.chats.change(person, chat_id, ChatChanges(**told)))


@router.delete("/chats/{chat_id}", status_code=204)
async def delete_chat(chat_id: str, app: App, person: Asker) -> None:
    """Delete a chat with all its messages. Answers that are under way are stopped."""
    await app.chats.delete(person, chat_id)


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
    new = await body_as(request, NewQuestion)
    grace_seconds = app.limits.grace(new.unwatched, new.grace_seconds)
    asked = await app.questions.ask(person, _question(new), _place(new), grace_seconds=grace_seconds)
    if not headers_of(request.scope).get("accept", "").startswith("text/event-stream"):
        return Json(asked, status_code=202)
    return EventStream(app.log, asked.answer.id, HubbubEvents(msgspec.json.encode(asked)))


@router.post("/questions/{question_id}/answers", status_code=202, responses=sends(Asked, 202))
async def answer_again(question_id: str, new: OneMoreAnswer, app: App, person: Asker) -> Response:
    """Make one more answer to a question, a version beside those it has.

    To compare two models, ask the question with the first, then answer it again with the second and `beside`: the id of
    the first answer. Both are made at the same time. To keep one, let the next question have it as its `parent_id`.
    """
    how = Again(
        new.model,
        new.collections,
        app.limits.grace(new.unwatched, new.grace_seconds),
        new.max_tokens,
        new.continues,
        new.thorough,
        new.beside,
    )
    asked = await app.questions.ask_again(person, question_id, how, answer_id=new.answer_id)
    return Json(asked, status_code=202)


def _question(new: NewQuestion) -> Question:
    return Question(
        new.text,
        model=new.model or None,
        collection_ids=tuple(new.collections),
        generation=Generation(max_tokens=new.max_tokens, reasoning_effort=new.reasoning_effort),
        within_seconds=new.within_seconds,
        wait_seconds=new.wait_seconds,
        is_thorough=new.thorough,
    )


def _place(new: NewQuestion) -> Place:
    fingerprint = None if new.question_id is None else _fingerprint(new)
    sent = Sent(tuple(new.pictures), new.files, tuple(new.attached), new.with_instructions, new.assistant)
    return Place(new.chat_id, new.parent_id, new.question_id, fingerprint, sent, new.is_temporary)


def _fingerprint(new: NewQuestion) -> str:
    """Return what tells a repeated request from another one under the same `question_id`."""
    whole = msgspec.structs.replace(new, question_id=None, collections=sorted(set(new.collections)))
    return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()
