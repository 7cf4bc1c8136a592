"""The network before a server: it passes on what comes, stops to, breaks all off, or leads to another server."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self


class Network:
    """A TCP proxy on a free port; an async context manager. While it is cut, nobody learns of the other side."""

    def __init__(self, target: int | str) -> None:
        self.target = target
        """The server's port, or the path of its socket; who connects from now on comes there."""
        self._passes = asyncio.Event()
        self._passes.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.connection_count = 0
        """How many were made so far."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self.break_off()

    def cut(self) -> None:
        """Pass nothing on, neither bytes nor that a side has left; connections are still taken, by the system."""
        self._passes.clear()

    def mend(self) -> None:
        """Pass on what was held and all that comes."""
        self._passes.set()

    async def break_off(self) -> None:
        """Reset all connections that there are."""
        for task in (tasks := list(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connection_count += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            await self._passes.wait()
            their_reader, their_writer = await self._connect()
            ends.append(their_writer)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, their_writer))
                group.create_task(self._pass_on(their_reader, writer))
        except (OSError, ExceptionGroup):
            pass
        finally:
            for end in ends:
                end.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, str):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection("127.0.0.1", self.target)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._passes.wait()
            writer.write(data)
            await writer.drain()
        await self._passes.wait()
        with contextlib.suppress(OSError):
            writer.write_eof()
