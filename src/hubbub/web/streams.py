"""Send an answer's events over a connection for as long as both last, as they come or all at once."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import nullcontext
from typing import Any, TypeAlias, TypeVar

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from hubbub.answers.base import Record
from hubbub.answers.entry import Reader
from hubbub.answers.log import Log
from hubbub.core.errors import HubbubError
from hubbub.core.events import ENDINGS, SAID, Done, Event, Failed, Stopped, decode, prefix_of
from hubbub.core.references import told
from hubbub.identity.grants import granted
from hubbub.web.dialects.base import Dialect
from hubbub.web.protocol import Direct, direct_of

T = TypeVar("T")

Refuse: TypeAlias = Callable[[Failed], Response]
"""Makes the response to a request whose answer failed before it said anything."""

STALL_SECONDS = 30.0
"""A client that takes nothing for so long is cut off; it can come again and go on where it was."""
CUT_SECONDS = 1.0
"""A client that takes nothing for so long is cut off where it was to be told that it may not read on."""
HELD_SECONDS = 10.0
"""So long a response that can still be refused waits for the answer to begin; then it has to begin itself."""

_SAID = tuple(prefix_of(kind) for kind in (*SAID, Done, Stopped))
_FAILED = prefix_of(Failed)
_ENDED = tuple(prefix_of(kind) for kind in ENDINGS)


class EventStream(Response):
    """A response that tails an answer's log. When the reader leaves, only the reading ends.

    Where the server lets us reach the transport, what is committed goes there at once; under any
    other ASGI server it goes through `send`. With `refuse` an answer that fails before it has said
    anything becomes a response of its own, with a status that tells.
    """

    def __init__(
        self, log: Log, answer_id: str, dialect: Dialect, after: int = 0, *, refuse: Refuse | None = None
    ) -> None:
        self.status_code = 200
        self.background = None
        self.raw_headers = [
            (b"content-type", f"{dialect.media_type}; charset=utf-8".encode()),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        self._dialect = dialect
        self._log = log
        self._answer_id = answer_id
        self._after = after
        self._refuse = refuse
        self._has_begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the answer has ended or the reader has left, whichever comes first.

        Raises:
            TooBusy: as many read this answer already as may.
            NotSignedIn: what let the reader in has ended, before anything was sent.
        """
        direct = direct_of(scope)
        reading = direct.reading(self._answer_id) if direct is not None else nullcontext()
        with reading, self._log.holding(self._answer_id):  # between being held and being sent nobody follows it
            if (grant := granted.get()) is None:
                await self._send(scope, receive, send)
                return
            try:
                with grant.holding():
                    await self._send(scope, receive, send)
            except HubbubError as error:  # only by the grant: what happens to the answer is told by then
                if not self._has_begun:
                    raise
                await self._cut(error, scope, send)

    async def _cut(self, error: HubbubError, scope: Scope, send: Send) -> None:
        """End a response that has begun, and say why."""
        message = {"type": "http.response.body", "body": self._dialect.trouble(told(error)), "more_body": False}
        try:
            async with asyncio.timeout(CUT_SECONDS):
                await send(message)
        except TimeoutError:
            if (direct := direct_of(scope)) is not None:
                direct.abort()

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        held: list[Record] = []
        if self._refuse is not None:
            refusal = await unless_left(receive, self._held(held, self._refuse))
            if not isinstance(refusal, bool):
                self._has_begun = True
                await refusal(scope, receive, send)
            if refusal is not True:
                return
        direct = direct_of(scope)
        if direct is not None:
            reader = Reader(self._dialect.frames, direct.write, direct.has_room)
            direct.on_left = reader.leave
            if not direct.has_left:
                await self._pump(held, send, reader, direct)
            return
        await unless_left(receive, self._pump(held, send))

    async def _held(self, held: list[Record], refuse: Refuse) -> Response | bool:
        """Keep what comes until the answer begins; returns True then, or what is to be sent where it has failed."""
        following = self._log.follow(self._answer_id, self._after)
        try:
            async with asyncio.timeout(HELD_SECONDS):
                async for records in following:
                    held += records
                    for record in records:
                        if record.data.startswith(_SAID):
                            return True
                        if record.data.startswith(_FAILED) and isinstance(failed := decode(record.data), Failed):
                            return refuse(failed)
        except (TimeoutError, HubbubError):
            pass  # the stream itself tells what is the matter
        finally:
            await following.aclose()
        return True

    async def _pump(
        self, held: list[Record], send: Send, reader: Reader[bytes] | None = None, direct: Direct | None = None
    ) -> None:
        async def send_in_time(message: Message) -> None:
            if direct is not None and direct.is_free:
                await send(message)
                return
            async with asyncio.timeout(STALL_SECONDS):
                await send(message)

        dialect = self._dialect
        after = held[-1].number if held else self._after
        following: AsyncGenerator[Sequence[Record]] = self._log.follow(self._answer_id, after, reader=reader)
        try:
            self._has_begun = True
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            opening = dialect.opening() + (dialect.frames(held) if held else b"")
            has_ended = bool(held) and held[-1].data.startswith(_ENDED)  # then its log need not be looked for again
            held.clear()
            await send_in_time({"type": "http.response.body", "body": opening, "more_body": True})
            if not has_ended:
                async for records in following:
                    body = dialect.frames(records)
                    await send_in_time({"type": "http.response.body", "body": body, "more_body": True})
            await send_in_time({"type": "http.response.body", "body": b"", "more_body": False})
        except HubbubError as error:
            await send_in_time({"type": "http.response.body", "body": dialect.trouble(told(error)), "more_body": False})
        except TimeoutError:
            if direct is not None:
                direct.abort()
        finally:
            await following.aclose()


