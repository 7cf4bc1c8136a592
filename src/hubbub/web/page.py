"""Serve the web app: its built files, held in memory, with strict headers."""

import gzip
import hashlib
import mimetypes
from html import escape
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from hubbub.core.errors import NotFound, NotSignedIn
from hubbub.identity.base import Welcome
from hubbub.web.bodies import headers_of
from hubbub.web.services import services_of

FOREVER = "public, max-age=31536000, immutable"  # the names of assets change with their content
YEAR_SECONDS = 365 * 24 * 3600
_COMPRESSED = ("text/", "application/json", "application/javascript", "image/svg")

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_DOCS_POLICY = _PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")  # Swagger UI needs it

_NOT_BUILT = """<!doctype html><html lang="en"><title>Hubbub</title>
<h1>Hubbub is running, but its page was not built</h1>
<p>Run <code>make serve</code>, or <code>python tools/build_web.py</code> and start again.
The API is described at <a href="/api/openapi.json">/api/openapi.json</a>.</p>
</html>"""
_CLOSED = """<!doctype html><html lang="en"><title>Hubbub</title>
<h1>This page is closed to you</h1>
<p>{}</p>
</html>"""


class _File(NamedTuple):
    body: bytes
    compressed: bytes | None
    media_type: str
    etag: str


class Page:
    """The built web app. `folder` is where the build put it; where there is none, a page says how to build it."""

    def __init__(self, folder: Path | Traversable) -> None:
        self._files = dict(_read(folder, "")) if folder.is_dir() else {}

    async def serve(self, request: Request) -> Response:
        """Return the file at a path; the page itself for any other path outside of /api.

        Raises:
            NotFound: there is no such file, or it is a path of the API.
            HTTPException: the page can only be read (405).
        """
        path = request.url.path.lstrip("/")
        if request.method not in ("GET", "HEAD") and not _is_of_api(path):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        name = f"{path}index.html" if path == "docs/" else path
        file = self._files.get(name)
        if file is None or name == "index.html":
            if _is_of_api(path) or path.startswith(("assets/", "docs/")):
                raise NotFound("There is nothing at this address.")
            return await self._index(request)
        headers = {"cache-control": FOREVER if name.startswith("assets/") else "no-cache"}
        if name.startswith("docs/"):
            headers["content-security-policy"] = _DOCS_POLICY
        return _response(request, file, headers)

    async def _index(self, request: Request) -> Response:
        file = self._files.get("index.html")
        if file is None:
            headers = {"cache-control": "no-store", "content-security-policy": _PAGE_POLICY}
            return HTMLResponse(_NOT_BUILT, status_code=503, headers=headers)
        try:
            welcome = await services_of(request).identity.welcome(request.headers)
        except NotSignedIn as error:
            headers = {"cache-control": "no-store", "content-security-policy": _PAGE_POLICY, **headers_of(error)}
            return HTMLResponse(_CLOSED.format(escape(error.message)), status_code=error.status, headers=headers)
        headers = {"cache-control": "no-cache", "content-security-policy": _PAGE_POLICY}
        response = _response(request, file, headers)
        set_cookie(request, response, welcome)
        return response


def _is_of_api(path: str) -> bool:
    return path.partition("/")[0] in ("api", "v1")


def set_cookie(request: Request, response: Response, welcome: Welcome) -> None:
    """Give the browser the cookie that it is to be known by, if it needs one."""
    if welcome.cookie is not None:
        name, value = welcome.cookie
        is_secure = request.url.scheme == "https"
        response.set_cookie(name, value, max_age=YEAR_SECONDS, httponly=True, samesite="lax", secure=is_secure)


def _response(request: Request, file: _File, headers: dict[str, str]) -> Response:
    headers |= {"etag": file.etag}
    if file.compressed is not None:
        headers |= {"vary": "accept-encoding"}
    if _has(request.headers.get("if-none-match", ""), file.etag):
        return Response(status_code=304, headers=headers)
    if file.compressed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
        headers |= {"content-encoding": "gzip"}
        return Response(file.compressed, media_type=file.media_type, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)


def _has(tags: str, etag: str) -> bool:
    """Tell whether If-None-Match names an entity tag, weak or strong (RFC 9110, 13.1.2)."""
    known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    return "*" in known or etag.removeprefix("W/") in known


def _takes_gzip(encodings: str) -> bool:
    for encoding in encodings.lower().split(","):
        name, _, weight = encoding.replace(" ", "").partition(";q=")
        if name == "gzip":
            return weight.strip("0.") != "" or not weight
    return False


def _read(folder: Path | Traversable, prefix: str) -> list[tuple[str, _File]]:
    found: list[tuple[str, _File]] = []
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            found.extend(_read(entry, f"{name}/"))
        else:
            body = entry.read_bytes()
            media_type = mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
            compressed = gzip.compress(body, 6) if media_type.startswith(_COMPRESSED) else None
            etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'  # weak: it stands for the compressed form as well
            found.append((name, _File(body, compressed, media_type, etag)))
    return found
