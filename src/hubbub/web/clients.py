"""Bound what clients may cost: how long they keep the server waiting, and how many there are."""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

SEND_BUFFER_BYTES = 64 * 1024
"""What the kernel may hold for a client (it takes twice that); by itself it takes megabytes for a sleeping one."""
UNSENT_BYTES = 16 * 1024
"""What the kernel takes ahead of what the client's window lets go. For a client that never reads that is all."""
SPARE_CONNECTIONS = 256
"""So many above the limit are told to come again; above that they are cut off without a word."""
SWEEP_SECONDS = 1.0
PORTION = 100
"""So many late ones are told before everybody else on the loop gets a turn: closing one takes some 40 µs."""
TURN_SECONDS = 0.005

Kind: TypeAlias = Literal["head", "idle", "ending"]


@dataclass(frozen=True)
class Bounds:
    """What a connection may take of the server, and how many there may be at once."""

    head_seconds: float = 10.0
    """From the connection's opening, or the first byte of a further request, to the end of the request's head."""
    idle_seconds: float = 10.0
    stall_seconds: float = 30.0
    """The longest time in which a client takes nothing of what is there for it."""
    head_bytes: int = 64 * 1024
    headers: int = 100
    connections: int = 15_000


class Client(Protocol):
    """A connection that can be waited for."""

    def on_late(self, kind: Kind) -> None:
        """Learn that it was waited for long enough. It is not waited for any more."""
        ...


class Waiting:
    """The clients that are waited for. One timer looks after all of them, once a second and only while there are any.

    Every wait of a kind is equally long, so that each line is in the order in which the waits end:
    to begin or end a wait costs two changes of a dict, and the look goes no further than those that are late.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._lines: dict[Kind, tuple[float, dict[Client, float]]] = {
            "head": (bounds.head_seconds, {}),
            "idle": (bounds.idle_seconds, {}),
            "ending": (bounds.stall_seconds, {}),
        }
        self._head, self._idle, self._ending = (line for _, line in self._lines.values())
        self._every_seconds = min(SWEEP_SECONDS, *(seconds / 5 for seconds, _ in self._lines.values()))
        self._clock: Callable[[], float] = lambda: 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.late: Counter[Kind] = Counter()
        """How many were late, by what was waited for."""

    def begin(self, client: Client, kind: Kind) -> None:
        """Wait for a client from now on, for one thing at a time."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._clock = loop.time
            self._look_later(loop, self._every_seconds)
        self._head.pop(client, None)
        self._idle.pop(client, None)
        self._lines[kind][1][client] = self._clock()

    def end(self, client: Client) -> None:
        """Wait no more for a client."""
        self._head.pop(client, None)
        self._idle.pop(client, None)
        self._ending.pop(client, None)

    def sweep(self, now: float) -> bool:
        """Tell clients that were waited for long enough at a time on the loop's clock; return whether that was all."""
        late: list[tuple[Kind, Client]] = []
        is_all = True
        for kind, (seconds, line) in self._lines.items():
            for client, since in line.items():
                if since + seconds > now:
                    break
                if len(late) == PORTION:
                    is_all = False
                    break
                late.append((kind, client))
        for kind, client in late:
            del self._lines[kind][1][client]
            self.late[kind] += 1
        for kind, client in late:
            client.on_late(kind)
        return is_all

    def _look_later(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._timer = loop.call_later(seconds, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        is_all = False
        try:
            is_all = self.sweep(loop.time() + self._every_seconds)  # who would be late at the next look is late now
        finally:
            self._timer = None
            if any(line for _, line in self._lines.values()):
                self._look_later(loop, self._every_seconds if is_all else TURN_SECONDS)


class Clients:
    """What all connections of a server share: the bounds, who is waited for, and the counts."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.waiting = Waiting(self.bounds)
        self.open = 0
        self.refused = 0
        """How many came while the limit was reached."""
        self.stalled = 0
        """How many were cut off because they took nothing."""


def bound_socket(raw: Any, stall_seconds: float) -> None:
    """Bound what the kernel holds for a client, and how long; each where the system knows of it.

    TCP_USER_TIMEOUT (Linux; with a closed window since 5.11) cuts the connection when nothing of
    what waits for the client was taken for so long, whether it doesn't read or has vanished.
    """
    options = [(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)]
    for name, value in (("TCP_NOTSENT_LOWAT", UNSENT_BYTES), ("TCP_USER_TIMEOUT", round(stall_seconds * 1000))):
        if (number := getattr(socket, name, None)) is not None:
            options.append((socket.IPPROTO_TCP, number, value))
    for level, number, value in options:
        with contextlib.suppress(OSError):  # no TCP, such as a Unix socket behind a proxy
            raw.setsockopt(level, number, value)
