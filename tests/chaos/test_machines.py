"""Two machines on one PostgreSQL, each with a data folder of its own: what one has the other has, whoever dies."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from tests.chaos.crowd import Crowd, check, new_connections, seed
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, through
from tests.servers.model_server import ModelServer, Script

TOKENS = [f"word{number} " for number in range(60)]
SCRIPT = Script(tokens=TOKENS, seconds_before_first=0.3, seconds_between=0.04)
PEOPLE = 20
GOES_ON_SECONDS = 10.0
ENDS_SECONDS = 20.0


class CrowdAround(Crowd):
    """People whose every connection reaches any of several machines, as behind a load balancer."""

    def __init__(self, http: aiohttp.ClientSession, urls: Sequence[str]) -> None:
        self.urls = list(urls)
        super().__init__(http, "")

    @property
    def url(self) -> str:
        return random.choice(self.urls)

    @url.setter
    def url(self, url: str) -> None:
        """It is one of several."""


@asynccontextmanager
async def machines(folder: Path, variables: dict[str, str], count: int = 2) -> AsyncIterator[list[HubbubServer]]:
    async with AsyncExitStack() as stack:
        servers: list[HubbubServer] = []
        for number in range(count):
            own = folder / f"machine{number}"
            await asyncio.to_thread(own.mkdir)
            servers.append(await stack.enter_async_context(hubbub_serving(own, variables)))
        yield servers


@pytest.mark.quiet
@pytest.mark.slow
async def test_a_machine_dies_while_people_read(tmp_path: Path, postgres_url: str) -> None:
    print(f"HUBBUB_SEED={seed()}")  # noqa: T201 (shown when the test fails)
    async with (
        ModelServer(SCRIPT) as model,
        machines(tmp_path, through(model.base_url) | {"HUBBUB_DATABASE__URL": postgres_url}) as (one, other),
        new_connections() as http,
    ):
        crowd = CrowdAround(http, [one.url, other.url])
        async with crowd.talking(PEOPLE) as talking:
            await asyncio.sleep(1.5)
            await one.kill()
            killed = time.monotonic()
            crowd.urls = [other.url]  # a load balancer sends nobody to what can't be reached
            await asyncio.sleep(2)
            crowd.is_over = True
            await asyncio.wait({talking}, timeout=ENDS_SECONDS)
            assert talking.done()
        found = await check(crowd, "".join(TOKENS), model, [killed], GOES_ON_SECONDS)
        assert not found.faults, "\n".join(found.faults[:20])
        assert found.endings["done"]
        told = found.endings["interrupted"] + found.begun_anew
        assert told, "nothing was being made on the machine that died"
        assert await other.terminate() == 0
    connection = await asyncpg.connect(postgres_url)
    try:
        assert await connection.fetch("select id from answer where result is null or worker is not null") == []
    finally:
        await connection.close()


async def test_documents_of_one_machine_are_those_of_the_other(tmp_path: Path, postgres_url: str) -> None:
    variables = {"HUBBUB_DATABASE__URL": postgres_url, "HUBBUB_INGEST__CHILDREN": "1"}
    async with machines(tmp_path, variables) as (one, other), new_connections() as http:
        async with http.post(f"{one.url}/api/collections", json={"name": "Pets"}) as response:
            collection = (await response.json())["id"]
        names = [f"cat{number}.md" for number in range(6)]
        for name, server in zip(names, (one, other) * 3, strict=True):
            url = f"{server.url}/api/collections/{collection}/documents/{name}"
            async with http.put(url, data=f"# {name}\n\nThe cat {name} sleeps on the roof.".encode()) as response:
                assert response.status == 202, await response.text()
        await one.kill()  # what it was reading the other one reads
        documents = await read(http, f"{other.url}/api/collections/{collection}/documents", len(names))
        assert {document["state"] for document in documents} == {"ready"}, documents
        for document in documents:
            async with http.get(f"{other.url}/api/documents/{document['id']}/file") as response:
                assert document["name"] in await response.text()
        asked = {"query": "Where does the cat sleep?", "collections": [collection]}
        async with http.post(f"{other.url}/api/search", json=asked) as response:
            assert len((await response.json())["results"]) == len(names)
        async with http.delete(f"{other.url}/api/collections/{collection}") as response:
            assert response.status == 204
    connection = await asyncpg.connect(postgres_url)
    try:
        kept = await connection.fetchval(
            "select (select count(*) from passage where collection_id = $1) + (select count(*) from document "
            "where collection_id = $1)",
            collection,
        )
        assert kept == 0
    finally:
        await connection.close()
    assert not await asyncio.to_thread(lambda: list(tmp_path.glob("*/*.db")))


async def read(http: aiohttp.ClientSession, url: str, count: int) -> list[dict[str, str]]:
    """Return a collection's documents once all of them have come to an end."""
    async with asyncio.timeout(60):
        while True:
            async with http.get(url) as response:
                documents = (await response.json())["documents"]
            if len(documents) == count and all(one["state"] in ("ready", "failed") for one in documents):
                return documents
            await asyncio.sleep(0.2)
