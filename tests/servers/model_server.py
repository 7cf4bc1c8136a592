"""A model server on the OpenAI wire that follows a script: it answers, or fails in any way real ones do.

As a program: `python -m tests.servers.model_server --port 0 --tokens 100 --rate 30`; it prints its base URL.
There `POST /script` sets what follows (the fields of `Script` as JSON) and `GET /seen` tells what came in.
"""

import argparse
import asyncio
import contextlib
import json
import socket
import ssl
import struct
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Literal, Self

Moment = Literal["headers", "first_token", "tokens"]


@dataclass(frozen=True)
class Script:
    """What happens to a request. The moments that stall and break may name come before what they are named after."""

    tokens: Sequence[str] = ("Hello", ", ", "wörld", "!")
    seconds_before_first: float = 0.0
    seconds_between: float = 0.0
    finish_reason: str | None = "stop"
    has_done: bool = True
    has_usage: bool = True
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Sent in place of everything, with `status`."""
    raw: Sequence[bytes] | None = None
    """Sent in place of the events, piece by piece, `seconds_between` apart."""
    wire: bytes | None = None
    """Sent in place of the whole reply, its head included; what is endless follows it as it is."""
    stall_before: Moment | None = None
    """Say nothing more from there on; with "tokens": after all of them."""
    reset_before: Moment | None = None
    """Break the connection off with RST; with "tokens": after all of them."""
    ends_early: bool = False
    """Close the connection after the tokens, without a finish reason."""
    held: tuple[int, asyncio.Event] | None = None
    """Say so many tokens, and the others once the event is set."""
    endless: bytes | None = None
    """After the tokens send this again and again, `seconds_between` apart."""


@dataclass
class Seen:
    """A request as it was received."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    began: float = field(default_factory=time.monotonic)
    tokens_sent: int = 0
    client_left: float | None = None
    """When (time.monotonic) the client closed the connection before the answer was complete."""
    is_complete: bool = False


class ModelServer:
    """The server; an async context manager. `scripts` are used up one a request, then `script` serves all others."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        port: int = 0,
        models: Sequence[Mapping[str, Any]] = ({"id": "scripted"},),
        tls: ssl.SSLContext | None = None,
        pages: Mapping[str, tuple[int, Any]] | None = None,
    ) -> None:
        self.script = script or Script()
        self.scripts: deque[Script] = deque()
        self.seen: list[Seen] = []
        self.open_requests = 0
        self.connections = 0
        self._port = port
        self._models = list(models)
        self._tls = tls
        self._pages = dict(pages or {})
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port, ssl=self._tls, backlog=4096)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def open_connections(self) -> int:
        """How many connections are open, be it that nothing is asked on them."""
        return len(self._tasks)

    @property
    def base_url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"

    async def until(self, condition: Callable[["ModelServer"], bool], seconds: float = 30.0) -> None:
        """Return once the condition holds; raises TimeoutError after `seconds`."""
        async with asyncio.timeout(seconds):
            while not condition(self):  # any condition will do, so there is no one event to wait for
                await asyncio.sleep(0.005)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read_request(reader)) is not None:
                if not await self._respond(request, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            writer.close()

    async def _respond(self, request: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Return whether the connection may be used again."""
        if request.path in self._pages:
            status, page = self._pages[request.path]
            await _send_whole(writer, status, json.dumps(page).encode())
            return True
        match request.method, request.path.removeprefix("/openai"):  # Azure has it before its /v1
            case "POST", "/script":
                self.script = replace(Script(), **request.body)
                await _send_whole(writer, 200, b"{}")
                return True
            case "GET", "/seen":
                told = {"requests": len(self.seen), "open": self.open_requests, "connections": self.connections}
                await _send_whole(writer, 200, json.dumps(told).encode())
                return True
            case "GET", "/health":
                await _send_whole(writer, 200, b'{"status":"ok"}')
                return True
            case "GET", "/v1/models":
                self.seen.append(request)
                await _send_whole(writer, 200, json.dumps({"object": "list", "data": self._models}).encode())
                return True
            case "POST", "/v1/embeddings":
                self.seen.append(request)
                script = self.scripts.popleft() if self.scripts else self.script
                body = script.body if script.body is not None or script.status != 200 else embeddings(request.body)
                await _send_whole(writer, script.status, body or b"", script.headers)
                return True
            case "POST", "/v1/chat/completions":
                return await self._complete(request, reader, writer)
            case _:
                await _send_whole(writer, 404, b'{"error":{"message":"no such page"}}')
                return True

    async def _complete(self, request: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        self.seen.append(request)
        self.open_requests += 1
        script = _cut(self.scripts.popleft() if self.scripts else self.script, request.body)
        answering = asyncio.ensure_future(self._answer(script, request, writer))
        leaving = asyncio.ensure_future(_left(reader))
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if leaving.done() and not answering.done():
                request.client_left = time.monotonic()
                return False
            return await answering
        except ConnectionError:
            request.client_left = request.client_left or time.monotonic()
            return False
        finally:
            self.open_requests -= 1
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    async def _answer(self, script: Script, request: Seen, writer: asyncio.StreamWriter) -> bool:
        if await _goes_wrong("headers", script, writer):
            return False
        if script.wire is not None:
            return await self._answer_raw(script, script.wire, writer)
        if script.body is not None or script.status != 200:
            await _send_whole(writer, script.status, script.body or b"", script.headers)
            return True
        headers = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked", **script.headers}
        _send_head(writer, 200, headers)
        await writer.drain()
        if await _goes_wrong("first_token", script, writer):
            return False
        await asyncio.sleep(script.seconds_before_first)
        pieces = script.raw if script.raw is not None else (event(token) for token in script.tokens)
        for number, piece in enumerate(pieces):
            if script.held is not None and number == script.held[0]:
                await script.held[1].wait()
            _send_chunk(writer, piece)
            await writer.drain()
            request.tokens_sent += 1
            if script.seconds_between:
                await asyncio.sleep(script.seconds_between)
        while script.endless is not None:
            _send_chunk(writer, script.endless)
            await writer.drain()
            await asyncio.sleep(script.seconds_between)
        if await _goes_wrong("tokens", script, writer):
            return False
        if script.raw is None and not script.ends_early:
            _send_chunk(writer, _closing(script, len(script.tokens)))
        request.is_complete = True
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _answer_raw(self, script: Script, wire: bytes, writer: asyncio.StreamWriter) -> bool:
        writer.write(wire)
        await writer.drain()
        while script.endless is not None:
            writer.write(script.endless)
            await writer.drain()
            await asyncio.sleep(script.seconds_between)
        await _goes_wrong("tokens", script, writer)
        return False


def event(text: str | None = None, **chunk: Any) -> bytes:
    """Return an event as a server sends it: a piece of text, or the chunk that is given."""
    data = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]} if text is not None else chunk
    return b"data: " + json.dumps({"object": "chat.completion.chunk", **data}, ensure_ascii=False).encode() + b"\n\n"


