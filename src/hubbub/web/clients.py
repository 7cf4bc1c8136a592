"""Bound what clients may cost: how long they keep the server waiting, and how many there are."""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, cast

from hubbub.core.errors import TooBusy
from hubbub.web.address import Proxies
from hubbub.web.shares import Shares

logger = logging.getLogger(__name__)

SEND_BUFFER_BYTES = 64 * 1024
"""What the kernel may hold for a client (it takes twice that); by itself it takes megabytes for a sleeping one."""
UNSENT_BYTES = 16 * 1024
"""What the kernel takes ahead of what the client's window lets go. For a client that never reads that is all."""
SPARE_CONNECTIONS = 256
"""So many above the limit are heard, since others may make room for them; above that they are told at once."""
MOST_FILES = 1 << 20
"""Some systems say "as many as you like", and take no such number."""
LOG_SECONDS = 10.0
FEW_READERS = 16
"""So many may always read one answer: the windows and devices of a person."""
READERS_RETRY_SECONDS = 10.0
SWEEP_SECONDS = 1.0
PORTION = 100
"""So many late ones are told before everybody else on the loop gets a turn: closing one takes some 40 µs."""
TURN_SECONDS = 0.005
IN_A_TURN = 16
"""So many requests begin in one turn of the event loop: at a millisecond each they hold it for some 20 ms."""

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
    spare_connections: int = SPARE_CONNECTIONS
    address_share: float = 0.9
    """The most of the connections that one address from outside may hold."""
    answer_share: float = 0.5
    """The most of them over which one and the same answer may be read."""
    files: int = MOST_FILES
    """How many files, which connections are, the system lets this process open."""

    @property
    def reserved_files(self) -> int:
        """How many of them no client gets: what is under way may have to open one."""
        return max(4, min(64, self.files // 16))


class Client(Protocol):
    """A connection that can be waited for."""

    def on_late(self, kind: Kind) -> None:
        """Learn that it was waited for long enough. It is not waited for any more."""
        ...


class Holder(Client, Protocol):
    """A connection that can be given up for another one."""

    def make_room(self) -> None:
        """Close, and count no more from now on."""
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

    def most_dispensable(self) -> Client | None:
        """Return the client that is missed least: the longest at rest, or one that has long begun no request."""
        if self._idle:
            return next(iter(self._idle))
        seconds, line = self._lines["head"]
        for client, since in line.items():
            return client if since + seconds / 2 <= self._clock() else None
        return None

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


class Turns:
    """Lets so many begin in each turn of the event loop, so that thousands at once don't hold it up for everybody."""

    def __init__(self) -> None:
        self._left = IN_A_TURN
        self._line: deque[Callable[[], None]] = deque()
        self._is_set = False

    def begin(self, start: Callable[[], None]) -> None:
        """Start now, or in a later turn, in order."""
        if not self._is_set:
            self._is_set = True
            asyncio.get_running_loop().call_soon(self._next)
        if self._left and not self._line:
            self._left -= 1
            start()
        else:
            self._line.append(start)

    def _next(self) -> None:
        self._left = IN_A_TURN
        while self._line and self._left:
            self._left -= 1
            self._line.popleft()()
        self._is_set = bool(self._line)
        if self._line:
            asyncio.get_running_loop().call_soon(self._next)


class Clients:
    """What all connections of a server share: the bounds, who is waited for, and the counts."""

    def __init__(self, bounds: Bounds | None = None, proxies: Proxies | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.proxies = proxies or Proxies()
        self.waiting = Waiting(self.bounds)
        self.turns = Turns()
        self.shares: Shares[Holder] = Shares()
        """The connections by their client's address; without those of a proxy that has not said whose they are."""
        self.readers: Shares[Holder] = Shares()
        """The connections over which an answer is read, by the answer."""
        self.open = 0
        self.refused = 0
        """How many came while the limit was reached."""
        self.stalled = 0
        """How many were cut off because they took nothing."""
        self.cut = 0
        """How many were given up for others."""
        self._logged = -LOG_SECONDS
        self._unlogged = 0

    def is_within_share(self, address: str) -> bool:
        """Tell whether an address holds no more than it may. The machine itself and trusted proxies may hold all."""
        most = self.bounds.connections * self.bounds.address_share
        return self.shares.count(address) <= most or self.proxies.trusts(address) or _is_loopback(address)

    def make_room(self, address: str | None) -> bool:
        """Give up one that is at rest, or of somebody who has more, for one from this address (None: not known yet)."""
        client = self.waiting.most_dispensable()
        if client is None and address is not None:
            client = self.shares.newest_of_the_most(self.shares.count(address))
            client = client or self.readers.newest_of_the_most(FEW_READERS)
        if client is not None:
            cast(Holder, client).make_room()
        return client is not None

    @contextmanager
    def reading(self, answer_id: str, holder: Holder) -> Generator[None]:
        """Count a connection over which an answer is read.

        Raises:
            TooBusy: as many read it already as may.
        """
        most = int(self.bounds.connections * self.bounds.answer_share)
        if self.readers.count(answer_id) >= max(most, FEW_READERS):
            raise TooBusy(
                f"This answer is read over {most} connections already. Close other windows that show it, or wait.",
                retry_after_seconds=READERS_RETRY_SECONDS,
            )
        self.readers.add(answer_id, holder)
        try:
            yield
        finally:
            self.readers.remove(answer_id, holder)

    def refuse(self) -> None:
        """Count one that is told to come again, and say so to the operator now and then."""
        self.refused += 1
        self._unlogged += 1
        now = time.monotonic()
        if now - self._logged >= LOG_SECONDS:
            logger.warning(
                "%d connections were refused with 503: %d are open, of at most %d, in %d files of this process. "
                "Raise clients.connections, or the limit of open files (ulimit -n, LimitNOFILE).",
                self._unlogged,
                self.open,
                self.bounds.connections,
                self.bounds.files,
            )
            self._logged, self._unlogged = now, 0


def _is_loopback(address: str) -> bool:
    return address in ("", "::/64") or address.startswith("127.")


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


def wake_for(raw: Any, count: int) -> None:
    """Let a socket count as readable once it holds so many bytes, or its end: fewer cost us no call of the system."""
    if sys.platform == "linux":  # elsewhere not all ways to wait for a socket heed it
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)


def take_off(raw: Any, most_bytes: int) -> None:
    """Read what a socket holds, and drop it."""
    with contextlib.suppress(OSError):
        os.read(raw.fileno(), most_bytes)
