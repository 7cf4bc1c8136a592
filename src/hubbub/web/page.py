"""Serve the web app, our own or somebody else's, with strict headers."""

import importlib.resources
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources.abc import Traversable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from hubbub.core.errors import NotFound, NotSignedIn
from hubbub.identity.base import Welcome
from hubbub.identity.cookies import HOST_PREFIX
from hubbub.web.asker import application_of
from hubbub.web.bodies import headers_of
from hubbub.web.shapes import is_of_others
from hubbub.web.site import FOREVER, File, file_of, read_foreign, read_own, response_of

SHARED = "shared"
"""Where the page shows what a link to a chat opens. The link's secret stands behind a #, and is sent to nobody."""
YEAR_SECONDS = 365 * 24 * 3600

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; frame-src 'self'; worker-src 'self'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_DIAGRAM_HEADERS = {
    # A page without an origin, which what is written in a diagram can't leave: neither for the page around it nor for
    # any server. Its scripts are fetched as by a stranger.
    "content-security-policy": "sandbox allow-scripts; default-src 'none'; script-src 'self'; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "cross-origin-resource-policy": "cross-origin",
    "x-frame-options": "SAMEORIGIN",
}
_DOCS_POLICY = _PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")  # Swagger UI needs it
_FOREIGN_POLICY = (
    # Scripts come from the folder and nothing is sent elsewhere, so that what a model or a document says can't
    # carry anything away. Frames show documents, which such a page fetches and opens as `blob:`.
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self' data: https://res.cdn.office.net https://static2.sharepointonline.com; "
    "media-src 'self' data: blob:; frame-src 'self' blob:; worker-src 'self' blob:; manifest-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_LOOSE_POLICY = (
    # Scripts and styles may stand in the page and come from anywhere by HTTPS, as in pages that are written by hand.
    # Whatever gets into such a page can read what its visitor may, and send it elsewhere.
    "default-src 'self' https: data: blob:; script-src 'self' 'unsafe-inline' https:; "
    "style-src 'self' 'unsafe-inline' https:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_BASE = b'<base href="/" />'
"""What the page has in place of the way up to the root. A proxy may have put that below a prefix that only it knows."""
_DEEPEST = 8
_HASHED = re.compile(r"assets/(?:.*[-.])(?=[\w-]*[0-9A-Z])[\w-]{8,}\.\w+")
"""The name of an asset that changes with its content, as the usual tools write it."""

_NOT_BUILT = """<!doctype html><html lang="en"><title>Hubbub</title>
<h1>Hubbub is running, but its page was not built</h1>
<p>Run <code>make serve</code>, or <code>python tools/build_web.py</code> and start again.
The API is described at <a href="/api/openapi.json">/api/openapi.json</a>.</p>
</html>"""
_CLOSED = """<!doctype html><html lang="en"><title>Hubbub</title>
<h1>This page is closed to you</h1>
<p>{}</p>
</html>"""


class Page:
    """The built web app. `folder` is where the build put it; where there is none, a page says how to build it."""

    def __init__(self, folder: Path | Traversable | None = None) -> None:
        self._files = read_own(folder) if folder else _built()
        self._indexes: dict[int, File] = {}
        """The page itself by how many folders below the root it is opened."""

    async def serve(self, request: Request) -> Response:
        """Return the file at a path; the page itself for any other path that is not the API's.

        Raises:
            NotFound: there is no such file, or it is a path of the API.
            HTTPException: the page can only be read (405).
        """
        path = _path_of(request)
        is_of_api = path == "api" or path.startswith("api/") or is_of_others(request.scope)
        name = f"{path}index.html" if path in ("docs/", "diagram/") else path
        file = self._files.get(name)
        if request.method not in ("GET", "HEAD") and not is_of_api:
            if file is None and path:
                raise NotFound("There is nothing at this address.")
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        if file is None or name == "index.html":
            if is_of_api or path.startswith(("assets/", "docs/", "diagram/")):
                raise NotFound("There is nothing at this address.")
            response = await self._index(request)
            if path == SHARED:  # what a link shows is for who was given it
                response.headers["x-robots-tag"] = "noindex, nofollow"
            return response
        headers = {"cache-control": FOREVER if name.startswith("assets/") else "no-cache"}
        if name.startswith("docs/"):
            headers["content-security-policy"] = _DOCS_POLICY
        elif name.startswith("diagram/"):
            headers |= _DIAGRAM_HEADERS
        return response_of(request, file, headers)

    async def _index(self, request: Request) -> Response:
        file = self._files.get("index.html")
        if file is None:
            headers = {"cache-control": "no-store", "content-security-policy": _PAGE_POLICY}
            return HTMLResponse(_NOT_BUILT, status_code=503, headers=headers)
        depth = min(_path_of(request).count("/"), _DEEPEST)
        if depth not in self._indexes:
            up = b"../" * depth or b"./"
            self._indexes[depth] = file_of("index.html", file.body.replace(_BASE, b'<base href="%b" />' % up))
        return await _opened(request, self._indexes[depth], _PAGE_POLICY, is_own=True)


class ForeignPage:
    """Somebody else's built page, in place of ours. Only what is in its folder is there: no other address shows it."""

    def __init__(self, folder: Path, *, is_trusted: bool = False) -> None:
        """Read the folder. A page that is trusted may hold scripts, and load them from elsewhere.

        Raises:
            SettingsError: it holds too much, or can't be read.
        """
        docs = {name: file for name, file in _built().items() if name.startswith("docs/")}
        self._policy = _LOOSE_POLICY if is_trusted else _FOREIGN_POLICY
        self._files = docs | read_foreign(folder)
        self._docs = docs

    async def serve(self, request: Request) -> Response:
        """Return the file at a path, the path's own `.html` or its `index.html`.

        Raises:
            NotFound: there is no such file.
            HTTPException: a file can only be read (405).
        """
        path = _path_of(request)
        names = (path, f"{path}.html", f"{path}/index.html" if path else "index.html", f"{path}index.html")
        name = next((name for name in names if name in self._files), None)
        if name is None and path != "redirect":
            raise NotFound("There is nothing at this address.")
        if request.method not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        if name is None:  # what signs people in opens this one, and wants it to be empty
            return HTMLResponse("", headers={"content-security-policy": self._policy})
        file = self._files[name]
        if self._docs.get(name) is file:
            return response_of(request, file, {"cache-control": "no-cache", "content-security-policy": _DOCS_POLICY})
        if file.media_type == "text/html":
            return await _opened(request, file, self._policy)
        return response_of(request, file, {"cache-control": FOREVER if _HASHED.fullmatch(name) else "no-cache"})


def _path_of(request: Request) -> str:
    """Return the path below the application's root, without the slash that it begins with."""
    return str(request.scope["path"]).removeprefix(request.scope.get("root_path", "")).removeprefix("/")


@cache
def _built() -> Mapping[str, File]:
    """Return the files that come with the package: each process reads them once, however many applications it has."""
    return read_own(importlib.resources.files("hubbub.web").joinpath("static"))


async def _opened(request: Request, file: File, policy: str, *, is_own: bool = False) -> Response:
    """Return a page to who opens it, who is known by a cookie from then on; or say that it is closed to them.

    The server's own page lets people sign in, where they can.
    """
    application = application_of(request)
    try:
        welcome = await application.identity.welcome(request.headers)
    except NotSignedIn as error:
        if is_own and application.sign_ins is not None:
            return response_of(request, file, {"cache-control": "no-cache", "content-security-policy": policy})
        headers = {"cache-control": "no-store", "content-security-policy": policy, **headers_of(error)}
        return HTMLResponse(_CLOSED.format(escape(error.message)), status_code=error.status, headers=headers)
    response = response_of(request, file, {"cache-control": "no-cache", "content-security-policy": policy})
    set_cookie(request, response, welcome)
    return response


def set_cookie(request: Request, response: Response, welcome: Welcome) -> None:
    """Give the browser the cookie that it is to be known by, if it needs one."""
    if welcome.cookie is not None:
        name, value = welcome.cookie
        is_secure = request.url.scheme == "https"
        if is_secure:
            name = HOST_PREFIX + name  # no other host, and no page over plain HTTP, can set one of this name
        elif f"{name}={value}" in request.headers.get("cookie", ""):
            return
        response.set_cookie(name, value, max_age=YEAR_SECONDS, httponly=True, samesite="lax", secure=is_secure)
