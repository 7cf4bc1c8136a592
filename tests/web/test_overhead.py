"""What comes on a connection besides bodies: it is counted, and none of it but the head is a header."""

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from itertools import repeat
from pathlib import Path

import pytest

from hubbub.models.scripted import ScriptedModel
from hubbub.web.clients import Bounds, Clients
from hubbub.web.protocol import UNWANTED_BYTES
from tests.patience import patience
from tests.servers.reader import ask
from tests.web.application import Hubbub, hubbub_running
from tests.web.wire import connection, exchange, reply, request

HEALTH = request("GET", "/api/health")
JSON = {"Content-Type": "application/json"}
CHUNKED = {**JSON, "Transfer-Encoding": "chunked"}
QUESTION = b'{"text":"Hello"}'
POST = request("POST", "/api/questions", CHUNKED)
LIMIT = Bounds().head_bytes


@pytest.fixture(params=["our server", "any server"])
async def hubbub(request: pytest.FixtureRequest, tmp_path: Path, quick: ScriptedModel) -> AsyncIterator[Hubbub]:
    clients = Clients() if request.param == "our server" else None
    slow = ScriptedModel(("word ",) * 2000, name="slow", seconds_between=0.01)
    async with hubbub_running(tmp_path, quick, slow, clients=clients) as hubbub:
        yield hubbub


@pytest.fixture
async def ours(tmp_path: Path, quick: ScriptedModel) -> AsyncIterator[Hubbub]:
    slow = ScriptedModel(("word ",) * 2000, name="slow", seconds_between=0.01)
    async with hubbub_running(tmp_path, quick, slow, clients=Clients()) as hubbub:
        yield hubbub


def chunks(body: bytes, size: int, *, extension: bytes = b"") -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces) + b"0\r\n"


async def poured(port: int, begin: bytes, more: Iterator[bytes], most_bytes: int = 4 * 1024 * 1024) -> tuple[int, int]:
    """Send without end; returns the last status that came back, 0 for none, and how much the server took."""
    sent = 0
    async with asyncio.timeout(20), connection(port) as (reader, writer):
        writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)

        async def pour() -> None:
            nonlocal sent
            with contextlib.suppress(ConnectionError):
                writer.write(begin)
                for piece in more:
                    writer.write(piece)
                    await writer.drain()
                    sent += len(piece)
                    if sent >= most_bytes:
                        return

        pouring = asyncio.ensure_future(pour())
        got = b""
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                got += piece
        await pouring
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", got)]
    return (statuses[-1] if statuses else 0), sent


async def test_a_trailer_signs_nobody_in(hubbub: Hubbub) -> None:
    async with await hubbub.person() as ann, await hubbub.program("eve") as eve:
        [cookie] = ann.cookie_jar
        mine = [
            f"Cookie: {cookie.key}={cookie.value}",
            f"Authorization: {eve.headers['Authorization']}",
            "api-key: hb-x",
        ]
        for trailer in mine:
            head = request("POST", "/api/questions", CHUNKED)
            for pieces in ([head + chunks(QUESTION, 5) + f"{trailer}\r\n\r\n".encode()],
                           [head, chunks(QUESTION, 5), f"{trailer}\r\n".encode(), b"\r\n"]):  # fmt: skip
                async with patience(), connection(hubbub.port) as (reader, writer):
                    for piece in pieces:
                        writer.write(piece)
                        await asyncio.sleep(0.01)
                    status, _, body = await reply(reader)
                assert status == 202
                answer_id = json.loads(body)["answer"]["id"]
                assert await hubbub.services.log.owner(answer_id) == "guest"


async def test_trailers_without_end(ours: Hubbub) -> None:
    for body in (chunks(QUESTION, 5), chunks(b"x", 1), b""):  # one that is taken, one that is refused, and none at all
        begin = POST + (body or b"0\r\n")
        for piece in (b"x: a\r\n" * 1000, b"x: " + b"y" * 5000 + b"\r\n", b"y" * 5000):
            _, sent = await poured(ours.port, begin, repeat(piece))
            assert sent < LIMIT + UNWANTED_BYTES + 512 * 1024, (body, piece[:9])
    assert (await exchange(ours.port, HEALTH))[0] == 200


