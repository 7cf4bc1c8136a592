"""A website on loopback that serves what a test puts there, and notes what was asked for."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import msgspec
from aiohttp import web


class Put(msgspec.Struct):
    """What one path answers."""

    body: bytes = b""
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = {}
    etag: str = ""
    holds: bool = False
    """Whether the head is sent, and the body never ends."""


class WebServer:
    """The server; an async context manager. A path that nobody put there is 404."""

    def __init__(self) -> None:
        self.pages: dict[str, Put] = {}
        self.asked: list[str] = []
        """The paths that were asked for, with their queries."""
        self.statuses: list[int] = []
        self.heads: list[Mapping[str, str]] = []

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def put(self, path: str, body: str | bytes, media_type: str = "text/html; charset=utf-8", **more: str) -> None:
        """Let a path answer with this; further words are headers, with `_` for `-`."""
        content = body.encode() if isinstance(body, str) else body
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        self.pages[path] = Put(content, media_type, headers=headers)

    def redirect(self, path: str, target: str, status: int = 302) -> None:
        """Let a path lead elsewhere."""
        self.pages[path] = Put(status=status, headers={"location": target})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        self.heads.append(request.headers)
        page = self.pages.get(request.path_qs, Put(status=404))
        if page.etag and request.headers.get("if-none-match") == page.etag:
            page = Put(status=304)
        self.statuses.append(page.status)
        headers = {**page.headers, **({"etag": page.etag} if page.etag else {})}
        if page.media_type:
            headers.setdefault("content-type", page.media_type)
        if not page.holds:
            return web.Response(body=page.body, status=page.status, headers=headers)
        response = web.StreamResponse(status=page.status, headers=headers)
        await response.prepare(request)
        await response.write(page.body)
        await asyncio.Event().wait()
        return response
