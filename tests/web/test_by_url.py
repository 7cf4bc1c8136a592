"""Documents are added by URL, by those who may."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.app.by_url import AT_ONCE_EACH, ByUrl, Fetchers
from hubbub.connections.addresses import networks_of
from hubbub.connections.guarded import Guarded
from hubbub.core.people import GUEST, OPERATOR, Person
from tests.patience import patience
from tests.servers.web_server import Put, WebServer
from tests.web.application import LIMITS, Hubbub, hubbub_running


@pytest.fixture
async def site() -> AsyncIterator[WebServer]:
    async with WebServer() as site:
        yield site


@pytest.fixture
async def fetcher(site: WebServer) -> AsyncIterator[Guarded]:
    async with Guarded(listed=networks_of(["127.0.0.1"]), ports=[site.port]) as fetcher:
        yield fetcher


@pytest.fixture
async def hubbub(tmp_path: Path, fetcher: Guarded) -> AsyncIterator[Hubbub]:
    async with hubbub_running(tmp_path, by_url=ByUrl(fetcher, "everybody", LIMITS.document_bytes)) as hubbub:
        yield hubbub


async def collection_of(http: aiohttp.ClientSession) -> str:
    async with http.post("/api/collections", json={"name": "Rules"}) as response:
        return (await response.json())["id"]


async def add(http: aiohttp.ClientSession, collection_id: str, url: str) -> tuple[int, Any]:
    async with http.post(f"/api/collections/{collection_id}/urls", json={"url": url}) as response:
        return response.status, await response.json()


async def test_a_page_is_fetched_and_read(hubbub: Hubbub, site: WebServer) -> None:
    ann = await hubbub.person()
    collection_id = await collection_of(ann)
    site.put("/leave", "<title>Leave</title><p>Thirty days of leave.</p>")
    status, added = await add(ann, collection_id, f"{site.url}/leave")
    assert (status, added["name"]) == (202, "127.0.0.1/leave.html")
    async for _ in hubbub.services.pipeline.watch(collection_id):
        pass
    async with ann.get(f"/api/documents/{added['id']}") as response:
        assert "Thirty days" in (await response.json())["passages"][0]["text"]
    async with ann.get("/api/me") as response:
        assert (await response.json())["can_add_by_url"] is True
    site.put("/leave", "<p>Forty days of leave.</p>")
    assert (await add(ann, collection_id, f"{site.url}/leave"))[0] == 202
    assert len(await hubbub.services.library.documents(collection_id)) == 1


async def test_what_is_refused_says_why_and_fetches_nothing(hubbub: Hubbub, site: WebServer) -> None:
    ann, bob = await hubbub.person(), await hubbub.person()
    collection_id = await collection_of(ann)
    site.redirect("/away", "http://169.254.169.254/latest/")
    for url, status, code in [
        ("http://10.0.0.1/", 403, "address_refused"),
        (f"{site.url}/away", 403, "address_refused"),
        ("file:///etc/passwd", 422, "invalid"),
        (f"{site.url}/nothing", 404, "not_fetched"),
    ]:
        got, problem = await add(ann, collection_id, url)
        assert (got, problem["code"]) == (status, code)
    site.asked.clear()
    assert (await add(bob, collection_id, f"{site.url}/leave"))[0] == 404
    assert site.asked == []
    assert await hubbub.services.library.documents(collection_id) == []


async def test_a_person_s_fetches_are_bounded(hubbub: Hubbub, site: WebServer) -> None:
    ann = await hubbub.person()
    collection_id = await collection_of(ann)
    site.pages["/endless"] = Put(b"x", holds=True)
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(add(ann, collection_id, f"{site.url}/endless")) for _ in range(AT_ONCE_EACH)]
        async with patience():
            while len(site.asked) < AT_ONCE_EACH:
                await asyncio.sleep(0.005)
        status, problem = await add(ann, collection_id, f"{site.url}/endless")
        assert (status, problem["code"]) == (429, "too_busy")
        for one in running:
            one.cancel()


@pytest.mark.parametrize(
    ("fetchers", "may"),
    [
        ("nobody", []),
        ("operators", ["operator"]),
        ("signed-in", ["operator", "account", "key"]),
        ("everybody", ["operator", "account", "key", "cookie", "guest"]),
    ],
)
def test_who_may(fetcher: Guarded, fetchers: Fetchers, may: list[str]) -> None:
    people = {
        "operator": OPERATOR,
        "account": Person("a"),
        "key": Person("k", known_by="key"),
        "cookie": Person("c", known_by="cookie"),
        "guest": GUEST,
    }
    by_url = ByUrl(fetcher, fetchers, 1)
    assert [name for name, person in people.items() if by_url.may_add(person)] == may


async def test_where_nobody_may(tmp_path: Path) -> None:
    async with hubbub_running(tmp_path) as hubbub:
        ann = await hubbub.person()
        status, problem = await add(ann, await collection_of(ann), "https://example.org/")
        assert (status, problem["code"]) == (403, "not_allowed")
        async with ann.get("/api/me") as response:
            assert (await response.json())["can_add_by_url"] is False