async def test_overhead_without_end_is_refused_in_words(ours: Hubbub) -> None:
    for begin, more in (
        (POST, b"2;" + b"x" * 5000 + b"\r\n{}\r\n"),  # extensions
        (POST + b"2;", b"x" * 5000),
        (POST, b"0" * 5000),  # zeros before a length
        (POST, b"1\r\n \r\n" * 1000),  # chunks of a byte
        (b"", b"\r\n" * 2500),  # lines before a request
        (HEALTH, b"\r\n" * 2500),
        (b"GET / HTTP/1.1\r\n", b"a: b\r\n" * 1000),
        (POST + chunks(b"{", 1)[:-3], b"1;a\r\n \r\n" * 1000),
    ):
        status, sent = await poured(ours.port, begin, repeat(more))
        assert status in (431, 0), (begin[-9:], more[:9])  # 0: the words were lost to a reset, as it went on sending
        assert sent < LIMIT + UNWANTED_BYTES + 512 * 1024, (begin[-9:], more[:9])
    async with patience(), connection(ours.port) as (reader, writer):
        writer.write(POST + b"2;" + b"x" * LIMIT)
        status, headers, body = await reply(reader)
        assert (status, headers["connection"], json.loads(body)["code"]) == (431, "close", "head_too_large")
        assert await reader.read() == b""


async def test_chunks_as_clients_send_them(hubbub: Hubbub) -> None:
    text = json.dumps({"text": "x" * 900}).encode()
    for size in (1, 2, 7, 100):
        for extension in (b"", b";a=b"):
            sent = request("POST", "/api/questions", CHUNKED) + chunks(text, size, extension=extension) + b"\r\n"
            assert (await exchange(hubbub.port, sent + HEALTH))[0] == 202, (size, extension)
    sent = POST + chunks(QUESTION, 4).replace(b"\r\n", b"\r\n").replace(b"4\r\n", b"0000004\r\n") + b"etag: 1\r\n\r\n"
    assert (await exchange(hubbub.port, sent))[0] == 202


async def test_a_large_upload_in_small_chunks(ours: Hubbub) -> None:
    async with await ours.person() as ann:
        async with ann.post("/api/collections", json={"name": "Mine"}) as response:
            path = f"/api/collections/{(await response.json())['id']}/documents/a.txt"
        [cookie] = ann.cookie_jar
        headers = {"Cookie": f"{cookie.key}={cookie.value}", "Transfer-Encoding": "chunked"}
        body = chunks(b"word " * 300_000, 64)  # the frames alone are over the limit
        assert len(body) - 1_500_000 > 2 * LIMIT
        assert (await exchange(ours.port, request("PUT", path, headers) + body + b"\r\n"))[0] == 202


async def test_requests_after_each_other_are_counted_each(ours: Hubbub) -> None:
    large = request("GET", "/api/health", {"X": "y" * 20_000})
    async with asyncio.timeout(10), connection(ours.port) as (reader, writer):
        for _ in range(10):
            writer.write(large)
            assert (await reply(reader))[0] == 200
        for _ in range(15):  # never a moment without one
            writer.write(large * 2)
            await reply(reader)
            await reply(reader)
        writer.write(large * 4)
        answers = [(await reply(reader))[0]]
        while answers[-1] == 200:
            answers.append((await reply(reader))[0])
        assert answers[-1] == 431


async def test_heads_behind_an_open_stream(ours: Hubbub) -> None:
    """A refusal in the midst of a stream would be taken for a part of it: the connection ends instead."""
    async with await ours.person() as ann:
        answer_id = (await ask(ann, "", model="slow"))["answer"]["id"]
        [cookie] = ann.cookie_jar
        stream = request("GET", f"/api/answers/{answer_id}/events", {"Cookie": f"{cookie.key}={cookie.value}"})
        async with asyncio.timeout(10), connection(ours.port) as (reader, writer):
            writer.write(stream)
            await reader.readuntil(b'"type":"text"')
            assert ours.services.log.reader_count == 1
            writer.write(request("GET", "/api/health", {"X": "y" * 40_000}) * 2)
            rest = b""
            with contextlib.suppress(ConnectionError):
                while piece := await reader.read(65536):
                    rest += piece
            assert b"HTTP/1.1" not in rest
        async with patience():
            while ours.services.log.reader_count:
                await asyncio.sleep(0.01)


async def test_a_stream_ends_for_who_leaves_with_a_request_behind_it(ours: Hubbub) -> None:
    async with await ours.person() as ann:
        answer_id = (await ask(ann, "", model="slow"))["answer"]["id"]
        [cookie] = ann.cookie_jar
        stream = request("GET", f"/api/answers/{answer_id}/events", {"Cookie": f"{cookie.key}={cookie.value}"})
        async with asyncio.timeout(10), connection(ours.port) as (reader, writer):
            writer.write(stream + HEALTH)
            await reader.readuntil(b'"type":"text"')
            assert ours.services.log.reader_count == 1
        async with patience():
            while ours.services.log.reader_count:
                await asyncio.sleep(0.01)
