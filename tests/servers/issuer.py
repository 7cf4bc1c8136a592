"""An OpenID Connect provider on loopback that says what it is told to, true or not."""

import asyncio
import base64
import hashlib
import json
import time
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from joserfc import jwk, jwt

LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


def new_key(kid: str) -> jwk.ECKey:
    return jwk.ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


class Issuer:
    """Signs everybody in at once. `claims` replace those of its tokens (None leaves one out)."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.key = new_key("one")
        self.shown = [self.key]
        """The keys that it publishes."""
        self.calls_itself = ""
        self.is_down = False
        self.hangs = False
        self.goes_on = asyncio.Event()
        self.asked: list[str] = []
        self.left: list[dict[str, str]] = []
        """What was asked of whoever signed out here."""
        self._codes: dict[str, dict[str, str]] = {}

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._guarded()])
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/cdn-cgi/access/certs", self._keys)
        app.router.add_get("/end", self._end)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        said = {"iss": self.url, "aud": "hubbub", "sub": "ada", "iat": now, "exp": now + 300, "sid": "session-1"}
        said = {name: value for name, value in (said | claims | self.claims).items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, said, self.key, algorithms=["ES256"])

    def logout_token(self, **claims: Any) -> str:
        return self.token(**({"events": {LOGOUT: {}}, "jti": "1"} | claims))

    def _guarded(self) -> Middleware:
        @web.middleware
        async def unless_down(request: web.Request, handler: Handler) -> web.StreamResponse:
            if self.is_down:
                self.asked += ["discovery"] if request.path.endswith("configuration") else []
                return web.Response(status=503)
            return await handler(request)

        return unless_down

    async def _discovery(self, request: web.Request) -> web.Response:
        self.asked.append("discovery")
        if self.hangs:
            await self.goes_on.wait()
        return web.json_response(
            {
                "issuer": self.calls_itself or self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "backchannel_logout_session_supported": True,
                "end_session_endpoint": f"{self.url}/end",
            }
        )

    async def _keys(self, request: web.Request) -> web.Response:
        self.asked.append("keys")
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.shown]})

    async def _end(self, request: web.Request) -> web.Response:
        self.left.append(dict(request.query))
        raise web.HTTPFound(request.query["post_logout_redirect_uri"])

    async def _authorize(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        code = f"code-{len(self._codes)}"
        self._codes[code] = query
        raise web.HTTPFound(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = self._codes.pop(str(form.get("code")), {})
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        secret = base64.b64encode(b"hubbub:s3cret").decode()
        is_known = request.headers.get("Authorization") == f"Basic {secret}"
        is_same = form.get("redirect_uri") == asked.get("redirect_uri")
        if not (is_known and is_same and asked.get("code_challenge") == challenge):
            return web.Response(status=400, text=json.dumps({"error": "invalid_grant"}))
        return web.json_response({"id_token": self.token(nonce=asked["nonce"]), "access_token": "opaque"})
