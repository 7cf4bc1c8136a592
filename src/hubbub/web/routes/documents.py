"""Collections and their documents."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, Response

from hubbub.app.documents import NAME_CHARACTERS, PAGE_SCALE, Stored
from hubbub.core.documents import Collection, Document, Passage
from hubbub.core.errors import Invalid, Malformed, NotAllowed
from hubbub.core.people import SUBJECT_CHARACTERS, Right
from hubbub.core.reasons import because
from hubbub.search.base import Condition, DocumentOrder, Listing
from hubbub.web.address import payer_of
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends
from hubbub.web.cursors import MOST, After, Limit, page_of, place_cursor_of, place_of
from hubbub.web.routes.permissions import NAMES

router = APIRouter(prefix="/api", tags=["documents"])

QUOTE_CHARACTERS = 4000
URL_CHARACTERS = 2000
MOST_DOCUMENTS = 1000
"""Documents on one page of a list."""

_BYTES = {"type": "string", "format": "binary"}


class CollectionView(msgspec.Struct):
    """A collection, as the one who asks sees it."""

    id: str
    name: str
    description: str
    is_shared: bool
    is_mine: bool
    """Whether you manage it."""
    right: str
    """What you may do: "see", "use", "write" or "manage"."""
    documents: int
    passages: int
    embedded: int


class Collections(msgspec.Struct):
    """The collections that you may see."""

    collections: list[CollectionView]
    next: str | None
    """What gives those behind these, as `after`; None where there are none."""


class Documents(msgspec.Struct):
    """A page of a collection's documents."""

    documents: Sequence[Document]
    next: str | None
    """What to send as `after` for the next page; null behind the last."""
    counts: Mapping[Condition, int]
    """How many documents of the collection are "unfinished" (on their way), "ready", "partial" and "failed".

    The partial ones are ready, but something of them was left out.
    """


class DocumentWithPassages(msgspec.Struct):
    """A document and its passages in reading order."""

    document: Document
    passages: Sequence[Passage]
    shared_with: Sequence[str] | None = None
    """Who alone may see it, besides those who manage its collection: person:ID, group:ID, claim:PROVIDER/NAME or
    signed-in. Null where it is not restricted; only those who manage the collection are told."""


class NewCollection(BaseModel):
    """A collection to be made."""

    model_config = ConfigDict(extra="forbid")
    name: str
    description: str = ""


class NewName(BaseModel):
    """What a collection is to be called."""

    model_config = ConfigDict(extra="forbid")
    name: str


class DocumentChange(BaseModel):
    """What is to become of a document. What is not given stays as it is."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = None
    """A file's name, or its path below a folder."""
    shared_with: list[Annotated[str, Field(max_length=SUBJECT_CHARACTERS)]] | None = None
    """Who alone may see it, of those who may see its collection: person:ID, group:ID, claim:PROVIDER/NAME, signed-in.
    Null: all of them."""


class NewUrl(BaseModel):
    """Where a document is that is to be fetched."""

    model_config = ConfigDict(extra="forbid")
    url: Annotated[str, Field(min_length=1, max_length=URL_CHARACTERS)]


@router.get("/collections", responses=sends(Collections))
async def list_collections(app: App, person: Asker, limit: Limit = MOST, after: After = None) -> Response:
    """List the collections that you may see, by name: your own and those shared with you."""
    found = await app.collections.list(person)
    page, following = page_of(found, lambda one: (one.name.casefold(), one.id), after, limit)
    return Json(Collections([_view(one) for one in page], following))


@router.post("/collections", status_code=201, responses=sends(CollectionView, 201))
async def make_collection(new: NewCollection, app: App, person: Asker) -> Response:
    """Make a collection of your own. Only you can see it."""
    made = await app.collections.make(person, new.name, new.description)
    return Json(_view(made), status_code=201)


@router.patch("/collections/{collection_id}", responses=sends(CollectionView))
async def rename_collection(collection_id: str, new: NewName, app: App, person: Asker) -> Response:
    """Rename a collection that you manage."""
    return Json(_view(await app.collections.rename(person, collection_id, new.name)))


@router.delete("/collections/{collection_id}", status_code=204)
async def delete_collection(collection_id: str, app: App, person: Asker) -> None:
    """Delete a collection that you manage, with all its documents."""
    await app.collections.delete(person, collection_id)


@router.get("/collections/{collection_id}/documents", responses=sends(Documents))
async def list_documents(
    collection_id: str,
    app: App,
    person: Asker,
    words: Annotated[str, Query(max_length=NAME_CHARACTERS, description="What is in the name or the title")] = "",
    condition: Annotated[Condition, Query(description="Only documents that are so; see `counts`")] = "",
    id: Annotated[  # noqa: A002 (the name on the wire)
        list[str] | None, Query(max_length=MOST_DOCUMENTS, description="Only these documents; may be given many times")
    ] = None,
    order: Annotated[DocumentOrder, Query(description="By what they are ordered")] = "name",
    descending: bool = False,
    after: Annotated[str | None, Query(max_length=4 * NAME_CHARACTERS, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_DOCUMENTS)] = MOST_DOCUMENTS,
) -> Response:
    """List a collection's documents, and how far each has come."""
    place = None if after is None else place_of(after, str if order == "name" else float)
    listing = Listing(words, condition, id, order, descending, place, limit)
    page, counts = await app.documents.listed(person, collection_id, listing)
    return Json(Documents(page.documents, None if page.next is None else place_cursor_of(page.next), counts))


