"""Attack connections: what is no body, what is no header, every connection there is, no files, thousands at once."""

import asyncio
import contextlib
import itertools
import json
import os
import resource
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from bench.attack.base import Attack, Seen, Target
from tests.servers.hubbub_server import HubbubServer, scripted
from tests.servers.metrics import slowness

MIB = 1024 * 1024
HEALTH = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
QUESTION = b'{"text":"Hello"}'


def port_of(server: HubbubServer) -> int:
    """Return the port of a server."""
    return int(server.url.rstrip("/").rsplit(":", 1)[1])


def rss_of(server: HubbubServer) -> int:
    """Return the memory of a server's process."""
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


def cpu_of(server: HubbubServer) -> float:
    """Return how many seconds of CPU a server's process took."""
    stat = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="utf-8")
    return sum(map(int, stat.rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def post(path: str, headers: Iterable[str], body: bytes) -> bytes:
    """Return the bytes of a request with a body."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def connected(
    port: int, seconds: float = 30.0
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect, and break the connection off at last."""
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def asked(port: int, sent: bytes, seconds: float = 10.0) -> tuple[int, bytes, bytes]:
    """Return status, head and body of the reply; status 0 where none came."""
    try:
        async with asyncio.timeout(seconds), connected(port) as (reader, writer):
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b"0"
            )
            return int(head[9:12]), head, await reader.readexactly(int(length))
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        return 0, b"", b""


async def as_somebody(port: int) -> str:
    """Return the header that makes one somebody new."""
    _, head, _ = await asked(port, b"GET /api/me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"set-cookie:"):
            return "Cookie: " + line.split(b":", 1)[1].split(b";")[0].strip().decode()
    raise AssertionError("nobody was given a cookie")


async def question(port: int, cookie: str) -> str:
    """Return the id of the answer to a question."""
    sent = post("/api/questions", [cookie, f"Content-Length: {len(QUESTION)}"], QUESTION)
    status, _, body = await asked(port, sent)
    assert status == 202, status
    return json.loads(body)["answer"]["id"]


def events(answer_id: str, cookie: str, after: int = 0) -> bytes:
    """Return a request for the events of an answer."""
    return f"GET /api/answers/{answer_id}/events?after={after} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}\r\n\r\n".encode()


async def figures(port: int) -> dict[str, float]:
    """Return what the server says of itself."""
    status, _, body = await asked(port, b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert status == 200
    lines = (line.rsplit(b" ", 1) for line in body.splitlines() if not line.startswith(b"#"))
    return {name.decode().split("{")[0]: float(value) for name, value in lines if b"bucket" not in name}


# Trailers, and whatever else is neither a head nor a body.


async def _poured(port: int, begin: bytes, more: bytes, seconds: float) -> int:
    """Return how many bytes were taken, without end, within this time."""
    sent = 0
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(seconds), connected(port) as (_, writer):
            writer.write(begin)
            while True:
                writer.write(more)
                await writer.drain()
                sent += len(more)
    return sent


async def _pour(target: Target) -> Seen:
    chunked = post("/api/questions", ["Transfer-Encoding: chunked"], b"")
    floods = (
        (chunked + b"2\r\n{}\r\n0\r\n", b"x1: a\r\n" * 5000),
        (chunked + b"2\r\n{}\r\n0\r\nx: ", b"a" * 32_000),
        (chunked + b"2;", b"x" * 32_000),
        (chunked, b"0" * 32_000),
        (b"", b"\r\n" * 16_000),
    )
    seconds = 1.5 if target.is_short else 8.0
    async with target.serving() as server:
        port, before = port_of(server), rss_of(server)
        sent = await asyncio.gather(*[_poured(port, begin, more, seconds) for begin, more in floods])
        grown = rss_of(server) - before
        status, _, _ = await asked(port, HEALTH)
    holds = max(sent) < 8 * MIB and grown < 20 * MIB and status == 200
    return Seen(f"taken at most {max(sent) / MIB:.1f} MiB on a connection; memory +{grown / MIB:.0f} MiB", holds)


trailers_without_end = Attack(
    "trailers, chunk extensions, zeros and empty lines without end",
    "cut at 64 KiB, but for what is on its way (< 8 MiB); memory +< 20 MiB",
    _pour,
    is_quiet=True,
)


async def _forge(target: Target) -> Seen:
    async with target.serving({"HUBBUB_IDENTITY__NEEDS_KEY": "false", **scripted()}) as server:
        port = port_of(server)
        cookie = await as_somebody(port)
        answer_id = await question(port, cookie)
        got: list[int] = []
        for pieces in (1, 2):
            head = post(f"/api/answers/{answer_id}/stop", ["Transfer-Encoding: chunked"], b"")
            tail = b"2\r\n{}\r\n0\r\n" + cookie.encode() + b"\r\n\r\n"
            async with connected(port) as (reader, writer):
                writer.write(head + tail if pieces == 1 else head)
                if pieces == 2:
                    await asyncio.sleep(0.05)
                    writer.write(tail)
                async with asyncio.timeout(10):
                    got.append(int((await reader.readuntil(b"\r\n"))[9:12]))
    return Seen(f"somebody else's answer, their cookie as a trailer: {got}", got == [404, 404])


forged_trailer = Attack("another person's cookie, sent as a trailer", "no trailer is a header: 404", _forge)


async def _upgrade(target: Target) -> Seen:
    offer = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]
    async with target.serving(scripted()) as server:
        port = port_of(server)
        sent = post("/api/questions", [*offer, f"Content-Length: {len(QUESTION)}"], QUESTION)
        statuses: list[int] = []
        async with asyncio.timeout(10), connected(port) as (reader, writer):
            writer.write(sent + sent)
            with contextlib.suppress(asyncio.IncompleteReadError):
                for _ in range(2):
                    head = await reader.readuntil(b"\r\n\r\n")
                    statuses.append(int(head[9:12]))
                    length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
                    await reader.readexactly(int(length))
    return Seen(f"statuses {statuses}", statuses == [202, 202])


offered_h2c = Attack("two questions on a connection, each with `Upgrade: h2c`", "ignored: 202 and 202", _upgrade)


# Every connection there is.


async def _one_stranger(target: Target) -> Seen:
    most = 300
    model = scripted(words=2000, pause_seconds=0.02)
    async with target.serving({"HUBBUB_CLIENTS__CONNECTIONS": str(most), **model}) as server:
        port = port_of(server)
        cookie = await as_somebody(port)
        sent = events(await question(port, cookie), cookie)
        async with contextlib.AsyncExitStack() as stack:

            async def read_on() -> None:
                with contextlib.suppress(OSError, TimeoutError):
                    _, writer = await stack.enter_async_context(connected(port))
                    writer.write(sent)

            await asyncio.gather(*[read_on() for _ in range(2 * most)])
            await asyncio.sleep(0.5)
            waits: list[float] = []
            for _ in range(98):
                began = time.perf_counter()
                if (await asked(port, HEALTH, 2.0))[0] == 200:
                    waits.append(time.perf_counter() - began)
    slowest = max(waits, default=0.0)
    words = f"{len(waits)} of 98 others served, the slowest after {slowest:.2f} s"
    return Seen(words, len(waits) == 98 and slowest < 1)


one_stranger = Attack(
    "one stranger reads one answer over every connection there is", "98 of 98 others are served within a second",
    _one_stranger, is_quiet=True,
)  # fmt: skip


async def _few_files(target: Target) -> Seen:
    words: list[str] = []
    holds = True
    for files in (64,) if target.is_short else (64, 100, 256):
        async with target.serving(launcher=("prlimit", f"--nofile={files}:{files}")) as server:
            port = port_of(server)

            async def one(port: int = port) -> int:
                with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                    async with asyncio.timeout(15), connected(port) as (reader, writer):
                        writer.write(HEALTH)
                        head = await reader.readuntil(b"\r\n\r\n")
                        if b" 503 " in head and b"retry-after" not in head.lower():
                            return 0
                        await asyncio.sleep(1)
                        return int(head[9:12])
                return 0

            told = Counter(await asyncio.gather(*[one() for _ in range(300)]))
            await asyncio.sleep(0.5)
            after = [(await asked(port, HEALTH))[0] for _ in range(5)]
        words.append(f"{files} files: {told[200]} served, {told[503]} told, {told[0]} without a word, then {after}")
        holds = holds and not told[0] and after == [200] * 5
    return Seen("; ".join(words), holds)


few_files = Attack(
    "300 connections where the process may open few files", "each is served, or told 503 with Retry-After",
    _few_files, needs=lambda: None if shutil.which("prlimit") else "prlimit",
)  # fmt: skip


async def _reconnects(target: Target) -> Seen:
    many = 1000 if target.is_short else 5000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    try:
        model = scripted(words=8000, pause_seconds=0.01)
        async with target.serving({"HUBBUB_SERVER__LATE_SECONDS": "0.1", **model}) as server:
            port = port_of(server)
            cookie = await as_somebody(port)
            answer_id = await question(port, cookie)
            await asyncio.sleep(3)
            retries: set[bytes] = set()
            async with contextlib.AsyncExitStack() as stack:
                turns = asyncio.Semaphore(500)  # of this end: it is not to be the one that is slow

                async def come_back() -> None:
                    async with turns:
                        reader, writer = await stack.enter_async_context(connected(port))
                        writer.write(events(answer_id, cookie))
                    retries.add((await reader.readuntil(b"\n\n")).rsplit(b"\r\n", 1)[1].strip())

                began = time.perf_counter()
                await asyncio.gather(*[come_back() for _ in range(many)])
                seconds = time.perf_counter() - began
                longest = (await figures(port))["hubbub_incident_longest_seconds"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    words = (
        f"{many} back in {seconds:.1f} s; loop held {longest * 1000:.0f} ms (0: under 100); {len(retries)} retry times"
    )
    most_seconds = 0.1 * (slowness() if target.is_short else 1.0)  # the suite runs more programs than there are cores
    return Seen(words, longest <= most_seconds and len(retries) > 100)


reconnects = Attack(
    "thousands of readers come back at once", "the loop is held at most 100 ms; `retry:` is jittered", _reconnects,
    is_quiet=True,
)  # fmt: skip


# Those that don't write.


async def _trickle(target: Target) -> Seen:
    many = 200 if target.is_short else 1000
    bound = 2.0
    async with target.serving({"HUBBUB_CLIENTS__BODY_SECONDS": f"{bound:g}"}) as server:
        port = port_of(server)
        closed: list[float] = []

        async def trickle() -> None:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(30), connected(port) as (reader, writer):
                    began = time.perf_counter()
                    writer.write(post("/api/questions", ["Content-Length: 1000"], b"{"))
                    for _ in itertools.repeat(None):
                        await asyncio.sleep(0.1)
                        writer.write(b" ")
                        if reader.at_eof():
                            break
                        with contextlib.suppress(TimeoutError):
                            async with asyncio.timeout(0.001):
                                await reader.read(4096)
                    closed.append(time.perf_counter() - began)

        await asyncio.gather(*[trickle() for _ in range(many)])
    slowest = max(closed, default=99.0)
    return Seen(f"closed after {slowest:.1f} s at the latest, with a bound of {bound:g} s", slowest < bound + 2)


trickled_bodies = Attack("bodies that trickle in", "closed with the 408", _trickle, is_quiet=True)
