"""Documents as OpenAI's files: listed, shown, downloaded, uploaded and deleted."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hubbub.app.program_files import ProgramFile
from hubbub.core.errors import BadParam
from hubbub.web.address import payer_of
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends
from hubbub.web.dialects.openai import FAULTS
from hubbub.web.forms import files_in
from hubbub.web.routes.documents import as_download

router = APIRouter(prefix="/v1/files", tags=["OpenAI"], responses=FAULTS)

FIELD = "file"
PURPOSES = ("assistants", "user_data", "vision")
"""What files may be for here: to be read and searched. None of these makes a difference."""
PAGE = 1000
"""So many files stand on one page, however many are asked for."""
MOST_ASKED_FOR = 10_000

_BYTES = {"type": "string", "format": "binary"}
_FORM = {"type": "object", "properties": {FIELD: _BYTES, "purpose": {"enum": list(PURPOSES)}}, "required": [FIELD]}
_TAKES = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}


class FileObject(msgspec.Struct, frozen=True):
    """A document as a file."""

    id: str
    bytes: int
    created_at: int
    filename: str
    purpose: str
    status: Literal["uploaded", "processed", "error"]
    """Whether its text was read."""
    status_details: str | None = None
    """Why it can't be read."""
    expires_at: int | None = None
    """When it is deleted, where it is in no collection."""
    object: Literal["file"] = "file"


class FileList(msgspec.Struct, frozen=True):
    """The files that you may read."""

    data: list[FileObject]
    first_id: str | None
    last_id: str | None
    has_more: bool
    object: Literal["list"] = "list"


class FileDeleted(msgspec.Struct, frozen=True):
    """That a file is there no more."""

    id: str
    object: Literal["file"] = "file"
    deleted: bool = True


@router.get("", responses=sends(FileList))
async def list_files(
    app: App,
    person: Asker,
    limit: Annotated[int, Query(ge=1, le=MOST_ASKED_FOR)] = PAGE,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
    purpose: str = PURPOSES[0],
) -> Response:
    """List the documents of your collections, and what you uploaded for none yet, by when they were added."""
    if purpose not in PURPOSES:
        return Json(FileList([], None, None, has_more=False))
    listed, has_more = await app.program_files.listed(
        person, after=after, limit=min(limit, PAGE), is_descending=order == "desc"
    )
    files = [_file(one, purpose) for one in listed]
    return Json(FileList(files, files[0].id if files else None, files[-1].id if files else None, has_more))


@router.post("", responses=sends(FileObject), openapi_extra=_TAKES)
async def upload_file(request: Request, app: App, person: Asker) -> Response:
    """Upload a file for no collection yet.

    Name it in a message, or add it to a vector store, which copies it; after a week it is deleted.
    """
    texts: dict[str, str] = {}
    made: ProgramFile | None = None
    async for name, pieces in files_in(request, FIELD, texts):
        if made is not None:
            raise BadParam("One file comes at a time. The first one is kept.", FIELD)
        if texts.get("purpose", PURPOSES[0]) not in PURPOSES:
            message = f"Files are read and searched here: purpose is one of {', '.join(PURPOSES)}."
            raise BadParam(message, "purpose")
        base = name.replace("\\", "/").rpartition("/")[2]
        made = await app.program_files.upload(person, base, pieces, payer=payer_of(request.scope, person))
    if made is None:
        raise BadParam(f"There is no file in the form: it is sent in a field {FIELD!r}, with a name.", FIELD)
    return Json(_file(made, texts.get("purpose", PURPOSES[0])))


@router.get("/{document_id}", responses=sends(FileObject))
async def show_file(document_id: str, app: App, person: Asker) -> Response:
    """Show a document as a file."""
    return Json(_file(await app.program_files.show(person, document_id)))


@router.get(
    "/{document_id}/content",
    response_class=Response,
    responses={200: {"description": "The file", "content": {"application/octet-stream": {"schema": _BYTES}}}},
)
async def download_file(document_id: str, app: App, person: Asker) -> Response:
    """Download the file as it was put in."""
    return as_download(await app.documents.file(person, document_id))


@router.delete("/{document_id}", responses=sends(FileDeleted))
async def delete_file(document_id: str, app: App, person: Asker) -> Response:
    """Delete a document; copies of it in other collections stay."""
    await app.program_files.delete(person, document_id)
    return Json(FileDeleted(document_id))


def _file(one: ProgramFile, purpose: str = PURPOSES[0]) -> FileObject:
    document = one.document
    return FileObject(
        document.id,
        document.size_bytes,
        int(document.added_at),
        document.name,
        purpose,
        "processed" if document.state == "ready" else "error" if document.state == "failed" else "uploaded",
        document.reason or None,
        None if one.expires_at is None else int(one.expires_at),
    )