@router.put(
    "/collections/{collection_id}/documents/{name:path}",
    status_code=202,
    responses=sends(Document, 202),
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": _BYTES}}}},
)
async def put_document(collection_id: str, name: str, request: Request, app: App, person: Asker) -> Response:
    """Add a document, or replace the one of this name. The body is the file itself; it is read in the background."""
    payer = payer_of(request.scope, person)
    added = await app.documents.add(person, collection_id, name, pieces_of(request), payer=payer)
    return Json(added, status_code=202)


@router.post("/collections/{collection_id}/urls", status_code=202, responses=sends(Document, 202))
async def add_document_by_url(collection_id: str, new: NewUrl, request: Request, app: App, person: Asker) -> Response:
    """Fetch a document by its URL and add it, or replace the one of its name; it is read in the background.

    `GET /api/me` says whether you may. Nothing but the public internet is reached, and no credentials are sent.
    """
    if app.by_url is None:
        await app.documents.check_may_add(person, collection_id)  # to others the collection is not there
        raise NotAllowed(because("urls_not_allowed"))
    payer = payer_of(request.scope, person)
    added = await app.by_url.add(app.documents, person, collection_id, new.url, payer=payer)
    return Json(added, status_code=202)


@router.get("/documents/{document_id}", responses=sends(DocumentWithPassages))
async def show_document(document_id: str, app: App, person: Asker) -> Response:
    """Show a document with its passages in reading order."""
    document, passages = await app.documents.show(person, document_id)
    return Json(DocumentWithPassages(document, passages, await app.document_rights.readers(person, document)))


@router.get(
    "/documents/{document_id}/file",
    response_class=Response,
    responses={200: {"description": "The file", "content": {"application/octet-stream": {"schema": _BYTES}}}},
)
async def download_document(document_id: str, app: App, person: Asker) -> Response:
    """Download the file as it was put in."""
    return as_download(await app.documents.file(person, document_id))


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
    scale: Annotated[float, Query(ge=0.5, le=4, description="Pixels a point, 1/72 inch")] = PAGE_SCALE,
) -> Response:
    """Show a picture of a page of a PDF, with the words of a quote or a passage marked."""
    drawn = await app.documents.page(person, document_id, number, quote, passage=passage, scale=scale)
    return Response(drawn, media_type="image/png", headers={"cache-control": "private, max-age=3600"})


@router.patch("/documents/{document_id}", responses=sends(Document))
async def change_document(document_id: str, change: DocumentChange, app: App, person: Asker) -> Response:
    """Rename a document of a collection that you may write to, or say who may see it, of one that you manage.

    What is open over it ends within a second for those who may see it no more.
    """
    if "shared_with" in change.model_fields_set:
        document = await app.document_rights.restrict(person, document_id, change.shared_with)
        if change.name is None:
            return Json(document)
    if change.name is None:
        raise Invalid("Say what is to change: name, or shared_with.")
    return Json(await app.documents.rename(person, document_id, change.name))


@router.delete("/documents/{document_id}", status_code=204)
async def delete_document(document_id: str, app: App, person: Asker) -> None:
    """Delete a document of a collection of yours."""
    await app.documents.delete(person, document_id)


def as_download(stored: Stored) -> Response:
    """Return a file as it was put in, as something that no browser shows."""
    return FileResponse(
        stored.path,
        stat_result=stored.stat,
        media_type="application/octet-stream",
        filename=_file_name(stored.document.name),
        headers={"content-security-policy": "sandbox; default-src 'none'"},
    )


def _file_name(name: str) -> str:
    """Return what a download is to be called: the last part of the document's name that can be a file's."""
    parts = [part for part in name.replace("\\", "/").split("/") if part.strip(" .")]
    return parts[-1] if parts else "document"


async def pieces_of(request: Request) -> AsyncGenerator[bytes]:
    """Yield a request's body as it comes.

    Raises:
        Malformed: it ended too early.
    """
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect as error:
        raise Malformed(because("sent_in_part")) from error


def _view(collection: Collection) -> CollectionView:
    return CollectionView(
        id=collection.id,
        name=collection.name,
        description=collection.description,
        is_shared=collection.is_shared,
        is_mine=collection.right is Right.MANAGE,
        right=NAMES[collection.right],
        documents=collection.documents,
        passages=collection.passages,
        embedded=collection.embedded,
    )
