"""Chats that were kept elsewhere come over HTTP: with their branches, once, and as if they had been made here."""

import asyncio
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.ingest.chat_exports import AT, HOSTILE, gpt, gpt_node, two_branches, webui
from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.reader import ask, read_all
from tests.web.application import Hubbub


async def sent(http: aiohttp.ClientSession, content: object) -> tuple[int, Any]:
    """Import a file, and return the status and what came of it."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    async with http.post("/api/chats/import", data=io.BytesIO(data)) as response:
        return response.status, await response.json()


async def imported(http: aiohttp.ClientSession, content: object) -> Any:
    """Import a file that can be, and return what came of it."""
    status, told = await sent(http, content)
    assert status == 200, told
    return told


async def chat_of(http: aiohttp.ClientSession, chat_id: str) -> Any:
    async with http.get(f"/api/chats/{chat_id}") as response:
        assert response.status == 200
        return await response.json()


async def titles(http: aiohttp.ClientSession, query: str = "") -> list[str]:
    async with http.get(f"/api/chats{query}") as response:
        return [chat["title"] for chat in (await response.json())["chats"]]


def text_of(message: Any) -> str:
    return message["text"] if message["role"] == "user" else message["answer"]["text"]


def archive(**parts: object) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/") + ".json", json.dumps(content))
    return packed.getvalue()


async def test_a_chat_comes_with_its_branches_times_and_models(ann: aiohttp.ClientSession) -> None:
    told = await imported(ann, [two_branches()])
    assert (told["already_there"], told["left_out"], told["remarks"]) == (0, [], [])
    [one] = told["chats"]
    assert (one["title"], one["messages"]) == ("A trip", 5)
    shown = await chat_of(ann, one["id"])
    assert shown["chat"]["created_at"] == AT
    assert shown["chat"]["updated_at"] == pytest.approx(AT + 100, abs=1)
    by_text = {text_of(message): message for message in shown["messages"]}
    parents = {text: message["parent_id"] and by_id(shown, message["parent_id"]) for text, message in by_text.items()}
    assert parents == {
        "Where shall we go?": None,
        "To the *sea*.": "Where shall we go?",
        "To the mountains.": "Where shall we go?",
        "Which sea?": "To the *sea*.",
        "The Baltic.": "Which sea?",
    }
    assert text_of(shown["messages"][-1]) == "The Baltic."  # what was shown is the newest: that branch is shown
    answer = by_text["To the *sea*."]
    assert (answer["answer"]["model"], answer["answer"]["state"], answer["created_at"]) == ("gpt-9", "done", AT + 2)
    assert answer["asked_with"] == {"imported_from": "ChatGPT"}
    assert answer["answer"]["usage"] is None


def by_id(shown: Any, message_id: str) -> str:
    return next(text_of(one) for one in shown["messages"] if one["id"] == message_id)


async def test_what_is_sent_twice_comes_once_to_each_person(
    ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    [first] = (await imported(ann, [two_branches()]))["chats"]
    again = await imported(ann, [two_branches(), webui()])
    assert (len(again["chats"]), again["already_there"]) == (1, 1)
    [other] = (await imported(bob, [two_branches()]))["chats"]
    assert other["id"] != first["id"]
    assert sorted(await titles(ann)) == ["A trip"] and await titles(ann, "?kept=archived") == ["Greetings"]
    async with bob.get(f"/api/chats/{first['id']}") as response:
        assert response.status == 404
    async with ann.delete(f"/api/chats/{first['id']}") as response:
        assert response.status == 204
    assert len((await imported(ann, [two_branches()]))["chats"]) == 1  # what was deleted can be brought back


async def test_the_same_file_sent_at_once_comes_once(ann: aiohttp.ClientSession) -> None:
    many = [two_branches(id=f"c{number}") for number in range(30)]
    outcomes = await asyncio.gather(sent(ann, many), sent(ann, many))
    assert sorted(status for status, _ in outcomes) in ([200, 200], [200, 429])
    assert len(await titles(ann)) == 30


async def test_an_imported_chat_is_gone_on_with_and_answered_again(ann: aiohttp.ClientSession) -> None:
    [one] = (await imported(ann, [two_branches()]))["chats"]
    last = (await chat_of(ann, one["id"]))["messages"][-1]
    asked = await ask(ann, "", "Is it cold?", chat_id=one["id"], parent_id=last["id"])
    await read_all(ann, "", asked["answer"]["id"])
    shown = await chat_of(ann, one["id"])
    assert shown["messages"][-1]["answer"]["state"] == "done"
    assert "imported_from" not in shown["messages"][-1]["asked_with"]
    question = shown["messages"][0]["id"]
    async with ann.post(f"/api/questions/{question}/answers", json={}) as response:
        assert response.status == 202
        await read_all(ann, "", (await response.json())["answer"]["id"])
    events = await read_all(ann, "", last["id"])
    assert events[-1]["type"] == "done"


async def test_what_is_saved_here_is_read_again_elsewhere(
    ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    [one] = (await imported(ann, [two_branches()]))["chats"]
    saved = await chat_of(ann, one["id"])
    assert (await imported(ann, saved))["already_there"] == 1  # it is one's own, and there
    [copy] = (await imported(bob, saved))["chats"]
    again = await chat_of(bob, copy["id"])
    assert [text_of(message) for message in again["messages"]] == [text_of(message) for message in saved["messages"]]
    assert {message["asked_with"].get("imported_from") for message in again["messages"]} == {None, "Hubbub"}
    packed = archive(chats__one=saved, chats__two=saved | {"chat": saved["chat"] | {"id": "x"}}, person={"id": "ann"})
    told = await imported(bob, packed)
    assert (told["already_there"], len(told["chats"])) == (1, 1)


async def test_an_archive_is_unpacked(ann: aiohttp.ClientSession) -> None:
    assert len((await imported(ann, archive(conversations=[two_branches()], user={"id": "me"})))["chats"]) == 1
    damaged = archive(conversations=[two_branches(title="x" * 5000)])
    status, told = await sent(ann, damaged[:200] + b"\0" * 50 + damaged[250:])
    assert (status, told["reason"]) == (422, "archive_damaged")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made, made.open("conversations.json", "w") as part:
        for _ in range(310):
            part.write(b" " * 1024**2)
    status, told = await sent(ann, bomb.getvalue())
    assert (status, told["reason"]) == (413, "bomb")


async def test_a_file_without_chats_is_refused(ann: aiohttp.ClientSession) -> None:
    for content in (b"no JSON", b"\x89PNG", b"12", b'"text"', b"[1", b'[{"title": "x"', archive(person={}), [{"a": 1}]):
        status, told = await sent(ann, content)
        assert status == 422 and told["reason"].startswith("import_"), (content, told)
    status, told = await sent(ann, b"")
    assert (status, told["reason"]) == (422, "file_empty")
    status, told = await sent(ann, b"[" + b" " * 3 * 1024**2 + b"]")
    assert (status, told["reason"]) == (413, "file_too_large")
    assert (await imported(ann, []))["chats"] == []
    assert await titles(ann) == []


async def test_what_can_not_come_is_told_by_title_and_the_others_come(ann: aiohttp.ClientSession) -> None:
    chain = [gpt_node("n0", None)]
    for number in range(1, 40):
        role = "user" if number % 2 else "assistant"
        chain.append(gpt_node(f"n{number}", f"n{number - 1}", role, f"text {number}"))
    content = [gpt(*chain, title="Long"), {"title": "Odd"}, gpt(title="Empty", id="e"), two_branches()]
    data = json.dumps(content).encode()[:-1] + b', {"mapping": '  # and it ends too early
    told = await imported(ann, data)
    assert [one["title"] for one in told["chats"]] == ["A trip"]
    reasons = [(one["title"], one["reason"]) for one in told["left_out"]]
    assert reasons[:3] == [("Long", "import_messages"), ("Odd", "import_unknown_chat"), ("Empty", "import_nothing")]
    assert told["left_out"][0]["values"] == {"most": 20}


async def test_hostile_texts_are_texts(ann: aiohttp.ClientSession) -> None:
    nodes = (gpt_node("u", None, "user", HOSTILE), gpt_node("a", "u", "assistant", HOSTILE + "\0\ud800"))
    [one] = (await imported(ann, [gpt(*nodes, title=HOSTILE)]))["chats"]
    shown = await chat_of(ann, one["id"])
    assert (shown["chat"]["title"], text_of(shown["messages"][0])) == (HOSTILE, HOSTILE)
    assert text_of(shown["messages"][1]).startswith(HOSTILE)


async def test_the_loop_goes_on_while_a_large_file_is_read(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    many = [two_branches(id=f"c{number}", title=f"Chat {number}") for number in range(600)]
    began = last = asyncio.get_running_loop().time()
    longest = 0.0
    task = asyncio.create_task(imported(ann, many))
    while not task.done():
        await asyncio.wait({task}, timeout=0.005)
        longest, last = max(longest, asyncio.get_running_loop().time() - last), asyncio.get_running_loop().time()
    assert len(task.result()["chats"]) == 600
    assert longest < 0.5 * (last - began)  # read on the loop, most of it would be one piece


async def test_imported_chats_are_found_by_their_words_and_counted_in_nobodys_usage(tmp_path: Path) -> None:
    async with (
        hubbub_serving(tmp_path, scripted(words=3, pause_seconds=0.0)) as server,
        aiohttp.ClientSession(server.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as ann,
    ):
        async with ann.get("/api/me") as response:
            assert response.status == 200
        [one, other] = (await imported(ann, [two_branches(), webui()]))["chats"]
        for words, chat_id in (
            ("baltic", one["id"]),
            ("mountains", one["id"]),
            ("trip", one["id"]),
            ("hi", other["id"]),
        ):
            async with ann.get("/api/chats/found", params={"words": words}) as response:
                assert [found["chat"]["id"] for found in (await response.json())["found"]] == [chat_id], words
        with closing(sqlite3.connect(tmp_path / "hubbub.db")) as kept:
            assert kept.execute("select count(*) from usage").fetchone() == (0,)
        async with ann.post("/api/me/export") as response:
            assert response.status == 202
        assert (await chat_of(ann, other["id"]))["chat"]["is_archived"]
