"""Azure Document Intelligence on loopback, after its REST interface of 2024-11-30: a picture is sent, then asked for.

`POST …/documentModels/{model}:analyze?api-version=2024-11-30` answers 202 with `Operation-Location`; a GET of that says
"running", then "succeeded" with `analyzeResult`.
"""

import json
from collections import deque
from types import TracebackType
from typing import Any, Self

from aiohttp import web

KEY = "the-key-of-the-resource"


def result(*paragraphs: str, confidence: float = 0.97, tables: Any = ()) -> dict[str, Any]:
    """Return what is read: these paragraphs, each of whose words is as sure."""
    content = "\n".join(paragraphs)
    spans = [{"offset": content.index(one), "length": len(one)} for one in paragraphs]
    words = [{"content": word, "confidence": confidence} for one in paragraphs for word in one.split()]
    return {
        "apiVersion": "2024-11-30",
        "content": content,
        "pages": [{"pageNumber": 1, "words": words}],
        "paragraphs": [{"content": one, "spans": [span]} for one, span in zip(paragraphs, spans, strict=True)],
        "tables": list(tables),
    }


class IntelligenceServer:
    """The server; an async context manager. `results` are used up, one a picture; a code is an error's."""

    def __init__(self) -> None:
        self.results: deque[dict[str, Any] | str] = deque()
        self.pictures: list[bytes] = []
        self.models: list[str] = []
        self.refusals: deque[int] = deque()
        """Statuses that pictures are answered with first."""
        self.leads_to = ""
        """Where results are said to be; empty: here."""
        self._running: dict[str, int] = {}
        self._done: dict[str, dict[str, Any] | str] = {}

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=64 * 1024 * 1024)
        path = "/documentintelligence/documentModels/{model}"
        application.router.add_post(path + ":analyze", self._analyze)
        application.router.add_get(path + "/analyzeResults/{number}", self._result)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def _check(self, request: web.Request) -> None:
        shown = request.headers.get("Ocp-Apim-Subscription-Key"), request.headers.get("Authorization", "")
        if shown[0] != KEY and not shown[1].startswith("Bearer token-"):
            text = json.dumps({"error": {"code": "401", "message": f"Access denied for {shown[0]}"}})
            raise web.HTTPUnauthorized(text=text)
        assert request.query["api-version"] == "2024-11-30"

    async def _analyze(self, request: web.Request) -> web.Response:
        data = await request.read()
        self._check(request)
        if self.refusals:
            return web.Response(status=self.refusals.popleft())
        assert request.content_type == "image/png"
        assert data.startswith(b"\x89PNG")
        self.pictures.append(data)
        model, number = request.match_info["model"], str(len(self.pictures))
        self.models.append(model)
        self._done[number], self._running[number] = self.results.popleft(), 1
        place = f"{self.leads_to or self.url}/documentintelligence/documentModels/{model}/analyzeResults/{number}"
        return web.Response(status=202, headers={"Operation-Location": f"{place}?api-version=2024-11-30"})

    async def _result(self, request: web.Request) -> web.Response:
        self._check(request)
        number = request.match_info["number"]
        if self._running[number]:
            self._running[number] -= 1
            return web.json_response({"status": "running"})
        found = self._done[number]
        if isinstance(found, str):
            return web.json_response({"status": "failed", "error": {"code": found, "message": "No."}})
        return web.json_response({"status": "succeeded", "analyzeResult": found})
