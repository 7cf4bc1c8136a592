"""Many people at once."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.metrics import check_loop
from tests.servers.reader import ask, read_all, text_of

PEOPLE = 200
WORDS = 60


@pytest.mark.quiet
async def test_two_hundred_streams_and_the_page_still_answers(tmp_path: Path) -> None:
    async with (
        hubbub_serving(tmp_path, scripted(words=WORDS, pause_seconds=0.03)) as server,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):

        async def one(number: int) -> str:
            asked = await ask(http, server.url, f"Question {number}")
            events = await read_all(http, server.url, asked["answer"]["id"])
            assert events[-1]["type"] == "done"
            return text_of(events)

        async with asyncio.TaskGroup() as group:
            answers = [group.create_task(one(number)) for number in range(PEOPLE)]
            await asyncio.sleep(1)
            async with http.get(f"{server.url}/api/health") as response:
                assert (await response.json())["open_answers"] > PEOPLE // 2
            for path in ("/api/me", "/api/chats", "/api/models", "/api/collections"):
                async with http.get(server.url + path) as response:
                    assert response.status == 200
        text = " ".join(f"word{number}" for number in range(WORDS))
        assert [answer.result() for answer in answers] == [text] * PEOPLE
        await check_loop(http, server.url)
