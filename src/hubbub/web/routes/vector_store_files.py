"""The documents of collections as the files of OpenAI's vector stores."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hubbub.core.documents import Document
from hubbub.core.errors import BadParam
from hubbub.search.base import Condition
from hubbub.web.address import payer_of
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.dialects.openai import FAULTS, read_body
from hubbub.web.dialects.vector_filters import attributes_of

router = APIRouter(prefix="/v1/vector_stores/{collection_id}/files", tags=["OpenAI"], responses=FAULTS)

MOST_LISTED = 100

_Status = Literal["in_progress", "completed", "failed", "cancelled"]
_CONDITIONS: Mapping[str, Condition] = {"in_progress": "unfinished", "completed": "ready", "failed": "failed"}


class LastError(msgspec.Struct, frozen=True):
    """Why a file can't be read."""

    message: str
    code: Literal["invalid_file"] = "invalid_file"


class Chunking(msgspec.Struct, frozen=True):
    """How a file is split: the server decides that."""

    type: Literal["other"] = "other"


class VectorStoreFile(msgspec.Struct, frozen=True):
    """A document of a collection."""

    id: str
    created_at: int
    status: _Status
    usage_bytes: int
    vector_store_id: str
    attributes: dict[str, str | float | bool]
    last_error: LastError | None = None
    chunking_strategy: Chunking = Chunking()
    object: Literal["vector_store.file"] = "vector_store.file"


class VectorStoreFileList(msgspec.Struct, frozen=True):
    """A part of a collection's documents."""

    data: list[VectorStoreFile]
    first_id: str | None
    last_id: str | None
    has_more: bool
    object: Literal["list"] = "list"


class NewStoreFile(msgspec.Struct, frozen=True):
    """The file that is to be in a collection as well."""

    file_id: str
    attributes: dict[str, Any] | None = None
    chunking_strategy: dict[str, Any] | None = None
    """Left out: the server decides how files are split."""


class StoreFileDeleted(msgspec.Struct, frozen=True):
    """That a collection has a document no more."""

    id: str
    object: Literal["vector_store.file.deleted"] = "vector_store.file.deleted"
    deleted: bool = True


class FileText(msgspec.Struct, frozen=True):
    """The text of a passage."""

    text: str
    type: Literal["text"] = "text"


class FileTexts(msgspec.Struct, frozen=True):
    """The text of a file, passage by passage; neighbours may overlap."""

    data: list[FileText]
    has_more: bool = False
    next_page: str | None = None
    object: Literal["vector_store.file_content.page"] = "vector_store.file_content.page"


@router.get("", responses=sends(VectorStoreFileList))
async def list_vector_store_files(
    collection_id: str,
    app: App,
    person: Asker,
    status: Annotated[_Status | None, Query(alias="filter", description="Only files that are so")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 20,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
    before: Annotated[str | None, Query(description="The same as `after` in the other order")] = None,
) -> Response:
    """List a collection's documents, by when they were added."""
    if before is not None and after is not None:
        raise BadParam("Say after or before, not both.", "before")
    documents, has_more = await app.program_files.listed_in(
        person,
        collection_id,
        condition=_CONDITIONS.get(status or "", ""),
        after=after if before is None else before,
        limit=limit,
        is_descending=(order == "desc") is (before is None),
        param="after" if before is None else "before",
    )
    files = [] if status == "cancelled" else [_file(one) for one in documents]
    if before is not None:
        files.reverse()
    ids = [one.id for one in files] or [None]
    return Json(VectorStoreFileList(files, ids[0], ids[-1], has_more and bool(files)))


@router.post("", openapi_extra=takes(NewStoreFile), responses=sends(VectorStoreFile))
async def add_vector_store_file(collection_id: str, request: Request, app: App, person: Asker) -> Response:
    """Copy a file into a collection, in place of the one that has its name; it is read in the background."""
    new = await read_body(request, NewStoreFile)
    if new.attributes:
        message = "Files have attributes of their own here (filename, title, pages …). Leave attributes out."
        raise BadParam(message, "attributes", code="unsupported_parameter")
    payer = payer_of(request.scope, person)
    return Json(_file(await app.attachments.copy(person, new.file_id, collection_id, payer=payer)))


@router.get("/{document_id}", responses=sends(VectorStoreFile))
async def show_vector_store_file(collection_id: str, document_id: str, app: App, person: Asker) -> Response:
    """Show a document of a collection, by its own id or by that of the file that was copied."""
    return Json(_file(await app.program_files.within(person, collection_id, document_id)))


@router.get("/{document_id}/content", responses=sends(FileTexts))
async def show_vector_store_text(collection_id: str, document_id: str, app: App, person: Asker) -> Response:
    """Show the text of a document of a collection, as it is searched."""
    document = await app.program_files.within(person, collection_id, document_id)
    _, passages = await app.documents.show(person, document.id)
    return Json(FileTexts([FileText(one.text) for one in passages]))


@router.delete("/{document_id}", responses=sends(StoreFileDeleted))
async def remove_vector_store_file(collection_id: str, document_id: str, app: App, person: Asker) -> Response:
    """Delete a document of a collection; a file that it was copied from stays."""
    document = await app.program_files.within(person, collection_id, document_id)
    await app.documents.delete(person, document.id)
    return Json(StoreFileDeleted(document_id))


def _file(document: Document) -> VectorStoreFile:
    status: _Status = "in_progress"
    if document.state in ("ready", "failed"):
        status = "completed" if document.state == "ready" else "failed"
    return VectorStoreFile(
        document.id,
        int(document.added_at),
        status,
        document.size_bytes,
        document.collection_id,
        attributes_of(document),
        LastError(document.reason) if status == "failed" else None,
    )
