"""Connections break, tabs are refreshed, servers are killed: no answer may lose a word by it."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp

from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.reader import ENDINGS, ask, read, read_all, text_of

WORDS = 40
TEXT = " ".join(f"word{number}" for number in range(WORDS))


async def test_cut_at_every_event_and_come_again(tmp_path: Path) -> None:
    async with (
        hubbub_serving(tmp_path, scripted(words=WORDS, pause_seconds=0.005)) as server,
        aiohttp.ClientSession() as http,
    ):
        asked = await ask(http, server.url)
        answer_id = asked["answer"]["id"]
        whole = await read_all(http, server.url, answer_id)
        assert text_of(whole) == TEXT
        assert whole[-1]["type"] == "done"
        for cut in range(1, len(whole)):
            first = [event async for _, event in read(http, server.url, answer_id, at_most=cut)]
            rest = await read_all(http, server.url, answer_id, after=cut)
            assert first + rest == whole
        assert await read_all(http, server.url, answer_id, after=len(whole)) == []


async def test_cut_a_live_stream_at_every_event(tmp_path: Path) -> None:
    async with hubbub_serving(tmp_path, scripted(words=WORDS)) as server, aiohttp.ClientSession() as http:
        answer_id = (await ask(http, server.url))["answer"]["id"]
        events: list[dict[str, str]] = []
        while not events or events[-1]["type"] not in ENDINGS:
            async for number, event in read(http, server.url, answer_id, len(events), at_most=1):
                assert number == len(events) + 1
                events.append(event)
        assert text_of(events) == TEXT


async def test_two_readers_see_the_same(tmp_path: Path) -> None:
    async with hubbub_serving(tmp_path, scripted(words=WORDS)) as server, aiohttp.ClientSession() as http:
        answer_id = (await ask(http, server.url))["answer"]["id"]
        one, other = await asyncio.gather(*(read_all(http, server.url, answer_id) for _ in range(2)))
        assert one == other
        assert text_of(one) == TEXT


async def test_nobody_reads_and_the_answer_is_there_all_the_same(tmp_path: Path) -> None:
    async with hubbub_serving(tmp_path, scripted(words=5)) as server, aiohttp.ClientSession() as http:
        asked = await ask(http, server.url)
        await _until_ended(http, server.url, asked["answer"]["id"])
        async with http.get(f"{server.url}/api/chats/{asked['chat']['id']}") as response:
            messages = (await response.json())["messages"]
        assert [message["role"] for message in messages] == ["user", "assistant"]
        assert messages[1]["answer"]["text"] == "word0 word1 word2 word3 word4"


async def test_kill_in_mid_answer(tmp_path: Path) -> None:
    variables = scripted(words=400, pause_seconds=0.01)
    async with hubbub_serving(tmp_path, variables) as server, aiohttp.ClientSession() as http:
        asked = await ask(http, server.url, "What was asked before the crash?")
        answer_id = asked["answer"]["id"]
        seen = [event async for _, event in read(http, server.url, answer_id, at_most=30)]
        await server.kill()
    async with hubbub_serving(tmp_path, variables) as server, aiohttp.ClientSession() as http:
        events = await read_all(http, server.url, answer_id)
        assert events[: len(seen)] == seen
        assert (events[-1]["type"], events[-1]["code"]) == ("failed", "interrupted")
        async with http.get(f"{server.url}/api/chats/{asked['chat']['id']}") as response:
            question, answer = (await response.json())["messages"]
        assert question["text"] == "What was asked before the crash?"
        assert answer["answer"]["state"] == "failed"
        assert answer["answer"]["text"] == text_of(events) != ""
    with closing(sqlite3.connect(tmp_path / "hubbub.db")) as database:
        assert database.execute("select id from chat").fetchall() == [(asked["chat"]["id"],)]


async def test_an_operators_stop_ends_answers_and_leaves_the_database_whole(tmp_path: Path) -> None:
    variables = scripted(words=2000) | {"HUBBUB_SERVER__DRAIN_SECONDS": "0.3"}
    async with hubbub_serving(tmp_path, variables) as server, aiohttp.ClientSession() as http:
        answer_id = (await ask(http, server.url))["answer"]["id"]
        reading = asyncio.ensure_future(read_all(http, server.url, answer_id))
        await asyncio.sleep(0.3)
        await server.terminate()
        events = await reading
        assert (events[-1]["type"], events[-1]["code"]) == ("failed", "interrupted")
    database = sqlite3.connect(tmp_path / "hubbub.db")
    assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    assert database.execute("select count(*) from answer where result is null").fetchone() == (0,)
    database.close()


async def _until_ended(http: aiohttp.ClientSession, url: str, answer_id: str) -> None:
    async with asyncio.timeout(20):
        while True:
            async with http.get(f"{url}/api/answers/{answer_id}") as response:
                if (await response.json())["state"] != "open":
                    return
            await asyncio.sleep(0.05)
