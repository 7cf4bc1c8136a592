"""Pictures and files that are sent with questions."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from hubbub.core.documents import Document
from hubbub.core.messages import Attachment
from hubbub.web.address import payer_of
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends
from hubbub.web.routes.documents import pieces_of

router = APIRouter(prefix="/api", tags=["attachments"])

_BYTES = {"type": "string", "format": "binary"}
_TAKES = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": _BYTES}}}}


class ChatFiles(msgspec.Struct):
    """What takes the files of a chat: a collection for that chat alone."""

    id: str


class NewChatFiles(BaseModel):
    """The chat that files are for; None: one that is still to be begun."""

    model_config = ConfigDict(extra="forbid")
    chat_id: str | None = None


class Copy(BaseModel):
    """The document that is to be in a collection as well."""

    model_config = ConfigDict(extra="forbid")
    document_id: str


@router.post("/chat-files", status_code=201, responses=sends(ChatFiles, 201))
async def begin_files(new: NewChatFiles, app: App, person: Asker) -> Response:
    """Begin the files of a chat, or return those that it has.

    Put files into them as into any collection, under `/api/collections/{id}/documents/`, and name them with a question
    as `files`. They are searched in that chat alone, shown in no list of collections, and deleted with the chat; after
    a week, if they were named with no question.
    """
    return Json(ChatFiles((await app.attachments.begin_files(person, new.chat_id)).id), status_code=201)


@router.post("/pictures", status_code=201, responses=sends(Attachment, 201), openapi_extra=_TAKES)
async def add_picture(
    request: Request,
    app: App,
    person: Asker,
    name: Annotated[str, Query(max_length=400, description="What it is called")] = "",
) -> Response:
    """Send a picture for a question that is still to be asked: PNG, JPEG, GIF or WebP. The body is the file itself.

    Name it with the question, as one of `pictures`; then it belongs to that chat, and is deleted with it. A picture
    without a question is deleted after a week.
    """
    sent = await app.attachments.add_picture(person, name, pieces_of(request), payer=payer_of(request.scope, person))
    return Json(sent, status_code=201)


@router.get(
    "/pictures/{picture_id}",
    response_class=Response,
    responses={200: {"description": "The picture", "content": {"image/*": {"schema": _BYTES}}}},
)
async def show_picture(picture_id: str, app: App, person: Asker) -> Response:
    """Show a picture that was sent."""
    about, data = await app.attachments.picture(person, picture_id)
    headers = {"cache-control": "private, max-age=3600", "content-security-policy": "sandbox; default-src 'none'"}
    return Response(data, media_type=about.media_type, headers=headers)


@router.delete("/pictures/{picture_id}", status_code=204)
async def remove_picture(picture_id: str, app: App, person: Asker) -> None:
    """Delete a picture that was sent with no question yet."""
    await app.attachments.remove_picture(person, picture_id)


@router.post("/collections/{collection_id}/copies", status_code=202, responses=sends(Document, 202))
async def copy_document(collection_id: str, copy: Copy, request: Request, app: App, person: Asker) -> Response:
    """Add a document that is elsewhere, such as a file of a chat, to a collection. It is read in the background."""
    payer = payer_of(request.scope, person)
    return Json(await app.attachments.copy(person, copy.document_id, collection_id, payer=payer), status_code=202)
