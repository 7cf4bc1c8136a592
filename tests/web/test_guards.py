"""What is refused before the application sees it, and what each response says."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.app.application import Application
from hubbub.app.limits import RequestLimits
from hubbub.web.guards import HEADERS
from tests.patience import patience
from tests.servers.reader import ask
from tests.web.application import LIMITS, Hubbub, hubbub_running
from tests.web.wire import connection, exchange, reply, request

JSON = {"Content-Type": "application/json"}
QUESTION = b'{"text":"Hello"}'


def post(headers: dict[str, str] | None = None, body: bytes = QUESTION) -> bytes:
    return request("POST", "/api/questions", {**JSON, **(headers or {})}, body)


def code(body: bytes) -> str:
    return json.loads(body)["code"]


async def test_foreign_pages(hubbub: Hubbub) -> None:
    own = f"http://127.0.0.1:{hubbub.port}"
    host = {"Host": f"127.0.0.1:{hubbub.port}"}
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": f"{own}.evil.example"},
        {"Origin": f"http://evil.example@127.0.0.1:{hubbub.port}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": own},
        {"Sec-Fetch-Site": "odd"},
    ):
        status, _, body = await exchange(hubbub.port, post({**host, **headers}))
        assert (status, code(body)) == (403, "not_allowed"), headers
    assert hubbub.services.runner.open_count == 0
    for headers in ({}, {"Origin": own}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        assert (await exchange(hubbub.port, post({**host, **headers})))[0] == 202, headers


async def test_every_way_of_changing_is_guarded(hubbub: Hubbub) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        sent = request(method, "/api/chats/x", {"Origin": "https://evil.example"})
        assert (await exchange(hubbub.port, sent))[0] == 403, method


async def test_foreign_names(hubbub: Hubbub) -> None:
    for host in (
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "127.0.0.2",
        "",
        "[::1]:80",
        "a:b:c",
        "é",
    ):
        for path in ("/", "/api/me", "/api/chats"):
            status, _, body = await exchange(hubbub.port, request("GET", path, {"Host": host}))
            assert (status, code(body)) == (403, "not_allowed"), host
    for host in ("127.0.0.1", "127.0.0.1:1"):
        assert (await exchange(hubbub.port, request("GET", "/api/me", {"Host": host})))[0] == 200, host


async def test_bodies_over_the_limit(hubbub: Hubbub) -> None:
    body = b'{"text":"%s"}' % (b"x" * LIMITS.body_bytes)
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    for sent in (
        post(body=body),
        post({"Content-Length": str(10**15)}, b"{"),
        post({"Transfer-Encoding": "chunked"}, chunked),
    ):
        status, _, said = await exchange(hubbub.port, sent)
        assert (status, code(said)) == (413, "too_large")
        assert f"{LIMITS.body_bytes:,}" in json.loads(said)["detail"]


async def test_one_address_holds_a_part_of_what_may_be_held_of_large_bodies(tmp_path: Path) -> None:
    limits = RequestLimits(body_bytes=1000, picture_bytes=20_000)
    whole = b'{"model":"none","messages":[],"user":"%s"}' % (b"x" * 15_000)
    head = request(
        "POST", "/v1/chat/completions", {"Content-Type": "application/json", "Content-Length": str(len(whole))}
    )
    async with hubbub_running(tmp_path, limits=limits) as hubbub, AsyncExitStack() as stack:

        async def begun(address: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer = await asyncio.open_connection("127.0.0.1", hubbub.port, local_addr=(address, 0))
            stack.callback(writer.close)
            writer.write(head + whole[:-1])
            return reader, writer

        open_ones = [await begun() for _ in range(6)]
        refused = [asyncio.ensure_future(reply(reader)) for reader, _ in open_ones]
        async with asyncio.timeout(10):
            done, waiting = await asyncio.wait(refused, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                assert one.result()[0] == 503
                assert "your network address" in json.loads(one.result()[2])["error"]["message"]
            reader, writer = await begun("127.0.0.2")  # others have room
            writer.write(whole[-1:])
            assert (await reply(reader))[0] in (400, 404)
            assert len(waiting) >= 4
            for _, writer in open_ones:
                writer.close()
            await asyncio.wait(refused)
            while True:  # what was held is let go
                reader, writer = await begun()
                writer.write(whole[-1:])
                if (await reply(reader))[0] != 503:
                    break


async def test_a_body_that_trickles_in_under_any_server(tmp_path: Path) -> None:
    limits = RequestLimits(body_bytes=10_000, body_seconds=0.3)
    async with hubbub_running(tmp_path, limits=limits) as hubbub, connection(hubbub.port) as (reader, writer):
        writer.write(post({"Content-Length": "1000"}, b"{"))

        async def trickle() -> None:
            while True:
                writer.write(b" ")
                await asyncio.sleep(0.02)

        trickling = asyncio.ensure_future(trickle())
        async with patience():
            status, _, body = await reply(reader)
        trickling.cancel()
        assert (status, code(body)) == (408, "too_slow")
        assert hubbub.services.runner.open_count == 0


async def test_a_question_over_the_limit_is_told_the_limit(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    async with ann.post("/api/questions", json={"text": "x" * (LIMITS.question_characters + 1)}) as response:
        problem = await response.json()
    assert response.status == 413
    assert "1,001 characters; 1,000" in problem["detail"]
    async with ann.post("/api/questions", json={"text": "x" * LIMITS.question_characters}) as response:
        assert response.status == 202


async def test_lying_lengths(hubbub: Hubbub) -> None:
    short = post({"Content-Length": str(len(QUESTION) - 1)})  # the rest is taken for one more request, which is none
    assert (await exchange(hubbub.port, short))[0] == 400
    for length in ("-1", "x", "1e3", "9" * 25, "9" * 5000):
        assert (await exchange(hubbub.port, post({"Content-Length": length})))[0] in (0, 400, 413), length
    async with connection(hubbub.port) as (reader, writer):
        writer.write(post({"Content-Length": "1000"}))
        writer.write_eof()
        assert (await reply(reader))[0] in (0, 400)
    assert (await exchange(hubbub.port, post()))[0] == 202
    assert (
        await exchange(hubbub.port, post({"Transfer-Encoding": "chunked"}, b"10\r\n" + QUESTION + b"\r\n0\r\n\r\n"))
    )[0] == 202


async def test_bodies_that_are_no_json(hubbub: Hubbub) -> None:
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "application/jsonx",
    ):
        status, _, body = await exchange(hubbub.port, post({"Content-Type": kind}))
        assert (status, code(body)) == (415, "unsupported"), kind
    for text in (
        b"{",
        b"nothing",
        b"{'text': 1}",
        b'{"text":NaN}',
        b"\xff\xfe\xfa",
        b"[" * 9000,
        b"\0",
        QUESTION + b"x",
        b"1" * 9000,
    ):
        status, _, body = await exchange(hubbub.port, post(body=text))
        assert (status, code(body)) == (400, "malformed"), text
    for text in (b'{"text":"\xff"}', b'{"text":"\\ud800"}', b'{"text":"x","\\udc00":1}'):  # halves of characters
        status, _, body = await exchange(hubbub.port, post(body=text))
        assert (status, code(body)) == (400, "malformed"), text
    for text in (b"[]", b"null", b'"text"', b"1", b"{}", b'{"text":null}', b'{"text":"a","more":1}'):
        status, _, body = await exchange(hubbub.port, post(body=text))
        assert (status, code(body)) == (422, "invalid"), text
    assert (await exchange(hubbub.port, post(body=b"")))[0] == 422
    assert (await exchange(hubbub.port, post({"Content-Type": "Application/JSON ; charset=utf-8"})))[0] == 202


async def test_far_too_much_is_survived(hubbub: Hubbub) -> None:
    many = {f"X-{number}": "y" for number in range(10_000)}
    assert (await exchange(hubbub.port, request("GET", "/api/health", many)))[0] in (200, 400, 431)
    for path in (
        "/api/chats/" + "x" * 60_000,
        "/" + "/".join("a" * 20_000),
        "/api/answers/x/events?after=" + "1" * 60_000,
    ):
        assert (await exchange(hubbub.port, request("GET", path)))[0] in (200, 400, 404, 414, 503), path[:30]
    long = {"Cookie": "; ".join(f"c{number}=v" for number in range(20_000)), "X-Long": "z" * 200_000}
    assert (await exchange(hubbub.port, request("GET", "/api/health", long)))[0] in (200, 400, 431)
    for rubbish in (
        b"\0" * 1000,
        b"\r\n" * 1000,
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
    ):
        async with connection(hubbub.port) as (_, writer):
            writer.write(rubbish)
            await writer.drain()
    assert (await exchange(hubbub.port, request("GET", "/api/health")))[0] == 200


async def test_what_every_response_says(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    answer_id = (await ask(ann, ""))["answer"]["id"]
    foreign = {"Host": "evil.example"}
    for method, path, more in (
        ("GET", "/api/me", {}),
        ("GET", "/", {}),
        ("HEAD", "/c/x", {}),
        ("GET", f"/api/answers/{answer_id}/events", {}),
        ("GET", "/api/nothing", {}),
        ("GET", "/api/openapi.json", {}),
        ("GET", "/api/docs", {"allow_redirects": False}),
        ("PUT", "/api/me", {}),
        ("GET", "/api/me", {"headers": foreign}),
        ("POST", "/api/questions", {"json": {}}),
        ("OPTIONS", "/api/questions", {}),
    ):
        async with ann.request(method, path, **more) as response:
            assert {name: response.headers.get(name) for name in HEADERS} == HEADERS, (method, path)
            assert "access-control-allow-origin" not in response.headers
            assert "server" not in response.headers or response.headers["server"] == "uvicorn"


async def test_the_cookie(hubbub: Hubbub) -> None:
    async with aiohttp.ClientSession(hubbub.url) as http:
        for path in ("/api/me", "/api/me"):
            async with http.get(path) as response:
                cookie = response.cookies["hubbub_browser"]
            assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")
            assert (cookie["secure"], cookie["domain"]) == ("", "")
            assert len(cookie.value) == 70
        async with http.get("/api/me", headers={"Cookie": f"hubbub_browser={cookie.value}"}) as response:
            assert not response.cookies
        async with http.get("/api/chats") as response:
            assert not response.cookies
    proxied = request("GET", "/api/me", {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"})
    _, headers, _ = await exchange(hubbub.port, proxied)
    assert "; secure" in headers["set-cookie"].lower()  # uvicorn trusts a proxy on the same machine
    assert headers["set-cookie"].startswith("__Host-hubbub_browser=")
    seen = [json.loads((await exchange(hubbub.port, request("GET", "/api/me")))[2])["person"]["id"] for _ in range(3)]
    assert len(set(seen)) == 3


async def test_an_upload_that_breaks_off_is_no_error_of_ours(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    async with ann.post("/api/collections", json={"name": "Mine"}) as response:
        collection_id = (await response.json())["id"]
    [cookie] = ann.cookie_jar
    path = f"/api/collections/{collection_id}/documents/a.txt"
    headers = {"Cookie": f"{cookie.key}={cookie.value}", "Content-Length": "1000000"}
    for _ in range(3):
        async with connection(hubbub.port) as (_, writer):
            writer.write(request("PUT", path, headers, b"only the beginning"))
            await writer.drain()
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.1)  # what goes wrong in it would be logged by now, which fails the test
    async with ann.get(f"/api/collections/{collection_id}/documents") as response:
        assert (await response.json())["documents"] == []


@pytest.mark.expects_errors
async def test_a_bug_is_told_in_a_sentence_and_logged_with_its_stack(
    hubbub: Hubbub, ann: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        async def chats(self, owner_id: str, **options: Any) -> Any:
            raise ZeroDivisionError("secret of the inside")

    services: Application = hubbub.services
    object.__setattr__(services, "history", Broken())
    async with ann.get("/api/chats") as response:
        text = await response.text()
        assert response.status == 500
        assert response.content_type == "application/problem+json"
        assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert json.loads(text)["code"] == "internal"
    assert "secret" not in text
    assert "ZeroDivision" not in text
    assert caplog.text.count("ZeroDivisionError: secret of the inside") == 1
