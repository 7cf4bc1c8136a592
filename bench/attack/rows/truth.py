"""What a model says against whoever else is served: one event whose text is made to be slow to read."""

import asyncio
import time
from collections.abc import Sequence

import aiohttp

from bench.attack.base import Attack, Seen, Target
from tests.servers.model_server import ModelServer, Script

SLOW = ("`` `a", "[[1] ", "[1](", '<a b="', "$x ", "\n", "> ")
EVENT_CHARACTERS = 128 * 1024
MOST_SECONDS = 0.1
"""20 ms of work at a time, and what a busy machine adds to it."""
TEXT = "The heron waits in the reeds for the perch. " * 20


async def _worst_wait(server: str, http: aiohttp.ClientSession, until: asyncio.Event) -> float:
    worst = 0.0
    while not until.is_set():
        began = time.monotonic()
        async with http.get(f"{server}/api/health") as response:
            await response.read()
        worst = max(worst, time.monotonic() - began)
        await asyncio.sleep(0.005)
    return worst


async def _asked_over_documents(server: str, http: aiohttp.ClientSession, collection_id: str) -> bool:
    question = {"text": "What does the heron wait for?", "collections": [collection_id]}
    async with http.post(f"{server}/api/questions", json=question, headers={"Accept": "text/event-stream"}) as response:
        body = await response.read()
    return b"event: done" in body


async def _collection(server: str, http: aiohttp.ClientSession) -> str:
    async with http.post(f"{server}/api/collections", json={"name": "Birds"}) as response:
        collection_id = str((await response.json())["id"])
    address = f"{server}/api/collections/{collection_id}/documents"
    media_type = {"Content-Type": "application/octet-stream"}
    async with http.put(f"{address}/heron.txt", data=TEXT.encode(), headers=media_type) as response:
        response.raise_for_status()
    while True:
        async with http.get(address) as response:
            documents = (await response.json())["documents"]
        if documents and documents[0]["state"] == "ready":
            return collection_id
        await asyncio.sleep(0.05)


async def _slow_events(target: Target) -> Seen:
    units: Sequence[str] = SLOW[:3] if target.is_short else SLOW
    characters = EVENT_CHARACTERS // 4 if target.is_short else EVENT_CHARACTERS
    waits: dict[str, float] = {}
    is_whole = True
    async with ModelServer() as model:
        variables = {
            "HUBBUB_MODELS__HOUSE__PROVIDER": "compatible",
            "HUBBUB_MODELS__HOUSE__BASE_URL": model.base_url,
            "HUBBUB_MODELS__HOUSE__MODEL": "scripted",
        }
        async with target.serving(variables) as server, aiohttp.ClientSession() as http:
            collection_id = await _collection(server.url, http)
            for unit in units:
                model.script = Script(tokens=["So: ", unit * (characters // len(unit)), " it is."])
                until = asyncio.Event()
                watching = asyncio.create_task(_worst_wait(server.url, http, until))
                is_whole = await _asked_over_documents(server.url, http, collection_id) and is_whole
                until.set()
                waits[unit] = await watching
    told = ", ".join(f"{unit!r} {1000 * seconds:.0f}" for unit, seconds in waits.items())
    return Seen(
        f"ms that others waited, by what {characters // 1024} kB were made of: {told}",
        is_whole and max(waits.values()) <= MOST_SECONDS,
    )


SLOW_EVENTS = Attack(
    "a model's event of 128 kB of backticks and other openings, over documents",
    f"nobody else waits over {1000 * MOST_SECONDS:.0f} ms, and the answer comes to its end",
    _slow_events,
    is_quiet=True,
)
