"""The stream of an answer's events."""

import asyncio
import json
import re
import socket
from typing import Any

import aiohttp
import pytest

from hubbub.models.scripted import ScriptedModel
from tests.patience import patience
from tests.servers.reader import ask, read, read_all
from tests.web.application import Hubbub
from tests.web.wire import connection, request


async def stream(http: aiohttp.ClientSession, answer_id: str, query: str = "", **headers: str) -> bytes:
    async with http.get(f"/api/answers/{answer_id}/events{query}", headers=headers) as response:
        assert response.status == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        assert "content-length" not in response.headers
        return await response.read()


async def status(http: aiohttp.ClientSession, answer_id: str, query: str = "", **headers: str) -> int:
    async with http.get(f"/api/answers/{answer_id}/events{query}", headers=headers) as response:
        return response.status


async def ended(http: aiohttp.ClientSession, **more: Any) -> tuple[str, int]:
    """Return the id of an answer that has ended, and the number of its last event."""
    answer_id = (await ask(http, "", **more))["answer"]["id"]
    return answer_id, len(await read_all(http, "", answer_id))


async def state(http: aiohttp.ClientSession, answer_id: str) -> dict[str, Any]:
    async with http.get(f"/api/answers/{answer_id}") as response:
        return await response.json()


async def test_the_form_of_the_stream(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    answer_id, _ = await ended(ann)
    opening, *frames, end = (await stream(ann, answer_id)).split(b"\n\n")
    assert re.fullmatch(rb"retry: [12]\d{3}", opening)
    assert end == b""
    events: list[Any] = []
    for number, frame in enumerate(frames, start=1):
        first, second, third = frame.split(b"\n")
        event = json.loads(third.removeprefix(b"data: "))
        assert first == b"id: %d" % number
        assert second == b"event: " + event["type"].encode()
        events.append(event)
    texts = [event for event in events if event["type"] == "text"]
    assert events[0] == {"type": "started", "model": "scripted", "way": "chat"}
    assert events[1:-2] == texts
    assert "".join(event["text"] for event in texts) == "This is a scripted answer."
    assert [event["type"] for event in events[-2:]] == ["usage", "done"]


async def test_text_cannot_break_out_of_its_frame(
    hubbub: Hubbub, ann: aiohttp.ClientSession, quick: ScriptedModel
) -> None:
    pieces = ("a\n\nid: 99\nevent: done\ndata: {}\n\n", "\r\n\r\n", "\u2028\u0085\0")
    quick._pieces = pieces
    answer_id, last = await ended(ann)
    events = await read_all(ann, "", answer_id)
    assert "".join(event["text"] for event in events if event["type"] == "text") == "".join(pieces)
    assert (await stream(ann, answer_id)).count(b"\n\n") == last + 1


async def test_coming_again_after_any_number(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    answer_id, last = await ended(ann)
    whole = (await stream(ann, answer_id)).split(b"\n\n")
    for after in range(last):
        by_header = await stream(ann, answer_id, **{"Last-Event-ID": str(after)})
        by_query = await stream(ann, answer_id, f"?after={after}")
        assert by_header.split(b"\n\n")[1:] == by_query.split(b"\n\n")[1:] == whole[after + 1 :]
    both = await stream(ann, answer_id, "?after=1", **{"Last-Event-ID": str(last - 1)})
    assert len(both.split(b"\n\n")) == 3


async def test_numbers_that_are_none(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    answer_id, _ = await ended(ann)
    for number in ("-1", "x", "1.0", " 1x", "1e3", "٣", "9" * 10, "9" * 5000, "0x1", "+1", "1;2"):
        async with ann.get(f"/api/answers/{answer_id}/events", params={"after": number}) as response:
            assert response.status == 400, number
            assert (await response.json())["code"] == "malformed"
        if number.isascii():
            assert await status(ann, answer_id, **{"Last-Event-ID": number}) == 400, number


async def test_numbers_at_the_end_and_behind_it(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    answer_id, last = await ended(ann)
    assert await status(ann, answer_id, f"?after={last}") == 204
    assert await status(ann, answer_id, **{"Last-Event-ID": str(last)}) == 204
    assert await status(ann, answer_id, f"?after={last + 1}") == 400
    assert await status(ann, answer_id, "?after=") == 200
    assert await status(ann, answer_id, "?after=000") == 200
    open_id = (await ask(ann, "", model="silent"))["answer"]["id"]
    assert await status(ann, open_id, "?after=5") == 400


async def test_a_quiet_answer_is_kept_alive_by_pings(
    hubbub: Hubbub, ann: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow = hubbub.services.log.follow
    monkeypatch.setattr(
        hubbub.services.log, "follow", lambda *given, **named: follow(*given, **{**named, "patience_seconds": 0.01})
    )
    answer_id = (await ask(ann, "", model="silent"))["answer"]["id"]
    async with ann.get(f"/api/answers/{answer_id}/events") as response:
        lines = [line async for _, line in _numbered(response, 10)]
    assert lines.count(b": ping\n") > 1


async def test_leaving_does_not_stop(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    answer_id = (await ask(ann, "", model="slow"))["answer"]["id"]
    async for number, _ in read(ann, "", answer_id):
        if number == 3:
            break
    before = (await state(ann, answer_id))["number"]
    async with patience():
        while (now := await state(ann, answer_id))["number"] <= before:
            await asyncio.sleep(0.01)
    assert now["state"] == "open"


async def test_where_nobody_watches_it_is_stopped_if_so_asked(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    await ended(ann)  # so that it is known how long answers get
    kept = (await ask(ann, "", model="slow"))["answer"]["id"]
    asked = [
        (await ask(ann, "", model="slow", unwatched="stop", grace_seconds=seconds))["answer"]["id"]
        for seconds in (0, 0.5, 60)
    ]
    for answer_id in (kept, *asked):
        async for number, _ in read(ann, "", answer_id):
            if number == 3:
                break
    states: list[str] = []
    async with patience():
        while states[1:3] != ["stopped", "stopped"]:
            await asyncio.sleep(0.01)
            states = [(await state(ann, answer_id))["state"] for answer_id in (kept, *asked)]
    assert states == ["open", "stopped", "stopped", "open"]
    last = (await read_all(ann, "", asked[0]))[-1]
    assert (last["type"], last["reason"]) == ("stopped", "unwatched")
    assert last["tokens_saved"] > 0
    assert hubbub.services.runner.savings.answers == 2
    again = await ask(ann, "", model="slow")
    path = f"/api/questions/{again['question']['id']}/answers"
    async with ann.post(path, json={"unwatched": "sometimes"}) as response:
        assert response.status == 422


async def test_a_question_can_be_answered_in_the_same_request(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    headers = {"Accept": "text/event-stream"}
    async with ann.post("/api/questions", json={"text": "Go on"}, headers=headers) as response:
        assert response.status == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        opening, asked, *frames, end = (await response.read()).split(b"\n\n")
    assert re.fullmatch(rb"retry: [12]\d{3}", opening)
    assert end == b""
    assert asked.startswith(b"event: asked\ndata: ")
    answer_id = json.loads(asked.removeprefix(b"event: asked\ndata: "))["answer"]["id"]
    assert [*frames, end] == (await stream(ann, answer_id)).split(b"\n\n")[1:]
    async with ann.post("/api/questions", json={"text": ""}, headers=headers) as response:
        assert response.status == 422
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("model", "seconds"), [("silent", 0.0), ("silent", 0.05), ("slow", 0.1)])
async def test_stopping(hubbub: Hubbub, ann: aiohttp.ClientSession, model: str, seconds: float) -> None:
    answer_id = (await ask(ann, "", model=model))["answer"]["id"]
    reading = asyncio.ensure_future(read_all(ann, "", answer_id))
    await asyncio.sleep(seconds)
    async with asyncio.timeout(10), ann.post(f"/api/answers/{answer_id}/stop") as response:
        assert response.status == 202
        stopped = await response.json()
    assert stopped["state"] == "stopped"
    assert (await reading)[-1] == {"type": "stopped", "reason": "asked", "tokens_saved": None}
    assert bool(stopped["text"]) is (model == "slow")
    assert hubbub.services.runner.open_count == 0
    for _ in range(2):  # and nothing happens to one that has ended
        async with ann.post(f"/api/answers/{answer_id}/stop") as response:
            assert await response.json() == stopped


async def test_readers_that_leave_leave_nothing_behind(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    answer_id = (await ask(ann, "", model="silent"))["answer"]["id"]
    await asyncio.sleep(0.05)
    baseline = asyncio.all_tasks()
    for _ in range(20):
        async with connection(hubbub.port) as (reader, writer):
            [cookie] = ann.cookie_jar
            headers = {"Cookie": f"{cookie.key}={cookie.value}"}
            writer.write(request("GET", f"/api/answers/{answer_id}/events", headers))
            await reader.readuntil(b"started")
    async with patience():
        while left := asyncio.all_tasks() - baseline:
            await asyncio.sleep(0.01)
    assert not left
    assert (await state(ann, answer_id))["state"] == "open"


async def test_a_reader_that_does_not_read_holds_up_nobody(
    hubbub: Hubbub, ann: aiohttp.ClientSession, quick: ScriptedModel
) -> None:
    pieces = ["x" * 10_000] * 600  # 6 MB: more than the sockets' buffers hold
    quick._pieces = tuple(pieces)
    answer_id = (await ask(ann, ""))["answer"]["id"]
    [cookie] = ann.cookie_jar
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(raw, ("127.0.0.1", hubbub.port))
        headers = {"Cookie": f"{cookie.key}={cookie.value}"}
        await loop.sock_sendall(raw, request("GET", f"/api/answers/{answer_id}/events", headers))
        async with asyncio.timeout(10):
            events = await read_all(ann, "", answer_id)
        assert "".join(event["text"] for event in events if event["type"] == "text") == "".join(pieces)
        got = b""
        while b"event: done" not in got[-400:]:  # and what it reads in the end is all there
            got += await loop.sock_recv(raw, 1 << 20)
        assert sum(map(len, re.findall(rb'"text":"(x+)"', got))) == sum(map(len, pieces))
    finally:
        raw.close()


async def _numbered(response: aiohttp.ClientResponse, at_most: int) -> Any:
    for number in range(at_most):
        yield number, await response.content.readline()


async def test_an_answer_is_there_by_the_time_that_was_asked_for(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    answer_id = (await ask(ann, "", "Hello", model="slow", within_seconds=0.4))["answer"]["id"]
    events = await read_all(ann, "", answer_id)
    assert clock() - began < 5
    assert events[-1] == {"type": "done", "finish_reason": "deadline"}
    assert "".join(event["text"] for event in events if event["type"] == "text").startswith("word0 ")
    async with ann.post("/api/questions", json={"text": "Hello", "within_seconds": 0}) as response:
        assert response.status == 422
        assert "within_seconds" in (await response.json())["detail"]
