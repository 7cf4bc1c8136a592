"""The events of many answers over one connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from tests.patience import patience
from tests.servers.reader import ask, read_all
from tests.web.application import Hubbub

Told = dict[str, list[tuple[str, int, Any]]]
"""By answer, what was told of it: names, numbers and data of its frames."""


async def frames(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, str, int, Any]]:
    """Yield the answer, name, number and data of each frame."""
    answer_id, name, number = "", "", 0
    async for line in response.content:
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "id":
            number = int(value)
        elif field == "event":
            name = value
        elif field == "data" and name == "answer":
            answer_id = value
        elif field == "data":
            yield answer_id, name, number, value if name == "trouble" else json.loads(value)
            number = 0


async def read_together(http: aiohttp.ClientSession, *follow: str) -> Told:
    told: Told = {}
    async with http.get("/api/answers/events", params=[("follow", one) for one in follow]) as response:
        assert response.status == 200, await response.text()
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        async for answer_id, name, number, data in frames(response):
            told.setdefault(answer_id, []).append((name, number, data))
    return told


async def test_each_answer_comes_whole_and_in_order(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    ids = [(await ask(ann, "", model=model))["answer"]["id"] for model in ("slow", "scripted", "slow")]
    told = await read_together(ann, f"{ids[0]}.0", f"{ids[1]}.2", f"{ids[2]}.0")
    assert set(told) == set(ids)
    for answer_id, after in zip(ids, (0, 2, 0), strict=True):
        *events, over = told[answer_id]
        assert over[0] == "over"
        assert [data for _, _, data in events] == await read_all(ann, "", answer_id, after)
        assert [number for _, number, _ in events] == list(range(after + 1, after + len(events) + 1))


async def test_one_that_has_ended_is_over_at_once(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    answer_id = (await ask(ann, ""))["answer"]["id"]
    last = len(await read_all(ann, "", answer_id))
    assert await read_together(ann, f"{answer_id}.{last}") == {answer_id: [("over", 0, {})]}


async def test_what_one_is_refused_does_not_end_the_others(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    mine = (await ask(ann, ""))["answer"]["id"]
    last = len(await read_all(ann, "", mine))
    of_another = (await ask(bob, ""))["answer"]["id"]
    told = await read_together(ann, f"{of_another}.0", "nowhere.0", f"{mine}.{last - 1}")
    for answer_id in (of_another, "nowhere"):
        [(name, _, refusal)] = told[answer_id]
        assert (name, refusal["code"]) == ("refused", "not_found")
    assert [name for name, _, _ in told[mine]] == ["done", "over"]


async def test_what_is_no_list_of_answers_is_refused(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    for query in ("", "?follow=a", "?follow=a.x", "?follow=a.-1", "?" + "&".join(f"follow=a{n}.0" for n in range(101))):
        async with ann.get(f"/api/answers/events{query}") as response:
            assert response.status == 400, query


async def test_leaving_lets_go_of_all(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    ids = [(await ask(ann, "", model="slow"))["answer"]["id"] for _ in range(3)]
    async with ann.get("/api/answers/events", params=[("follow", f"{one}.0") for one in ids]) as response:
        seen = set[str]()
        async for answer_id, _, _, _ in frames(response):
            seen.add(answer_id)
            if len(seen) == 3:
                break
        assert hubbub.services.log.reader_count == 3
    async with patience():
        while hubbub.services.log.reader_count:
            await asyncio.sleep(0.01)
