"""Attack with those who never read, each an answer of its own that a fast model writes; and who never end a body."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.attack.base import HERE, Attack, Seen, Target, python
from bench.attack.rows.wire import HEALTH, as_somebody, asked, connected, cpu_of, events, figures, port_of, post
from tests.servers.hubbub_server import HubbubServer, through
from tests.servers.processes import children_of

KIB = 1024
MOST_BYTES = 256 * KIB
MOST_RATIO = 1.2
PIECE = "An answer that nobody reads is stored, and has to cost little more than that. " * 25
PIECES = 150
"""Some 300 KB in all."""
PAUSE_SECONDS = 0.01
"""Of the fast model, between two pieces."""
RATE = 15.0
"""Words a second of the answers of the others."""
OTHERS = 40
AT_ONCE = 25
TURNS = 5
DELAY_TURNS = 3
A_TURN = 50
"""So many answers are counted at once: few enough for others on the machine to be the same in all turns."""
REQUESTS = 400
MOST_RATIO_OF_REQUESTS = 1.1


def _event(text: str | None) -> bytes:
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": "stop" if text is None else None}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


LOUD = _event(PIECE)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Answer what says LOUD fast and at length, and everything else in stamped words for so many seconds."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = next((line[15:] for line in head.split(b"\r\n") if line.startswith(b"content-length:")), b"0")
        body = await reader.readexactly(int(length))
        if not head.startswith(b"post"):
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        if b"LOUD" in body:
            for _ in range(PIECES):
                writer.write(LOUD)
                await writer.drain()
                await asyncio.sleep(PAUSE_SECONDS)
        else:
            for _ in range(int(seconds * RATE)):
                writer.write(_event(f"{time.monotonic():.4f} "))
                await asyncio.sleep(1 / RATE)
        writer.write(_event(None) + b"data: [DONE]\n\n")
        await writer.drain()
    writer.close()


async def _serve(seconds: float) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _answer(reader, writer, seconds)

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@asynccontextmanager
async def _model(seconds: float) -> AsyncGenerator[str]:
    """Run the model as a process of its own: it is not to hold up those who measure, nor they it."""
    command = python("-m", __spec__.name, f"{seconds:g}")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=HERE)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}/v1"
    finally:
        process.kill()
        await process.wait()


async def _ask(port: int, cookie: str, text: str) -> str:
    body = json.dumps({"text": text}).encode()
    sent = post("/api/questions", [cookie, f"Content-Length: {len(body)}", "Connection: close"], body)
    head = b""
    for _ in range(100):
        async with connected(port) as (reader, writer):
            writer.write(sent)
            head, _, reply = (await reader.read()).partition(b"\r\n\r\n")
        if head[9:12] == b"202":
            return json.loads(reply)["answer"]["id"]
        await asyncio.sleep(0.2)  # as many are open or wait as may
    raise AssertionError(f"a question was never taken: {head[:300]}")


async def _sleep_over(port: int, stack: contextlib.ExitStack) -> None:
    """Ask for a loud answer, begin to read it, and never read."""
    cookie = await as_somebody(port)
    sent = events(await _ask(port, cookie, "LOUD"), cookie)
    raw = stack.enter_context(contextlib.closing(socket.socket()))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", port))
    await loop.sock_sendall(raw, sent)


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
    """Let many never read, and as many others of the same answers be opened by nobody: to make and store them costs."""
    many, seconds = (100, 0.0) if target.is_short else (500, 5.0)
    async with (
        _model(seconds) as base_url,
        target.serving({**through(base_url), "HUBBUB_SERVER__LOG_LEVEL": "warning"}) as server,
    ):
        port = port_of(server)
        with contextlib.ExitStack() as stack:
            # First with some who read: what the server takes for so many answers at once is no sleeper's.
            await asyncio.gather(*(_ask_and_read(port) for _ in range(AT_ONCE)))
            before = _held_by(server)
            watching = asyncio.create_task(_most_held(server))
            await _begin(many, lambda: _sleep_over(port, stack))
            await (_until_written(port) if seconds else asyncio.sleep(2))
            after = _held_by(server)
            watching.cancel()
            most = await watching
            later = _p99(await _delays(port)) if seconds else 0.0
        delays = _Delays()
        costs = await _costs(server) if seconds else None
        for _ in range(DELAY_TURNS if seconds else 0):
            await delays.add(port, many)
    each = (most - before) // many
    words = f"{many} readers: at most {each // KIB} KiB each, {(after - before) // many // KIB} KiB at last"
    if costs is None:
        return Seen(words, each <= MOST_BYTES)
    alone, unopened, beside = (median(p99) for p99 in (delays.alone, delays.unopened, delays.beside))
    unread, ratio, ratio_later = median(costs[1]) / median(costs[0]), beside / unopened, later / alone
    words += f"; {A_TURN} take {median(costs[1]):.2f} s of CPU"
    words += f", {median(costs[0]):.2f} s where nobody opens them ({unread:.2f})"
    words += f"; others' p99 {alone * 1000:.0f} ms alone, {unopened * 1000:.0f} ms while {many} are written"
    words += f" and nobody opens them, {beside * 1000:.0f} ms while they are written and never read ({ratio:.2f})"
    words += f", {later * 1000:.0f} ms once they are written ({ratio_later:.2f})"
    return Seen(words, each <= MOST_BYTES and max(unread, ratio, ratio_later) <= MOST_RATIO)


async def _begin(many: int, begin: Callable[[], Awaitable[object]]) -> None:
    door = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with door:
            await begin()

    await asyncio.gather(*(one() for _ in range(many)))


async def _until_written(port: int) -> None:
    while (await figures(port))["hubbub_open_answers"]:  # noqa: ASYNC110 (it is another process that writes)
        await asyncio.sleep(0.1)


async def _costs(server: HubbubServer) -> tuple[list[float], list[float]]:
    """Return the server's seconds of CPU for some loud answers, in turns: nobody opens them; they are never read."""
    port = port_of(server)
    costs: tuple[list[float], list[float]] = ([], [])
    with contextlib.ExitStack() as stack:
        for turn in range(2 * TURNS):
            began = cpu_of(server)
            await _begin(A_TURN, (lambda: _sleep_over(port, stack)) if turn % 2 else (lambda: _ask_loud(port)))
            await _until_written(port)
            costs[turn % 2].append(cpu_of(server) - began)
    return costs


