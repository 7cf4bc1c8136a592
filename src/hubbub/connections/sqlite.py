"""Use one SQLite file from async code: one thread writes, a few threads read.

SQLite comes with apsw, not with Python: SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when two
connections write and checkpoint at once (sqlite.org/wal.html#walresetbug).
"""

import asyncio
import functools
import importlib.util
import itertools
import logging
import os
import random
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeAlias, TypeVar, cast

import apsw

from hubbub.connections.group_commit import GroupCommit, Known
from hubbub.connections.joining import joining
from hubbub.connections.private import close_to_others, open_private
from hubbub.connections.sql import TOO_LARGE_A_NUMBER
from hubbub.connections.sql import load_sql as load_sql
from hubbub.connections.sql import read_sql as read_sql
from hubbub.connections.sqlite_version import Version
from hubbub.connections.threads import stand_back
from hubbub.connections.unchanged import Unchanged
from hubbub.connections.wal_index import WalIndex
from hubbub.core.errors import Invalid, SettingsError, StoreError, StoreFull, StoreLost
from hubbub.core.ordering import in_order

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

Value: TypeAlias = str | int | float | bytes | None
Bindings: TypeAlias = Sequence[Value] | Mapping[str, Value]
Row: TypeAlias = tuple[Any, ...]

SAFE_SQLITE = (3, 51, 3)
BUSY_SECONDS = 10.0
BUSY_PAUSE_SECONDS = 0.001
"""The pause before a file that another process writes to is tried again. SQLite's own pauses grow to 100 ms."""
READERS = 3
BESIDE = ("-wal", "-shm")
"""The ends of the names of the files that SQLite keeps open with a database."""


class Connection:
    """A connection to a SQLite file, inside a transaction, on a thread of the database's own."""

    __slots__ = ("_cursor", "_known", "_left", "_raw")

    def __init__(self, raw: apsw.Connection, known: Known | None = None) -> None:
        """Take what is known of the file's content already: nothing, where that can change meanwhile."""
        self._raw = cast(Any, raw)  # apsw's own types are partly unknown
        self._cursor = self._raw.cursor()  # a new one for each statement would take half as long as the statement
        self._known: Known = {} if known is None else known
        self._left: list[Callable[[Connection], object]] = []

    def all(self, query: str, bindings: Bindings = ()) -> list[Row]:
        """Run a query (or a script of statements) and return its rows."""
        return list(self._cursor.execute(query, bindings))

    def one(self, query: str, bindings: Bindings = ()) -> Row | None:
        """Run a query and return its first row, if it has one."""
        return next(iter(self._raw.execute(query, bindings)), None)

    def many(self, query: str, rows: Iterable[Bindings]) -> None:
        """Run a statement once a row of bindings."""
        self._cursor.executemany(query, rows)

    def changes(self) -> int:
        """Return how many rows the last statement changed."""
        return int(self._raw.changes())

    def total_changes(self) -> int:
        """Return how many rows have been changed by this connection."""
        return int(self._raw.total_changes())

    def known(self, kind: type[T]) -> T:
        """Return the one of a kind that says what is in the file; it is a new one where that is not known.

        Whoever changes the file in a `write`, and this alike, finds it so in the next ones. It is forgotten where a
        write is undone, or another connection has written.
        """
        found = self._known.get(kind)
        if found is None:
            found = self._known[kind] = kind()
        return found

    def at_end(self, work: "Callable[[Connection], object]") -> None:
        """Leave some of a `write` to its end, or to that of all that share its transaction."""
        self._left.append(work)

    def finish(self) -> None:
        """Do what was left for the end."""
        for work in self._left:
            work(self)


_NO_DATABASE = (apsw.NotADBError, apsw.CorruptError)


