"""A reply that streams: its bytes are awaited one by one, or poured into a function by the caller's loop."""

import asyncio
import selectors
from collections.abc import Callable
from typing import TypeAlias

import httptools  # pyright: ignore[reportMissingTypeStubs]

from hubbub.connections.arrivals import Arrivals
from hubbub.connections.outside import Body, BrokenOff
from hubbub.connections.sockets import RECEIVE_BYTES, Connection

HEAD_BYTES = 64 * 1024
"""So much may come of a head, or between two pieces of a body: more is no reply that anybody means."""

Take: TypeAlias = Callable[[bytes], bool]
"""Takes what has arrived of a body, empty at its end, and says whether it wants more."""


class Deadline:
    """Until when something may take, in the loop's time. Who waits may put it off."""

    __slots__ = ("at",)

    def __init__(self, at: float) -> None:
        self.at = at


class StreamReply(Body):
    """A server's reply, of the same shape as that of `Http`: status and headers are there, the body is on the way.

    A chunk is awaited one by one, or all that follows is poured into a function by the commit loop.
    """

    def __init__(self, arrivals: "Arrivals[StreamReply]", connection: Connection) -> None:
        self.status = 0
        self.reason = ""
        self.headers: dict[str, str] = {}
        """By names in lower case."""
        self.is_complete = False
        self.may_be_kept = False
        self._arrivals = arrivals
        self._connection = connection
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._has_headers = False
        self._bytes_since_body = 0
        self._fault: str | None = None
        self.selector: selectors.BaseSelector | None = None
        """Where the socket is waited for; `Streams` keeps it."""
        self._waiter: asyncio.Future[None] | None = None
        self._take: Take | None = None
        self._deadline: Deadline | None = None

    async def chunk(self) -> bytes:
        """Return what has arrived of the body, at least one byte; empty once it is complete.

        Raises:
            BrokenOff: the connection ended first.
        """
        while not self._body:
            if self.is_complete:
                return b""
            if self._fault is not None:
                raise BrokenOff(self._fault)
            await self._arrival()
        return self._taken()

    async def pour(self, take: Take, deadline: Deadline) -> None:
        """Hand over what is left of the body, a call a round, until `take` wants no more or the body is complete.

        `take` is called by whoever polls, without waking this task. Without anybody who polls it is
        called here, as the bytes arrive.

        Raises:
            BrokenOff: the connection ended first.
            TimeoutError: the deadline, as it stands at that time, has passed.
            Exception: whatever `take` raised.
        """
        if self._body and not take(self._taken()):
            return
        if self.is_complete or self._fault is not None or not self._arrivals.has_poller:
            await self._poured_here(take, deadline)
            return
        self._take, self._deadline = take, deadline
        self._waiter = asyncio.get_running_loop().create_future()
        self._arrivals.add_polled(self)
        try:
            await self._waiter
        finally:
            self._waiter = self._take = None
            self._arrivals.let_go(self)

    async def headers_arrived(self) -> None:
        """Return when status and headers are there.

        Raises:
            BrokenOff: the connection ended first, or what came is not HTTP.
        """
        while not self._has_headers:
            if self._fault is not None:
                raise BrokenOff(self._fault)
            await self._arrival()

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._connection.fileno()

    def read(self, most_bytes: int = RECEIVE_BYTES) -> bool:
        """Take about so much of what has arrived from the socket, and tell whoever wants it."""
        is_much = False
        try:
            data = self._connection.receive(most_bytes)
            if data is None:
                return False
            if data:
                is_much = len(data) > most_bytes // 2  # under TLS frames are counted as well
                self._bytes_since_body += len(data)
                self._parser.feed_data(data)  # pyright: ignore[reportUnknownMemberType]
                if self._bytes_since_body > HEAD_BYTES:
                    self._fault = f"its head is over {HEAD_BYTES:,} bytes"
            else:
                self._end()
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):  # the latter: it wants to speak something else
            self._fault = "it does not answer in HTTP as it should"
        except OSError as error:
            self._fault = error.strerror or type(error).__name__
        if self.is_complete and self._fault is not None:  # it came behind the reply
            self._fault, self.may_be_kept = None, False
        if self.is_complete or self._fault is not None:
            self._arrivals.let_go(self)  # an end that stays readable would be read again and again
        if self._take is not None:
            self._hand_over(self._take)
        else:
            self._wake(None)
        return is_much

    def check_deadline(self, now: float) -> None:
        """End the pouring if its time is over."""
        if self._deadline is not None and now > self._deadline.at:
            self._wake(TimeoutError())

    def forget(self) -> None:
        """Read no more."""
        self._arrivals.let_go(self)

    def _hand_over(self, take: Take) -> None:
        if self._waiter is None or self._waiter.done():
            return
        try:
            wants_more = take(self._taken()) if self._body else True
            if wants_more and self.is_complete:
                take(b"")
                wants_more = False
        except Exception as error:  # noqa: BLE001 (it is raised where the pouring is awaited)
            self._wake(error)
            return
        if not wants_more:
            self._wake(None)
        elif self._fault is not None:
            self._wake(BrokenOff(self._fault))

    async def _poured_here(self, take: Take, deadline: Deadline) -> None:
        wants_more = True
        while wants_more:
            async with asyncio.timeout_at(deadline.at):
                chunk = await self.chunk()
            wants_more = take(chunk) and bool(chunk)

    def _taken(self) -> bytes:
        chunk = b"".join(self._body) if len(self._body) > 1 else self._body[0]
        self._body.clear()
        return chunk

    async def _arrival(self) -> None:
        self._arrivals.watch(self)
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self, error: Exception | None) -> None:
        if self._waiter is not None and not self._waiter.done():
            if error is None:
                self._waiter.set_result(None)
            else:
                self._waiter.set_exception(error)

    def _end(self) -> None:
        """The server has closed the connection: that ends a body whose length it did not tell."""
        encoding = self.headers.get("transfer-encoding", "").lower()
        is_told = "content-length" in self.headers or "chunked" in encoding
        if not self._has_headers:
            self._fault = "it closed the connection without a reply"
        elif is_told and not self.is_complete:
            self._fault = "it closed the connection in the middle"
        else:
            self.is_complete = True

    # What the parser calls. What follows a complete reply is none of it: nobody asked for more.

    def on_message_begin(self) -> None:
        if self.is_complete:
            self.may_be_kept = False

    def on_status(self, status: bytes) -> None:
        if not self.is_complete:
            self.reason = status.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._has_headers:  # else it stands behind the body
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if not self.is_complete:
            self.status = int(self._parser.get_status_code())
            self._has_headers = self.status >= 200

    def on_body(self, body: bytes) -> None:
        if not self.is_complete:
            self._bytes_since_body = 0
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self.is_complete:
            return
        if self._has_headers:
            self.is_complete = True
            self.may_be_kept = bool(self._parser.should_keep_alive())
        else:
            self.headers.clear()  # 100 Continue and the like: the reply itself follows
