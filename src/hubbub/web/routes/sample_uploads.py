"""The files that a person adds with the page of the Azure sample: a collection of their own."""

import unicodedata

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from hubbub.app.application import Application
from hubbub.core.documents import Collection, Document
from hubbub.core.errors import Conflict, Invalid, Malformed, NotFound, NotSignedIn, TooLarge
from hubbub.core.people import Person, may_list
from hubbub.web.address import payer_of
from hubbub.web.asker import application_of, person_of
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.dialects.sample_errors import FAULTS
from hubbub.web.forms import files_in
from hubbub.web.quick import QuickRoute, body_as

router = APIRouter(tags=["sample"], responses=FAULTS, route_class=QuickRoute)

UPLOADS = "Uploads"
"""What the collection is called."""
FIELD = "file"
MOST_FILES = 20
READ_SECONDS = 20.0
"""So long an upload waits until its files can be searched."""

_BYTES = {"type": "string", "format": "binary"}
_FORM = {"type": "object", "properties": {FIELD: {"type": "array", "items": _BYTES}}, "required": [FIELD]}


class Said(msgspec.Struct):
    """What was done, in a sentence."""

    message: str


class Uploaded(msgspec.Struct):
    """The name of a file that was uploaded."""

    filename: str


@router.post(
    "/upload",
    responses=sends(Said),
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)
async def upload(request: Request) -> Response:
    """Add files to your uploads, in place of those of the same names. What can't be read is not kept."""
    app, person = application_of(request), await person_of(request)
    stored: list[Document] = []
    async for name, pieces in files_in(request, FIELD):
        if len(stored) == MOST_FILES:
            raise TooLarge(f"More than {MOST_FILES} files came at once. The first {MOST_FILES} are kept.")
        collection = await app.collections.own(person, UPLOADS) or await _make_uploads(app, person)
        base = name.replace("\\", "/").rpartition("/")[2]
        payer = payer_of(request.scope, person)
        stored.append(await app.documents.add(person, collection.id, base, pieces, payer=payer))
    if not stored:
        raise Malformed(f"There is no file in the form: it is sent in a field {FIELD!r}, with a name.")
    await app.documents.until_read(stored[0].collection_id, most_seconds=READ_SECONDS)
    found = [await app.library.document(document.id) for document in stored]
    failed = [one for one in found if one is not None and one.state == "failed"]
    for document in failed:
        await app.documents.delete(person, document.id)
    if failed:
        raise Invalid(" ".join(f"{one.name}: {one.reason}" for one in failed))
    is_read = all(one is None or one.state in ("embedding", "ready") for one in found)
    names = ", ".join(dict.fromkeys(document.name for document in stored))
    return Json(Said(f"{names}: {'ready to be asked about' if is_read else 'being read, ready soon'}."))


@router.get("/list_uploaded", responses=sends(list[str]))
async def list_uploaded(request: Request) -> Response:
    """List the names of your uploads."""
    app, person = application_of(request), await person_of(request)
    collection = await app.collections.own(person, UPLOADS)
    if collection is None:
        return Json([])
    return Json([document.name for document in await app.documents.list(person, collection.id)])


@router.post("/delete_uploaded", responses=sends(Said), openapi_extra=takes(Uploaded))
async def delete_uploaded(request: Request) -> Response:
    """Delete one of your uploads."""
    app, person = application_of(request), await person_of(request)
    name = unicodedata.normalize("NFC", (await body_as(request, Uploaded)).filename)
    collection = await app.collections.own(person, UPLOADS)
    document = await app.library.named(collection.id, name) if collection is not None else None
    if document is None:
        raise NotFound("There is no such file among your uploads.")
    await app.documents.delete(person, document.id)
    return Json(Said(f"{document.name} was deleted."))


async def _make_uploads(app: Application, person: Person) -> Collection:
    if not may_list(person, person.id):
        raise NotSignedIn("Uploads are kept for whom this server knows: open its page first, or send an API key.")
    try:
        return await app.collections.make(person, UPLOADS)
    except Conflict:  # another request was faster
        if (made := await app.collections.own(person, UPLOADS)) is None:
            raise
        return made
