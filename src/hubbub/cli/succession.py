"""Hand the sockets of a server that ends to the one that is started in its place, so that nobody is refused between.

The server that drains listens on a Unix socket in its data folder. Who is started on the same folder and port, and
finds the port taken, gets the listening sockets there. Both serve on them until the new one says that it is ready.
"""

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

NAME = "successor-{pid}.sock"
"""Each server has a place of its own: the next one may drain before the one before it has noticed that it serves."""
MOST_SOCKETS = 256
READY = b"r"
ASK_SECONDS = 2.0
LOOK_SECONDS = 0.05
WAIT_SECONDS = 2.0
"""So long a server that starts waits for the one before it to begin to drain, or to leave the port."""


class Succession:
    """The place where a successor is waited for, while this is entered. Where it can't be had, there is none."""

    def __init__(self, folder: Path, sockets: Callable[[], Sequence[socket.socket]]) -> None:
        self._folder = folder
        self._sockets = sockets
        self._task: asyncio.Task[None] | None = None
        self.is_expected = asyncio.Event()
        """Set while a successor, which has taken the sockets, is being started."""
        self.is_done = asyncio.Event()
        """Set once a successor serves on the sockets."""

    async def __aenter__(self) -> Self:
        if sys.platform != "win32":
            self._task = asyncio.create_task(self._wait(), name="succession")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as waiting:
            waiting.setblocking(False)
            with _reachable(self._folder, NAME.format(pid=os.getpid())) as path:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()  # of one that was killed while it drained
                waiting.bind(str(path))
                path.chmod(0o600)
            waiting.listen(1)
            try:
                while not self.is_done.is_set():
                    successor, _ = await loop.sock_accept(waiting)
                    with successor, contextlib.suppress(OSError):
                        descriptors = [one.fileno() for one in self._sockets()]
                        socket.send_fds(successor, [b"s"], descriptors)
                        self.is_expected.set()
                        if await loop.sock_recv(successor, 1) == READY:
                            self.is_done.set()
                    self.is_expected.clear()
            finally:
                with (
                    _reachable(self._folder, NAME.format(pid=os.getpid())) as path,
                    contextlib.suppress(FileNotFoundError),
                ):
                    path.unlink()


class Predecessor:
    """The server that drains, from which sockets were taken; it goes on with them until it is told."""

    def __init__(self, connection: socket.socket, sockets: Sequence[socket.socket]) -> None:
        self._connection = connection
        self.sockets = sockets

    def tell_ready(self) -> None:
        """Let it leave the port."""
        with self._connection, contextlib.suppress(OSError):
            self._connection.send(READY)


def find_predecessor(folder: Path, address: tuple[str, int]) -> Predecessor | None:
    """Return the server that drains on this folder and address; None where there is none."""
    if sys.platform == "win32":
        return None
    for place in folder.glob(NAME.format(pid="*")):
        if (found := _ask(folder, place.name, address)) is not None:
            return found
    return None


def _ask(folder: Path, name: str, address: tuple[str, int]) -> Predecessor | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ASK_SECONDS)
    sockets: list[socket.socket] = []
    try:
        with _reachable(folder, name) as path:
            try:
                connection.connect(str(path))
            except ConnectionRefusedError:  # of one that was killed while it drained
                path.unlink()
        _, descriptors, _, _ = socket.recv_fds(connection, 1, MOST_SOCKETS)
        sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        if sockets and all(one.getsockname()[:2] == address for one in sockets):
            return Predecessor(connection, sockets)
    except OSError:
        pass
    for one in (connection, *sockets):
        one.close()
    return None


@contextmanager
def _reachable(folder: Path, name: str) -> Generator[Path]:
    """Give a path to the place, which a system takes only if it is short."""
    if sys.platform != "linux":
        yield folder / name
        return
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{descriptor}/{name}")
    finally:
        os.close(descriptor)


def turns(seconds: float) -> Generator[bool]:
    """Yield now and then, and whether it is for the last time, until the time is up."""
    until = time.monotonic() + seconds
    while (now := time.monotonic()) < until:
        yield False
        time.sleep(min(LOOK_SECONDS, max(0.0, until - now)))
    yield True
