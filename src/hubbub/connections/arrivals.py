"""Say when bytes have arrived on sockets: at once, or to whoever polls."""

import asyncio
import selectors
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

SLICE = 200
"""So many are read before others have their turn on the loop: about 4 ms."""
FIRST_BYTES = 4 * 1024
"""So much is taken at once of one that has brought little so far."""
POLL_BYTES = 256 * 1024
"""So much is taken with one poll of all others together: what comes in at once is also stored at once."""
LEAST_BYTES, MOST_BYTES = 4 * 1024, 64 * 1024
"""The bounds of what each of them gets of that: the allocator goes to the kernel for larger pieces."""
DEADLINES_SECONDS = 0.25
"""How often the deadlines of those that are polled are looked at."""


class Arriving(Protocol):
    """A socket on which something may arrive."""

    selector: selectors.BaseSelector | None
    """Where it is waited for; whoever waits keeps it."""

    def fileno(self) -> int: ...

    def read(self, most_bytes: int = ...) -> bool:
        """Take about so much of what has arrived, and return whether there may be much more. Never waits."""
        ...

    def check_deadline(self, now: float) -> None:
        """End the waiting if its time is over."""
        ...


A = TypeVar("A", bound=Arriving)


class Arrivals(Generic[A]):
    """Waits on many sockets at once. An async context manager.

    They stand in one of two selectors of our own. The loop watches the one of those that are to be
    read at once, as a single descriptor: that is cheaper than a watcher each, and uvloop 0.23 does
    not call a reader again for a reset that comes right behind bytes (0 of 20 tries). The other one
    is looked at by `poll` alone, so that an arrival wakes nobody.
    """

    def __init__(self) -> None:
        self._look_soon: Callable[[], None] | None = None
        self._awaited = selectors.DefaultSelector()
        self._polled = selectors.DefaultSelector()
        self._deadlines_looked_at = 0.0
        self._fast: dict[A, None] = {}
        """Those that brought much when they were last polled, who waits longest first. They share what is taken."""

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._awaited, self._read_awaited)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._awaited)
        self._awaited.close()
        self._polled.close()

    @property
    def has_poller(self) -> bool:
        """Whether somebody polls."""
        return self._look_soon is not None

    @property
    def polled(self) -> list[A]:
        """What is read by `poll`."""
        return [key.data for key in self._polled.get_map().values()]

    def attach(self, look_soon: Callable[[], None]) -> None:
        """Let somebody poll, who is told when there is something to poll for."""
        self._look_soon = look_soon

    def watch(self, one: A) -> None:
        """Read it as it arrives, from now on."""
        self._put(one, self._awaited)

    def add_polled(self, one: A) -> None:
        """Read it by `poll` alone, from now on."""
        self._put(one, self._polled)
        if self._look_soon is not None:
            self._look_soon()

    def let_go(self, one: A) -> None:
        """Read it no more."""
        if one.selector is not None:
            one.selector.unregister(one.fileno())
            one.selector = None

    def _put(self, one: A, selector: selectors.BaseSelector) -> None:
        if one.selector is not selector:
            self.let_go(one)
            selector.register(one.fileno(), selectors.EVENT_READ, one)
            one.selector = selector

    async def poll(self) -> int:
        """Read those for which something has arrived; returns how many are read here.

        Those that bring little are all read. Those that bring much share what is taken, and take turns where
        they are many: the rest waits in their sockets, so that they delay each other and nobody else. After a
        slice, others have their turn on the loop.
        """
        ready = {key.data: None for key, _ in self._polled.select(0)}
        fast = [one for one in self._fast if one in ready]
        part = max(LEAST_BYTES, min(MOST_BYTES, POLL_BYTES // max(1, len(fast))))
        in_turn, waiting = fast[: POLL_BYTES // part], fast[POLL_BYTES // part :]
        self._fast, known = dict.fromkeys(waiting), self._fast
        slow = [one for one in ready if one not in known]
        for place, one in enumerate((*slow, *in_turn), start=1):
            # It may have been let go in between.
            if one.selector is self._polled and one.read(part if one in known else FIRST_BYTES):
                self._fast[one] = None
            if place % SLICE == 0:
                await asyncio.sleep(0)
        now = asyncio.get_running_loop().time()
        if now - self._deadlines_looked_at >= DEADLINES_SECONDS:
            self._deadlines_looked_at = now
            for one in self.polled:
                one.check_deadline(now)
        return len(self._polled.get_map())

    def _read_awaited(self) -> None:
        for key, _ in self._awaited.select(0):
            key.data.read()
