"""Send what a link to a chat shows, anew whenever it changes, until the link opens nothing any more."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hubbub.app.shared_chats import SharedChat
from hubbub.core.errors import HubbubError, Overloaded
from hubbub.core.reasons import because
from hubbub.core.references import told
from hubbub.identity.grants import granted
from hubbub.web.dialects.hubbub import MEDIA_TYPE
from hubbub.web.streams import STALL_SECONDS, unless_left

LOOK_SECONDS = 0.4
QUIET_SECONDS = 15.0
"""A connection on which nothing came for so long is sent a comment, so that it is seen to live."""
MOST_STREAMS = 200
"""So many are open at once in a process."""


class LinkStreams:
    """The open streams of a process, of which there are only so many."""

    def __init__(self, most: int = MOST_STREAMS) -> None:
        self._most = most
        self._open = 0

    def enter(self) -> None:
        """Take a place.

        Raises:
            Overloaded: there is none.
        """
        if self._open >= self._most:
            raise Overloaded(because("readers_full"), retry_after_seconds=5.0)
        self._open += 1

    def leave(self) -> None:
        """Give the place back."""
        self._open -= 1


class LinkStream(Response):
    """A response that shows a shared chat as an event `chat`, and again when it has changed.

    When the link opens nothing any more for who reads, an event `ended` says why and is the last.
    """

    def __init__(
        self, streams: LinkStreams, look: Callable[[], Awaitable[SharedChat | None]], is_over: Callable[[], bool]
    ) -> None:
        """Take what returns the chat where it may have changed (it raises where it may not be read any more)."""
        self.status_code = 200
        self.background = None
        self.raw_headers = [
            (b"content-type", f"{MEDIA_TYPE}; charset=utf-8".encode()),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            (b"x-robots-tag", b"noindex, nofollow"),
        ]
        self._streams = streams
        self._look = look
        self._is_over = is_over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the link, what let the reader in, or the connection has ended."""
        self._streams.enter()
        try:
            grant = granted.get()
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            try:
                with grant.holding() if grant is not None else nullcontext():
                    await unless_left(receive, self._follow(send))
            except HubbubError as error:
                told(error)
                content = msgspec.json.encode({"code": error.code, "detail": error.message})
                await _send(send, b"event: ended\ndata: " + content + b"\n\n")
            await _send(send, b"", is_last=True)
        except TimeoutError:
            pass  # who takes nothing is not waited for
        finally:
            self._streams.leave()

    async def _follow(self, send: Send) -> None:
        shown, quiet_seconds = b"", 0.0
        while not self._is_over():
            chat = await self._look()
            content = shown if chat is None else msgspec.json.encode(chat)
            if content != shown:
                shown, quiet_seconds = content, 0.0
                await _send(send, b"event: chat\ndata: " + content + b"\n\n")
            elif quiet_seconds >= QUIET_SECONDS:
                quiet_seconds = 0.0
                await _send(send, b": \n\n")
            await asyncio.sleep(LOOK_SECONDS)
            quiet_seconds += LOOK_SECONDS


async def _send(send: Send, body: bytes, *, is_last: bool = False) -> None:
    async with asyncio.timeout(STALL_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": not is_last})
