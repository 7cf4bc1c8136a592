"""A server without its model files: it serves at once, says so once, and takes them when they come."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import aiohttp
import pytest

from hubbub.models import weights
from tests.servers.hubbub_server import GUIDE, HubbubServer, hubbub_serving
from tests.weights import minilm_files as minilm_files

LINE = "Not there yet"


class SilentIndex:
    """An index as behind a firewall that drops: it takes connections, and never says a word."""

    def __init__(self) -> None:
        self.url = ""
        self.asked = asyncio.Event()
        self.left = asyncio.Event()
        """Set once somebody gave up waiting."""

    async def say_nothing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.set()
        with contextlib.suppress(asyncio.CancelledError):  # when the test ends
            await reader.read()
            self.left.set()
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[Self]:
        async with await asyncio.start_server(self.say_nothing, "127.0.0.1", 0) as server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/simple"
            yield self


@asynccontextmanager
async def serving_offline(folder: Path, index: str, **variables: str) -> AsyncGenerator[HubbubServer]:
    pip = {"PIP_INDEX_URL": index, "PIP_CONFIG_FILE": "/dev/null", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    settings = {"HUBBUB_EMBEDDINGS__PROVIDER": "minilm", "HUBBUB_SERVER__CACHE_FOLDER": str(folder / "cache")}
    async with hubbub_serving(folder, GUIDE | settings | pip | variables) as server:
        yield server


async def collection(http: aiohttp.ClientSession) -> dict[str, int]:
    async with http.get("/api/collections") as response:
        return (await response.json())["collections"][0]


async def until(http: aiohttp.ClientSession, what: str, wanted: int) -> None:
    async with asyncio.timeout(60):
        while (await collection(http))[what] < wanted:
            await asyncio.sleep(0.05)


async def test_nobody_waits_for_an_index_that_does_not_answer(tmp_path: Path) -> None:
    async with SilentIndex().listening() as index, serving_offline(tmp_path, index.url) as server:
        async with asyncio.timeout(60), aiohttp.ClientSession(server.url) as http:
            await index.asked.wait()
            async with http.get("/livez") as response:
                assert response.status == 200
            await until(http, "passages", 1)  # the guide is read, and found by its words
            async with http.post("/api/search", json={"query": "How do I add documents?"}) as response:
                assert (await response.json())["results"]
        assert not index.left.is_set(), "the server began to serve when the download had failed"


async def test_the_search_goes_by_meanings_once_the_files_are_there(
    tmp_path: Path, minilm_files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    said = ""
    async with serving_offline(tmp_path, "http://127.0.0.1:9/simple") as server:
        async with asyncio.timeout(60), aiohttp.ClientSession(server.url) as http:
            while LINE not in said:
                await asyncio.sleep(0.05)
                said += capfd.readouterr().err
            await until(http, "passages", 1)
            assert (await collection(http))["embedded"] == 0
            for path, file in zip(minilm_files, (weights.EMBEDDINGS, weights.TOKENIZER), strict=True):
                await asyncio.to_thread(shutil.copy, path, weights.place_of(file, tmp_path / "cache"))
            await until(http, "embedded", (await collection(http))["passages"])
        assert await server.terminate() == 0
    said += capfd.readouterr().err
    warnings = [line for line in said.splitlines() if "[warning" in line and "was held up" not in line]  # by others
    assert len(warnings) == said.count(LINE) == 1, said
