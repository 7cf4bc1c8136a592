"""Searching over HTTP."""

import aiohttp

from tests.web.application import Hubbub


async def collection(hubbub: Hubbub, http: aiohttp.ClientSession, name: str, text: str) -> str:
    async with http.post("/api/collections", json={"name": name}) as response:
        made = (await response.json())["id"]
    async with http.put(f"/api/collections/{made}/documents/a.txt", data=text.encode()) as response:
        assert response.status == 202
    async for _ in hubbub.services.pipeline.watch(made):
        pass
    return made


async def test_passages_are_found_with_their_highlights(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    made = await collection(hubbub, ann, "Rules", "😀 Everybody has thirty days of leave. The Harbour is closed.")
    for named in (made, "Rules"):
        async with ann.post("/api/search", json={"query": "days in the harbours", "collections": [named]}) as response:
            assert response.status == 200, await response.text()
            (result,) = (await response.json())["results"]
        text = result["hit"]["text"]
        assert [text[mark["start"] : mark["end"]] for mark in result["highlights"]] == ["days", "Harbour"]
        assert result["hit"]["collection_id"] == made


async def test_nobody_finds_what_is_somebody_elses(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    made = await collection(hubbub, ann, "Rules", "The secret word is marzipan.")
    async with ann.post("/api/search", json={"query": "marzipan"}) as response:
        assert [one["hit"]["collection_id"] for one in (await response.json())["results"]] == [made]
    async with bob.post("/api/search", json={"query": "marzipan"}) as response:
        assert all(one["hit"]["collection_id"] != made for one in (await response.json())["results"])
    for named in (made, "Rules"):
        async with bob.post("/api/search", json={"query": "marzipan", "collections": [named]}) as response:
            assert response.status == 404


async def test_what_can_t_be_searched_is_refused(ann: aiohttp.ClientSession) -> None:
    for body in ({"query": ""}, {"query": "x", "limit": 0}, {"query": "x", "limit": 51}, {"query": "x", "wrong": 1}):
        async with ann.post("/api/search", json=body) as response:
            assert response.status == 422
