"""Read what trusted proxies announce of who sends a request, and refuse it from anybody else."""

from starlette.types import ASGIApp, Receive, Scope, Send

from hubbub.core.errors import HubbubError
from hubbub.identity.proxy_headers import IdentityProxies, announced
from hubbub.web.address import peer_of
from hubbub.web.shapes import told


class Announcing:
    """Stands behind the guards, which keep the address of whoever opened the connection."""

    def __init__(self, app: ASGIApp, *, proxies: IdentityProxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] == "http":
            try:
                announced.set(self._proxies.read(peer_of(scope), scope["headers"]))
            except HubbubError as error:
                announced.set(None)
                await told(scope, error)(scope, receive, send)
                return
        await self._app(scope, receive, send)
