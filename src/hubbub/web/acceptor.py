"""Take connections from a listening socket in turns, and say so where the system has no file left for one."""

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Callable

from hubbub.web.clients import Clients
from hubbub.web.protocol import full_response

IN_A_TURN = 32
"""So many connections are taken in one turn of the event loop. A server of the loop's own takes all that wait."""
REST_SECONDS = 0.05
_NO_FILE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Acceptor:
    """Makes a protocol for each connection. Has what uvicorn asks of an asyncio server."""

    def __init__(
        self, listener: socket.socket, make_protocol: Callable[[], asyncio.Protocol], clients: Clients
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._make_protocol = make_protocol
        self._clients = clients
        self._most_files = clients.bounds.files - clients.bounds.reserved_files
        self._opening: set[asyncio.Task[None]] = set()
        self._reserve = -1
        """Given up for the moment in which a connection is told that there is no file for it. Below 0: none."""
        self._take_reserve()
        self._is_open = True
        self._listener.setblocking(False)
        self._loop.add_reader(listener, self._accept)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The listening socket."""
        return (self._listener,)

    def close(self) -> None:
        """Take no more connections."""
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._listener)
            if self._reserve >= 0:
                os.close(self._reserve)

    async def wait_closed(self) -> None:
        """Wait until those that were taken have their protocol."""
        if self._opening:
            await asyncio.wait(self._opening)

    def _accept(self) -> None:
        for _ in range(IN_A_TURN):
            try:
                raw, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_FILE or not self._refuse():
                    self._rest()
                    return
                continue
            raw.setblocking(False)
            # The lowest number that is free: it tells how many are open, whoever opened them.
            if raw.fileno() >= self._most_files:
                self._say_full(raw)
                continue
            task = self._loop.create_task(self._open(raw))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, raw: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make_protocol, raw)
        except OSError:  # it has gone already
            raw.close()

    def _say_full(self, raw: socket.socket) -> None:
        self._clients.refuse()
        with raw, contextlib.suppress(OSError):
            raw.send(full_response())
            raw.shutdown(socket.SHUT_WR)

    def _refuse(self) -> bool:
        """Tell the next connection that there is no file for it; returns False where not even that can be done."""
        if self._reserve >= 0:
            os.close(self._reserve)
            self._reserve = -1
        try:
            raw, _ = self._listener.accept()
            raw.setblocking(False)
            self._say_full(raw)
            self._reserve = os.open(os.devnull, os.O_RDONLY)
        except OSError:
            return False
        return True

    def _rest(self) -> None:
        """Leave the listener alone for a moment: while files are wanting it would be reported again at once."""
        self._loop.remove_reader(self._listener)
        self._loop.call_later(REST_SECONDS, self._go_on)

    def _go_on(self) -> None:
        if not self._is_open:
            return
        self._take_reserve()
        self._loop.add_reader(self._listener, self._accept)

    def _take_reserve(self) -> None:
        if self._reserve < 0:
            with contextlib.suppress(OSError):
                self._reserve = os.open(os.devnull, os.O_RDONLY)
