"""Collections as vector stores, by OpenAI's own SDK, unchanged, against a server on a real port."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest

from hubbub.core.errors import BadParam
from hubbub.web.dialects.vector_filters import holds_of
from tests.web.application import Hubbub
from tests.web.openai_clients import client_of
from tests.web.openai_wire import Wired, told


@pytest.fixture
async def client(served: Wired) -> AsyncIterator[openai.AsyncOpenAI]:
    async with client_of(served.base_url, served.key) as client:
        yield client


@pytest.mark.parametrize(
    ("written", "holds"),
    [
        ({"type": "eq", "key": "filename", "value": "a.txt"}, True),
        ({"type": "ne", "key": "filename", "value": "a.txt"}, False),
        ({"type": "gte", "key": "size_bytes", "value": 10}, True),
        ({"type": "gt", "key": "size_bytes", "value": "x"}, False),
        ({"type": "in", "key": "filename", "value": ["a.txt", "b.txt"]}, True),
        ({"type": "nin", "key": "unknown", "value": ["x"]}, True),
        ({"type": "eq", "key": "unknown", "value": "x"}, False),
        (
            {
                "type": "and",
                "filters": [
                    {"type": "lt", "key": "size_bytes", "value": 11},
                    {"type": "or", "filters": [{"type": "eq", "key": "filename", "value": "a.txt"}]},
                ],
            },
            True,
        ),
    ],
)
def test_a_filter_tells_what_it_holds_of(written: dict[str, Any], holds: bool) -> None:
    assert holds_of(written)({"filename": "a.txt", "size_bytes": 10}) is holds


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"type": "like", "key": "a", "value": "b"},
        {"type": "in", "key": "a", "value": "b"},
        {"type": "and", "filters": [1]},
        {"type": "and", "filters": None},
    ],
)
def test_what_is_no_filter_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(BadParam):
        holds_of(written)


def test_a_filter_that_is_too_deep_is_refused() -> None:
    written: dict[str, Any] = {"type": "eq", "key": "a", "value": "b"}
    for _ in range(2_000):
        written = {"type": "and", "filters": [written]}
    with pytest.raises(BadParam):
        holds_of(written)


async def put(served: Wired, name: str, text: str) -> None:
    address = f"{served.hubbub.url}/api/collections/{served.collection_id}/documents/{name}"
    headers = {"Authorization": f"Bearer {served.key}"}
    async with served.http.put(address, data=text.encode(), headers=headers) as response:
        assert response.status == 202, await response.text()
    async for _ in served.hubbub.services.pipeline.watch(served.collection_id):
        pass


async def test_stores_are_listed_and_shown(client: openai.AsyncOpenAI, served: Wired) -> None:
    listed = [store async for store in client.vector_stores.list(limit=1)]  # page by page
    assert served.collection_id in [store.id for store in listed]
    assert len({store.id for store in listed}) == len(listed)
    store = await client.vector_stores.retrieve(served.collection_id)
    assert (store.object, store.name, store.status) == ("vector_store", "Staff + Handbook", "completed")
    assert store.file_counts.completed == store.file_counts.total > 0
    with pytest.raises(openai.NotFoundError):
        await client.vector_stores.retrieve("vs_none")


async def test_a_store_is_searched(client: openai.AsyncOpenAI, served: Wired) -> None:
    await put(served, "sweets.md", "Marzipan is sold on Mondays.")
    await put(served, "other.txt", "Marzipan is made of almonds.")
    found = [one async for one in await client.vector_stores.search(served.collection_id, query="marzipan Mondays")]
    assert (found[0].filename, found[0].content[0].text) == ("sweets.md", "Marzipan is sold on Mondays.")
    assert found[0].score == 1.0
    assert {one.filename for one in found} >= {"sweets.md", "other.txt"}
    filters: Any = {"type": "eq", "key": "filename", "value": "other.txt"}
    page = await client.vector_stores.search(served.collection_id, query=["marzipan", "Mondays"], filters=filters)
    assert [one.filename for one in page.data] == ["other.txt"]
    with pytest.raises(openai.BadRequestError):
        await client.vector_stores.search(served.collection_id, query="x", filters={"type": "like"})  # type: ignore[arg-type]
    with pytest.raises(openai.BadRequestError):
        await client.vector_stores.search(served.collection_id, query="x", max_num_results=51)


async def test_what_is_left_empty_is_as_usual(served: Wired) -> None:
    empty = {"filters": None, "max_num_results": None, "ranking_options": None, "rewrite_query": None}
    async with served.http.post(f"/v1/vector_stores/{served.collection_id}/search", json={"query": "leave"}) as usual:
        expected = await usual.json()
    assert expected["data"]
    path = f"/v1/vector_stores/{served.collection_id}/search"
    async with served.http.post(path, json={"query": "leave", **empty}) as response:
        assert await response.json() == expected


FAULTS: list[tuple[str, dict[str, Any] | None, str]] = [
    ("?limit=0", None, "limit"),
    ("?order=up", None, "order"),
    ("?after=vs_gone", None, "after"),
    ("?before=vs_gone", None, "before"),
    ("/search", {}, "query"),
    ("/search", {"query": ""}, "query"),
    ("/search", {"query": "x", "max_num_results": 51}, "max_num_results"),
    ("/search", {"query": "x", "filters": {"type": "like"}}, "filters"),
    ("/search", {"query": "x", "ranking_options": {"score_threshold": "x"}}, "ranking_options.score_threshold"),
]


@pytest.mark.parametrize(("address", "body", "param"), FAULTS, ids=[f"{one[0]} {one[1]}" for one in FAULTS])
async def test_a_fault_names_its_parameter(
    served: Wired, address: str, body: dict[str, Any] | None, param: str
) -> None:
    store = f"/{served.collection_id}" if body is not None else ""
    method = "GET" if body is None else "POST"
    async with served.http.request(method, f"/v1/vector_stores{store}{address}", json=body) as response:
        assert (response.status, (await told(response))["param"]) == (400, param)


async def test_nobody_searches_what_is_somebody_elses(
    client: openai.AsyncOpenAI, served: Wired, ann: aiohttp.ClientSession, hubbub: Hubbub
) -> None:
    async with ann.post("/api/collections", json={"name": "Ann's"}) as response:
        theirs = (await response.json())["id"]
    assert theirs not in [store.id async for store in client.vector_stores.list()]
    with pytest.raises(openai.NotFoundError):
        await client.vector_stores.search(theirs, query="x")