def embeddings(body: Mapping[str, Any]) -> bytes:
    """Return embeddings by which texts of other lengths lie elsewhere, not normalised, the last one first."""
    numbers = body.get("dimensions", 1536) - 2
    data = [
        {"object": "embedding", "index": index, "embedding": [float(len(text)), 1.0] + [0.0] * numbers}
        for index, text in enumerate(body["input"])
    ]
    return json.dumps({"object": "list", "data": data[::-1], "model": body["model"]}).encode()


def _cut(script: Script, body: Mapping[str, Any]) -> Script:
    limit = body.get("max_tokens", body.get("max_completion_tokens"))
    if limit is None or limit >= len(script.tokens):
        return script
    return replace(script, tokens=script.tokens[:limit], finish_reason="length")


def _closing(script: Script, tokens: int) -> bytes:
    data = b""
    if script.finish_reason is not None:
        data += event(choices=[{"index": 0, "delta": {}, "finish_reason": script.finish_reason}])
    if script.has_usage:
        data += event(choices=[], usage={"prompt_tokens": 7, "completion_tokens": tokens})
    return data + (b"data: [DONE]\n\n" if script.has_done else b"")


async def _goes_wrong(moment: Moment, script: Script, writer: asyncio.StreamWriter) -> bool:
    if script.reset_before == moment:
        raw: socket.socket = writer.get_extra_info("socket")
        with contextlib.suppress(OSError):  # the client may have gone already
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return True
    if script.stall_before == moment:
        await asyncio.Event().wait()
    return False


async def _left(reader: asyncio.StreamReader) -> None:
    """Return once the client has closed the connection. A client that sends more meanwhile is not expected."""
    try:
        while await reader.read(1024):
            pass
    except (ConnectionError, ssl.SSLError):
        return


async def _read_request(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(method, path, headers, json.loads(body) if body else None)


def _send_head(writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str]) -> None:
    lines = [f"HTTP/1.1 {status} As the script says", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))


def _send_chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))


async def _send_whole(
    writer: asyncio.StreamWriter, status: int, body: bytes, headers: Mapping[str, str] | None = None
) -> None:
    _send_head(
        writer, status, {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
    )
    writer.write(body)
    await writer.drain()


async def _main() -> None:
    parser = argparse.ArgumentParser(description="A scripted model server on the OpenAI wire.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=100, help="tokens an answer")
    parser.add_argument("--rate", type=float, default=30.0, help="tokens a second")
    parser.add_argument("--first", type=float, default=0.1, help="seconds before the first token")
    options = parser.parse_args()
    script = Script(
        tokens=[f"word{number} " for number in range(options.tokens)],
        seconds_before_first=options.first,
        seconds_between=1 / options.rate,
    )
    async with ModelServer(script, port=options.port) as server:
        print(server.base_url, flush=True)  # noqa: T201 # a program's output
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
