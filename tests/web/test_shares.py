"""Who holds how many connections, and who makes room for whom."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from hubbub.models.scripted import ScriptedModel
from hubbub.web.address import Forwarded, Proxies, client_address
from hubbub.web.clients import FEW_READERS, Bounds, Clients
from hubbub.web.shares import Shares
from tests.patience import patience
from tests.servers.reader import ask
from tests.web.application import Hubbub, hubbub_running
from tests.web.test_clients import until
from tests.web.wire import connection, exchange, reply, request

HEALTH = request("GET", "/api/health")


@asynccontextmanager
async def from_address(address: str, port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def served(address: str, port: int, headers: dict[str, str] | None = None) -> int:
    async with patience(), from_address(address, port) as (reader, writer):
        writer.write(request("GET", "/api/health", headers))
        with contextlib.suppress(ConnectionError):
            return (await reply(reader))[0]
        return 0


def test_shares_agree_with_a_count_by_hand() -> None:
    chance = random.Random(7)
    shares: Shares[int] = Shares()
    by_hand: dict[str, list[int]] = {}
    for number in range(5000):
        who = chance.choice("abcdef")
        held = by_hand.setdefault(who, [])
        if held and chance.random() < 0.5:
            shares.remove(who, gone := chance.choice(held))
            held.remove(gone)
        else:
            shares.add(who, number)
            held.append(number)
        shares.remove(who, -1)
        assert {one: shares.count(one) for one in by_hand} == {one: len(held) for one, held in by_hand.items()}
        most = max(map(len, by_hand.values()))
        assert shares.newest_of_the_most(most) is None
        if most:
            assert shares.newest_of_the_most(most - 1) in [held[-1] for held in by_hand.values() if len(held) == most]


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        ("10.0.0.1", {"x-forwarded-for": "192.0.2.1"}, Forwarded("192.0.2.1")),
        ("10.0.0.1", {"x-forwarded-for": "198.51.100.9, 192.0.2.1"}, Forwarded("192.0.2.1")),
        ("10.0.0.1", {"x-forwarded-for": "198.51.100.9, 192.0.2.1, 10.0.0.2"}, Forwarded("192.0.2.1")),
        ("10.0.0.1", {"x-forwarded-for": "10.0.0.3, 10.0.0.2"}, Forwarded("10.0.0.3")),
        ("10.0.0.1", {"x-forwarded-for": "198.51.100.9, unknown, 10.0.0.2"}, Forwarded("10.0.0.2")),
        ("10.0.0.1", {"x-forwarded-for": "unknown"}, Forwarded()),
        ("10.0.0.1", {"x-forwarded-for": "192.0.2.1:4711"}, Forwarded("192.0.2.1")),
        ("10.0.0.1", {"x-forwarded-for": "[2001:db8::7]:4711"}, Forwarded("2001:db8::7")),
        ("10.0.0.1", {"x-forwarded-for": "2001:db8::7"}, Forwarded("2001:db8::7")),
        ("10.0.0.1", {"forwarded": 'for=192.0.2.1;proto=https;host="hub.example"'},
         Forwarded("192.0.2.1", "https", "hub.example")),
        ("10.0.0.1", {"forwarded": 'for=198.51.100.9, For="[2001:db8::7]:80"; Proto=http'},
         Forwarded("2001:db8::7", "http")),
        ("10.0.0.1", {"forwarded": "for=198.51.100.9", "x-forwarded-for": "192.0.2.1"}, Forwarded("192.0.2.1")),
        ("10.0.0.1", {"x-forwarded-proto": "https", "x-forwarded-host": "hub.example"},
         Forwarded("", "https", "hub.example")),
        ("10.0.0.1", {"x-forwarded-proto": "javascript"}, Forwarded()),
        ("::ffff:10.0.0.1", {"x-forwarded-for": "192.0.2.1"}, Forwarded("192.0.2.1")),
        ("192.0.2.9", {"x-forwarded-for": "192.0.2.1", "forwarded": "for=1.1.1.1"}, Forwarded()),
        ("", {"x-forwarded-for": "192.0.2.1"}, Forwarded()),
    ],
)  # fmt: skip
def test_only_a_trusted_proxy_is_believed(peer: str, headers: dict[str, str], expected: Forwarded) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    proxies = Proxies(["10.0.0.0/8"])
    assert proxies.read(peer, raw) == expected
    scope = {"type": "http", "client": (peer, 1), "scheme": "http", "headers": raw}
    proxies.apply(scope)
    proxies.apply(scope)  # as where the server has done so before
    assert client_address(scope) == client_address({"client": (expected.client or peer, 1)})


def test_lines_of_a_header_are_one_list() -> None:
    raw = [(b"x-forwarded-for", b"198.51.100.9"), (b"x-forwarded-for", b"192.0.2.1")]
    assert Proxies().read("127.0.0.1", raw) == Forwarded("192.0.2.1")


@pytest.fixture
async def slow() -> ScriptedModel:
    return ScriptedModel(("word ",) * 2000, name="slow", seconds_between=0.01)


async def streaming(hubbub: Hubbub, ann: aiohttp.ClientSession) -> bytes:
    answer_id = (await ask(ann, "", model="slow"))["answer"]["id"]
    [cookie] = ann.cookie_jar
    return request("GET", f"/api/answers/{answer_id}/events", {"Cookie": f"{cookie.key}={cookie.value}"})


@pytest.mark.parametrize("is_proxied", [False, True])
async def test_who_has_the_most_makes_room(tmp_path: Path, slow: ScriptedModel, is_proxied: bool) -> None:
    clients = Clients(
        Bounds(connections=12, answer_share=1.0, address_share=1.0),
        Proxies(["127.0.0.0/8"] if is_proxied else ["10.0.0.1"]),
    )
    many, few = ("192.0.2.1", "192.0.2.2") if is_proxied else ("127.0.0.2", "127.0.0.3")

    def of(address: str) -> tuple[str, dict[str, str]]:
        return ("127.0.0.1", {"X-Forwarded-For": f"1.2.3.4, {address}"}) if is_proxied else (address, {})

    async with hubbub_running(tmp_path, slow, clients=clients) as hubbub, contextlib.AsyncExitStack() as stack:
        sent = await streaming(hubbub, await hubbub.person())
        peer, headers = of(many)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
        for _ in range(11):
            reader, writer = await stack.enter_async_context(from_address(peer, hubbub.port))
            writer.write(sent.replace(b"Host:", head + b"Host:", 1))
            await reader.readuntil(b"\n\n")
        other, other_headers = of(few)
        kept_reader, kept = await stack.enter_async_context(from_address(other, hubbub.port))
        kept.write(
            sent.replace(b"Host:", "".join(f"{n}: {v}\r\n" for n, v in other_headers.items()).encode() + b"Host:", 1)
        )
        await kept_reader.readuntil(b"\n\n")
        await until(lambda: clients.open == 12)
        assert await served(peer, hubbub.port, headers) == 503  # who has the most makes no room for itself
        assert clients.cut == 0
        for _ in range(3):
            assert await served(other, hubbub.port, other_headers) == 200
        assert clients.cut >= 1
        assert clients.shares.count(few) >= 1
        assert await kept_reader.readuntil(b"\n\n")


async def test_one_address_takes_no_more_than_its_share(tmp_path: Path, slow: ScriptedModel) -> None:
    clients = Clients(Bounds(connections=20, address_share=0.5, answer_share=1.0))
    headers = {"X-Forwarded-For": "192.0.2.1"}
    async with hubbub_running(tmp_path, slow, clients=clients) as hubbub, contextlib.AsyncExitStack() as stack:
        sent = (await streaming(hubbub, await hubbub.person())).replace(
            b"Host:", b"X-Forwarded-For: 192.0.2.1\r\nHost:", 1
        )
        for _ in range(10):
            reader, writer = await stack.enter_async_context(connection(hubbub.port))
            writer.write(sent)
            await reader.readuntil(b"\n\n")
        assert await served("127.0.0.1", hubbub.port, headers) == 503
        assert await served("127.0.0.1", hubbub.port, {"X-Forwarded-For": "192.0.2.2"}) == 200
        assert await served("127.0.0.1", hubbub.port) == 200
    assert clients.open == 0
    assert len(clients.shares) == len(clients.readers) == 0


async def test_a_connection_at_rest_makes_room(tmp_path: Path) -> None:
    clients = Clients(Bounds(connections=20))
    async with hubbub_running(tmp_path, clients=clients) as hubbub, contextlib.AsyncExitStack() as stack:
        for _ in range(20):
            reader, writer = await stack.enter_async_context(connection(hubbub.port))
            writer.write(HEALTH)
            assert (await reply(reader))[0] == 200
        for _ in range(3):
            assert (await exchange(hubbub.port, HEALTH))[0] == 200
        assert 1 <= clients.cut <= 3
        assert clients.refused == 0


async def test_one_answer_is_not_read_over_all_connections(tmp_path: Path, slow: ScriptedModel) -> None:
    clients = Clients(Bounds(connections=60))
    async with hubbub_running(tmp_path, slow, clients=clients) as hubbub, contextlib.AsyncExitStack() as stack:
        ann = await hubbub.person()
        sent = await streaming(hubbub, ann)
        statuses: list[int] = []
        for _ in range(40):
            reader, writer = await stack.enter_async_context(connection(hubbub.port))
            writer.write(sent)
            statuses.append(int((await reader.readuntil(b"\r\n"))[9:12]))
        assert statuses == [200] * 30 + [429] * 10
        assert (await exchange(hubbub.port, await streaming(hubbub, ann)))[0] == 200  # another answer
        assert (await exchange(hubbub.port, HEALTH))[0] == 200
    assert len(clients.readers) == 0


async def test_few_may_always_read_an_answer(tmp_path: Path, slow: ScriptedModel) -> None:
    clients = Clients(Bounds(connections=20, answer_share=0.1))
    async with hubbub_running(tmp_path, slow, clients=clients) as hubbub, contextlib.AsyncExitStack() as stack:
        sent = await streaming(hubbub, await hubbub.person())
        for _ in range(FEW_READERS):
            reader, writer = await stack.enter_async_context(connection(hubbub.port))
            writer.write(sent)
            assert b" 200 " in await reader.readuntil(b"\r\n")
        status, headers, _ = await exchange(hubbub.port, sent)
        assert (status, headers["retry-after"]) == (429, "10")


async def test_readers_of_one_answer_make_room(tmp_path: Path, slow: ScriptedModel) -> None:
    """They come from the same address as everybody else, as behind a proxy that says nothing."""
    clients = Clients(Bounds(connections=20, answer_share=1.0))
    async with hubbub_running(tmp_path, slow, clients=clients) as hubbub, contextlib.AsyncExitStack() as stack:
        sent = await streaming(hubbub, await hubbub.person())
        for _ in range(20):
            reader, writer = await stack.enter_async_context(connection(hubbub.port))
            writer.write(sent)
            await reader.readuntil(b"\n\n")
        for _ in range(3):
            assert (await exchange(hubbub.port, HEALTH))[0] == 200
        assert clients.cut >= 1
