"""Read a database on threads of their own: so many at once, so many waiting, none longer than its time."""

import asyncio
import threading
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import apsw

from hubbub.connections.sqlite import Connection, Sqlite, store_errors
from hubbub.core.errors import Overloaded, StoreError

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 2
MOST_WAITING = 256
DEADLINE_SECONDS = 15.0
RETRY_SECONDS = 2.0
STEPS = 1_000_000
"""Of SQLite's machine, some ten milliseconds: so often a read looks whether it was stopped."""


class ReadPool:
    """Keeps long reads from short ones. What is given up, or takes too long, is stopped in the middle."""

    def __init__(
        self, database: Sqlite, name: str, *, threads: int = THREADS, seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._database = database
        self._seconds = seconds
        self._pool = database.readers(name, threads)
        self._count = 0

    async def read(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, …)` as `Sqlite.read` does.

        Raises:
            Overloaded: too many wait already.
            StoreError: SQLite failed, or the time is up.
        """
        if self._count >= MOST_WAITING:
            raise Overloaded("Too many searches are waiting. Try again in a moment.", retry_after_seconds=RETRY_SECONDS)
        running = _Running()

        def look() -> T:
            return self._database.look(lambda connection: work(connection, *args, **kwargs), running.on)

        self._count += 1
        try:
            with store_errors():
                async with asyncio.timeout(self._seconds):
                    return await asyncio.get_running_loop().run_in_executor(self._pool, look)
        except TimeoutError as error:
            raise StoreError(
                "The search took too long. Try again in a moment.",
                detail=f"A read of {self._database.path} was stopped after {self._seconds:g} s.",
            ) from error
        finally:
            self._count -= 1
            running.stop()


class _Running:
    """One read: stopped, it ends at once where it is under way, and never begins where it is not.

    SQLite forgets an interruption that comes between two statements: the next one looks for itself now and then.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._raw: apsw.Connection | None = None
        self._is_stopped = False

    def on(self, raw: apsw.Connection | None) -> None:
        """Note the connection that the read is on; None once it has ended."""
        with self._lock:
            if raw is not None and self._is_stopped:
                raise apsw.InterruptError("given up before it began")
            if raw is not None:
                raw.set_progress_handler(lambda: self._is_stopped, STEPS)
            elif self._raw is not None:
                self._raw.set_progress_handler(None)
            self._raw = raw

    def stop(self) -> None:
        with self._lock:
            self._is_stopped = True
            if self._raw is not None:
                self._raw.interrupt()
