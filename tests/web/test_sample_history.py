"""Chats that a page keeps at the server."""

import io
import json
from typing import Any

import aiohttp
import pytest

from hubbub.core.identifiers import new_id
from hubbub.web.routes import sample_history
from tests.web.application import Hubbub

RESPONSE = {
    "output_text": "Thirty days [leave.pdf#page=1].",
    "context": {"data_points": {"text": ["leave.pdf#page=1: Thirty days."]}, "thoughts": [{"props": {"n": 1.50}}]},
    "session_state": "7e57",
}


async def save(http: aiohttp.ClientSession, session_id: str, *questions: str, response: Any = RESPONSE) -> int:
    body = {"id": session_id, "answers": [[question, response] for question in questions]}
    async with http.post("/chat_history", json=body) as reply:
        if reply.status == 201:
            assert await reply.json() == {}
        return reply.status


async def listed(http: aiohttp.ClientSession, query: str = "") -> dict[str, Any]:
    async with http.get(f"/chat_history/sessions{query}") as response:
        assert response.status == 200
        return await response.json()


async def test_save_list_show_delete(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    assert await listed(ann) == {"sessions": [], "continuation_token": None}
    long = "How many days of leave do I have if I began in the middle of May?"
    assert await save(ann, "7e57", long, "And in June?") == 201
    async with ann.get("/api/me") as response:
        person_id = (await response.json())["person"]["id"]
    found = await listed(ann)
    [session] = found["sessions"]
    assert session.pop("timestamp") > 1.7e12
    assert session == {"id": "7e57", "entra_oid": person_id, "title": f"{long[:50]}..."}
    assert found["continuation_token"] is None
    async with ann.get("/chat_history/sessions/7e57") as response:
        assert await response.json() == {
            "id": "7e57",
            "entra_oid": person_id,
            "answers": [[long, RESPONSE], ["And in June?", RESPONSE]],
        }
    async with ann.delete("/chat_history/sessions/7e57") as response:
        assert (response.status, await response.read()) == (204, b"")
    for method in ("GET", "DELETE"):
        async with ann.request(method, "/chat_history/sessions/7e57") as response:
            assert (response.status, (await response.json())["error"]) == (404, "There is no such chat.")
    assert (await listed(ann))["sessions"] == []


async def test_a_chat_that_goes_on_is_saved_in_its_place(ann: aiohttp.ClientSession) -> None:
    await save(ann, "z", "First?")
    await save(ann, "y", "Other?")
    await save(ann, "z", "First?", "Second?")
    assert [one["id"] for one in (await listed(ann))["sessions"]] == ["z", "y"]
    async with ann.get("/chat_history/sessions/z") as response:
        assert [question for question, _ in (await response.json())["answers"]] == ["First?", "Second?"]


@pytest.mark.parametrize("spelling", ["continuation_token", "continuationToken"])
async def test_lists_come_in_pages(ann: aiohttp.ClientSession, spelling: str) -> None:
    for number in range(5):
        await save(ann, f"chat {number} & ü?", f"Question {number}")
    seen: list[str] = []
    query = "?count=2"
    while True:
        page = await listed(ann, query)
        seen += [one["title"] for one in page["sessions"]]
        if page["continuation_token"] is None:
            break
        assert len(page["sessions"]) == 2
        query = f"?count=2&{spelling}={page['continuation_token']}"  # the page puts it there as it is
    assert seen == [f"Question {number}" for number in (4, 3, 2, 1, 0)]


async def test_other_peoples_chats_do_not_exist(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    session_id = new_id()
    await save(ann, session_id, "A secret")
    for stranger in (bob, await hubbub.guest(), await hubbub.program("program")):
        assert (await listed(stranger))["sessions"] == []
        for method in ("GET", "DELETE"):
            async with stranger.request(method, f"/chat_history/sessions/{session_id}") as response:
                assert response.status == 404
        assert await save(stranger, session_id, "Mine") == 201  # in an id of their own
    async with ann.get(f"/chat_history/sessions/{session_id}") as response:
        assert (await response.json())["answers"][0][0] == "A secret"


async def test_the_newest_stay(ann: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_history, "MOST_SESSIONS", 3)
    for number in range(5):
        assert await save(ann, str(number), "What?") == 201
    assert [one["id"] for one in (await listed(ann))["sessions"]] == ["4", "3", "2"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"id": "a"}, 422),
        ({"id": "a", "answers": []}, 422),
        ({"id": "", "answers": [["What?", {}]]}, 422),
        ({"id": "a" * 129, "answers": [["What?", {}]]}, 422),
        ({"id": 7, "answers": [["What?", {}]]}, 422),
        ({"id": "a", "answers": [["What?"]]}, 422),
        ({"id": "a", "answers": [["What?", {}, {}]]}, 422),
        ({"id": "a", "answers": [[None, {}]]}, 422),
        ({"id": "a", "answers": ["What?", {}]}, 422),
        ([], 422),
    ],
)
async def test_what_is_no_chat_is_refused(ann: aiohttp.ClientSession, body: Any, status: int) -> None:
    async with ann.post("/chat_history", json=body) as response:
        assert response.status == status
        assert isinstance((await response.json())["error"], str)
    assert (await listed(ann))["sessions"] == []


async def test_bodies_that_are_no_json(ann: aiohttp.ClientSession) -> None:
    async with ann.post("/chat_history", data=b"id=a") as response:
        assert (response.status, (await response.json())["error"]) == (415, "request must be json")
    async with ann.post("/chat_history", data=b"{", headers={"Content-Type": "application/json"}) as response:
        assert response.status == 400


@pytest.mark.parametrize(
    "query",
    [
        *("count=0", "count=101", "count=x", "count=-1", "count="),
        *("continuation_token=x", "continuation_token=W10", "continuation_token=%00", "continuation_token=ä"),
        *("continuationToken=!!!!", "continuation_token=WyIxIiwiYSJd"),
    ],
)
async def test_queries_that_are_none(ann: aiohttp.ClientSession, query: str) -> None:
    async with ann.get(f"/chat_history/sessions?{query}") as response:
        assert response.status in (400, 422)
        assert isinstance((await response.json())["error"], str)


async def test_a_long_chat_is_kept_whole(ann: aiohttp.ClientSession) -> None:
    answers = [[f"What? {number}", {"context": {"thoughts": ["x" * 50_000]}}] for number in range(40)]
    body = io.BytesIO(json.dumps({"id": "long", "answers": answers}).encode())
    async with ann.post("/chat_history", data=body, headers={"Content-Type": "application/json"}) as response:
        assert response.status == 201, "each answer carries its prompt: forty turns are over a mebibyte"
    async with ann.get("/chat_history/sessions/long") as response:
        assert len((await response.json())["answers"]) == 40
