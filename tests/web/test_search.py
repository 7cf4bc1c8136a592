"""Searching over HTTP."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.servers.hubbub_server import hubbub_serving, scripted
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


async def put(http: aiohttp.ClientSession, hubbub: Hubbub, collection_id: str, name: str, text: str) -> None:
    async with http.put(f"/api/collections/{collection_id}/documents/{name}", data=text.encode()) as response:
        assert response.status == 202
    async for _ in hubbub.services.pipeline.watch(collection_id):
        pass


async def names(http: aiohttp.ClientSession, **asked: Any) -> list[str]:
    async with http.post("/api/search", json=asked) as response:
        assert response.status == 200, await response.text()
        return [one["hit"]["name"] for one in (await response.json())["results"]]


async def test_only_what_the_filters_leave_is_searched(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    many = "\n\n".join(f"Marzipan {number}. " * 60 for number in range(15))  # these rank above what is looked for
    made = await collection(hubbub, ann, "Rules", many)
    await put(ann, hubbub, made, "Plan 2024.md", "A long plan of the town that says little of sweets and marzipan.")
    asked = {"query": "marzipan", "collections": [made]}
    assert "Plan 2024.md" not in await names(ann, **asked)
    for filters in ({"kinds": ["md"]}, {"name": "plan*"}, {"kinds": [".MD"], "name": "*2024*"}):
        assert await names(ann, **asked, filters=filters) == ["Plan 2024.md"], filters
    assert await names(ann, **asked, filters={"added_before": "2000-01-01T00:00:00Z"}) == []
    assert await names(ann, **asked, filters={"added_from": "2000-01-01"}) != []


async def test_pages_follow_each_other_and_facets_count_all_of_them(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    made = await collection(hubbub, ann, "Rules", "Marzipan is sold.")
    for name in ("b.md", "c.md", "d.csv"):
        await put(ann, hubbub, made, name, f"Marzipan of {name}.")
    asked: dict[str, Any] = {"query": "marzipan", "collections": [made], "limit": 3}
    seen: list[str] = []
    for _ in range(2):
        async with ann.post("/api/search", json=asked) as response:
            page = await response.json()
        assert page["facets"] == {"kinds": {"txt": 1, "md": 2, "csv": 1}, "collections": {made: 4}}
        seen += [one["hit"]["name"] for one in page["results"]]
        asked["cursor"] = page["next_cursor"]
    assert sorted(seen) == ["a.txt", "b.md", "c.md", "d.csv"]
    assert asked["cursor"] is None


async def test_a_cursor_of_another_search_is_refused(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    made = await collection(hubbub, ann, "Rules", "Marzipan is sold.")
    await put(ann, hubbub, made, "b.txt", "Marzipan again.")
    asked: dict[str, Any] = {"query": "marzipan", "collections": [made], "limit": 1}
    async with ann.post("/api/search", json=asked) as response:
        cursor = (await response.json())["next_cursor"]
    for body in ({**asked, "query": "sold", "cursor": cursor}, {**asked, "cursor": "x"}, {**asked, "cursor": "é"}):
        async with ann.post("/api/search", json=body) as response:
            assert response.status == 422, body


async def test_each_result_tells_why_it_was_found(tmp_path: Path) -> None:
    settings = scripted() | {"HUBBUB_EMBEDDINGS__PROVIDER": "none"}
    async with hubbub_serving(tmp_path, settings) as server, aiohttp.ClientSession(server.url) as http:
        async with http.post("/api/collections", json={"name": "Rules"}) as response:
            made = (await response.json())["id"]
        others = {f"other-{number}.txt": "The harbour opens at nine." for number in range(6)}  # else no word is rare
        texts = {"a.txt": "Marzipan is sold on Mondays.", "b.txt": "Mondays are long. " * 40} | others
        for name, text in texts.items():
            async with http.put(f"/api/collections/{made}/documents/{name}", data=text.encode()) as response:
                assert response.status == 202
        asked: dict[str, Any] = {"query": "marzipan on Mondays", "collections": [made]}
        states: list[str] = []
        async with asyncio.timeout(30):
            while states != ["ready"] * len(texts):
                async with http.get(f"/api/collections/{made}/documents") as response:
                    states = [one["state"] for one in (await response.json())["documents"]]
        async with http.post("/api/search", json=asked) as response:
            results = (await response.json())["results"]
        assert len(results) == 2
        assert all(one["why"] is None for one in results)
        for more in ({}, {"filters": {"kinds": ["txt"]}}):
            async with http.post("/api/search", json=asked | more | {"explain": True}) as response:
                first, second = (await response.json())["results"]
            why = first["why"]
            assert [one["term"] for one in why["terms"]] == ["marzipan", "monday"], "the rarer one weighs more"
            assert why["words_rank"] == 1
            assert why["words_score"] == pytest.approx(sum(one["weight"] for one in why["terms"]))
            assert [one["term"] for one in second["why"]["terms"]] == ["monday"]
            assert second["why"]["words_rank"] == 2
            assert (why["vectors_rank"], why["similarity"]) == (None, None), "nothing embeds here"