class Sqlite:
    """A SQLite database in WAL mode. Work is a plain function that is given a connection.

    `write` runs its function in a transaction, in the order of the calls, and has returned only
    when that is on disk (synchronous=FULL); what waits meanwhile shares the next transaction.
    `read` sees one consistent state. A call that is cancelled may still take effect: it is not
    interrupted in the middle.
    """

    def __init__(self, path: Path, *, known: Mapping[str, int] | None = None) -> None:
        """Take which rooms may have tables in the file, and how many scripts each has: any, if that is not said.

        Rooms whose names have a dot are others' and not looked at.
        """
        self.path = path
        self._pools: list[ThreadPoolExecutor] = []
        self._reading = self.readers("read", READERS)
        self._known = known
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[apsw.Connection] = []
        self._places = {end: str(path.with_name(path.name + end)) for end in ("", *BESIDE)}
        self._identities: dict[str, tuple[int, int]] = {}
        """Which files those are."""
        self._lost = ""
        """What was wrong when that was looked at last."""
        self._folder = Unchanged(path.parent)
        self.version = Version()
        """Tells whether anything was committed, once `watch` was called."""

    async def __aenter__(self) -> Self:
        version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
        if version < SAFE_SQLITE:
            raise StoreError(f"SQLite {apsw.sqlite_lib_version()} can corrupt databases; install apsw 3.51.3 or newer.")
        self._writing = GroupCommit(self._connect, Connection, f"write-{self.path.stem}", self._check_all)
        try:
            await self.write(self._check_version)
        except BaseException as error:
            await self._writing.close(self._close)
            if isinstance(error.__cause__, _NO_DATABASE):
                raise SettingsError(
                    [
                        f"server.data_folder: {self.path} is no database, or is damaged ({error.__cause__}). "
                        "Put a backup in its place, or name another folder"
                    ]
                ) from error
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.version.end()
        await self._writing.close(self._close)

    async def write(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, …)` in a transaction and return what it returns.

        The work may be run again where other work that shared its transaction broke it; so it must
        change nothing but the database. What it raises undoes what it did, and comes out here.

        Raises:
            StoreFull: the disk is full; nothing was changed.
            StoreError: SQLite failed; nothing was changed.
        """
        joined = joining.get()
        beside = None if joined is None else joined.take(self)
        if joined is None or beside is None:
            with store_errors():
                return await self._writing.run(lambda connection: work(connection, *args, **kwargs))

        def both(connection: Connection) -> T:
            done = work(connection, *args, **kwargs)
            beside(connection, done)
            return done

        is_stored = False
        try:
            with store_errors():
                found = await self._writing.run(both)
            is_stored = True
        finally:
            joined.settle(is_stored=is_stored)
        return found

    async def read(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, …)` on a connection that can't write and return what it returns.

        Raises:
            StoreLost: the file is not at its place any more.
            StoreError: SQLite failed.
        """

        def look() -> T:
            return self.look(lambda connection: work(connection, *args, **kwargs))

        with store_errors():
            return await asyncio.get_running_loop().run_in_executor(self._reading, look)

    def look(
        self, work: Callable[[Connection], T], on: Callable[[apsw.Connection | None], None] = lambda raw: None
    ) -> T:
        """Read on the thread that calls, one of `readers`. `on` is told the connection before, and None afterwards."""
        self.check()
        raw = self._reader()
        connection = Connection(raw)
        on(raw)
        try:
            connection.all("begin")
            return work(connection)
        finally:
            on(None)
            if raw.in_transaction:
                connection.all("rollback")

    async def watch(self) -> None:
        """Let `version` be known from now on. Costs a connection."""

        def connect() -> tuple[apsw.Connection, WalIndex | None]:
            raw = self._connect_reader()
            Connection(raw).all("select 1 from sqlite_schema limit 1")  # then it has the index in memory
            return raw, WalIndex.of(str(self.path))

        with store_errors():
            self.version.begin(*await asyncio.get_running_loop().run_in_executor(self._reading, connect))

    def readers(self, name: str, threads: int) -> ThreadPoolExecutor:
        """Return threads of their own for `look`, which end with the database and leave the processor to the others."""
        pool = ThreadPoolExecutor(threads, f"{name}-{self.path.stem}", stand_back)
        self._pools.append(pool)
        return pool

    def writing(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> "Write":
        """Return a `write` that is not begun: another one to this database may take it into its own transaction."""
        return Write(self, lambda connection: work(connection, *args, **kwargs))

    def check(self) -> None:
        """See that the file that is open is still the one at its path. Costs one look at the file system.

        SQLite goes on with a file that was removed or replaced: what it stores then is gone once it is closed.

        Raises:
            StoreLost: it is not.
        """
        self._look_at("")

    def _check_all(self) -> None:
        """See the same of the files beside it: without them the database is damaged, or its last changes are gone.

        Costs one look, at the folder, where that has not changed since they were looked at, a second ago at most.
        """
        look = self._folder.look()
        if self._folder.is_sure(look):
            self.version.note_seen()
            return
        self._folder.note(None)
        self._look_at("", *BESIDE)
        self._folder.note(None if self.path.is_symlink() else look)  # what a link leads to is changed elsewhere

    def _look_at(self, *ends: str) -> None:
        trouble = ""
        for end in ends:
            path, known = self._places[end], self._identities.get(end)
            try:
                found = os.stat(path)  # noqa: PTH116 — with each commit: a Path costs twice as much
            except OSError as error:
                if known is not None:
                    trouble = f"{path} can't be found any more ({error.strerror})"
                    break
                continue
            if known is None and end:  # it is made with the first transaction
                self._identities[end] = (found.st_dev, found.st_ino)
            elif known is not None and (found.st_dev, found.st_ino) != known:
                trouble = f"{path} was replaced by another file"
                break
        if trouble and not self._lost:
            logger.error("%s. Nothing is stored. Put it back, or restart the server.", trouble)
        elif self._lost and not trouble and len(ends) > 1:
            logger.warning("The database %s is at its place again.", self.path)
        if trouble or len(ends) > 1:
            self._lost = trouble
        if not trouble:
            self.version.note_seen()
        else:
            raise StoreLost("The server can't store anything now. Tell whoever runs it.", detail=f"{trouble}.")

    async def migrate(self, room: str, steps: Sequence[str]) -> None:
        """Bring a room's tables up to date: run those of its scripts that were not run yet, each at most once.

        The room of a back end that is not part of Hubbub has a dot in its name, as in `my_package.history`.

        Raises:
            SettingsError: a newer version of the program has run scripts that are not known here; nothing was changed.
        """
        if self._known is not None and "." not in room and room not in self._known:
            raise SettingsError([f"The tables {room!r} need a name with a dot, such as 'my_package.{room}'"])
        if self._known is not None and len(steps) > self._known.get(room, len(steps)):
            raise RuntimeError(f"{room} has {len(steps)} scripts; say so where it is said how many are known")

        def run(connection: Connection) -> None:
            connection.all("create table if not exists migration (room text, step integer, primary key (room, step))")
            done = {row[0] for row in connection.all("select step from migration where room = ?", (room,))}
            if (newest := max(done, default=0)) > len(steps):
                raise self._is_newer(f"{room} {newest}, this one knows {len(steps)}")
            for number, script in enumerate(steps, start=1):
                if number not in done:
                    connection.all(script)
                    connection.all("insert into migration values (?, ?)", (room, number))

        await self.write(run)

    def _check_version(self, connection: Connection) -> None:
        """Raise SettingsError where a newer version has made tables that are not known here."""
        has_any = connection.one("select 1 from sqlite_schema where type = 'table' and name = 'migration'")
        if has_any is None or self._known is None:
            return
        for room, step in connection.all("select room, max(step) from migration group by room order by room"):
            if "." not in room and room not in self._known:
                raise self._is_newer(f"it has {room}, which this one doesn't know")
            if "." not in room and step > self._known[room]:
                raise self._is_newer(f"{room} {step}, this one knows {self._known[room]}")

    def _is_newer(self, how: str) -> SettingsError:
        return SettingsError(
            [
                f"server.data_folder: {self.path} was written by a newer version of Hubbub ({how}). "
                "Run that version, or name another folder"
            ]
        )

    def _reader(self) -> apsw.Connection:
        """Return this thread's own connection."""
        raw: apsw.Connection | None = getattr(self._local, "raw", None)
        if raw is None:
            raw = self._local.raw = self._connect_reader()
        return raw

    def _connect_reader(self) -> apsw.Connection:
        raw = self._connect(is_first=False)
        Connection(raw).all("pragma query_only = on; pragma wal_autocheckpoint = 0")
        return raw

    def _connect(self, *, is_first: bool = True) -> apsw.Connection:
        if is_first:
            _make_private(self.path)
        raw = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READWRITE)  # never makes one: it would be empty
        if is_first:
            found = self.path.stat()
            self._identities[""] = (found.st_dev, found.st_ino)
        raw.set_busy_handler(_Patience())
        raw.enable_load_extension(True)
        raw.load_extension(_vector_extension())
        raw.enable_load_extension(False)
        cast(Any, raw).create_scalar_function("fold", str.casefold, 1, deterministic=True)  # lower() knows ASCII alone
        cast(Any, raw).create_scalar_function("in_order", in_order, 1, deterministic=True)
        _journal(raw)
        Connection(raw).all("pragma synchronous = full; pragma foreign_keys = on")
        with self._lock:
            self._open.append(raw)
        return raw

    def _close(self) -> None:
        for pool in self._pools:
            pool.shutdown()  # waits: a read whose caller was cancelled may still be under way
        with self._lock:
            for raw in self._open:
                raw.close()
            self._open.clear()


