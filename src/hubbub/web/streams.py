"""Send an answer's events over a connection for as long as both last."""

import asyncio
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from hubbub.answers.entry import Reader
from hubbub.answers.log import Log
from hubbub.core.errors import HubbubError
from hubbub.web.dialects import hubbub
from hubbub.web.protocol import direct_of

STALL_SECONDS = 30.0
"""A client that takes nothing for so long is cut off; it can come again and go on where it was."""


_HEADERS = (
    (b"content-type", f"{hubbub.MEDIA_TYPE}; charset=utf-8".encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class EventStream(Response):
    """A response that tails an answer's log. When the reader leaves, only the reading ends.

    Where the server lets us reach the transport, what is committed goes there at once; under any
    other ASGI server it goes through `send`.
    """

    def __init__(self, log: Log, answer_id: str, after: int, *, opening: bytes = hubbub.OPENING) -> None:
        self.status_code = 200
        self.background = None
        self.raw_headers = list(_HEADERS)
        self._opening = opening
        self._log = log
        self._answer_id = answer_id
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the answer has ended or the reader has left, whichever comes first."""
        direct = direct_of(scope)
        if direct is not None:
            reader = Reader(hubbub.frames, direct.write)
            direct.on_left = reader.leave
            if not direct.has_left:
                await self._pump(send, reader, direct.abort)
            return
        async with asyncio.TaskGroup() as group:
            pumping = group.create_task(self._pump(send))
            watching = group.create_task(_until_left(receive))
            await asyncio.wait({pumping, watching}, return_when=asyncio.FIRST_COMPLETED)
            pumping.cancel()
            watching.cancel()

    async def _pump(self, send: Send, reader: Reader | None = None, abort: Callable[[], None] | None = None) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(STALL_SECONDS):
                await send(message)

        following = self._log.follow(self._answer_id, self._after, reader=reader)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send_in_time({"type": "http.response.body", "body": self._opening, "more_body": True})
            async for records in following:
                body = hubbub.frames(records)
                await send_in_time({"type": "http.response.body", "body": body, "more_body": True})
            await send_in_time({"type": "http.response.body", "body": b"", "more_body": False})
        except HubbubError as error:
            await send_in_time({"type": "http.response.body", "body": hubbub.trouble(error), "more_body": False})
        except TimeoutError:
            if abort is not None:
                abort()
        finally:
            await following.aclose()


async def _until_left(receive: Receive) -> None:
    """Return when the client has gone: what is sent afterwards is dropped without a word."""
    while (await receive())["type"] != "http.disconnect":
        pass
