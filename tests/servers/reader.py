"""Talk to Hubbub's API as a program would: ask, read the stream of events, come again."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

ENDINGS = {"done", "failed", "stopped"}


async def ask(http: aiohttp.ClientSession, url: str, text: str = "Go on", **more: Any) -> dict[str, Any]:
    """Ask a question; returns chat, question and answer."""
    async with http.post(f"{url}/api/questions", json={"text": text, **more}) as response:
        body = await response.json()
        assert response.status == 202, body
        return body


async def read(
    http: aiohttp.ClientSession, url: str, answer_id: str, after: int = 0, *, at_most: int | None = None
) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    """Yield number and event from a stream, until it ends or `at_most` events came."""
    headers = {"Last-Event-ID": str(after)} if after else {}
    seen = 0
    async with http.get(f"{url}/api/answers/{answer_id}/events", headers=headers) as response:
        if response.status == 204:
            return
        assert response.status == 200, await response.text()
        number = 0
        async for line in response.content:
            if line.startswith(b"id: "):
                number = int(line[4:])
            elif line.startswith(b"data: ") and number:
                yield number, json.loads(line[6:])
                number, seen = 0, seen + 1
                if seen == at_most:
                    return


async def read_all(http: aiohttp.ClientSession, url: str, answer_id: str, after: int = 0) -> list[dict[str, Any]]:
    """Return the events after a number; they must follow each other without a gap, up to an ending."""
    events: list[dict[str, Any]] = []
    async for number, event in read(http, url, answer_id, after):
        assert number == after + len(events) + 1
        events.append(event)
    return events


async def begin_reading(http: aiohttp.ClientSession, url: str, answer_id: str) -> asyncio.Task[list[dict[str, Any]]]:
    """Return a task that reads all events, once the first one has come."""
    has_begun = asyncio.Event()

    async def whole() -> list[dict[str, Any]]:
        try:
            events: list[dict[str, Any]] = []
            async for number, event in read(http, url, answer_id):
                assert number == len(events) + 1
                events.append(event)
                has_begun.set()
            return events
        finally:
            has_begun.set()  # what went wrong shows when the task is awaited

    reading = asyncio.create_task(whole())
    await has_begun.wait()
    return reading


def text_of(events: list[dict[str, Any]]) -> str:
    """Return the text that some events make."""
    return "".join(event["text"] for event in events if event["type"] == "text")
