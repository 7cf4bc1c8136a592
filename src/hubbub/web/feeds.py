"""Send the events of many answers over one connection, so that a browser needs one for all its tabs."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext, suppress

import msgspec
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from hubbub.answers.entry import Reader
from hubbub.answers.log import Log
from hubbub.core.errors import HubbubError
from hubbub.core.references import told
from hubbub.identity.grants import granted
from hubbub.web.dialects.hubbub import MEDIA_TYPE, HubbubEvents
from hubbub.web.protocol import Direct, direct_of
from hubbub.web.streams import CUT_SECONDS, STALL_SECONDS, unless_left

MOST_ANSWERS = 100
"""So many answers may be followed over one connection."""


class Wanted(msgspec.Struct, frozen=True):
    """An answer to follow, from the event behind a number on."""

    answer_id: str
    after: int
    refusal: HubbubError | None = None
    """Why it can't be followed; told in its place."""


class Feed(Response):
    """A response that tails the logs of many answers until all have ended or the reader has left.

    The frames are those of one answer's stream. Before each run of them stands an event `answer`, which names the
    answer that they are of. What goes wrong with one answer is told in its place, and ends that one alone.
    """

    def __init__(self, log: Log, wanted: Sequence[Wanted]) -> None:
        self.status_code = 200
        self.background = None
        self.raw_headers = [
            (b"content-type", f"{MEDIA_TYPE}; charset=utf-8".encode()),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        self._log = log
        self._wanted = wanted
        self._dialect = HubbubEvents()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until all answers have ended, the reader has left, or what let the reader in has ended."""
        direct = direct_of(scope)
        connection = _Connection(send, direct)
        await connection.begin(self.raw_headers, self._dialect.opening())
        grant = granted.get()
        try:
            with grant.holding() if grant is not None else nullcontext():
                if direct is None:
                    await unless_left(receive, self._send_all(connection))
                elif not direct.has_left:
                    await self._send_all(connection)
                await connection.end()
        except HubbubError as error:
            await connection.cut(self._dialect.trouble(told(error)))
        except TimeoutError:
            if direct is not None:
                direct.abort()

    async def _send_all(self, connection: "_Connection") -> None:
        following = [asyncio.create_task(self._send_one(connection, one)) for one in self._wanted]
        try:
            done, _ = await asyncio.wait(following, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in following:
                task.cancel()
            await asyncio.wait(following)

    async def _send_one(self, connection: "_Connection", wanted: Wanted) -> None:
        """Send one answer's events to its end.

        Raises:
            TimeoutError: the reader takes nothing.
        """
        answer_id, direct = wanted.answer_id, connection.direct
        head = b"event: answer\ndata: " + answer_id.encode() + b"\n\n"
        if wanted.refusal is not None:
            await connection.send(head + _refused(wanted.refusal))
            return
        reader = None
        if direct is not None:
            write = direct.write
            reader = Reader(self._dialect.frames, lambda body: write(head + body), direct.has_room)
            connection.on_left.append(reader.leave)
        with ExitStack() as stack:
            try:
                if direct is not None:
                    stack.enter_context(direct.reading(answer_id))
                stack.enter_context(self._log.holding(answer_id))
                async for records in self._log.follow(answer_id, wanted.after, reader=reader):
                    await connection.send(head + self._dialect.frames(records))
                await connection.send(head + b"event: over\ndata: {}\n\n")
            except HubbubError as error:
                await connection.send(head + self._dialect.trouble(told(error)))


class _Connection:
    """The response's body, which many answers write to."""

    def __init__(self, send: Send, direct: Direct | None) -> None:
        self.direct = direct
        self.on_left: list[Callable[[], None]] = []
        self._send = send
        if direct is not None:
            direct.on_left = self._leave

    async def begin(self, headers: list[tuple[bytes, bytes]], opening: bytes) -> None:
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        with suppress(TimeoutError):
            await self.send(opening)

    async def send(self, body: bytes, *, is_last: bool = False) -> None:
        """Send a piece of the body, which is written as a whole.

        Raises:
            TimeoutError: the client takes nothing.
        """
        message: Message = {"type": "http.response.body", "body": body, "more_body": not is_last}
        if self.direct is not None and self.direct.is_free:
            await self._send(message)
            return
        async with asyncio.timeout(STALL_SECONDS):
            await self._send(message)

    async def end(self) -> None:
        await self.send(b"", is_last=True)

    async def cut(self, body: bytes) -> None:
        """End the response at once, and say why."""
        try:
            async with asyncio.timeout(CUT_SECONDS):
                await self.send(body, is_last=True)
        except TimeoutError:
            if self.direct is not None:
                self.direct.abort()

    def _leave(self) -> None:
        for leave in self.on_left:
            leave()


def _refused(error: HubbubError) -> bytes:
    return b"event: refused\ndata: " + msgspec.json.encode({"code": error.code, "detail": error.message}) + b"\n\n"
