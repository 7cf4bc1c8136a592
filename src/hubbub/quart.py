"""Serve Hubbub from a Quart application, as a blueprint: what is done before requests is done for Hubbub, too."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self, cast

from quart import Blueprint, Response, request
from quart.wrappers.request import Body
from quart.wrappers.response import ResponseBody
from starlette.types import ASGIApp, Message, Scope
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge

from hubbub.core.errors import TooLarge
from hubbub.hub import Hub

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def blueprint(hub: Hub, *, prefix: str = "", name: str = "hubbub") -> Blueprint:
    """Return a blueprint with all of Hubbub's API: `app.register_blueprint(blueprint(hub, prefix="/hub"))`.

    The hub has to be open: enter it in a function that is decorated with `app.while_serving`. How large an upload may
    be is the smaller of Quart's MAX_CONTENT_LENGTH and Hubbub's `limits.document_bytes`.
    """
    made = Blueprint(name, __name__, url_prefix=prefix or None, root_path="")  # it has no files

    async def serve(path: str) -> Response:
        exchange = _Exchange(hub.asgi, _scope(path), request.body)
        # Quart ends a request's task when the client has left, wherever it is.
        cast("asyncio.Task[object]", asyncio.current_task()).add_done_callback(exchange.cancel)
        return await exchange.response()

    options: dict[str, Any] = {"methods": [*METHODS], "provide_automatic_options": False}
    made.add_url_rule("/<path:path>", "serve", serve, **options)
    made.add_url_rule("/", "serve_root", serve, defaults={"path": ""}, **options)
    return made


def _scope(path: str) -> Scope:
    scope = cast(Scope, request.scope)
    return {**scope, "root_path": scope["path"].removesuffix(f"/{path}")}


class _Exchange(ResponseBody):
    """One request as it goes through an ASGI application, and the body of the response that comes out of it.

    The application runs in a task that ends with the request's. One piece waits at the most: who reads slowly is
    written for slowly.
    """

    def __init__(self, app: ASGIApp, scope: Scope, body: Body) -> None:
        self._body = body
        self._is_read = False
        self._messages = asyncio.Queue[Message | Exception | None](1)
        self._work = asyncio.create_task(self._run(app, scope), name=f"{scope['method']} {scope['path']}")

    async def response(self) -> Response:
        """Return the response once its head is known."""
        try:
            head = await self._next()
        except asyncio.CancelledError:
            await self._end()
            raise
        if head is None:
            raise RuntimeError("The application ended without a response.")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.get("headers", [])]
        response = Response(self, head["status"])
        response.headers = Headers(headers)
        response.timeout = None  # an answer takes as long as it takes
        return response

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (message := await self._next()) is not None:
            if body := message.get("body"):
                yield body

    def cancel(self, _: object = None) -> None:
        """Let the application end, if it has not ended."""
        self._work.cancel()

    async def _end(self) -> None:
        self._work.cancel()
        await asyncio.wait({self._work})

    async def _next(self) -> Message | None:
        message = await self._messages.get()
        if isinstance(message, Exception):
            raise message
        return message

    async def _run(self, app: ASGIApp, scope: Scope) -> None:
        ending: Exception | None = None
        try:
            await app(scope, self._receive, self._messages.put)
        except Exception as error:  # noqa: BLE001 (raised where the response is read)
            ending = error
        await self._messages.put(ending)

    async def _receive(self) -> Message:
        if self._is_read:
            await asyncio.Event().wait()  # the next thing to happen is that the client leaves, which ends all this
        try:
            async for data in self._body:
                return {"type": "http.request", "body": data, "more_body": True}
        except RequestEntityTooLarge as error:
            raise TooLarge("The request's body is over this server's limit (MAX_CONTENT_LENGTH).") from error
        self._is_read = True
        return {"type": "http.request", "body": b"", "more_body": False}
