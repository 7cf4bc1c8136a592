"""Run what waits to be written to a SQLite file together: one thread, one transaction, one wait for the disk."""

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, cast

import apsw

T = TypeVar("T")
Known: TypeAlias = dict[type[Any], Any]
"""What was read from a file, or written to it, and is still so: one of each kind."""


class Part(Protocol):
    """What calls are given of a transaction: all of them the same one, or each its own."""

    def finish(self) -> None:
        """Do what was left for the end."""
        ...


P = TypeVar("P", bound=Part)

MOST_TOGETHER = 128
GAP_SECONDS = 0.004
"""From one commit to the next at the least. A commit costs about 0.15 ms of CPU whatever is in it, so that under load
it pays to let some more come together; whoever comes after a pause waits for nobody."""
LONG_SECONDS = 0.02
"""Once a transaction's calls have taken this long it is committed: who was quick does not wait for all the rest."""


class _Call:
    """A piece of work, and what came of it."""

    __slots__ = ("error", "future", "result", "work")

    def __init__(self, work: Callable[[Any], Any], future: "asyncio.Future[Any]") -> None:
        self.work = work
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None


class GroupCommit(Generic[P]):
    """A thread that runs calls in their order, those that wait together in one transaction.

    A caller gets its result once that transaction is on disk. Where one of the calls fails, all are
    undone and run again, each in a savepoint of its own: then the one is undone alone. Where a
    transaction fails as a whole (a full disk, a constraint that is checked at its end), its calls
    are run again, one by one, each in its own. So they must change nothing but the database, and
    what is known of it: that is forgotten where anything is undone, or another connection has written.
    """

    def __init__(
        self,
        connect: Callable[[], apsw.Connection],
        part: Callable[[apsw.Connection, Known], P],
        name: str,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what opens the connection; that happens on the thread, before the first call.

        `part` makes what calls are given. `check` raises where nothing can be stored: it is asked before each
        transaction, and its calls fail by it.
        """
        self._check = check
        self._connect = connect
        self._part = part
        self._raw: Any = None  # apsw's own types are partly unknown
        self._known: Known = {}
        self._version = -1
        """Of the file's content, as this thread left it: another one is there once somebody else has written."""
        self._loop = asyncio.get_running_loop()
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._is_open = True
        # A daemon: a process that breaks down must not wait for it. In order it ends with `close`.
        threading.Thread(target=self._run, name=name, daemon=True).start()

    async def run(self, work: Callable[[P], T]) -> T:
        """Run the work inside a transaction; return when that is on disk.

        A call that is cancelled before its turn is left out; later than that it takes effect.
        """
        if not self._is_open:
            raise RuntimeError("the database is closed")
        call = _Call(work, self._loop.create_future())
        self._calls.put(call)
        return cast(T, await call.future)

    async def close(self, last: Callable[[], None]) -> None:
        """End the thread after what waits; `last` is the last that it does."""
        self._is_open = False
        self._last = _Call(lambda _: last(), self._loop.create_future())
        self._calls.put(None)
        await asyncio.shield(self._last.future)

    def _run(self) -> None:
        is_open = True
        committed_at = float("-inf")
        while is_open:
            calls, is_open = self._waiting(committed_at + GAP_SECONDS)
            while calls:
                done = self._transact(calls)
                self._tell(calls[:done])
                del calls[:done]
                committed_at = time.monotonic()
        try:
            self._last.work(self._raw)
        except Exception as error:  # noqa: BLE001 (it is the closer's)
            _fail([self._last], error)
        self._tell([self._last])

    def _waiting(self, not_before: float) -> tuple[list[_Call], bool]:
        """Wait for a call, and for that time; return it with those that wait behind it, and whether more may come."""
        calls: list[_Call] = []
        call = self._calls.get()
        if call is not None and (wait := not_before - time.monotonic()) > 0:
            time.sleep(wait)
        while call is not None:
            if not call.future.cancelled():
                calls.append(call)
            if len(calls) >= MOST_TOGETHER:
                return calls, True
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return calls, True
        return calls, False

    def _transact(self, calls: Sequence[_Call]) -> int:
        """Bring the first of the calls to their outcomes; return how many."""
        try:
            if self._raw is None:
                self._raw = self._connect()
            self._check()
        except Exception as error:  # noqa: BLE001 (it is the callers')
            return _fail(calls, error)
        done = 0
        if len(calls) > 1:
            # As a rule none fails, and savepoints would be two more statements a call: at each the thread lets go of
            # the interpreter, and has to get it back.
            done = self._together(calls, self._plainly) or self._together(calls, self._apart)
        if done == 0:
            done = len(calls)
            for call in calls:
                self._alone(call)
        return done

    def _alone(self, call: _Call) -> None:
        call.error = None
        try:
            self._begin()
            self._plainly(call, part := self._part(self._raw, self._known))
            self._commit(part)
        except BaseException as error:  # noqa: BLE001 (it is the caller's)
            _fail([call], error)
            self._roll_back()

    def _together(self, calls: Sequence[_Call], run: Callable[[_Call, P], None]) -> int:
        """Run the first of the calls in one transaction; return how many, 0 where it failed as a whole."""
        done = 0
        until = time.monotonic() + LONG_SECONDS
        try:
            self._begin()
            part = self._part(self._raw, self._known)
            for call in calls:
                run(call, part)
                done += 1
                if time.monotonic() > until:
                    break
            self._commit(part)
        except apsw.BusyError as error:  # each alone would wait as long again
            done = _fail(calls, error)
            self._roll_back()
        except BaseException:  # noqa: BLE001 (they are run again, and what fails then is told)
            done = 0
            self._roll_back()
        return done

    @staticmethod
    def _plainly(call: _Call, part: P) -> None:
        call.result = call.work(part)

    def _apart(self, call: _Call, _: P) -> None:
        raw = self._raw
        raw.execute("savepoint call")
        try:
            self._plainly(call, part := self._part(raw, self._known))
            part.finish()
        except BaseException as error:  # (it is the caller's)
            _fail([call], error)
            self._known.clear()
            if not raw.in_transaction:  # SQLite has undone all of it, as it may on a full disk
                raise
            raw.execute("rollback to call")
        raw.execute("release call")

    def _begin(self) -> None:
        self._raw.execute("begin immediate")
        if self._raw.data_version() != self._version:
            self._known.clear()

    def _commit(self, part: P) -> None:
        part.finish()
        self._raw.execute("commit")
        self._version = self._raw.data_version()

    def _roll_back(self) -> None:
        self._known.clear()
        if self._raw.in_transaction:
            with contextlib.suppress(apsw.Error):
                self._raw.execute("rollback")

    def _tell(self, calls: Sequence[_Call]) -> None:
        """Give all these calls their outcomes with a single wake-up of the loop."""
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
            self._loop.call_soon_threadsafe(_settle, tuple(calls))


def _fail(calls: Sequence[_Call], error: BaseException) -> int:
    if isinstance(error, StopIteration):  # a future doesn't take it
        error = RuntimeError("work on the database raised StopIteration")
    for call in calls:
        call.result, call.error = None, error
    return len(calls)


def _settle(calls: Sequence[_Call]) -> None:
    for call in calls:
        if call.future.done():  # its caller was cancelled
            continue
        if call.error is None:
            call.future.set_result(call.result)
        else:
            call.future.set_exception(call.error)
