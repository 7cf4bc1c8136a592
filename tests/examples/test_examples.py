"""The examples, run and driven as people do it."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.examples.chats import EXAMPLES, Example, chat, example, lines, model_program, script, scripted, seen
from tests.patience import patience

NAMES = ["quart_chat", "fastapi_chat", "flask_chat"]
ASYNC = NAMES[:2]
HUNDRED = 100
WORKERS = 2
"""As on a machine with little room: unless it is told, an example starts two for each processor, and one."""


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as http:
        yield http


@pytest.mark.parametrize("name", NAMES)
async def test_it_runs_as_its_readme_says(
    name: str, tmp_path: Path, http: aiohttp.ClientSession, capsys: pytest.CaptureFixture[str]
) -> None:
    """One run of each for all that is looked at: starting workers takes longer than using them."""
    workers = {"WEB_CONCURRENCY": str(WORKERS)}
    async with model_program() as model, example(name, tmp_path, model, workers) as one:
        await check_page(http, one)
        await check_stream(http, one, model)
        if name in ASYNC:
            told = await check_hundred(http, one, model, tokens=40, seconds=4.0, least=HUNDRED // 2, most=HUNDRED)
            await check_leaving(http, one, model)
        else:
            told = await check_hundred(http, one, model, tokens=10, seconds=0.2, least=1, most=one.workers)
        await check_trouble(http, one, model)
        assert await one.terminate() == 0
    with capsys.disabled():
        print(f"\n{name}: {told}")  # noqa: T201 # the difference, in numbers


async def check_page(http: aiohttp.ClientSession, one: Example) -> None:
    async with http.get(one.url) as response:
        page = await response.text()
        assert (response.status, response.content_type) == (200, "text/html")
    files = re.findall(r'(?:src|href)="(page/[^"]+)"', page)
    assert files
    for path in files:
        async with http.get(f"{one.url}/{path}") as response:
            assert response.status == 200, path


async def check_stream(http: aiohttp.ClientSession, one: Example, model: str) -> None:
    """Two people ask at once; what they are answered comes while it is made."""
    tokens = await scripted(http, model, tokens=20, seconds=2.0)

    async def times() -> list[float]:
        return [time.monotonic() async for _ in lines(http, one.url)]

    for came in await asyncio.gather(times(), times()):
        assert len(came) > 3
        assert came[-1] - came[0] > 0.5
    assert await asyncio.gather(*(chat(http, one.url) for _ in range(2))) == ["".join(tokens)] * 2


async def check_hundred(
    http: aiohttp.ClientSession, one: Example, model: str, *, tokens: int, seconds: float, least: int, most: int
) -> str:
    """All are answered in any case; how many at the same time is the difference."""
    said = await scripted(http, model, tokens=tokens, seconds=seconds)
    began, at_once = time.monotonic(), 0
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(chat(http, one.url)) for _ in range(HUNDRED)]
        while not all(task.done() for task in asking):
            at_once = max(at_once, (await seen(http, model))["open"])
            await asyncio.sleep(0.02)
    took = time.monotonic() - began
    assert [task.result() for task in asking] == ["".join(said)] * HUNDRED
    assert (await seen(http, model))["open"] == 0
    assert least <= at_once <= most
    return f"{HUNDRED} answers of {seconds:g} s took {took:.1f} s; {at_once} were made at the same time at the most"


async def check_leaving(http: aiohttp.ClientSession, one: Example, model: str) -> None:
    """Who leaves stops the answer where it is made."""
    await scripted(http, model, tokens=1000, seconds=20.0)
    async for line in lines(http, one.url):
        assert line["delta"]["content"].startswith("word0")
        assert (await seen(http, model))["open"] == 1  # before leaving: it is stopped within a moment
        break
    async with patience():
        while (await seen(http, model))["open"]:
            await asyncio.sleep(0.05)


async def check_trouble(http: aiohttp.ClientSession, one: Example, model: str) -> None:
    """What goes wrong is told in a line."""
    await script(http, model, status=400)
    [line] = [line async for line in lines(http, one.url)]
    assert set(line) == {"error"}


def test_the_pages_ask_nobody_else() -> None:
    for path in (EXAMPLES / "page").iterdir():
        assert not re.search(r"https?:|//\w+\.", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("name", NAMES)
def test_an_example_can_be_read_at_once(name: str) -> None:
    for file, most_lines in (("app.py", 50), ("README.md", 45)):
        assert len((EXAMPLES / name / file).read_text(encoding="utf-8").splitlines()) <= most_lines, file
