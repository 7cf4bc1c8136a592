"""Attack with readers that never read: each has an answer of its own, which a fast model writes to its end."""

import asyncio
import contextlib
import json
import socket
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.attack.base import Attack, Seen, Target
from bench.attack.rows.wire import as_somebody, connected, events, port_of, post
from tests.servers.hubbub_server import HubbubServer, through
from tests.servers.processes import children_of

KIB = 1024
MOST_BYTES = 256 * KIB
MOST_RATIO = 1.2
PIECE = "An answer that nobody reads is stored, and has to cost little more than that. " * 6
PIECES = 640
"""Some 300 KB in all."""
PAUSE_SECONDS = 0.002
"""Of the fast model, between two pieces."""
RATE = 15.0
"""Words a second of the answers of the others."""
OTHERS = 40
AT_ONCE = 25


def _event(text: str | None) -> bytes:
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": "stop" if text is None else None}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


@asynccontextmanager
async def _model(seconds: float) -> AsyncGenerator[str]:
    """Serve a model that answers LOUD at once, and everything else in stamped words for so many seconds."""
    loud, last = _event(PIECE), _event(None) + b"data: [DONE]\n\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = next((line[15:] for line in head.split(b"\r\n") if line.startswith(b"content-length:")), b"0")
            body = await reader.readexactly(int(length))
            if not head.startswith(b"post"):
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                writer.close()
                return
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
            if b"LOUD" in body:
                for _ in range(PIECES):
                    writer.write(loud)
                    await writer.drain()
                    await asyncio.sleep(PAUSE_SECONDS)
            else:
                for _ in range(int(seconds * RATE)):
                    writer.write(_event(f"{time.monotonic():.4f} "))
                    await asyncio.sleep(1 / RATE)
            writer.write(last)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=4096)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


async def _ask(port: int, cookie: str, text: str) -> str:
    body = json.dumps({"text": text}).encode()
    async with connected(port) as (reader, writer):
        writer.write(post("/api/questions", [cookie, f"Content-Length: {len(body)}", "Connection: close"], body))
        head, _, reply = (await reader.read()).partition(b"\r\n\r\n")
    assert head[9:12] == b"202", head
    return json.loads(reply)["answer"]["id"]


async def _sleep_over(port: int, stack: contextlib.ExitStack) -> str:
    """Ask for a loud answer, begin to read it, and never read; returns what a reader that reads would send."""
    cookie = await as_somebody(port)
    sent = events(await _ask(port, cookie, "LOUD"), cookie)
    raw = stack.enter_context(contextlib.closing(socket.socket()))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", port))
    await loop.sock_sendall(raw, sent)
    return sent.decode()


async def _delays(port: int) -> list[float]:
    """Let others ask and read; returns how late each word came, sorted."""
    delays: list[float] = []

    async def one() -> None:
        cookie = await as_somebody(port)
        answer_id = await _ask(port, cookie, "Hello")
        async with connected(port) as (reader, writer):
            writer.write(events(answer_id, cookie))
            async for line in reader:
                if line.startswith(b"data:") and b'"text"' in line:
                    now = time.monotonic()
                    told = json.loads(line[5:])
                    if told.get("type") == "text":
                        delays.extend(now - float(stamp) for stamp in told["text"].split())
                elif b'"done"' in line or b'"failed"' in line:
                    break

    await asyncio.gather(*(one() for _ in range(OTHERS)))
    return sorted(delays)


def _held_by(server: HubbubServer) -> int:
    """Return the memory of a server's own and its children's."""
    held = 0
    for pid in (server.process.pid, *children_of(server.process.pid)):
        with contextlib.suppress(OSError, IndexError):
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
            held += int(status.split("RssAnon:")[1].split()[0]) * KIB
    return held


async def _most_held(server: HubbubServer) -> int:
    """Return the most memory that is held until this is cancelled."""
    most = 0
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            most = max(most, _held_by(server))
            await asyncio.sleep(0.05)
    return most


def _p99(values: list[float]) -> float:
    return values[len(values) * 99 // 100]


async def _never_read(target: Target) -> Seen:
    many, seconds = (100, 0.0) if target.is_short else (500, 12.0)
    async with (
        _model(seconds) as base_url,
        target.serving({**through(base_url), "HUBBUB_SERVER__LOG_LEVEL": "warning"}) as server,
    ):
        port, door = port_of(server), asyncio.Semaphore(AT_ONCE)
        with contextlib.ExitStack() as stack:
            # First with some who read: what the server takes for so many answers at once is no sleeper's.
            await asyncio.gather(*(_ask_and_read(port) for _ in range(AT_ONCE)))
            alone = await _delays(port) if seconds else []
            before = _held_by(server)
            watching = asyncio.create_task(_most_held(server))

            async def begin() -> str:
                async with door:
                    return await _sleep_over(port, stack)

            beside_them = asyncio.create_task(_delays(port)) if seconds else None
            await asyncio.gather(*(begin() for _ in range(many)))
            beside = await beside_them if beside_them else []
            await asyncio.sleep(2 if target.is_short else 5)
            after = _held_by(server)
            watching.cancel()
            most = await watching
    each = (most - before) // many
    words = f"{many} readers: at most {each // KIB} KiB each, {(after - before) // many // KIB} KiB at last"
    if not beside:
        return Seen(words, each <= MOST_BYTES)
    ratio = _p99(beside) / _p99(alone)
    words += f"; others' p99 {_p99(alone) * 1000:.0f} ms alone, {_p99(beside) * 1000:.0f} ms beside them ({ratio:.2f})"
    return Seen(words, each <= MOST_BYTES and ratio <= MOST_RATIO)


async def _ask_and_read(port: int) -> None:
    cookie = await as_somebody(port)
    sent = events(await _ask(port, cookie, "LOUD"), cookie)
    async with connected(port) as (reader, writer):
        writer.write(sent)
        async for line in reader:
            if b'"done"' in line or b'"failed"' in line:
                break


never_read = Attack(
    "readers that never read, each its own fast answer of 300 KB",
    "<= 256 KiB each; others' p99 <= 1.2 times",
    _never_read,
    is_quiet=True,
    needs=lambda: None if sys.platform == "linux" else "Linux",
)
