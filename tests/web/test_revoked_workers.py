"""A key that is revoked after another worker took over what it had asked: the answers end there within a second."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.identity.keys import digest_of, new_key
from hubbub.identity.keys_sqlite import SqliteKeys
from tests.patience import SOON_SECONDS, patience
from tests.servers.hubbub_server import hubbub_serving, through, workers_of
from tests.servers.model_server import ModelServer, Script
from tests.servers.reader import ask, read_all

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by /proc")

TWO = {"HUBBUB_SERVER__WORKERS": "2", "HUBBUB_ADMISSION__RUNNING_PER_PERSON": "200"}
"""Each worker has half of what a person may have running, and any of them may get nearly all of the questions."""


async def makers(database: Sqlite) -> int:
    [[count]] = await database.read(Connection.all, "select count(distinct worker) from answer")
    return count


async def until_ended(database: Sqlite, count: int) -> None:
    """Wait until so many answers' endings are stored; their models' requests are over a little earlier."""
    async with patience():
        while True:
            [[ended]] = await database.read(Connection.all, "select count(*) from answer where result is not null")
            if ended >= count:
                return
            await asyncio.sleep(0.01)


async def until_one_drains(http: aiohttp.ClientSession, url: str) -> None:
    async with patience():
        while True:
            async with http.get(f"{url}/readyz") as response:
                if response.status == 503:
                    return
            await asyncio.sleep(0.01)


async def test_what_another_worker_took_over_ends_with_the_key(tmp_path: Path) -> None:
    async with (
        ModelServer(Script(stall_before="first_token")) as model,
        hubbub_serving(tmp_path, through(model.base_url) | TWO) as server,
        Sqlite(tmp_path / "hubbub.db") as database,
        SqliteKeys(database) as keys,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http,
    ):
        made, kept = [new_key(name) for name in ("made", "kept")]
        for key, text in (made, kept):
            await keys.add(key, digest_of(text))
        http.headers["Authorization"] = f"Bearer {made[1]}"
        asked: list[str] = []
        while await makers(database) < 2:  # each question comes over a connection of its own, to any worker
            asked.append((await ask(http, server.url))["answer"]["id"])
        await model.until(lambda it: it.open_requests == len(asked), 10)
        leaving = workers_of(server)[0]
        os.kill(leaving, signal.SIGTERM)
        await until_one_drains(http, server.url)
        os.kill(leaving, signal.SIGTERM)  # now it hands over what has said nothing yet
        await model.until(lambda it: len(it.seen) > len(asked) and it.open_requests == len(asked), 10)

        http.headers["Authorization"] = f"Bearer {kept[1]}"  # another person's: nothing of it ends
        other = (await ask(http, server.url))["answer"]["id"]
        await keys.revoke(made[0].id, time.time())
        began = time.monotonic()
        await model.until(lambda it: it.open_requests == 1, 15)
        assert time.monotonic() - began < SOON_SECONDS
        await until_ended(database, len(asked))
        endings = await database.read(Connection.all, "select id, result is not null, credential from answer")
        assert {row[0]: row[1:] for row in endings} == dict.fromkeys(asked, (1, None)) | {other: (0, kept[0].id)}
        async with http.post(f"{server.url}/api/answers/{other}/stop"):
            pass
        assert [event["type"] for event in await read_all(http, server.url, other)][-1] == "stopped"
