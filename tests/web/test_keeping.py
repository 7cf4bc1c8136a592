"""How chats are kept: pinned, archived, in folders, many at once, or not at all; prompts, instructions, ratings."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.app.leftovers import sweep
from tests.servers.reader import ask, read_all
from tests.web.application import Hubbub, hubbub_running
from tests.web.test_attachments import Onlooker


@pytest.fixture
def onlooker() -> Onlooker:
    return Onlooker()


@pytest.fixture
async def hubbub(tmp_path: Path, onlooker: Onlooker) -> AsyncIterator[Hubbub]:
    async with hubbub_running(tmp_path, onlooker, has_local_operators=True) as hubbub:
        yield hubbub


@pytest.fixture
async def ann(hubbub: Hubbub) -> aiohttp.ClientSession:
    return await hubbub.person()


@pytest.fixture
async def bob(hubbub: Hubbub) -> aiohttp.ClientSession:
    return await hubbub.person()


async def answered(http: aiohttp.ClientSession, text: str, **more: Any) -> dict[str, Any]:
    asked = await ask(http, "", text, **more)
    await read_all(http, "", asked["answer"]["id"])
    return asked


async def call(http: aiohttp.ClientSession, method: str, path: str, **body: Any) -> tuple[int, Any]:
    async with http.request(method, path, **({"json": body} if body else {})) as response:
        return response.status, (await response.json() if response.status not in (204,) else None)


async def titles(http: aiohttp.ClientSession, query: str = "") -> list[str]:
    return [chat["title"] for chat in (await call(http, "GET", f"/api/chats{query}"))[1]["chats"]]


async def test_chats_are_pinned_archived_and_put_into_folders(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    ids = {text: (await answered(ann, text))["chat"]["id"] for text in ("one", "two", "three", "four")}
    status, changed = await call(ann, "PATCH", f"/api/chats/{ids['one']}", is_pinned=True, folder="  Work  ")
    assert (status, changed["is_pinned"], changed["folder"], changed["title"]) == (200, True, "Work", "one")
    both = [ids["two"], ids["three"]]
    assert (await call(ann, "PATCH", "/api/chats", ids=both, is_archived=True, folder="Old"))[0] == 204
    assert await titles(ann) == ["four", "one"]
    assert await titles(ann, "?kept=pinned") == ["one"]
    assert await titles(ann, "?kept=archived") == ["three", "two"]
    assert await titles(ann, "?folder=Work") == ["one"]
    assert await titles(ann, "?folder=") == ["four"]
    folders = (await call(ann, "GET", "/api/folders"))[1]["folders"]
    assert folders == [{"name": "Old", "chats": 2}, {"name": "Work", "chats": 1}]
    assert (await call(ann, "PATCH", "/api/folders", name="Work", new="Office"))[0] == 204
    assert await titles(ann, "?folder=Office") == ["one"]
    assert (await call(ann, "PATCH", f"/api/chats/{ids['one']}", folder="x" * 101))[0] == 422
    assert (await call(bob, "PATCH", "/api/chats", ids=[ids["one"]], is_archived=True))[0] == 404
    bobs = (await answered(bob, "bob's"))["chat"]["id"]
    assert (await call(bob, "POST", "/api/chats/deletions", ids=[bobs, ids["one"]]))[0] == 404
    assert await titles(bob) == ["bob's"]
    assert (await call(ann, "POST", "/api/chats/deletions", ids=[ids["one"], ids["four"]]))[0] == 204
    assert await titles(ann, "?kept=any") == ["three", "two"]
    assert (await call(ann, "POST", "/api/chats/deletions", ids=["x"] * 201))[0] == 422


async def test_all_pages_together_are_all_chats_of_a_kind(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    ids = [(await answered(ann, f"chat {number}"))["chat"]["id"] for number in range(7)]
    await call(ann, "PATCH", "/api/chats", ids=ids[::2], is_archived=True)
    for kept, wanted in (("archived", ids[::2]), ("usual", ids[1::2])):
        seen: list[str] = []
        following = ""
        while following is not None:
            path = f"/api/chats?kept={kept}&limit=2" + (f"&after={following}" if following else "")
            page = (await call(ann, "GET", path))[1]
            seen += [chat["id"] for chat in page["chats"]]
            following = page["next"]
        assert seen == wanted[::-1]


async def test_a_temporary_chat_leaves_nothing_behind(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    asked = await answered(ann, "A secret plan", is_temporary=True)
    chat_id, answer_id = asked["chat"]["id"], asked["answer"]["id"]
    await answered(ann, "More of the secret", chat_id=chat_id, parent_id=answer_id)
    for kept in ("usual", "any", "archived", "pinned"):
        assert await titles(ann, f"?kept={kept}") == []
    assert (await call(ann, "GET", "/api/chats/found?words=secret"))[1]["found"] == []
    assert (await call(ann, "GET", f"/api/chats/{chat_id}"))[0] == 200  # a reload shows it again
    assert (await call(ann, "PUT", f"/api/answers/{answer_id}/rating", is_good=True))[0] == 409
    await sweep(hubbub.services, time.time() + 60)
    assert (await call(ann, "GET", f"/api/chats/{chat_id}"))[0] == 200
    await sweep(hubbub.services, time.time() + 3700)
    for path in (f"/api/chats/{chat_id}", f"/api/answers/{answer_id}"):
        assert (await call(ann, "GET", path))[0] == 404


async def test_prompts_are_ones_own(hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession) -> None:
    status, made = await call(ann, "POST", "/api/prompts", name=" To  French ", text="Translate to French:")
    assert (status, made["name"]) == (201, "To French")
    path = f"/api/prompts/{made['id']}"
    assert (await call(ann, "PUT", path, name="French", text="In French:"))[1]["text"] == "In French:"
    assert (await call(bob, "PUT", path, name="Mine", text="Now"))[0] == 404
    assert (await call(bob, "GET", "/api/prompts"))[1]["prompts"] == []
    assert (await call(ann, "POST", "/api/prompts", name="", text="x"))[0] == 422
    for number in range(4):
        await call(ann, "POST", "/api/prompts", name=f"Prompt {number}", text="x")
    first = (await call(ann, "GET", "/api/prompts?limit=3"))[1]
    rest = (await call(ann, "GET", f"/api/prompts?limit=3&after={first['next']}"))[1]
    names = [one["name"] for one in first["prompts"] + rest["prompts"]]
    assert (names, rest["next"]) == (["Prompt 3", "Prompt 2", "Prompt 1", "Prompt 0", "French"], None)
    assert (await call(ann, "DELETE", path))[0] == 204
    assert (await call(ann, "DELETE", path))[0] == 404


async def test_models_are_told_ones_instructions(
    hubbub: Hubbub, ann: aiohttp.ClientSession, onlooker: Onlooker
) -> None:
    assert (await call(ann, "PUT", "/api/me/instructions", text=" Be brief. "))[1] == {"text": "Be brief."}
    asked = await answered(ann, "Hello", with_instructions=True)
    assert "Be brief." in onlooker.seen[-1][0].text
    await answered(ann, "Hello")
    assert "Be brief." not in onlooker.seen[-1][0].text
    chat_id = asked["chat"]["id"]
    await call(ann, "PATCH", f"/api/chats/{chat_id}", instructions="Speak like a pirate.")
    place = {"chat_id": chat_id, "parent_id": asked["answer"]["id"]}
    more = await answered(ann, "And?", with_instructions=True, reasoning_effort="high", **place)
    assert "Be brief.\n\nSpeak like a pirate." in onlooker.seen[-1][0].text
    await call(ann, "PUT", "/api/me/instructions", text="Be long.")
    async with ann.post(f"/api/questions/{more['question']['id']}/answers", json={}) as response:
        again = await response.json()
    await read_all(ann, "", again["answer"]["id"])
    assert "Be brief." in onlooker.seen[-1][0].text  # it is answered again as it was asked
    how = onlooker.how[-1]
    assert how is not None
    assert how.reasoning_effort == "high"
    assert (await call(ann, "PUT", "/api/me/instructions", text="x" * 9000))[0] == 422


async def test_an_answer_is_rated_and_the_operator_reads_it(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    asked = [await answered(ann, f"Question {number}") for number in range(3)]
    for one in asked:
        path = f"/api/answers/{one['answer']['id']}/rating"
        assert (await call(ann, "PUT", path, is_good=False, comment=" Wrong. "))[0] == 200
    assert (await call(bob, "PUT", path, is_good=True))[0] == 404
    assert (await call(ann, "PUT", f"/api/answers/{asked[0]['question']['id']}/rating", is_good=True))[0] == 404
    assert (await call(ann, "PUT", path, is_good=True, comment="x" * 5000))[0] == 422
    await call(ann, "PUT", path, is_good=True)
    messages = (await call(ann, "GET", f"/api/chats/{asked[0]['chat']['id']}"))[1]["messages"]
    assert messages[1]["rating"] == {"is_good": False, "comment": "Wrong."}
    operator = await hubbub.guest()  # who comes from this machine
    first = (await call(operator, "GET", "/api/operators/ratings?limit=2"))[1]
    rest = (await call(operator, "GET", f"/api/operators/ratings?limit=2&after={first['next']}"))[1]
    told = first["ratings"] + rest["ratings"]
    assert [(one["question"], one["is_good"]) for one in told] == [
        ("Question 2", True),
        ("Question 1", False),
        ("Question 0", False),
    ]
    assert {(one["answer"], one["model"]) for one in told} == {("I see it [1].", "onlooker")}
    await call(ann, "DELETE", path)
    await call(ann, "DELETE", f"/api/chats/{asked[0]['chat']['id']}")
    left = (await call(operator, "GET", "/api/operators/ratings"))[1]["ratings"]
    assert [one["question"] for one in left] == ["Question 1"]
