"""The documents that the page of the Azure sample shows for its citations."""

import unicodedata
from pathlib import PurePosixPath
from urllib.parse import unquote

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from hubbub.core.documents import Document
from hubbub.core.errors import NotFound
from hubbub.web.asker import App, Asker
from hubbub.web.dialects.sample_errors import FAULTS

router = APIRouter(tags=["sample"], responses=FAULTS)

_SHOWN = {
    **{suffix: f"image/{suffix[1:]}" for suffix in (".png", ".gif", ".webp", ".bmp")},
    **{".jpg": "image/jpeg", ".jpeg": "image/jpeg"},
}
"""Pictures that hold nothing but a picture, by the ending of the name."""
_HEADERS = {
    # The page opens what it fetched as a `blob:` of its own, where this policy is gone: only the type holds there.
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    "x-frame-options": "SAMEORIGIN",
    "cache-control": "private, no-cache",
}


@router.get(
    "/content/{name:path}",
    response_class=Response,
    responses={
        200: {
            "description": "The file as it was put in, of a type that never runs",
            "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def show_content(name: str, request: Request, app: App, person: Asker) -> Response:
    """Show the document of this name: of your own ones, else of those shared with everybody."""
    document, path, found = await app.documents.stored(await app.documents.named(person, _spellings(name, request)))
    media_type, is_shown = _shown_as(document)
    return FileResponse(
        path,
        stat_result=found,
        media_type=media_type,
        filename=document.name.rsplit("/", 1)[-1],
        content_disposition_type="inline" if is_shown else "attachment",
        headers=_HEADERS,
    )


def _spellings(name: str, request: Request) -> list[str]:
    """Return the names that may be meant: the page puts them into the address as they are, be there a % or a ?."""
    query = request.url.query
    raw = request.scope.get("raw_path", b"").decode("ascii", "replace").partition("/content/")[2]
    names = [name, raw, *((f"{name}?{unquote(query)}", f"{raw}?{query}") if query else ())]
    usable = [unicodedata.normalize("NFC", one) for one in dict.fromkeys(names) if _stays_inside(one)]
    if not usable or not _stays_inside(name):
        raise NotFound("There is no such document.")
    return usable


def _stays_inside(name: str) -> bool:
    parts = name.split("/")
    return "\\" not in name and "\0" not in name and not any(part in ("", ".", "..") for part in parts)


def _shown_as(document: Document) -> tuple[str, bool]:
    """Return the type that a document is sent as, and whether a browser may show it. HTML is text."""
    suffix = PurePosixPath(document.name).suffix.lower()
    if suffix in _SHOWN:
        return _SHOWN[suffix], True
    if document.media_type in ("application/pdf", "application/json", "text/csv", "text/markdown"):
        return document.media_type, True
    if document.media_type.startswith("text/"):
        return "text/plain", True
    is_program = document.media_type.endswith(("/xml", "+xml"))  # so can SVG be
    return "application/octet-stream" if is_program else document.media_type, False