class Write:
    """A write that has not begun. Called, it runs in a transaction of its own; see `Sqlite.writing`."""

    def __init__(self, database: Sqlite, work: Callable[[Connection], object]) -> None:
        self.database = database
        self.work = work

    async def __call__(self) -> None:
        await self.database.write(self.work)

    def along(self, other: object) -> "Write | None":
        """Return what does this and the other in one transaction; None where that goes elsewhere."""
        if not isinstance(other, Write) or other.database is not self.database:
            return None
        first, second = self.work, other.work

        def work(connection: Connection) -> None:
            first(connection)
            second(connection)

        return Write(self.database, work)


def in_one(
    first: Callable[[], Awaitable[None]], second: Callable[[], Awaitable[None]], *, undo: Callable[[], Awaitable[None]]
) -> Callable[[], Awaitable[None]]:
    """Return what does both: in one transaction where both go into the same database.

    Elsewhere they are done in turn, and `undo` takes the first back where the second fails.
    """
    along = cast("Callable[[object], Callable[[], Awaitable[None]] | None] | None", getattr(first, "along", None))
    if along is not None and (both := along(second)) is not None:
        return both

    async def in_turn() -> None:
        await first()
        try:
            await second()
        except BaseException:
            await asyncio.shield(undo())
            raise

    return in_turn


