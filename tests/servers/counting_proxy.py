"""A way to a server that counts the streams of events that are open on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

ENDED = b"0\r\n\r\n"


class CountingProxy:
    """What passes through: `most_streams` is how many streams of events were open at the same time, at most."""

    def __init__(self) -> None:
        self.url = ""
        self.streams = 0
        self.most_streams = 0
        self.opened_streams = 0

    def _begin(self) -> None:
        self.streams += 1
        self.opened_streams += 1
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
                    self._begin()
                server_writer.write(data)
            server_writer.close()

        async def down() -> None:
            nonlocal is_stream
            while data := await server_reader.read(65536):
                writer.write(data)
                if is_stream and data.endswith(ENDED):
                    is_stream = False
                    self.streams -= 1
            writer.close()

        passing = {asyncio.create_task(up()), asyncio.create_task(down())}
        await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        for one in passing:
            one.cancel()
        await asyncio.gather(*passing, return_exceptions=True)  # a side that has gone is no fault
        for one in (writer, server_writer):
            one.close()
        if is_stream:
            self.streams -= 1


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
