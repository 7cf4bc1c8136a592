"""Find chats by their words, on a server as people run it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.reader import ask, read_all

THREE = scripted(words=3, pause_seconds=0.0)


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with hubbub_serving(tmp_path, THREE) as server:
        yield server.url


def somebody(url: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True))


async def get(http: aiohttp.ClientSession, path: str) -> Any:
    async with http.get(path) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def answered(http: aiohttp.ClientSession, text: str) -> str:
    asked = await ask(http, "", text)
    await read_all(http, "", asked["answer"]["id"])
    return asked["chat"]["id"]


async def test_chats_are_found_by_what_was_asked_and_answered(url: str) -> None:
    async with somebody(url) as ann, somebody(url) as bob:
        for one in (ann, bob):
            await get(one, "/api/me")
        first = await answered(ann, "Where is the lighthouse?")
        second = await answered(ann, "And the harbour?")
        await answered(bob, "Where is the lighthouse?")
        [by_question] = (await get(ann, "/api/chats/found?words=LIGHT"))["found"]
        assert by_question["chat"]["id"] == first
        assert by_question["role"] == "user"
        [[start, end]] = by_question["marks"]
        assert by_question["text"][start:end] == "lighthouse"
        by_answer = (await get(ann, "/api/chats/found?words=word0+word2"))["found"]
        assert [one["chat"]["id"] for one in by_answer] == [second, first]
        assert {one["role"] for one in by_answer} == {"assistant"}
        page = await get(ann, "/api/chats/found?words=word1&limit=1")
        assert page["found"] == [one | {"marks": [[6, 11]]} for one in by_answer[:1]]
        more = await get(ann, f"/api/chats/found?words=word1&limit=1&before={page['next']}")
        assert [one["chat"]["id"] for one in more["found"]] == [first]
        assert (await get(ann, "/api/chats/found?words=nowhere")) == {"found": [], "next": None}
        assert (await get(ann, "/api/chats/found?words=%22%20*")) == {"found": [], "next": None}
