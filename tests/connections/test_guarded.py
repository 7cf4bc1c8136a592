"""What is fetched by URL reaches nothing but the public internet and what operators list."""

import socket
from collections.abc import AsyncIterator, Sequence

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from hubbub.connections.addresses import may_connect, networks_of
from hubbub.connections.guarded import MOST_REDIRECTS, Guarded
from hubbub.core.errors import HubbubError, Invalid, NotAllowed, TooLarge
from tests.servers.web_server import Put, WebServer

LOOPBACK = networks_of(["127.0.0.1/32"])

REFUSED = """
http://127.0.0.1/ http://127.0.0.2/ http://127.255.255.254/ http://127.0.0.1:80/ http://127.1/ http://127.0.1/
http://2130706433/ http://0x7f000001/ http://0x7f.0.0.1/ http://0x7f.1/ http://0177.0.0.1/ http://0177.0.0.01/
http://017700000001/ http://127.0.0.1./ http://0/ http://0.0.0.0/ http://0.1.2.3/ http://00000/ http://0x0/
http://①②⑦.⓪.⓪.①/ http://127。0。0。1/ http://１２７.０.０.１/ http://127.0.0.1%00.example.org/ http://%31%32%37.0.0.1/
http://10.0.0.1/ http://10.255.255.255/ http://172.16.0.1/ http://172.31.255.254/ http://192.168.0.1/
http://100.64.0.1/ http://100.100.100.200/ http://169.254.169.254/ http://169.254.170.2/ http://168.63.129.16/
http://192.0.0.192/ http://192.0.2.1/ http://198.18.0.1/ http://198.51.100.7/ http://203.0.113.7/ http://192.88.99.1/
http://224.0.0.1/ http://239.255.255.250/ http://240.0.0.1/ http://255.255.255.255/ http://2852039166/
http://[::1]/ http://[::]/ http://[0:0:0:0:0:0:0:1]/ http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/
http://[::ffff:10.0.0.1]/ http://[::127.0.0.1]/ http://[64:ff9b::7f00:1]/ http://[64:ff9b::127.0.0.1]/
http://[64:ff9b:1::7f00:1]/ http://[2002:7f00:1::]/ http://[2001:0:7f00:1::]/ http://[2001:db8::1]/ http://[fe80::1]/
http://[fe80::1%25lo]/ http://[fec0::1]/ http://[fc00::1]/ http://[fd00:ec2::254]/ http://[fd12:3456::1]/
http://[ff02::1]/ http://[::ffff:0:127.0.0.1]/ http://[100::1]/ http://[3fff::1]/ http://[5f00::1]/
http://user@93.184.215.14/ http://user:word@93.184.215.14/ http://93.184.215.14@127.0.0.1/ http://93.184.215.14:22/
http://93.184.215.14:8080/ http://127.0.0.1\\@93.184.215.14/ http://93.184.215.14\\.127.0.0.1/ http:/127.0.0.1/
http:127.0.0.1/ //127.0.0.1/ ftp://93.184.215.14/ file:///etc/passwd gopher://127.0.0.1/ dict://127.0.0.1:11211/
data:text/plain,hello javascript:alert(1) jar:http://127.0.0.1!/ ldap://127.0.0.1/ unix:///run/docker.sock
HTTP://LOCALHOST/ http://localhost/ http://localhost./ http://LOCALHOST%00/ http://internal.test/ http://both.test/
http://mapped.test/ http://metadata.test/ http:// http:/// http://:80/ http://[::1 http://::1/ http://[127.0.0.1]/
http://93.184.215.14:0/ http://93.184.215.14:99999/ http://93.184.215.14:80:80/
""".split()
"""Spellings of addresses that must lead nowhere; names are looked up by the resolver below."""


