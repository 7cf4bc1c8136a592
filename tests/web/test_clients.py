"""What a client may take of the server: time, heads, connections."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from weakref import WeakSet

import aiohttp
import pytest

from hubbub.models.scripted import ScriptedModel
from hubbub.web.clients import PORTION, SPARE_CONNECTIONS, Bounds, Clients, Kind, Waiting
from hubbub.web.protocol import Protocol
from tests.patience import PATIENCE_SECONDS, SOON_SECONDS, patience
from tests.servers.reader import ask, read_all
from tests.web.application import LIMITS, Hubbub, hubbub_running
from tests.web.wire import connection, exchange, reply, request

HEALTH = request("GET", "/api/health")
SHORT = Bounds(head_seconds=0.4, idle_seconds=0.4, stall_seconds=1.0)
BODY_SECONDS = 0.4


@pytest.fixture
def clients() -> Clients:
    return Clients(SHORT)


@pytest.fixture
async def hubbub(tmp_path: Path, quick: ScriptedModel, clients: Clients) -> AsyncIterator[Hubbub]:
    limits = replace(LIMITS, body_seconds=BODY_SECONDS)
    slow = ScriptedModel(tuple("word " for _ in range(60)), name="slow", seconds_between=0.03)
    async with hubbub_running(tmp_path, quick, slow, limits=limits, clients=clients) as hubbub:
        yield hubbub


async def spoken(port: int, *pieces: bytes, pause_seconds: float = 0.03) -> tuple[bytes, float]:
    """Send pieces with pauses between them; returns all that came back, and after how many seconds it was over."""
    clock = asyncio.get_running_loop().time
    began = clock()
    async with patience(), connection(port) as (reader, writer):

        async def speak() -> None:
            with contextlib.suppress(ConnectionError):
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(pause_seconds)

        speaking = asyncio.ensure_future(speak())
        got = b""
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                got += piece
        speaking.cancel()
        return got, clock() - began


async def until(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def statuses(got: bytes) -> list[int]:
    return [int(part[:3]) for part in got.split(b"HTTP/1.1 ")[1:]]


class Named:
    """A client that notes what it was late with."""

    def __init__(self) -> None:
        self.late: list[Kind] = []

    def on_late(self, kind: Kind) -> None:
        self.late.append(kind)


async def test_who_is_late_and_who_is_not() -> None:
    waiting = Waiting(Bounds(head_seconds=10, idle_seconds=20, stall_seconds=30))
    now = asyncio.get_running_loop().time()
    one, two, three, gone = (Named() for _ in range(4))
    waiting.begin(one, "head")
    waiting.begin(two, "idle")
    waiting.begin(three, "ending")
    waiting.begin(gone, "head")
    waiting.end(gone)
    waiting.sweep(now + 9)
    assert [one.late, two.late, three.late] == [[], [], []]
    waiting.sweep(now + 11)
    waiting.sweep(now + 12)
    assert [one.late, two.late, three.late] == [["head"], [], []]
    waiting.begin(two, "head")  # from the one to the other: it is waited for once only
    waiting.sweep(now + 31)
    assert [one.late, two.late, three.late, gone.late] == [["head"], ["head"], ["ending"], []]
    assert waiting.late == {"head": 2, "ending": 1}


async def test_many_that_are_late_get_told_in_portions() -> None:
    waiting = Waiting(Bounds())
    now = asyncio.get_running_loop().time()
    clients = [Named() for _ in range(3 * PORTION - 10)]
    for number, client in enumerate(clients):
        waiting.begin(client, "idle" if number % 2 else "head")
    told: list[int] = []
    while not waiting.sweep(now + 11):
        told.append(sum(len(client.late) for client in clients))
    assert told == [PORTION, 2 * PORTION]
    assert waiting.late == {"head": len(clients) // 2, "idle": len(clients) // 2}
    assert [client.late for client in clients] == [
        ["idle"] if number % 2 else ["head"] for number in range(len(clients))
    ]


async def test_a_connection_on_which_nothing_comes(hubbub: Hubbub) -> None:
    got, seconds = await spoken(hubbub.port)
    assert got == b""
    assert seconds < SOON_SECONDS
    got, seconds = await spoken(hubbub.port, *[b"\r\n"] * 400)
    assert got == b""
    assert seconds < SOON_SECONDS


async def test_a_head_that_trickles_in(hubbub: Hubbub) -> None:
    for before in (b"", HEALTH):
        got, seconds = await spoken(hubbub.port, before, *(bytes([byte]) for byte in HEALTH * 9))
        assert statuses(got) == ([200, 408] if before else [408])
        assert json.loads(got.rsplit(b"\r\n\r\n", 1)[1])["code"] == "too_slow"
        assert b"x-content-type-options: nosniff" in got
        assert seconds < SOON_SECONDS


async def test_a_head_in_pieces_that_comes_in_time(hubbub: Hubbub) -> None:
    async with patience(), connection(hubbub.port) as (reader, writer):
        for _ in range(4):  # longer in all than one head may take
            for piece in (HEALTH[:5], HEALTH[5:30], HEALTH[30:]):
                writer.write(piece)
                await asyncio.sleep(0.05)
            assert (await reply(reader))[0] == 200


async def test_a_connection_that_is_kept_is_closed(hubbub: Hubbub) -> None:
    for pieces in (
        (HEALTH,),
        (HEALTH, b"G"),  # a byte more ends uvicorn's own timer
        (HEALTH, *[b"\r\n"] * 400),
        (request("GET", "/api/health", {"Content-Length": "1000"}), *[b"x"] * 400),
    ):
        got, seconds = await spoken(hubbub.port, *pieces)
        assert statuses(got)[0] == 200
        assert seconds < SOON_SECONDS, pieces[:2]


async def test_a_stream_is_not_cut_though_its_reader_says_nothing(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    answer_id = (await ask(ann, "", model="slow"))["answer"]["id"]
    assert (await read_all(ann, "", answer_id))[-1]["type"] == "done"
    assert clock() - began > 3 * SHORT.head_seconds


async def test_a_stream_goes_on_though_the_next_head_is_never_whole(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    answer_id = (await ask(ann, "", model="slow"))["answer"]["id"]
    [cookie] = ann.cookie_jar
    asked = request("GET", f"/api/answers/{answer_id}/events", {"Cookie": f"{cookie.key}={cookie.value}"})
    got, seconds = await spoken(hubbub.port, asked, b"GET /api/hea")
    assert statuses(got) == [200, 408]
    assert b"event: done" in got
    assert seconds > 3 * SHORT.head_seconds


async def test_a_body_that_trickles_in(hubbub: Hubbub) -> None:
    head = request("POST", "/api/questions", {"Content-Type": "application/json", "Content-Length": "1000"})
    got, seconds = await spoken(hubbub.port, head, *[b" "] * 400)
    assert statuses(got) == [408]
    assert json.loads(got.rsplit(b"\r\n\r\n", 1)[1])["code"] == "too_slow"
    assert seconds < SOON_SECONDS


@pytest.mark.parametrize("clients", [Clients(Bounds())], ids=["who may wait for long"])
async def test_a_connection_ends_with_the_word_that_its_body_is_late(hubbub: Hubbub) -> None:
    head = request("POST", "/api/questions", {"Content-Type": "application/json", "Content-Length": "1000"})
    got, seconds = await spoken(hubbub.port, head, *[b" "] * 400)
    assert statuses(got) == [408]
    assert b"connection: close" in got
    assert seconds < SOON_SECONDS


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the server took from connections over which something is posted, a read each."""
    reads: list[bytes] = []
    posted = WeakSet[Protocol]()
    take = Protocol.data_received

    def data_received(protocol: Protocol, data: bytes) -> None:
        if data.startswith(b"POST"):
            posted.add(protocol)
        if protocol in posted:
            reads.append(data)
        take(protocol, data)

    monkeypatch.setattr(Protocol, "data_received", data_received)
    return reads


