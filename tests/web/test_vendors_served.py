"""One Hubbub before model servers of all kinds: chat, documents, tools and pictures, through its own doors."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp

from tests.servers.hubbub_server import hubbub_serving, through
from tests.servers.vendors import VENDORS, VendorServer
from tests.web.openai_wire import PNG, WEATHER

CHAT = "/v1/chat/completions"
HANDBOOK = "# Travel\n\nThe train to Paris leaves at noon."


async def _completed(http: aiohttp.ClientSession, body: dict[str, Any]) -> dict[str, Any]:
    async with http.post(CHAT, json=body) as response:
        assert response.status == 200, await response.text()
        return (await response.json())["choices"][0]


async def _streamed(http: aiohttp.ClientSession, body: dict[str, Any]) -> str:
    async with http.post(CHAT, json={**body, "stream": True}) as response:
        assert response.status == 200, await response.text()
        chunks = [json.loads(line[6:]) async for line in response.content if line.startswith(b"data: {")]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


async def _answered(http: aiohttp.ClientSession, body: dict[str, Any]) -> dict[str, Any]:
    async with http.post("/api/questions", json=body) as response:
        assert response.status == 202, await response.text()
        answer_id = (await response.json())["answer"]["id"]
    async with http.get(f"/api/answers/{answer_id}/events") as response:
        await response.read()
    async with http.get(f"/api/answers/{answer_id}") as response:
        return await response.json()


async def _collection(http: aiohttp.ClientSession) -> str:
    async with http.post("/api/collections", json={"name": "Travel"}) as response:
        assert response.status == 201, await response.text()
        collection_id = (await response.json())["id"]
    async with http.put(
        f"/api/collections/{collection_id}/documents/travel.md",
        data=HANDBOOK.encode(),
        headers={"Content-Type": "text/markdown"},
    ) as response:
        assert response.status < 300, await response.text()
    return collection_id


async def _hold(http: aiohttp.ClientSession, model: str, collection_id: str) -> None:
    asked = {"model": model, "messages": [{"role": "user", "content": "What is the capital of France?"}]}
    assert (await _completed(http, asked))["message"]["content"].strip() == "Paris"
    assert (await _streamed(http, asked)).strip() == "Paris"

    for collections in ([], [collection_id]):
        answer = await _answered(
            http, {"text": "When does the train leave?", "model": model, "collections": collections}
        )
        assert (answer["state"], answer["text"].strip()) == ("done", "Paris"), answer

    calling = {**asked, "tools": [WEATHER]}
    for _ in range(2):  # the second time with what was learned from refusals
        choice = await _completed(http, calling)
        assert choice["finish_reason"] == "tool_calls"
        (call,) = choice["message"]["tool_calls"]
        assert json.loads(call["function"]["arguments"]) == {"city": "Oslo"}
        result = {"role": "tool", "tool_call_id": call["id"], "content": "Rain"}
        looped = {**calling, "messages": [*calling["messages"], choice["message"], result]}
        assert (await _completed(http, looped))["message"]["content"].strip() == "Paris"
        assert (await _streamed(http, looped)).strip() == "Paris"

    shown = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PNG}}]
    pictured = {"model": model, "messages": [{"role": "user", "content": shown}]}
    assert (await _completed(http, pictured))["message"]["content"].strip() == "Paris"


async def test_nothing_fails_before_any_kind_of_server(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        variables: dict[str, str] = {}
        for number, vendor in enumerate(VENDORS.values()):
            upstream = await stack.enter_async_context(VendorServer(vendor))
            variables |= through(upstream.base_url, f"v{number}")
            variables |= {
                f"HUBBUB_MODELS__V{number}__{name}": "true" for name in ("CALLS_TOOLS", "READS_IMAGES", "CAN_GROUND")
            }
        server = await stack.enter_async_context(hubbub_serving(tmp_path, variables))
        jar = aiohttp.CookieJar(unsafe=True)
        http = await stack.enter_async_context(aiohttp.ClientSession(server.url, cookie_jar=jar))
        async with http.get("/") as page:
            await page.read()
        collection_id = await _collection(http)
        results = await asyncio.gather(
            *(_hold(http, f"v{number}", collection_id) for number in range(len(VENDORS))), return_exceptions=True
        )
    failed = {name: repr(result) for name, result in zip(VENDORS, results, strict=True) if result is not None}
    assert not failed
