"""A reverse proxy on loopback that says in headers who sends a request, as oauth2-proxy does."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

OURS = ("x-forwarded-user", "x-forwarded-email", "x-forwarded-groups", "x-forwarded-preferred-username")
HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length")
SIGN_OUT = "/oauth2/sign_out"


@dataclass
class SigningProxy:
    """Where it is, and what it says of whoever comes; nobody is signed in while that is empty."""

    url: str
    said: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def signing_proxy(behind: str) -> AsyncIterator[SigningProxy]:
    """Pass everything on to a server, with these headers in place of those that come from outside."""
    proxy = SigningProxy("")

    async def serve(request: web.Request) -> web.StreamResponse:
        if request.path == SIGN_OUT:
            proxy.said.clear()
            return web.Response(text="You are signed out.", content_type="text/html")
        headers = _without(request.headers, (*HOP_BY_HOP, *OURS)) | proxy.said
        body = await request.read()
        asking = http.request(request.method, behind + request.raw_path, headers=headers, data=body)
        async with asking as got:
            response = web.StreamResponse(status=got.status, headers=_without(got.headers, HOP_BY_HOP))
            with suppress(ConnectionResetError):  # a browser that goes to another page waits for nothing more
                await response.prepare(request)
                async for chunk in got.content.iter_any():
                    await response.write(chunk)
            return response

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(
        auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout
    ) as http:
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield proxy
        finally:
            await runner.cleanup()


def _without(headers: Mapping[str, str], left_out: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in left_out}