class Names(AbstractResolver):
    """Knows a few names, each with the answers that it gives one after another."""

    def __init__(self, **known: Sequence[Sequence[str]]) -> None:
        self.known = {name.replace("_", "."): list(answers) for name, answers in known.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self.known.get(host.lower().rstrip("."))
        if not answers:
            raise OSError(f"nobody knows {host}")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        family_of = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            ResolveResult(hostname=host, host=one, port=port, family=family_of[":" in one], proto=0, flags=0)
            for one in found
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
async def site() -> AsyncIterator[WebServer]:
    async with WebServer() as site:
        yield site


def guarded(site: WebServer, **more: object) -> Guarded:
    return Guarded(**{"listed": LOOPBACK, "ports": (80, 443, site.port), **more})  # pyright: ignore[reportArgumentType]


async def body(fetcher: Guarded, url: str, most_bytes: int = 1000) -> bytes:
    async with fetcher.get(url) as arrived:
        return await arrived.body(most_bytes)


@pytest.mark.parametrize("url", REFUSED)
async def test_spellings_of_addresses_that_are_not_public(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[object] = []

    async def connect(*args: object, **kwargs: object) -> socket.socket:
        connected.append(args)
        raise OSError("nobody connects in this test")

    monkeypatch.setattr("aiohappyeyeballs.start_connection", connect)
    names = Names(
        localhost=[["127.0.0.1"]],
        internal_test=[["10.0.0.7"]],
        both_test=[["93.184.215.14", "127.0.0.1"]],
        mapped_test=[["::ffff:127.0.0.1"]],
        metadata_test=[["169.254.169.254"]],
    )
    async with Guarded(resolver=names) as fetcher:
        with pytest.raises(HubbubError) as refused:
            await body(fetcher, url)
    assert isinstance(refused.value, Invalid | NotAllowed)
    assert not connected
    assert "127.0.0.1" not in refused.value.message


def test_what_is_public_and_what_is_listed() -> None:
    for address in ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1"]:
        assert may_connect(address)
    listed = networks_of(["10.1.0.0/16", "fd00:1::/32", "64:ff9b::/96"])
    for address in ["10.1.2.3", "fd00:1::7", "64:ff9b::808:808"]:
        assert not may_connect(address)
        assert may_connect(address, listed)
    for address in ["10.2.0.1", "fd00:2::1", "64:ff9b::7f00:1", "64:ff9b::a02:1", "::ffff:10.2.0.1"]:
        assert not may_connect(address, listed)


async def test_a_name_is_looked_up_once_for_each_connection(site: WebServer) -> None:
    site.put("/a", "text")
    names = Names(rebinds_test=[["127.0.0.1"], ["10.0.0.1"]])
    async with guarded(site, resolver=names) as fetcher:
        assert await body(fetcher, f"http://rebinds.test:{site.port}/a") == b"text"
        assert names.asked == ["rebinds.test"]
        with pytest.raises(NotAllowed):
            await body(fetcher, f"http://rebinds.test:{site.port}/a")
    assert site.asked == ["/a"]


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "//169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://inside.test/",
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
        "http://user@127.0.0.1/",
        "http://0x7f.1/",
    ],
)
async def test_a_redirect_is_checked_like_the_first_url(site: WebServer, target: str) -> None:
    site.redirect("/a", "/b")
    site.redirect("/b", target)
    async with guarded(site, resolver=Names(inside_test=[["127.0.0.2"]])) as fetcher:
        with pytest.raises((NotAllowed, Invalid)):
            await body(fetcher, f"{site.url}/a")
    assert site.asked == ["/a", "/b"]


async def test_redirects_are_followed_and_bounded(site: WebServer) -> None:
    site.put("/end", "there")
    site.redirect("/a/begin", "../end", 301)
    site.redirect("/round", "/round")
    seen: list[str] = []
    async with guarded(site) as fetcher:
        async with fetcher.get(f"{site.url}/a/begin#part", check=seen.append) as arrived:
            assert (arrived.url, await arrived.body(100)) == (f"{site.url}/end", b"there")
        assert seen == [f"{site.url}/a/begin", f"{site.url}/end"]
        site.asked.clear()
        with pytest.raises(Invalid, match="redirects more than"):
            await body(fetcher, f"{site.url}/round")
    assert len(site.asked) == MOST_REDIRECTS + 1


async def test_nothing_is_sent_along(site: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    site.put("/a", "text", set_cookie="seen=1")
    async with guarded(site) as fetcher:
        await body(fetcher, f"{site.url}/a")
        await body(fetcher, f"{site.url}/a")
    for head in site.heads:
        assert {name.lower() for name in head} <= {"host", "accept", "accept-encoding", "connection", "user-agent"}
        assert head["user-agent"].startswith("hubbub/")


async def test_sizes_and_times_are_bounded(site: WebServer) -> None:
    site.put("/large", b"x" * 5000)
    site.pages["/endless"] = Put(b"x" * 2000, holds=True)
    site.pages["/slow"] = Put(b"x", holds=True)
    site.put("/packed", b"x", content_encoding="gzip")
    async with guarded(site, total_seconds=0.3) as fetcher:
        for path in ["/large", "/endless"]:
            with pytest.raises(TooLarge):
                await body(fetcher, f"{site.url}{path}")
        with pytest.raises(Invalid, match="too long"):
            await body(fetcher, f"{site.url}/slow")
        with pytest.raises(Invalid, match="compressed"):
            await body(fetcher, f"{site.url}/packed")
