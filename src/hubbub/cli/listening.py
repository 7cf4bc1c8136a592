"""Open the sockets that a server listens on: each of its workers has one."""

import errno
import os
import socket
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from hubbub.cli.succession import WAIT_SECONDS, Predecessor, find_predecessor, turns
from hubbub.core.errors import StoreError

BACKLOG = 2048
FIRST_ACTIVATED = 3
"""The number of the first socket that systemd hands over (sd_listen_fds)."""
HAS_QUEUES = sys.platform == "linux"
"""Whether the kernel spreads connections over sockets on one address (SO_REUSEPORT does not mean that everywhere)."""


class AddressInUse(StoreError):
    """Somebody listens there already."""


class Listeners:
    """Sockets on one address, by the number of the worker that takes from them; a context manager.

    On Linux each has a queue of its own, over which the kernel spreads the connections by a hash.
    Elsewhere it is the same socket for all, and who is quickest takes a connection. Sockets that are
    taken over, from systemd or from the server before, are shared where there are fewer than workers.
    """

    def __init__(self, host: str, port: int, number: int = 1, *, folder: Path | None = None) -> None:
        """Take the data folder, where a server that drains on this address may be found."""
        self._host = host
        self._port = port
        self._number = number
        self._folder = folder
        self._predecessor: Predecessor | None = None
        self._open: dict[int, socket.socket] = {}

    def __enter__(self) -> Self:
        """Open them, so that a second server is told at once that the port is in use.

        Raises:
            StoreError: the address is in use, or is not ours.
        """
        if taken := _activated():
            self._share(taken)
            return self
        first = self._first()
        if first is None:
            return self
        self._port = first.getsockname()[1]
        if self._number == 1 or not HAS_QUEUES:
            self._share([first])
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

    def _first(self) -> socket.socket | None:
        """Return a socket of our own, or None where those of the server before were taken over."""
        # Nobody has served on a folder without a database yet, so nobody is waited for.
        is_known = self._folder is not None and (self._folder / "hubbub.db").exists()
        for is_last in turns(WAIT_SECONDS if is_known else 0.0):
            try:
                return self._bound()
            except AddressInUse:
                if self._folder is not None:
                    self._predecessor = find_predecessor(self._folder, self._address)
                if self._predecessor is not None:
                    self._share(self._predecessor.sockets)
                    return None
                if is_last:
                    raise
        raise AssertionError("the last turn returns or raises")

    def _share(self, sockets: Sequence[socket.socket]) -> None:
        for listener in sockets:
            listener.setblocking(False)  # a duplicate takes this over, for all processes that share the socket
        self._port = sockets[0].getsockname()[1]
        self._open = {worker: sockets[worker % len(sockets)] for worker in range(max(self._number, len(sockets)))}

    def tell_predecessor(self) -> None:
        """Let the server whose sockets were taken over leave them: it is served here now."""
        if self._predecessor is not None:
            self._predecessor.tell_ready()
            self._predecessor = None

    def sockets(self) -> list[socket.socket]:
        """Return all that are open."""
        return list({id(one): one for one in self._open.values()}.values())

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
                self._open[worker].setblocking(False)
        return self._open[worker]

    def give_up(self, worker: int) -> None:
        """Close a worker's socket, so that the others get what would wait there for nobody."""
        listener = self._open.get(worker)
        if (
            HAS_QUEUES and listener is not None and list(self._open.values()).count(listener) == 1
        ):  # else others need it
            del self._open[worker]
            listener.close()

    def close(self) -> None:
        """Close all of them."""
        for listener in self._open.values():
            listener.close()
        self._open.clear()

    @property
    def _address(self) -> tuple[str, int]:
        with self._named():
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)[0][4]
        return str(found[0]), int(found[1])

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
            kind = AddressInUse if error.errno == errno.EADDRINUSE else StoreError
            raise kind(
                f"Can't listen on {self._place} ({error.strerror}). Is another server running there? "
                "Choose another port with --port."
            ) from error


def _activated() -> list[socket.socket]:
    """Return the sockets that systemd listens on for this process, if it does."""
    if os.environ.pop("LISTEN_PID", "") != str(os.getpid()):
        return []
    number = int(os.environ.pop("LISTEN_FDS", "0"))
    return [socket.socket(fileno=FIRST_ACTIVATED + one) for one in range(number)]
