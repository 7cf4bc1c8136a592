"""Offers of another protocol on the same connection: ignored, as RFC 9110 (7.8) lets a server do."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.models.scripted import ScriptedModel
from hubbub.web.clients import Clients
from tests.web.application import Hubbub, hubbub_running
from tests.web.wire import connection, exchange, reply, request

QUESTION = b'{"text":"Hello"}'
H2C = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"}
HEALTH = request("GET", "/api/health")


@pytest.fixture
async def hubbub(tmp_path: Path, quick: ScriptedModel) -> AsyncIterator[Hubbub]:
    async with hubbub_running(tmp_path, quick, clients=Clients()) as hubbub:
        yield hubbub


def asked(headers: dict[str, str]) -> bytes:
    return request("POST", "/api/questions", {"Content-Type": "application/json", **headers}, QUESTION)


async def test_the_body_is_there_and_the_connection_goes_on(hubbub: Hubbub) -> None:
    chunked = asked({**H2C, "Transfer-Encoding": "chunked"}).removesuffix(QUESTION) + b"10\r\n" + QUESTION
    chunked += b"\r\n0\r\nauthorization: Bearer hb-x\r\n\r\n"
    for sent in (asked(H2C), chunked, asked(H2C | {"Connection": "keep-alive, upgrade"})):
        for step in (len(sent), sent.index(QUESTION), 7):  # whole, head and body apart, in pieces
            async with asyncio.timeout(10), connection(hubbub.port) as (reader, writer):
                for start in range(0, len(sent), step):
                    writer.write(sent[start : start + step])
                    await asyncio.sleep(0)
                assert (await reply(reader))[0] == 202, step
                writer.write(sent + HEALTH + sent)
                assert [(await reply(reader))[0] for _ in range(3)] == [202, 200, 202]


async def test_other_offers(hubbub: Hubbub) -> None:
    for offer in ("websocket", "WebSocket", "TLS/1.0", "h2c, websocket", ""):
        headers = {"Connection": "Upgrade", "Upgrade": offer, "Sec-WebSocket-Key": "x", "Sec-WebSocket-Version": "13"}
        for again in (1, 3):
            async with asyncio.timeout(10), connection(hubbub.port) as (reader, writer):
                writer.write(request("GET", "/api/health", headers) * again + HEALTH)
                answers = [await reply(reader) for _ in range(again + 1)]
            assert {status for status, _, _ in answers} == {200}, offer
            assert not any("upgrade" in headers for _, headers, _ in answers)


async def test_close_still_means_close(hubbub: Hubbub) -> None:
    async with asyncio.timeout(10), connection(hubbub.port) as (reader, writer):
        writer.write(asked(H2C | {"Connection": "Upgrade, close"}))
        status, headers, _ = await reply(reader)
        assert (status, headers["connection"]) == (202, "close")
        assert await reader.read() == b""


async def test_connect_and_prior_knowledge_are_refused(hubbub: Hubbub) -> None:
    for sent in (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"):
        status, _, body = await exchange(hubbub.port, sent)
        assert (status, json.loads(body)["code"]) == (400, "malformed")


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_curl(hubbub: Hubbub) -> None:
    arguments = ["--http2", "-s", "-w", "%{http_code} ", "-o", "/dev/null", "-H", "Content-Type: application/json"]
    url = f"{hubbub.url}/api/questions"
    program = await asyncio.create_subprocess_exec(
        "curl", *arguments, "-d", QUESTION.decode(), url, "--next", *arguments, "-d", QUESTION.decode(), url,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(program.communicate(), 20)
    assert said.split() == [b"202", b"202"]