@dataclass
class _Delays:
    """How late the latest hundredth of others' words came, in several turns: what else goes on moves single ones."""

    alone: list[float] = field(default_factory=list[float])
    unopened: list[float] = field(default_factory=list[float])
    """While loud answers are written that nobody opens."""
    beside: list[float] = field(default_factory=list[float])
    """While they are written and never read."""

    async def add(self, port: int, many: int) -> None:
        """Take one more turn; the sleepers of it leave at its end."""
        self.alone.append(_p99(await _delays(port)))
        self.unopened.append(_p99(await _delays_beside(port, many, lambda: _ask_loud(port))))
        with contextlib.ExitStack() as stack:
            self.beside.append(_p99(await _delays_beside(port, many, lambda: _sleep_over(port, stack))))
            await _until_written(port)


async def _delays_beside(port: int, many: int, begin: Callable[[], Awaitable[object]]) -> list[float]:
    """Begin so many loud answers; returns how late the words of others come while they are written."""
    await _until_written(port)
    await _begin(many, begin)
    return await _delays(port)


async def _ask_loud(port: int) -> None:
    await _ask(port, await as_somebody(port), "LOUD")


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
    "<= 256 KiB each; CPU, and others' p99, <= 1.2 times what they are where nobody opens those answers, or are none",
    _never_read,
    is_quiet=True,
    seconds=300.0,
    needs=lambda: None if sys.platform == "linux" else "Linux",
)


async def _trickle(port: int, many: int) -> None:
    """Begin so many requests, and send a byte of each body a second."""
    writers: list[asyncio.StreamWriter] = []
    for _ in range(many):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post("/api/questions", ["Content-Length: 1000"], b"{"))
        writers.append(writer)
    print("begun", flush=True)
    while True:
        for writer in writers:
            writer.write(b" ")
            await asyncio.sleep(1 / many)


@dataclass
class _Turns:
    """What requests came to in several turns."""

    p99: list[float] = field(default_factory=list[float])
    """Their seconds."""
    cpu: list[float] = field(default_factory=list[float])
    """The server's seconds of CPU."""
    failed: int = 0
    """How many were not served."""

    async def add(self, server: HubbubServer) -> None:
        """Make requests for some seconds."""
        port, cpu, took = port_of(server), cpu_of(server), list[float]()
        for _ in range(REQUESTS):
            began = time.perf_counter()
            self.failed += (await asked(port, HEALTH))[0] != 200
            took.append(time.perf_counter() - began)
            await asyncio.sleep(0.005)
        self.cpu.append(cpu_of(server) - cpu)
        self.p99.append(_p99(sorted(took)))


async def _beside_slow_bodies(target: Target) -> Seen:
    """Let bodies trickle in and stop, in turns: what else goes on with the machine is to be in both alike."""
    many, turns = (200, 1) if target.is_short else (1000, 5)
    variables = {"HUBBUB_SERVER__LOG_LEVEL": "warning", "HUBBUB_CLIENTS__BODY_SECONDS": "600"}
    alone, beside = _Turns(), _Turns()
    async with target.serving(variables) as server:
        await _Turns().add(server)  # the first ones are slower
        command = python("-m", __spec__.name, "trickle", str(port_of(server)), str(many))
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=HERE)
        try:
            assert process.stdout is not None
            await process.stdout.readline()
            await asyncio.sleep(2)  # twice the time in which each has sent a byte
            for _ in range(turns):
                await beside.add(server)
                process.send_signal(signal.SIGSTOP)
                await alone.add(server)
                process.send_signal(signal.SIGCONT)
        finally:
            process.kill()
            await process.wait()
    failed, cpu = alone.failed + beside.failed, median(beside.cpu) / median(alone.cpu)
    ratio = median(beside.p99) / median(alone.p99)
    words = (
        f"p99 {median(alone.p99) * 1000:.1f} ms alone, {median(beside.p99) * 1000:.1f} ms beside {many} ({ratio:.2f}); "
        f"CPU of the server {median(alone.cpu):.2f} s and {median(beside.cpu):.2f} s ({cpu:.2f})"
    )
    holds = not failed and (target.is_short or max(ratio, cpu) <= MOST_RATIO_OF_REQUESTS)
    return Seen(f"{words}; {failed} of {2 * turns * REQUESTS} not served", holds)


beside_slow_bodies = Attack(
    "normal requests beside bodies that trickle in",
    "all are served; p99 +10 %, CPU of the server +10 % (judged in the long form)",
    _beside_slow_bodies,
    is_quiet=True,
    needs=lambda: None if sys.platform == "linux" else "Linux",
)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, OSError):
        if sys.argv[1] == "trickle":
            asyncio.run(_trickle(int(sys.argv[2]), int(sys.argv[3])))
        else:
            asyncio.run(_serve(float(sys.argv[1])))