async def trickled(hubbub: Hubbub, writer: asyncio.StreamWriter, *pieces: bytes) -> None:
    """Send pieces; after each the server has looked for what came."""
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        assert (await exchange(hubbub.port, HEALTH))[0] == 200


TRICKLED = request("POST", "/api/no", {"Content-Type": "application/json", "Content-Length": "1000"})


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a server wait for more than a byte")
async def test_a_body_that_trickles_in_wakes_nobody(hubbub: Hubbub, reads: list[bytes]) -> None:
    async with patience(), connection(hubbub.port) as (reader, writer):
        await trickled(hubbub, writer, TRICKLED + b"{", *[b" "] * 10)
        assert len(reads) <= 2
        writer.write(b" " * 988 + b"}" + HEALTH)
        assert [(await reply(reader))[0], (await reply(reader))[0]] == [404, 200]
    assert b"".join(reads) == TRICKLED + b"{" + b" " * 998 + b"}" + HEALTH


async def test_a_request_is_heard_after_a_body_that_trickled_in(hubbub: Hubbub) -> None:
    async with patience(), connection(hubbub.port) as (reader, writer):
        await trickled(hubbub, writer, TRICKLED + b"{", b" ", b" " * 997 + b"}")
        assert (await reply(reader))[0] == 404
        writer.write(HEALTH)
        assert (await reply(reader))[0] == 200


