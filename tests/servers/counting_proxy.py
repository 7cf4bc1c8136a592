"""A way to a server that counts the streams of events that are open on it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

ENDED = b"0\r\n\r\n"
SECONDS = 30


class CountingProxy:
    """What passes through: `opened_streams` is how many streams of events there were at all.

    A client that replaces a stream says so on two connections, and chance decides which of them is read first. So
    `streams` is true only at rest, and `most_streams` may count some that the client had given up.
    """

    def __init__(self) -> None:
        self.url = ""
        self.streams = 0
        self.most_streams = 0
        self.opened_streams = 0

    async def until(self, is_so: Callable[["CountingProxy"], bool]) -> None:
        """Wait until the counts are so.

        Raises:
            AssertionError: they are not after a long time; the message says what they are.
        """
        try:
            async with asyncio.timeout(SECONDS):
                while not is_so(self):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            counts = f"{self.streams} are open, {self.most_streams} were at once, {self.opened_streams} at all"
            raise AssertionError(f"the streams do not come to be so: {counts}") from None

    def _count(self, change: int) -> None:
        self.streams += change
        self.opened_streams += max(change, 0)
        self.most_streams = max(self.most_streams, self.streams)

    async def _serve(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
        is_stream = False

        async def up() -> None:
            nonlocal is_stream
            while data := await reader.read(65536):
                line = data.split(b"\r\n", 1)[0]
                if line.startswith(b"GET /api/answers/") and b"events" in line and not is_stream:
                    is_stream = True
                    self._count(1)
                server_writer.write(data)
            server_writer.close()

        async def down() -> None:
            nonlocal is_stream
            tail = b""
            while data := await server_reader.read(65536):
                writer.write(data)
                tail = (tail + data)[-len(ENDED) :]
                if is_stream and tail == ENDED:
                    is_stream = False
                    self._count(-1)
            writer.close()

        passing = {asyncio.create_task(up()), asyncio.create_task(down())}
        await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        for one in passing:
            one.cancel()
        await asyncio.gather(*passing, return_exceptions=True)  # a side that has gone is no fault
        for one in (writer, server_writer):
            one.close()
        if is_stream:
            self._count(-1)


@asynccontextmanager
async def counting_proxy(port: int) -> AsyncIterator[CountingProxy]:
    """Listen on a free port and pass everything on to another one."""
    proxy = CountingProxy()
    server = await asyncio.start_server(lambda *pair: proxy._serve(port, *pair), "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