class WhileThere(Response):
    """A response that takes time to be made. Once who asked for it has left it is not made any more."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, Response]]) -> None:
        self.status_code = 200
        self.background = None
        self.raw_headers = []
        self._make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make it, then send it; what the making raises is raised."""
        grant = granted.get()
        with grant.holding() if grant is not None else nullcontext():
            made = await unless_left(receive, self._make())
        if not isinstance(made, bool):
            await made(scope, receive, send)


class WholeReply(WhileThere):
    """A response that waits for the end of an answer, and then says all of it at once.

    Who leaves before is not waited for any more: the answer goes on, or not, as for any reader.
    """

    def __init__(self, log: Log, answer_id: str, render: Callable[[Sequence[Record]], Response]) -> None:
        async def make() -> Response:
            return render(await records_of(log, answer_id))

        super().__init__(make)


def events_of(records: Sequence[Record]) -> list[Event]:
    """Return the events that stand in records."""
    return [decode(record.data) for record in records]


async def records_of(log: Log, answer_id: str) -> list[Record]:
    """Return all that is stored of an answer, once it has ended. Nobody is woken for what comes before.

    Raises:
        StoreError: its ending can't be stored now.
    """
    records: list[Record] = []
    collecting = Reader(lambda more: more, records.extend, lambda: True)
    async for more in log.follow(answer_id, reader=collecting):
        records += more
    return records


async def unless_left(receive: Receive, work: Coroutine[Any, Any, T]) -> T | bool:
    """Return what the work returns; False, and the work is cancelled, if the client leaves before."""
    # Not a task group: what the work raises is to be raised as it is. Both tasks have ended when this returns.
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_until_left(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        has_left = not working.done()
    finally:
        working.cancel()
        watching.cancel()
        await asyncio.wait({working, watching})
    return False if has_left else working.result()


async def _until_left(receive: Receive) -> None:
    """Return when the client has gone: what is sent afterwards is dropped without a word."""
    while (await receive())["type"] != "http.disconnect":
        pass