async def test_that_a_body_is_late_is_told_whatever_the_kernel_still_holds_of_it(hubbub: Hubbub) -> None:
    async with patience(), connection(hubbub.port) as (reader, writer):
        await trickled(hubbub, writer, TRICKLED + b"{", b" ", b" " * 100)
        assert statuses(await reader.read()) == [408]  # and no reset


async def test_an_upload_can_not_last_for_ever(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    """Each 64 KiB come in time, but no upload of any size would ever end at that pace."""
    async with ann.post("/api/collections", json={"name": "Mine"}) as response:
        path = f"/api/collections/{(await response.json())['id']}/documents/a.txt"
    [cookie] = ann.cookie_jar
    headers = {"Cookie": f"{cookie.key}={cookie.value}", "Content-Length": "2000000"}
    slowest = [b"word " * 3300] * 120  # 16 KB each 70 ms: 94 KB in each 0.4 s, where 512 KiB are due on the whole
    got, seconds = await spoken(hubbub.port, request("PUT", path, headers), *slowest, pause_seconds=0.07)
    assert statuses(got) == [408]
    assert seconds < SOON_SECONDS


async def test_an_upload_has_to_go_on(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    async with ann.post("/api/collections", json={"name": "Mine"}) as response:
        path = f"/api/collections/{(await response.json())['id']}/documents/a.txt"
    [cookie] = ann.cookie_jar
    headers = {"Cookie": f"{cookie.key}={cookie.value}"}
    trickle = [b"word " * 10] * 400
    got, seconds = await spoken(hubbub.port, request("PUT", path, {**headers, "Content-Length": "500000"}), *trickle)
    assert statuses(got) == [408]
    assert seconds < SOON_SECONDS
    steady = [b"word " * 16_000] * 12  # 80 kB each: slower in all than a small body may be, but it goes on
    length = str(sum(map(len, steady)))
    async with patience(), connection(hubbub.port) as (reader, writer):
        writer.write(request("PUT", path, {**headers, "Content-Length": length}))
        for piece in steady:
            writer.write(piece)
            await asyncio.sleep(0.07)
        assert (await reply(reader))[0] == 202


async def test_heads_over_the_limit(hubbub: Hubbub) -> None:
    whole = {f"X-{number}": "y" for number in range(101)}
    long = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    for name, pieces in {
        "many headers": [request("GET", "/api/health", whole)],
        "very many": [request("GET", "/api/health", {f"X-{number}": "y" for number in range(10_000)})],
        "one that is long": [request("GET", "/api/health", {"X": "y" * 66_000})],
        "a long address": [request("GET", "/" + "a" * 66_000)],
        "one without an end": [long, b"X: ", *[b"y" * 15_000] * 20],
        "many, slowly": [long, *[b"X: " + b"y" * 15_000 + b"\r\n"] * 20],
    }.items():
        got, seconds = await spoken(hubbub.port, *pieces, pause_seconds=0.01)
        assert statuses(got) == [431], name
        assert json.loads(got.rsplit(b"\r\n\r\n", 1)[1])["code"] == "head_too_large"
        assert seconds < SOON_SECONDS
    assert (await exchange(hubbub.port, request("GET", "/api/health", dict(list(whole.items())[:98]))))[0] == 200
    assert (await exchange(hubbub.port, request("GET", "/api/health", {"X": "y" * 65_000})))[0] == 200
    sent = request("POST", "/api/questions", {"Content-Type": "application/json"}, b"x" * 70_000)
    assert (await exchange(hubbub.port, sent))[0] == 413  # the bytes of a body are none of the head's


async def test_requests_that_are_sent_without_waiting(hubbub: Hubbub) -> None:
    got, _ = await spoken(hubbub.port, HEALTH * 20)
    assert statuses(got) == [200] * 20
    got, seconds = await spoken(hubbub.port, HEALTH * 1000)
    assert statuses(got) == [400]  # before the first was served
    assert seconds < SOON_SECONDS
    assert (await exchange(hubbub.port, HEALTH))[0] == 200


async def test_more_connections_than_there_may_be(tmp_path: Path) -> None:
    clients = Clients(Bounds(connections=20))
    async with hubbub_running(tmp_path, clients=clients) as hubbub:
        async with contextlib.AsyncExitStack() as stack:
            kept = [await stack.enter_async_context(connection(hubbub.port)) for _ in range(20)]
            await asyncio.sleep(0.02)
            status, headers, body = await exchange(hubbub.port, HEALTH)
            assert (status, headers["retry-after"], headers["connection"]) == (503, "5", "close")
            assert json.loads(body)["code"] == "overloaded"
            reader, writer = kept[3]
            writer.write(HEALTH)
            assert (await reply(reader))[0] == 200  # who was there before is served
        await until(lambda: not clients.open)
        assert (await exchange(hubbub.port, HEALTH))[0] == 200
        assert clients.refused == 1


async def test_far_more_connections_are_told_at_once(tmp_path: Path) -> None:
    clients = Clients(Bounds(connections=20, head_seconds=60))  # none is late, however long it takes to open them all
    most = 20 + SPARE_CONNECTIONS
    async with hubbub_running(tmp_path, clients=clients) as hubbub, contextlib.AsyncExitStack() as stack:
        for _ in range(most):
            await stack.enter_async_context(connection(hubbub.port))
        await until(lambda: clients.open == most)
        got, seconds = await spoken(hubbub.port)  # it has not even asked
        assert statuses(got) == [503]
        assert seconds < SOON_SECONDS
        await until(lambda: clients.open == most)
        assert clients.refused == 1


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the kernel cuts it off, where it can (Linux)")
async def test_who_takes_nothing_is_cut_off(
    hubbub: Hubbub, ann: aiohttp.ClientSession, quick: ScriptedModel, clients: Clients
) -> None:
    quick._pieces = ("x" * 10_000,) * 300
    answer_id = (await ask(ann, ""))["answer"]["id"]
    await read_all(ann, "", answer_id)
    [cookie] = ann.cookie_jar
    loop = asyncio.get_running_loop()
    for path in (f"/api/answers/{answer_id}/events", f"/api/answers/{answer_id}"):
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        open_before, stalled_before = clients.open, clients.stalled
        with contextlib.closing(raw):
            await loop.sock_connect(raw, ("127.0.0.1", hubbub.port))
            await loop.sock_sendall(raw, request("GET", path, {"Cookie": f"{cookie.key}={cookie.value}"}))
            began = loop.time()
            async with patience():
                while clients.stalled == stalled_before:
                    await asyncio.sleep(0.02)
            assert loop.time() - began > 0.8 * SHORT.stall_seconds
            assert clients.open == open_before


@pytest.mark.parametrize("clients", [Clients(Bounds())], ids=["the kernel is patient"])
async def test_a_reader_that_is_cut_off_is_no_error_of_ours(
    hubbub: Hubbub,
    ann: aiohttp.ClientSession,
    quick: ScriptedModel,
    clients: Clients,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hubbub.web.streams.STALL_SECONDS", 0.1)
    quick._pieces = ("x" * 10_000,) * 300
    answer_id = (await ask(ann, ""))["answer"]["id"]
    await read_all(ann, "", answer_id)
    [cookie] = ann.cookie_jar
    open_before = clients.open
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    with contextlib.closing(raw):
        loop = asyncio.get_running_loop()
        await loop.sock_connect(raw, ("127.0.0.1", hubbub.port))
        headers = {"Cookie": f"{cookie.key}={cookie.value}"}
        await loop.sock_sendall(raw, request("GET", f"/api/answers/{answer_id}/events", headers))
        await until(lambda: clients.stalled == 1 and clients.open == open_before)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_slow_reader_gets_all_of_it(
    hubbub: Hubbub, ann: aiohttp.ClientSession, quick: ScriptedModel, clients: Clients
) -> None:
    """It takes longer than a connection is kept idle, and than a stall may last, but it goes on."""
    quick._pieces = ("x" * 10_000,) * 100
    answer_id = (await ask(ann, ""))["answer"]["id"]
    await read_all(ann, "", answer_id)
    [cookie] = ann.cookie_jar
    loop = asyncio.get_running_loop()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
    raw.setblocking(False)
    with contextlib.closing(raw):
        await loop.sock_connect(raw, ("127.0.0.1", hubbub.port))
        headers = {"Cookie": f"{cookie.key}={cookie.value}"}
        await loop.sock_sendall(raw, request("GET", f"/api/answers/{answer_id}", headers))
        got = bytearray()
        began = loop.time()
        while piece := await loop.sock_recv(raw, 20_000):
            got += piece
            await asyncio.sleep(0.04)
        assert loop.time() - began > 1.5 * SHORT.stall_seconds
    assert got.count(b"x") >= 1_000_000
    assert clients.stalled == 0
