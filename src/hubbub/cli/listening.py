"""Open the sockets that a server listens on: each of its workers has one."""

import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from hubbub.core.errors import StoreError

BACKLOG = 2048
HAS_QUEUES = sys.platform == "linux"
"""Whether the kernel spreads connections over sockets on one address (SO_REUSEPORT does not mean that everywhere)."""


class Listeners:
    """Sockets on one address, by the number of the worker that takes from them; a context manager.

    On Linux each has a queue of its own, over which the kernel spreads the connections by a hash.
    Elsewhere it is the same socket for all, and who is quickest takes a connection.
    """

    def __init__(self, host: str, port: int, number: int = 1) -> None:
        self._host = host
        self._port = port
        self._number = number
        self._open: dict[int, socket.socket] = {}

    def __enter__(self) -> Self:
        """Open them, so that a second server is told at once that the port is in use.

        Raises:
            StoreError: the address is in use, or is not ours.
        """
        first = self._bound()
        self._port = first.getsockname()[1]
        if self._number == 1 or not HAS_QUEUES:
            self._open = dict.fromkeys(range(self._number), first)
            with self._named():
                first.listen(BACKLOG)
            return self
        first.close()  # it only asked: with SO_REUSEPORT a second server would be given the address as well
        for worker in range(self._number):
            self.of(worker)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where the server is found."""
        return f"http://{self._place}"

    def of(self, worker: int) -> socket.socket:
        """Return a worker's socket, opened again where it was given up."""
        if worker not in self._open:
            self._open[worker] = self._bound(is_one_of_many=True)
            with self._named():
                self._open[worker].listen(BACKLOG)
        return self._open[worker]

    def give_up(self, worker: int) -> None:
        """Close a worker's socket, so that the others get what would wait there for nobody."""
        if HAS_QUEUES and worker in self._open:
            self._open.pop(worker).close()

    def close(self) -> None:
        """Close all of them."""
        for listener in self._open.values():
            listener.close()
        self._open.clear()

    @property
    def _place(self) -> str:
        return f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"

    def _bound(self, *, is_one_of_many: bool = False) -> socket.socket:
        listener = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if is_one_of_many:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            with self._named():
                listener.bind((self._host, self._port))
        except BaseException:
            listener.close()
            raise
        return listener

    @contextmanager
    def _named(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"Can't listen on {self._place} ({error.strerror}). Is another server running there? "
                "Choose another port with --port."
            ) from error
