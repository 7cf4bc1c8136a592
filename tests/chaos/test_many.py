"""Many people at once."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.patience import PATIENCE_SECONDS
from tests.servers.hubbub_server import hubbub_serving, through
from tests.servers.metrics import check_loop
from tests.servers.model_server import ModelServer, Script
from tests.servers.reader import ask, read_all, text_of

PEOPLE = 200
WORDS = [f"word{number} " for number in range(60)]


@pytest.mark.quiet
async def test_two_hundred_streams_and_the_page_still_answers(tmp_path: Path) -> None:
    go_on = asyncio.Event()
    async with (
        ModelServer(Script(tokens=WORDS, held=(20, go_on))) as model,
        hubbub_serving(tmp_path, through(model.base_url)) as server,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):

        async def one(number: int) -> str:
            asked = await ask(http, server.url, f"Question {number}")
            events = await read_all(http, server.url, asked["answer"]["id"])
            assert events[-1]["type"] == "done"
            return text_of(events)

        async with asyncio.TaskGroup() as group:
            answers = [group.create_task(one(number)) for number in range(PEOPLE)]
            await model.until(lambda it: it.open_requests == PEOPLE, PATIENCE_SECONDS)
            async with http.get(f"{server.url}/api/health") as response:
                assert (await response.json())["open_answers"] == PEOPLE
            for path in ("/api/me", "/api/chats", "/api/models", "/api/collections"):
                async with http.get(server.url + path) as response:
                    assert response.status == 200
            go_on.set()
        assert [answer.result() for answer in answers] == ["".join(WORDS)] * PEOPLE
        await check_loop(http, server.url)
