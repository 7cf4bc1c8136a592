"""Routes that every question goes through: described as the others are, at a fraction of their cost.

FastAPI finds a route, enters a dozen layers and resolves the route's parameters anew for each request. A function that
takes the request itself, and reads its body with msgspec, needs none of that.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeAlias, TypeVar, cast

import msgspec
from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from hubbub.core.errors import HubbubError, Invalid
from hubbub.web.aliases import renamed
from hubbub.web.heads import serve_head

T = TypeVar("T")

_ErrorHandler: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]


class QuickRoute(APIRoute):
    """A route whose function takes the request and nothing else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function itself."""
        return self.endpoint


class QuickApp(FastAPI):
    """An application that serves its quick routes past the framework's layers; its middleware stands before them, too.

    They stand in the framework's table all the same, which describes them, and serves them where it is mounted
    somewhere.
    """

    _quick: tuple[QuickRoute, ...] = ()

    def take_in(self, *routers: APIRouter) -> None:
        """Take the routes of routers in, as they are, and note the quick ones.

        Included in FastAPI's way, each would be made anew with the first request, which held up the loop for 100 ms.
        """
        routes = [route for router in routers for route in router.routes]
        self.router.routes += routes
        self._quick += tuple(route for route in routes if isinstance(route, QuickRoute))

    def build_middleware_stack(self) -> ASGIApp:
        """Return what serves a request."""
        whole = super().build_middleware_stack()
        quick: ASGIApp = self._serve
        for middleware in reversed(self.user_middleware):
            quick = middleware.cls(quick, *middleware.args, **middleware.kwargs)
        quick = ServerErrorMiddleware(quick, handler=self.exception_handlers[Exception])

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            scope = renamed(scope)
            if self._is_head(scope):
                await serve_head(whole, scope, receive, send)
                return
            await (quick if _find(self._quick, scope) else whole)(scope, receive, send)

        return serve

    def _is_head(self, scope: Scope) -> bool:
        """Tell whether a request is HEAD where a route is there for GET, and none for HEAD itself."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return False
        as_get = {**scope, "method": "GET"}
        return any(route.matches(as_get)[0] is Match.FULL for route in self.router.routes)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(Request(scope, receive))  # which is not kept while a stream is open
        try:
            await response(scope, receive, send)
        except HubbubError as error:  # it takes time to be made, and nothing was sent yet: streams tell it themselves
            response = await self._told(Request(scope, receive), error)
            await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            return await request.scope["endpoint"](request)
        except HubbubError as error:
            return await self._told(request, error)

    async def _told(self, request: Request, error: HubbubError) -> Response:
        return await cast(_ErrorHandler, self.exception_handlers[HubbubError])(request, error)


def _find(routes: Sequence[QuickRoute], scope: Scope) -> bool:
    """Find the route of a request, and note it in the scope as the framework does."""
    if scope["type"] != "http" or scope["root_path"]:
        return False
    for route in routes:
        if scope["method"] in route.methods and (match := route.path_regex.match(scope["path"])):
            convertors = route.param_convertors
            scope["endpoint"] = route.endpoint
            scope["path_params"] = {name: convertors[name].convert(value) for name, value in match.groupdict().items()}
            return True
    return False


async def body_as(request: Request, struct: type[T]) -> T:
    """Return a request's body, as JSON of this form. That it is JSON at all has been checked before.

    Raises:
        Invalid: it has another form; the message says where.
    """
    try:
        return msgspec.json.decode(await request.body() or b"null", type=struct)
    except msgspec.ValidationError as error:
        raise Invalid(f"{error}.") from error
