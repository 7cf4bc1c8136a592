"""Real proxies before the server: whose connection it is, and whose page."""

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from hubbub.models.scripted import ScriptedModel
from hubbub.web.address import Proxies
from hubbub.web.clients import Bounds, Clients
from tests.patience import patience
from tests.servers.reader import ask
from tests.web.application import Hubbub, hubbub_running
from tests.web.wire import connection, exchange, request

QUESTION = b'{"text":"Hello"}'
NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{upstream}; proxy_http_version 1.1; {more} }}
    }}
}}
"""
HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend in
    bind 127.0.0.1:{port}
    http-request del-header Cookie
    {more}
    default_backend out
backend out
    server hubbub 127.0.0.1:{upstream}
"""
FORWARDED = "proxy_set_header X-Forwarded-For $remote_addr;"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@asynccontextmanager
async def proxied(folder: Path, program: str, hubbub: Hubbub, more: str = "") -> AsyncIterator[int]:
    """Run a proxy before the server; yields its port."""
    if (path := shutil.which(program)) is None:
        pytest.skip(f"needs {program}")
    port, file = free_port(), folder / "proxy.conf"
    text = NGINX if program == "nginx" else HAPROXY
    file.write_text(text.format(folder=folder, port=port, upstream=hubbub.port, more=more), encoding="utf-8")
    arguments = ["-c", str(file)] if program == "nginx" else ["-f", str(file)]
    process = await asyncio.create_subprocess_exec(path, *arguments, stderr=asyncio.subprocess.PIPE)
    try:
        async with patience():
            while True:
                assert process.returncode is None, "the proxy ended"
                try:
                    async with connection(port):
                        break
                except ConnectionError:
                    await asyncio.sleep(0.02)
        yield port
    finally:
        process.terminate()
        await process.communicate()


@pytest.fixture
def clients() -> Clients:
    return Clients(Bounds(connections=20), Proxies(["127.0.0.1"]))


@pytest.fixture
async def hubbub(tmp_path: Path, quick: ScriptedModel, clients: Clients) -> AsyncIterator[Hubbub]:
    slow = ScriptedModel(("word ",) * 2000, name="slow", seconds_between=0.01)
    async with hubbub_running(tmp_path, quick, slow, clients=clients) as hubbub:
        yield hubbub


def asked(origin: str | None = None, **headers: str) -> bytes:
    more = {"Origin": origin} if origin else {}
    return request("POST", "/api/questions", {"Content-Type": "application/json", **more, **headers}, QUESTION)


async def test_a_page_behind_the_default_host_of_nginx(tmp_path: Path, hubbub: Hubbub) -> None:
    """nginx sends its name for the server as `Host`; a browser names the page's origin alone, on plain HTTP."""
    page = "http://hub.example"
    async with proxied(tmp_path, "nginx", hubbub) as port:
        status, _, body = await exchange(port, asked(page, Host="hub.example"))
        assert status == 403
        assert "server.allowed_origins" in json.loads(body)["detail"]
        assert "proxy_set_header Host" in json.loads(body)["detail"]
    async with proxied(tmp_path, "nginx", hubbub, "proxy_set_header X-Forwarded-Host $http_host;") as port:
        assert (await exchange(port, asked(page, Host="hub.example")))[0] == 202
        assert (await exchange(port, asked("http://evil.example", Host="hub.example")))[0] == 403
    direct = asked(page, **{"X-Forwarded-Host": "evil.example"})
    assert (await exchange(hubbub.port, direct))[0] == 403


@pytest.mark.parametrize(("program", "more"), [("nginx", FORWARDED), ("haproxy", "option forwardfor")])
async def test_one_client_behind_a_proxy_has_a_share(
    tmp_path: Path, hubbub: Hubbub, clients: Clients, program: str, more: str
) -> None:
    async with AsyncExitStack() as stack:
        answer_id = (await ask(await hubbub.guest(), "", model="slow"))["answer"]["id"]
        port = await stack.enter_async_context(proxied(tmp_path, program, hubbub, more))
        sent = request("GET", f"/api/answers/{answer_id}/events", {"X-Forwarded-For": "192.0.2.1"})

        async def status_for(address: str) -> int:
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
                stack.callback(lambda: writer.transport.abort())
                writer.write(sent)
                return int((await reader.readuntil(b"\r\n"))[9:12])

        assert [await status_for("127.0.0.2") for _ in range(3)] == [200] * 3
        assert [await status_for("127.0.0.3") for _ in range(2)] == [200] * 2
        assert (clients.shares.count("127.0.0.2"), clients.shares.count("127.0.0.3")) == (3, 2)
        assert clients.shares.count("192.0.2.1") == 0  # what the client says itself stands further left


@pytest.mark.parametrize("program", ["nginx", "haproxy"])
async def test_what_a_proxy_deletes_does_not_come_back_as_a_trailer(
    tmp_path: Path, hubbub: Hubbub, program: str
) -> None:
    async with await hubbub.person() as ann:
        [cookie] = ann.cookie_jar
    head = request("POST", "/api/questions", {"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
    body = b"%x\r\n%b\r\n0\r\nCookie: %b=%b\r\n\r\n" % (
        len(QUESTION), QUESTION, cookie.key.encode(), cookie.value.encode(),
    )  # fmt: skip
    more = 'proxy_set_header Cookie ""; proxy_request_buffering off;' if program == "nginx" else ""
    async with proxied(tmp_path, program, hubbub, more) as port:
        status, _, said = await exchange(port, head + body)
    assert status == 202
    assert await hubbub.services.log.owner(json.loads(said)["answer"]["id"]) == "guest"
