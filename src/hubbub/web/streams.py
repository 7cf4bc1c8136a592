"""Send an answer's events over a connection for as long as both last."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hubbub.answers.base import Record
from hubbub.core.errors import HubbubError
from hubbub.web.dialects import hubbub


class EventStream(Response):
    """A response that tails an answer's log. When the reader leaves, only the reading ends."""

    def __init__(self, records: AsyncGenerator[Sequence[Record]]) -> None:
        super().__init__(
            media_type=hubbub.MEDIA_TYPE,
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )
        del self.headers["content-length"]
        self._records = records

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the answer has ended or the reader has left, whichever comes first."""
        async with asyncio.TaskGroup() as group:
            pumping = group.create_task(self._pump(send))
            watching = group.create_task(_until_left(receive))
            await asyncio.wait({pumping, watching}, return_when=asyncio.FIRST_COMPLETED)
            pumping.cancel()
            watching.cancel()

    async def _pump(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": hubbub.OPENING, "more_body": True})
        try:
            async for records in self._records:
                await send({"type": "http.response.body", "body": hubbub.frames(records), "more_body": True})
        except HubbubError as error:
            await send({"type": "http.response.body", "body": hubbub.trouble(error), "more_body": True})
        finally:
            await self._records.aclose()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_left(receive: Receive) -> None:
    """Return when the client has gone: what is sent afterwards is dropped without a word."""
    while (await receive())["type"] != "http.disconnect":
        pass
