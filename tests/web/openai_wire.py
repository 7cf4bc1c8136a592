"""Hubbub between OpenAI's clients and a scripted model server, with documents to search."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from hubbub.answers.admission import AdmissionControl
from hubbub.app.limits import RequestLimits
from hubbub.connections.http import Http
from hubbub.models.address import Secret, compatible_address
from hubbub.models.base import ModelCard
from hubbub.models.openai import OpenAiModel
from hubbub.models.scripted import ScriptedModel
from hubbub.testing.search import TopicEmbedder
from tests.patience import PATIENCE_SECONDS
from tests.servers.model_server import ModelServer, Script, event
from tests.web.application import LIMITS, Hubbub, hubbub_running

PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
SYSTEM, USER = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}
LEAVE = b"# Leave\n\nEverybody has thirty days of leave a year.\n"
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
INSIDE = ("Traceback", "Error(", "Exception", ".py", "<class", "object at", "msgspec", "NoneType")
"""What no client is to see."""


@dataclass
class Wired:
    """What runs, and a program with a key of its own that has a collection named "Staff + Handbook"."""

    hubbub: Hubbub
    upstream: ModelServer
    http: aiohttp.ClientSession
    key: str
    collection_id: str
    embedder: TopicEmbedder

    @property
    def base_url(self) -> str:
        return f"{self.hubbub.url}/v1"

    async def until_idle(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Return once no answer is open, here and upstream."""
        async with asyncio.timeout(seconds):
            while self.hubbub.services.runner.open_count or self.upstream.open_requests:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def wired(
    folder: Path,
    *,
    script: Script | None = None,
    limits: RequestLimits = LIMITS,
    control: AdmissionControl | None = None,
) -> AsyncIterator[Wired]:
    """Serve "big", which is upstream and can do all, and "plain", which reads no images and calls no tools."""
    embedder = TopicEmbedder()
    async with ModelServer(script) as upstream, Http() as http:
        card = ModelCard("big", "test", 8192, can_ground=True, reads_images=True, calls_tools=True)
        big = OpenAiModel(compatible_address(upstream.base_url, "scripted", Secret("key")), card, http)
        plain = ScriptedModel(name="plain", can_ground=False)
        async with hubbub_running(folder, big, plain, limits=limits, control=control, embedder=embedder) as hubbub:
            program = await hubbub.program("reports")
            collection_id = await collection(hubbub, program, "Staff + Handbook", LEAVE)
            key = program.headers["Authorization"].removeprefix("Bearer ")
            yield Wired(hubbub, upstream, program, key, collection_id, embedder)


async def collection(hubbub: Hubbub, http: aiohttp.ClientSession, name: str, text: bytes) -> str:
    """Make somebody's collection with one document that is ready."""
    async with http.post("/api/collections", json={"name": name}) as response:
        assert response.status == 201
        collection_id: str = (await response.json())["id"]
    async with http.put(f"/api/collections/{collection_id}/documents/leave.md", data=text) as response:
        assert response.status < 300, await response.text()
    async for _ in hubbub.services.pipeline.watch(collection_id):
        pass
    return collection_id


def calling(*pieces: Any, finish_reason: str = "tool_calls") -> Script:
    """Return a script whose tokens are deltas of any kind: what a model says that calls tools."""
    events = [event(choices=[{"index": 0, "delta": piece, "finish_reason": None}]) for piece in pieces]
    events.append(event(choices=[{"index": 0, "delta": {}, "finish_reason": finish_reason}]))
    events.append(event(choices=[], usage={"prompt_tokens": 11, "completion_tokens": 5}))
    return Script(raw=[*events, b"data: [DONE]\n\n"])


def question(text: str = "Hello", *, model: str = "big", **more: Any) -> dict[str, Any]:
    """Return the body of a request."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


ENDED = re.compile(r"\.( \(Reference: [0-9a-f]{8}\))?$")
"""A sentence, and by what the operator finds the rest."""


async def told(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """Return the error that a response tells, which has to have the form of one."""
    assert response.content_type == "application/json"
    body = await response.json()
    assert set(body) == {"error"}, body
    error = body["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert ENDED.search(error["message"]), error
    assert not any(inside in error["message"] for inside in INSIDE), error
    assert response.headers["x-request-id"].startswith("req_")
    return error


def message(*parts: Any, role: str = "user", **more: Any) -> dict[str, Any]:
    """Return a message of these parts."""
    return {"role": role, "content": list(parts), **more}


def image(url: object = PNG) -> dict[str, Any]:
    """Return an image as a part of a message."""
    return {"type": "image_url", "image_url": {"url": url}}


def call(**more: Any) -> dict[str, Any]:
    """Return a call of a tool, as a part of a message."""
    return {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}, **more}
