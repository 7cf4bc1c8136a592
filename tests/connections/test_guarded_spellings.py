"""However an address that is not public is written, named or redirected to, no connection to it is begun."""

import asyncio
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager, suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubbub.connections.addresses import networks_of
from hubbub.connections.guarded import Guarded
from hubbub.core.errors import HubbubError, Invalid, NotAllowed
from hubbub.ingest.sources.website import Website
from tests.servers.web_server import WebServer

PUBLIC_4, PUBLIC_6 = "93.184.215.14", "2606:4700::1111"
CLOSED_4 = [
    *map(IPv4Network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "0.0.0.0/8")),
    *map(IPv4Network, ("100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4")),
    *map(IPv4Network, ("169.254.169.254/32", "168.63.129.16/32", "100.100.100.200/32", "127.0.0.1/32")),
]
CLOSED_6 = [
    *map(IPv6Network, ("::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "100::/64")),
    IPv6Network("fd00:ec2::254/128"),
]
ONCE = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


class Connects:
    """Sees each connection before it is begun, and lets none but those to one server be made."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int]] = []
        self.allowed: tuple[str, int] | None = None
        self.is_on = False

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect" or not self.is_on or arguments[0].family == socket.AF_UNIX:
            return
        address = (str(arguments[1][0]), int(arguments[1][1]))
        if address != self.allowed:
            self.begun.append(address)
            raise OSError("nobody connects in this test")


_connects = Connects()
sys.addaudithook(_connects.see)  # for good, as all of them are; it is asleep outside of `watched`


@contextmanager
def watched(allowed: tuple[str, int] | None = None) -> Iterator[Connects]:
    _connects.begun, _connects.allowed, _connects.is_on = [], allowed, True
    try:
        yield _connects
    finally:
        _connects.is_on = False


class Answers(AbstractResolver):
    """Answers each look-up with the next of its answers, and at last with the last one."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            ResolveResult(hostname=host, host=one, port=port, family=families[":" in one], proto=0, flags=0)
            for one in found
        ]

    async def close(self) -> None:
        pass


closed_4 = st.sampled_from(CLOSED_4).flatmap(
    lambda network: st.one_of(
        st.integers(int(network[0]), int(network[-1])), st.sampled_from([int(network[0]), int(network[-1])])
    )
)
closed_6 = st.sampled_from(CLOSED_6).flatmap(
    lambda network: st.integers(int(network[0]), min(int(network[0]) + 2**16, int(network[-1])))
)


def octet(value: int, form: int) -> str:
    return [str(value), f"0x{value:x}", f"0{value:o}", f"0X{value:02X}", f"000{value:o}", f"{value:03d}"][form]


@st.composite
def spelled_4(draw: st.DrawFn) -> str:
    """Return a closed address of IPv4 as some library reads it."""
    number = draw(closed_4)
    parts = [number >> shift & 255 for shift in (24, 16, 8, 0)]
    match draw(st.integers(0, 6)):
        case 0:
            text = ".".join(map(str, parts))
        case 1:  # each part in a form of its own
            text = ".".join(octet(part, draw(st.integers(0, 5))) for part in parts)
        case 2:  # the last part stands for several
            text = f"{octet(parts[0], draw(st.integers(0, 3)))}.{octet(number & 0xFFFFFF, draw(st.integers(0, 3)))}"
        case 3:
            text = f"{parts[0]}.{parts[1]}.{octet(number & 0xFFFF, draw(st.integers(0, 3)))}"
        case 4:
            text = octet(number, draw(st.integers(0, 3)))
        case 5:  # over 32 bits, which wraps around in some
            text = str(number + (draw(st.integers(1, 9)) << 32))
        case _:
            text = ".".join(map(str, parts)) + ".example.org"[: draw(st.sampled_from([0, 1]))]
    return draw(disguised(text))


def disguised(text: str) -> st.SearchStrategy[str]:
    """Return a host with letters that browsers and libraries take for those that are meant."""
    wide = {ord(digit): chr(0xFF10 + int(digit)) for digit in "0123456789"}
    circled = {ord(str(digit)): "⓪①②③④⑤⑥⑦⑧⑨"[digit] for digit in range(10)}
    return st.sampled_from(
        [
            *(text, text, text, f"{text}."),
            *(text.replace(".", dot) for dot in "。．｡"),
            *(text.translate(wide), text.translate(circled)),
            *("".join(f"%{ord(letter):02x}" for letter in text), text.replace(".", "%2e")),
            *(f"{text}%00", f"{text}\u00ad"),
        ]
    )  # fmt: skip


@st.composite
def spelled_6(draw: st.DrawFn) -> str:
    """Return an address of IPv6 that is closed, or holds a closed one of IPv4."""
    inner = draw(closed_4)
    kind = draw(st.integers(0, 8))
    outer = [
        int(draw(closed_6)),
        0xFFFF << 32 | inner,
        0xFFFF << 48 | inner,
        inner,
        int(IPv6Address("64:ff9b::")) | inner,
        int(IPv6Address("64:ff9b:1::")) | inner,
        0x2002 << 112 | inner << 80 | draw(st.integers(0, 9)),
        0x2001 << 112 | draw(st.integers(0, 2**32 - 1)) << 64 | inner ^ 0xFFFFFFFF,
        int(IPv6Address("2001:db8::")) | inner,
    ][kind]
    address = IPv6Address(outer)
    dotted = f"{str(IPv6Address(outer >> 32 << 32)).rstrip('0').removesuffix(':')}:{IPv4Address(outer & 0xFFFFFFFF)}"
    forms = [str(address), address.exploded, str(address).upper()]
    forms += [dotted] if kind in (1, 4) and "::" in dotted else []
    zone = draw(st.sampled_from(["", "", "", "%25lo", "%lo", "%251", "%25eth0"]))
    return f"[{draw(st.sampled_from(forms))}{zone}]"


hosts = st.one_of(spelled_4(), spelled_6())


@st.composite
def urls(draw: st.DrawFn) -> str:
    """Return a URL of a host, among decoys."""
    host = draw(hosts)
    port = draw(st.sampled_from(["", "", "", ":80", ":443", ":", ":0080", ":8080", ":22", ":6379"]))
    scheme = draw(st.sampled_from(["http", "http", "https", "HTTP", "HtTpS", "ftp", "gopher", "ws", "http+unix"]))
    return draw(
        st.sampled_from(
            [
                *[f"{scheme}://{host}{port}/"] * 4,
                *(f"{scheme}://{PUBLIC_4}@{host}{port}/", f"{scheme}://{PUBLIC_4}:80@{host}{port}/"),
                *(f"{scheme}://{host}{port}#@{PUBLIC_4}/", f"{scheme}://{host}{port}?@{PUBLIC_4}/"),
                *(f"{scheme}://{host}{port}\\@{PUBLIC_4}/", f"{scheme}://{PUBLIC_4}\\@{host}{port}/"),
                *(f"{scheme}:////{host}{port}/", f"{scheme}:/{host}{port}/"),
                *(f"{scheme}:{host}{port}/", f"//{host}{port}/"),
                *(f" {scheme}://{host}{port}/ ", f"{scheme}://{host}\t{port}/", f"{scheme}://\n{host}{port}/"),
                *(f"{scheme}://{host}{port}/http://{PUBLIC_4}/", f"{scheme}://@{host}{port}/", f"url:{scheme}://{host}/"),
            ]
        )
    )  # fmt: skip


async def body(fetcher: Guarded, url: str) -> bytes:
    async with fetcher.get(url) as arrived:
        return await arrived.body(1000)


def refused(runner: asyncio.Runner, fetcher: Guarded, url: str) -> None:
    try:
        runner.run(body(fetcher, url))
    except HubbubError as error:
        assert isinstance(error, Invalid | NotAllowed), url
    else:
        raise AssertionError(f"{url} was fetched")


def test_what_is_public_begins_a_connection() -> None:
    """The others would pass if connections weren't seen."""
    with asyncio.Runner() as runner, watched() as connects:
        for url, address in [(f"http://{PUBLIC_4}/", (PUBLIC_4, 80)), (f"https://[{PUBLIC_6}]/", (PUBLIC_6, 443))]:
            fetcher = runner.run(Guarded().__aenter__())
            refused(runner, fetcher, url)
            runner.run(fetcher.__aexit__(None, None, None))
            assert connects.begun[-1] == address


def test_no_spelling_leads_to_a_closed_address() -> None:
    with asyncio.Runner() as runner, watched() as connects:
        fetcher = runner.run(Guarded(resolver=Answers(["127.0.0.1"])).__aenter__())

        @ONCE
        @given(urls())
        def check(url: str) -> None:
            refused(runner, fetcher, url)
            assert connects.begun == []

        check()
        runner.run(fetcher.__aexit__(None, None, None))


addresses = st.one_of(
    closed_4.map(lambda number: str(IPv4Address(number))),
    spelled_6().map(lambda text: text.strip("[]").partition("%")[0]),
)


def test_no_answer_with_a_closed_address_is_connected_to_not_even_beside_public_ones() -> None:
    with asyncio.Runner() as runner, watched() as connects:

        @ONCE
        @given(addresses, st.lists(st.sampled_from([PUBLIC_4, PUBLIC_6]), max_size=3), st.integers(0, 3))
        def check(closed: str, public: list[str], place: int) -> None:
            mixed = [*public[:place], closed, *public[place:]]
            for answers in ([mixed], [[PUBLIC_4], mixed]):
                connects.begun.clear()
                fetcher = runner.run(Guarded(resolver=Answers(*answers)).__aenter__())
                refused(runner, fetcher, "http://name.test/")
                refused(runner, fetcher, "http://name.test/")
                # The first answer of the second kind is public: only that was gone to, whatever the name leads to then.
                assert connects.begun == [(PUBLIC_4, 80)] * (len(answers) - 1)
                runner.run(fetcher.__aexit__(None, None, None))

        check()


def test_no_redirect_and_no_website_leads_to_a_closed_address(tmp_path: Path) -> None:
    with asyncio.Runner() as runner, ExitStack() as stack:

        def opened(manager: AbstractAsyncContextManager[Any]) -> Any:
            stack.callback(lambda: runner.run(manager.__aexit__(None, None, None)))
            return runner.run(manager.__aenter__())

        site = opened(WebServer())
        fetcher = opened(Guarded(listed=networks_of(["127.0.0.1"]), ports=[80, 443, site.port]))
        connects = stack.enter_context(watched(("127.0.0.1", site.port)))
        closed = urls().filter(lambda url: "127.0.0.1" not in url and url.isascii() and url.isprintable())

        @settings(ONCE, max_examples=60)
        @given(closed)
        def check(target: str) -> None:
            site.pages.clear()
            site.redirect("/a.txt", target)
            places = "".join(f"<url><loc><![CDATA[{one}]]></loc></url>" for one in (target, f"{site.url}/a.txt"))
            site.put("/sitemap.xml", f"<urlset>{places}</urlset>", "application/xml")
            with suppress(HubbubError):
                runner.run(body(fetcher, f"{site.url}/a.txt"))
            with suppress(HubbubError):
                runner.run(Website(fetcher, site.url, tmp_path / "place", pause_seconds=0).refresh())
            assert "/sitemap.xml" in site.asked
            assert "/a.txt" in site.asked
            assert connects.begun == []

        check()