class _Patience:
    """Says whether to wait on for another process, and does so in short pauses: its commits take a millisecond."""

    def __init__(self) -> None:
        self._until = 0.0

    def __call__(self, tries: int) -> bool:
        now = time.monotonic()
        if tries == 0:
            self._until = now + BUSY_SECONDS
        if now >= self._until:
            return False
        time.sleep(BUSY_PAUSE_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 (so that none stays in step with another)
        return True


def _journal(raw: apsw.Connection) -> None:
    """Write ahead. SQLite asks no busy handler while several make a new file one with a WAL, so it is asked here."""
    waits_on = _Patience()
    for tries in itertools.count():
        try:
            Connection(raw).all("pragma journal_mode = wal")
        except apsw.BusyError:
            if not waits_on(tries):
                raise
        else:
            return


@contextmanager
def store_errors() -> Generator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except apsw.ReadOnlyError as error:
        raise StoreFull(
            "The server can't store anything now. Tell whoever runs it.", detail=f"SQLite: {error}"
        ) from error
    except apsw.FullError as error:
        raise StoreFull("The disk that holds the data folder is full. Free some space and try again.") from error
    except apsw.Error as error:
        raise StoreError("The database could not do this. Try again.", detail=f"SQLite: {error}") from error
    except OverflowError as error:
        raise Invalid(TOO_LARGE_A_NUMBER) from error


def _make_private(path: Path) -> None:
    """Let only its owner read a database file, made here or before. SQLite's files beside it get the same rights."""
    try:
        os.close(open_private(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    except FileExistsError:  # never opened here: closing it would free the locks of this process's connections
        for one in (path, *(path.with_name(path.name + end) for end in BESIDE)):
            close_to_others(one)
    except OSError as error:
        raise StoreError(f"The database {path} can't be made ({error.strerror}). Check the data folder.") from error


@functools.cache
def _vector_extension() -> str:
    """Return where sqlite-vec's extension is. Importing the package would import numpy where that is installed.

    It is looked for once: a connection that is opened later may find that the process can open no further file.
    """
    found = importlib.util.find_spec("sqlite_vec")
    if found is None or found.origin is None:
        raise StoreError("The package sqlite-vec is not installed. Install Hubbub with its dependencies.")
    return str(Path(found.origin).with_name("vec0"))
