"""The outgoing client reaches servers, or says in time why it can't."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from typing import cast

import aiohttp
import pytest
import trustme

from hubbub.connections.http import Http
from hubbub.connections.outside import BrokenOff, Unreachable
from tests.servers.model_server import ModelServer, Script


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as http:
        yield http


async def test_a_page_is_fetched(http: Http) -> None:
    async with ModelServer(pages={"/page": (200, {"a": 1}), "/gone": (410, "x" * 100)}) as server:
        assert await http.get(f"{server.base_url[:-3]}/page") == (200, b'{"a": 1}')
        assert await http.get(f"{server.base_url[:-3]}/gone", limit_bytes=10) == (410, b'"xxxxxxxxx')


async def test_a_silent_server_is_given_up(http: Http) -> None:
    listening = socket.create_server(("127.0.0.1", 0))  # accepts into its backlog and never speaks
    with listening, pytest.raises(Unreachable, match=r"within 0\.1 s"):
        await http.get(f"http://127.0.0.1:{listening.getsockname()[1]}/", seconds=0.1)


async def test_proxies_of_the_environment_are_not_trusted(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with ModelServer(pages={"/page": (200, 1)}) as server:
        assert (await http.get(f"{server.base_url[:-3]}/page"))[0] == 200


async def test_a_post_with_a_key_follows_no_redirect(http: Http) -> None:
    async with ModelServer() as other, ModelServer() as server:
        server.script = Script(status=307, headers={"Location": f"{other.base_url}/chat/completions"})
        async with http.request(
            "POST", f"{server.base_url}/chat/completions", headers={"api-key": "k"}, body=b"{}"
        ) as reply:
            assert reply.status == 307
        assert other.seen == []


@pytest.mark.parametrize(
    "raw", [b"220 ftp ready\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000 + b"\r\n\r\n", b""]
)
async def test_what_is_not_http_is_a_break(http: Http, raw: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(raw)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        with pytest.raises(BrokenOff):
            await http.get(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://127.0.0.1/", "http://127.0.0.1:99999/"])
async def test_a_bad_address_is_unreachable(http: Http, url: str) -> None:
    with pytest.raises(Unreachable):
        await http.get(url)


class Names(asyncio.DatagramProtocol):
    """A name server: `good.test` is 127.0.0.1, `none.test` is not there, to all else it says nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str | int, int]) -> None:
        question = data[12 : data.index(b"\0", 12) + 5]
        kind = struct.unpack("!H", question[-4:-2])[0]
        if b"good" in question:
            answer = b"\xc0\x0c" + struct.pack("!HHIH4s", 1, 1, 0, 4, socket.inet_aton("127.0.0.1"))
            head = struct.pack("!HHHHH", 0x8180, 1, int(kind == 1), 0, 0)
            self.transport.sendto(data[:2] + head + question + (answer if kind == 1 else b""), address)
        elif b"none" in question:
            self.transport.sendto(data[:2] + struct.pack("!HHHHH", 0x8183, 1, 0, 0, 0) + question, address)


async def test_a_look_up_that_hangs_holds_up_nobody_else() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Names, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    resolver = aiohttp.AsyncResolver(nameservers=[f"127.0.0.1:{port}"], timeout=30)
    async with Http(resolver=resolver) as http, ModelServer(pages={"/page": (200, 1)}) as server:
        stuck = [asyncio.create_task(http.get(f"http://stuck{number}.test/", seconds=30)) for number in range(20)]
        await asyncio.sleep(0.05)
        assert (await http.get(f"http://good.test:{server.port}/page", seconds=2))[0] == 200
        with pytest.raises(Unreachable, match=r"none\.test can't be looked up"):
            await http.get("http://none.test/", seconds=2)
        with pytest.raises(Unreachable, match=r"within 0\.1 s"):
            await http.get("http://stuck.test/", seconds=0.1)
        assert not any(task.done() for task in stuck)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
    transport.close()
    await resolver.close()


@pytest.fixture
async def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def tls_server(authority: trustme.CA) -> AsyncIterator[ModelServer]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    async with ModelServer(tls=tls, pages={"/page": (200, 1)}) as server:
        yield server


async def test_a_certificate_that_is_not_trusted_is_refused(http: Http, tls_server: ModelServer) -> None:
    with pytest.raises(Unreachable, match="certificate is not trusted"):
        await http.get(f"{tls_server.base_url[:-3]}/page")


async def test_over_tls_too_leaving_closes_the_connection(authority: trustme.CA, tls_server: ModelServer) -> None:
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    tls_server.script = Script(tokens=["x"] * 10_000, seconds_between=0.01)
    async with Http(tls=tls) as http:
        assert (await http.get(f"{tls_server.base_url[:-3]}/page"))[0] == 200
        async with http.request("POST", f"{tls_server.base_url}/chat/completions", body=b"{}") as reply:
            assert await reply.chunk()
        await tls_server.until(lambda server: server.open_requests == 0)


async def test_over_tls_a_complete_reply_leaves_its_connection_for_the_next(
    authority: trustme.CA, tls_server: ModelServer
) -> None:
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    async with Http(tls=tls) as http:
        for _ in range(3):
            await http.get(f"{tls_server.base_url[:-3]}/page")
            async with http.request("POST", f"{tls_server.base_url}/chat/completions", body=b"{}") as reply:
                while b"[DONE]" not in await reply.chunk():
                    pass
                await reply.drain()
    assert tls_server.connections == 1


async def test_plain_connections_are_not_used_again(http: Http) -> None:
    async with ModelServer(pages={"/page": (200, 1)}) as server:
        for _ in range(3):
            await http.get(f"{server.base_url[:-3]}/page")
        assert server.connections == 3
