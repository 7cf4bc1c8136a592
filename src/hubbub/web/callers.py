"""Note what a request says of the trace that it belongs to, for whoever records traces; it is there only for them."""

from starlette.types import ASGIApp, Receive, Scope, Send

from hubbub.core.tracing import Caller, caller

_NAMES = (b"traceparent", b"tracestate")


class Callers:
    """Notes the caller of each request that may ask something. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, its caller noted."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        told = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _NAMES}
        noted = Caller(told.get(b"traceparent", ""), told.get(b"tracestate", ""), "POST", scope["path"])
        token = caller.set(noted)
        try:
            await self._app(scope, receive, send)
        finally:
            caller.reset(token)
