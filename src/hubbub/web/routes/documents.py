"""Collections and their documents."""

from collections.abc import AsyncGenerator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, Response

from hubbub.app.access import collection_for, collections_for, document_for
from hubbub.core.documents import Collection, Document, Passage
from hubbub.core.errors import Invalid, Malformed, NotFound
from hubbub.core.people import Person, may_see
from hubbub.ingest.picture import USUAL_SCALE, picture
from hubbub.web.address import payer_of
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends

router = APIRouter(prefix="/api", tags=["documents"])

NAME_CHARACTERS = 400
QUOTE_CHARACTERS = 4000

_BYTES = {"type": "string", "format": "binary"}


class CollectionView(msgspec.Struct):
    """A collection, as the one who asks sees it."""

    id: str
    name: str
    description: str
    is_shared: bool
    is_mine: bool
    documents: int
    passages: int
    embedded: int


class Collections(msgspec.Struct):
    """The collections that you may search."""

    collections: list[CollectionView]


class Documents(msgspec.Struct):
    """A collection's documents, by name."""

    documents: list[Document]


class DocumentWithPassages(msgspec.Struct):
    """A document and its passages in reading order."""

    document: Document
    passages: list[Passage]


class NewCollection(BaseModel):
    """A collection to be made."""

    model_config = ConfigDict(extra="forbid")
    name: str
    description: str = ""


@router.get("/collections", responses=sends(Collections))
async def list_collections(app: App, person: Asker) -> Response:
    """List the collections that you may search: your own and those shared with everybody."""
    return Json(Collections([_view(one, person) for one in await collections_for(app, person)]))


@router.post("/collections", status_code=201, responses=sends(CollectionView, 201))
async def make_collection(new: NewCollection, app: App, person: Asker) -> Response:
    """Make a collection of your own. Only you can see it."""
    made = await app.library.create(new.name, owner_id=person.id, is_shared=False, description=new.description)
    return Json(_view(made, person), status_code=201)


@router.delete("/collections/{collection_id}", status_code=204)
async def delete_collection(collection_id: str, app: App, person: Asker) -> None:
    """Delete a collection of yours with all its documents."""
    await collection_for(app, person, collection_id, to_change=True)
    await app.pipeline.remove_collection(collection_id)


@router.get("/collections/{collection_id}/documents", responses=sends(Documents))
async def list_documents(collection_id: str, app: App, person: Asker) -> Response:
    """List a collection's documents, and how far each has come."""
    await collection_for(app, person, collection_id)
    return Json(Documents(await app.library.documents(collection_id)))


@router.put(
    "/collections/{collection_id}/documents/{name:path}",
    status_code=202,
    responses=sends(Document, 202),
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": _BYTES}}}},
)
async def put_document(collection_id: str, name: str, request: Request, app: App, person: Asker) -> Response:
    """Add a document, or replace the one of this name. The body is the file itself; it is read in the background."""
    await collection_for(app, person, collection_id, to_change=True)
    if not 0 < len(name.strip()) <= NAME_CHARACTERS:
        raise Invalid(f"A document's name has 1 to {NAME_CHARACTERS} characters.")
    payer = payer_of(request.scope, person)
    return Json(await app.pipeline.add(collection_id, name, _pieces(request), payer=payer), status_code=202)


@router.get("/documents/{document_id}", responses=sends(DocumentWithPassages))
async def show_document(document_id: str, app: App, person: Asker) -> Response:
    """Show a document with its passages in reading order."""
    document = await document_for(app, person, document_id)
    return Json(DocumentWithPassages(document, await app.search.passages(document_id)))


@router.get(
    "/documents/{document_id}/file",
    response_class=Response,
    responses={200: {"description": "The file", "content": {"application/octet-stream": {"schema": _BYTES}}}},
)
async def download_document(document_id: str, app: App, person: Asker) -> Response:
    """Download the file as it was put in."""
    document = await document_for(app, person, document_id)
    return FileResponse(
        app.files.path(document.sha256),
        stat_result=await app.files.stat(document.sha256),
        media_type="application/octet-stream",
        filename=_file_name(document.name),
        headers={"content-security-policy": "sandbox; default-src 'none'"},
    )


@router.get(
    "/documents/{document_id}/pages/{number}",
    response_class=Response,
    responses={200: {"description": "The page's picture", "content": {"image/png": {}}}},
)
async def show_page(
    document_id: str,
    number: int,
    app: App,
    person: Asker,
    quote: Annotated[str, Query(max_length=QUOTE_CHARACTERS, description="Words to mark on the page")] = "",
    passage: Annotated[
        str, Query(max_length=200, description="A passage of the document: its words are marked if no quote is given")
    ] = "",
    scale: Annotated[float, Query(ge=0.5, le=4, description="Pixels a point, 1/72 inch")] = USUAL_SCALE,
) -> Response:
    """Show a picture of a page of a PDF, with the words of a quote or a passage marked."""
    document = await document_for(app, person, document_id)
    if document.media_type != "application/pdf" or not 1 <= number <= max(document.pages, 1):
        raise NotFound("There is no such page to show.")
    if passage and not quote.strip():
        texts = [one.text for one in await app.search.passages(document_id) if one.id == passage]
        quote = texts[0] if texts else ""
    drawn = await picture(app.pictures, app.files.path(document.sha256), number, quote, scale=scale)
    return Response(drawn, media_type="image/png", headers={"cache-control": "private, max-age=3600"})


@router.delete("/documents/{document_id}", status_code=204)
async def delete_document(document_id: str, app: App, person: Asker) -> None:
    """Delete a document of a collection of yours."""
    await document_for(app, person, document_id, to_change=True)
    await app.pipeline.remove(document_id)


def _file_name(name: str) -> str:
    """Return what a download is to be called: the last part of the document's name that can be a file's."""
    parts = [part for part in name.replace("\\", "/").split("/") if part.strip(" .")]
    return parts[-1] if parts else "document"


async def _pieces(request: Request) -> AsyncGenerator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect as error:
        raise Malformed("The request ended before its body did. Send the file again.") from error


def _view(collection: Collection, person: Person) -> CollectionView:
    return CollectionView(
        id=collection.id,
        name=collection.name,
        description=collection.description,
        is_shared=collection.is_shared,
        is_mine=may_see(person, collection.owner_id),
        documents=collection.documents,
        passages=collection.passages,
        embedded=collection.embedded,
    )
