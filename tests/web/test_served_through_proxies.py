"""A page and its streams through real proxies: with and without a prefix, TLS, compression and buffering."""

import asyncio
import json
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
import trustme
from yarl import URL

from tests.patience import patience
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="module")

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; gzip {gzip}; gzip_types *; gzip_min_length 1;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port} {ssl}; {certificate}
        location {prefix}/ {{
            proxy_pass http://127.0.0.1:{upstream}/; proxy_http_version 1.1; proxy_buffering {buffering};
            proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;
        }}
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
    bind 127.0.0.1:{port} {certificate}
    http-request set-header X-Forwarded-Proto {scheme}
    http-request replace-path {prefix}/(.*) /\\1
    {compression}
    default_backend out
backend out
    server hubbub 127.0.0.1:{upstream}
"""
CADDY = """
{{
    admin off
    auto_https off
    storage file_system {folder}
}}
{scheme}://127.0.0.1:{port} {{
    {certificate}
    {compression}
    handle_path {prefix}/* {{
        reverse_proxy 127.0.0.1:{upstream}
    }}
}}
"""


@dataclass(frozen=True)
class Way:
    """How a proxy is set up."""

    program: str
    prefix: str = ""
    is_secure: bool = False
    compresses: bool = False
    buffers: bool = False

    def __str__(self) -> str:
        said = (self.prefix, self.is_secure and "TLS", self.compresses and "gzip", self.buffers and "buffers")
        return " ".join([self.program, *(str(one) for one in said if one)])


WAYS = (
    Way("nginx"),
    Way("nginx", "/hub", is_secure=True),
    Way("nginx", "/hub", compresses=True, buffers=True),
    Way("nginx", is_secure=True, compresses=True, buffers=True),
    Way("haproxy"),
    Way("haproxy", "/hub", is_secure=True),
    Way("haproxy", "/hub", compresses=True),
    Way("caddy"),
    Way("caddy", "/hub", is_secure=True),
    Way("caddy", "/hub", compresses=True),
    Way("caddy", is_secure=True, compresses=True),
)


def configured(way: Way, folder: Path, port: int, upstream: int, certificate: Path) -> list[str]:
    """Write the proxy's settings; returns its arguments."""
    common = {"folder": folder, "port": port, "upstream": upstream, "prefix": way.prefix}
    common["scheme"] = "https" if way.is_secure else "http"
    if way.program == "nginx":
        text = NGINX.format(
            **common,
            ssl="ssl" if way.is_secure else "",
            certificate=f"ssl_certificate {certificate}; ssl_certificate_key {certificate};" if way.is_secure else "",
            gzip="on" if way.compresses else "off",
            buffering="on" if way.buffers else "off",
        )
    elif way.program == "haproxy":
        types = "compression algo gzip\n    compression type text/html text/javascript application/json"
        text = HAPROXY.format(
            **common,
            certificate=f"ssl crt {certificate}" if way.is_secure else "",
            compression=types if way.compresses else "",
        )
    else:
        text = CADDY.format(
            **common,
            certificate=f"tls {certificate} {certificate}" if way.is_secure else "",
            compression="encode gzip" if way.compresses else "",
        )
    file = folder / "proxy.conf"
    file.write_text(text, encoding="utf-8")
    of_caddy = ["run", "--adapter", "caddyfile", "--config", str(file)]
    return {"nginx": ["-c", str(file)], "haproxy": ["-f", str(file)], "caddy": of_caddy}[way.program]


@asynccontextmanager
async def proxied(way: Way, folder: Path, server: HubbubServer, authority: trustme.CA) -> AsyncIterator[str]:
    """Run a proxy before the server; yields the address of the page."""
    if (path := shutil.which(way.program, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")) is None:
        pytest.skip(f"needs {way.program}")
    certificate = folder / "certificate.pem"
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    arguments = configured(way, folder, port, int(server.url.rpartition(":")[2]), certificate)
    environment = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(
        path, *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, env=environment
    )
    try:
        async with patience():
            while not _listens(port):
                assert process.returncode is None, "the proxy ended"
                await asyncio.sleep(0.02)
        yield f"{'https' if way.is_secure else 'http'}://127.0.0.1:{port}{way.prefix}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    async with hubbub_serving(tmp_path_factory.mktemp("proxied"), scripted(words=20, pause_seconds=0.05)) as server:
        yield server


@pytest.mark.parametrize("way", WAYS, ids=str)
async def test_a_page_and_its_stream(way: Way, tmp_path: Path, server: HubbubServer) -> None:
    authority = trustme.CA()
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        proxied(way, tmp_path, server, authority) as url,
        aiohttp.ClientSession(cookie_jar=jar, connector=aiohttp.TCPConnector(ssl=tls)) as http,
        asyncio.timeout(30),
    ):
        async with http.get(f"{url}/c/01234567890123456789012345", headers={"Accept-Encoding": "gzip"}) as response:
            page = await response.text()
            assert response.status == 200
            if way.compresses:
                assert response.headers.get("Content-Encoding") == "gzip"
        [script] = re.findall(r'<script[^>]* src="([^"]+)"', page)[:1]
        [base] = re.findall(r'<base href="([^"]+)"', page)
        address = response.url.join(URL(base)).join(URL(script.lstrip("/")))
        async with http.get(address) as response:
            assert response.status == 200, address
            assert "javascript" in response.headers["Content-Type"]
        async with http.get(f"{url}/") as response:
            await response.read()

        origin = "/".join(url.split("/")[:3])
        async with http.post(
            f"{url}/api/questions", json={"text": "Count for me"}, headers={"Origin": origin}
        ) as response:
            assert response.status == 202, await response.text()
            answer_id = (await response.json())["answer"]["id"]
        seen: list[str] = []
        async with http.get(f"{url}/api/answers/{answer_id}/events", headers={"Accept-Encoding": "gzip"}) as response:
            async for line in response.content:
                if line.startswith(b"data: {") and (event := json.loads(line[6:])).get("type") == "text":
                    seen.append(event["text"])
                    if len(seen) == 1:
                        async with http.get(f"{url}/api/answers/{answer_id}") as state:
                            assert (await state.json())["state"] == "open", "it came when all was said"
        assert "".join(seen).split()[-1] == "word19"
        async with http.post(
            f"{url}/api/questions", json={"text": "Hi"}, headers={"Origin": "https://evil.example"}
        ) as response:
            assert response.status == 403
