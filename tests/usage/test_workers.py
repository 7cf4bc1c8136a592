"""Bounds over several workers, and through crashes: nothing is let in twice, nothing is lost, nothing counts twice."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.servers.hubbub_server import hubbub_serving, scripted, workers_of
from tests.servers.reader import ask, read, read_all

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by /proc")

BUDGET, ASKED = 50, 200
UNSETTLED = "select * from quota_reservation where answer_id not in (select answer_id from usage)"
"""What stays reserved. Of a killed server, what ended is settled by the next one."""


def quota(*server: str) -> dict[str, str]:
    return {"HUBBUB_QUOTAS__SERVER": json.dumps(server), "HUBBUB_ADMISSION__RUNNING_PER_PERSON": "400"}


def client() -> aiohttp.ClientSession:
    """Each request on a connection of its own, so that all workers get some."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{folder}/hubbub.db?mode=ro", uri=True) as database:
        return database.execute(query).fetchall()


async def used(http: aiohttp.ClientSession, url: str) -> list[int]:
    async with http.get(f"{url}/api/usage") as response:
        return [bound["used"] for bound in (await response.json())["bounds"]]


async def test_four_workers_let_in_exactly_what_the_budget_allows(tmp_path: Path) -> None:
    variables = scripted(words=3, pause_seconds=0) | quota(f"{BUDGET} questions per day")
    async with hubbub_serving(tmp_path, variables | {"HUBBUB_SERVER__WORKERS": "4"}) as server, client() as http:

        async def one() -> tuple[int, str]:
            body = {"model": "scripted", "messages": [{"role": "user", "content": "Hello"}]}
            async with http.post(f"{server.url}/v1/chat/completions", json=body) as response:
                await response.read()
                return response.status, response.headers.get("retry-after", "")

        told = await asyncio.gather(*(one() for _ in range(ASKED)))
        assert sorted(status for status, _ in told) == [200] * BUDGET + [429] * (ASKED - BUDGET)
        assert all(0 < int(wait) <= 86_400 for status, wait in told if status == 429)
        assert await used(http, server.url) == [BUDGET]
    assert rows(tmp_path, "select count(*), sum(questions) from usage") == [(BUDGET, BUDGET)]
    assert not rows(tmp_path, UNSETTLED)


async def said(http: aiohttp.ClientSession, url: str, answer_id: str) -> None:
    async for _, event in read(http, url, answer_id):
        if event["type"] == "text":
            return


async def test_a_killed_server_counts_what_was_said_once(tmp_path: Path) -> None:
    variables = scripted(words=500, pause_seconds=0.02) | quota("9 questions per month", "9000 tokens per month")
    async with client() as http:
        async with hubbub_serving(tmp_path, variables) as server:
            answer_id = (await ask(http, server.url))["answer"]["id"]
            await said(http, server.url, answer_id)
            questions, reserved = await used(http, server.url)
            assert (questions, reserved > 200) == (1, True)
            await server.kill()
        async with hubbub_serving(tmp_path, variables) as server:
            assert (await read_all(http, server.url, answer_id))[-1]["code"] == "interrupted"
            questions, tokens = await used(http, server.url)
    assert rows(tmp_path, "select questions, input_tokens + output_tokens, is_estimated from usage") == [(1, tokens, 1)]
    assert (questions, tokens < reserved) == (1, True)
    assert not rows(tmp_path, UNSETTLED)


async def test_an_answer_that_another_worker_makes_again_counts_once(tmp_path: Path) -> None:
    variables = scripted(words=3, pause_seconds=0.5) | quota("9 questions per month")
    async with (
        client() as http,
        hubbub_serving(tmp_path, variables | {"HUBBUB_SERVER__WORKERS": "2"}) as server,
    ):
        asked = [(await ask(http, server.url))["answer"]["id"] for _ in range(4)]
        os.kill(workers_of(server)[0], signal.SIGKILL)
        for answer_id in asked:
            assert (await read_all(http, server.url, answer_id))[-1]["type"] in ("done", "failed")
        assert await used(http, server.url) == [4]
    assert rows(tmp_path, "select count(*), sum(questions) from usage") == [(4, 4)]
    assert not rows(tmp_path, UNSETTLED)
