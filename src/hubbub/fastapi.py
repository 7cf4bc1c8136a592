"""Serve Hubbub from a FastAPI application, as a router: what depends on the router holds for Hubbub, too."""

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hubbub.hub import Hub

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def router(hub: Hub, *, prefix: str = "") -> APIRouter:
    """Return a router with all of Hubbub's API below a prefix: `app.include_router(router(hub, prefix="/hub"))`.

    The hub has to be open: `FastAPI(lifespan=hub.lifespan)`. Its errors keep their form, and its routes are described
    at `<prefix>/api/openapi.json`.
    """

    async def serve(request: Request) -> Response:
        path = str(request.path_params["path"])
        return _Through(hub.asgi, request.scope["path"].removesuffix(f"/{path}"))

    made = APIRouter(prefix=prefix)
    made.add_api_route("/{path:path}", serve, methods=[*METHODS], include_in_schema=False)
    return made


class _Through(Response):
    """A response that an ASGI application makes."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.status_code = 200
        self.background = None
        self.raw_headers = []
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "root_path": self._root_path}, receive, send)
