"""Use a PostgreSQL from async code: one pool a worker, a connection of its own for commits, and one that listens."""

import asyncio
import contextlib
import time
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeAlias, TypeVar, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from hubbub.connections.joining import joining
from hubbub.connections.postgres_faults import (
    HoldsNul,
    again,
    opening_errors,
    password_of,
    store_errors,
    who_of,
)
from hubbub.connections.postgres_listening import Silence, listen
from hubbub.core.errors import SettingsError

P = ParamSpec("P")
T = TypeVar("T")

Value: TypeAlias = str | int | float | bytes | bool | Sequence[Any] | None
Row: TypeAlias = Sequence[Any]

FEWEST_CONNECTIONS = 3
"""One for commits, one that listens, and one for all the rest."""
CONNECT_SECONDS = 5.0
ACQUIRE_SECONDS = 10.0
IDLE_TRANSACTION_SECONDS = 5
"""The server ends a transaction whose worker says nothing for so long: its locks would hold up all others."""
TRIES = 4
"""So often a transaction is run that another one got in the way of."""
COMMIT_SECONDS = 5.0
"""So long a commit waits for its reply, before it is sent again over another connection."""
MIGRATION_LOCK = 0x68756262
"""The advisory lock that is held while tables are made or changed."""


class Connection:
    """A connection to PostgreSQL, inside a transaction."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw  # asyncpg's own types are partly unknown

    async def all(self, query: str, *values: Value) -> list[Row]:
        """Run a query and return its rows."""
        return cast(list[Row], await self._raw.fetch(query, *values))

    async def one(self, query: str, *values: Value) -> Row | None:
        """Run a query and return its first row, if it has one."""
        return cast(Row | None, await self._raw.fetchrow(query, *values))

    async def run(self, query: str, *values: Value) -> int:
        """Run a statement and return how many rows it changed."""
        return _count(await self._raw.execute(query, *values))

    async def many(self, query: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a statement once a row of values."""
        await self._raw.executemany(query, rows)

    async def script(self, script: str) -> None:
        """Run statements that take no values."""
        await self._raw.execute(script)


class _PlainConnection(Connection):
    """One whose texts are made fit for PostgreSQL: what is asked for with a NUL is found nowhere, as in SQLite.

    It is used where a statement failed for that, so that no other one pays for looking.
    """

    async def all(self, query: str, *values: Value) -> list[Row]:
        return await super().all(query, *map(_plainly, values))

    async def one(self, query: str, *values: Value) -> Row | None:
        return await super().one(query, *map(_plainly, values))

    async def run(self, query: str, *values: Value) -> int:
        return await super().run(query, *map(_plainly, values))

    async def many(self, query: str, rows: Iterable[Sequence[Value]]) -> None:
        await super().many(query, [list(map(_plainly, row)) for row in rows])


class _Raw(asyncpg.Connection):
    """A connection that is given back without a round trip: nothing here leaves anything behind on one."""

    def get_reset_query(self) -> str:
        return ""


class Queries:
    """Run statements on connections of a pool. Nothing that was interrupted by a lost connection is run again."""

    def __init__(self, pool: Any, silence: Silence, *, tries: bool = False) -> None:
        """Take what tells whether the server is silent, and whether it is tried all the same."""
        self._pool = pool
        self._silence = silence
        self._tries = tries

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Any]:
        with store_errors():
            async with self._silence.waiting(ACQUIRE_SECONDS, tries=self._tries):
                raw = await self._pool.acquire()
            try:
                yield raw
                self._silence.over()
            except TimeoutError:  # who says nothing isn't asked to cancel it either: that would be waited for
                raw.terminate()
                raise
            finally:
                await self._pool.release(raw, timeout=ACQUIRE_SECONDS)

    async def all(self, query: str, *values: Value) -> list[Row]:
        """Run one query in a transaction of its own and return its rows.

        Raises:
            StoreFull: the disk is full.
            StoreError: PostgreSQL failed, or can't be reached.
        """
        try:
            async with self._connection() as raw:
                return await Connection(raw).all(query, *values)
        except HoldsNul:
            async with self._connection() as raw:
                return await _PlainConnection(raw).all(query, *values)

    async def one(self, query: str, *values: Value) -> Row | None:
        """Run one query as `all` does and return its first row, if it has one."""
        try:
            async with self._connection() as raw:
                return await Connection(raw).one(query, *values)
        except HoldsNul:
            async with self._connection() as raw:
                return await _PlainConnection(raw).one(query, *values)

    async def run(self, query: str, *values: Value) -> int:
        """Run one statement as `all` does and return how many rows it changed."""
        try:
            async with self._connection() as raw:
                return await Connection(raw).run(query, *values)
        except HoldsNul:
            async with self._connection() as raw:
                return await _PlainConnection(raw).run(query, *values)

    async def write(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, …)` in a transaction and return what it returns, once that is on disk.

        The work may be run again where another transaction got in its way; so it must change nothing but the
        database. What it raises undoes what it did, and comes out here.

        Raises:
            StoreFull: the disk is full; nothing was changed.
            StoreError: PostgreSQL failed. Where the connection was lost it may have taken effect.
        """
        made: type[Connection] = Connection
        for left in reversed(range(TRIES)):
            try:
                async with self._connection() as raw, raw.transaction():
                    return await work(made(raw), *args, **kwargs)
            except HoldsNul:
                if left == 0 or made is _PlainConnection:
                    raise
                made = _PlainConnection
            except Exception as error:
                if left == 0 or not again(error):
                    raise
        raise AssertionError("unreachable")

    async def read(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, …)`, whose queries see one consistent state, and return what it returns.

        Raises:
            StoreError: PostgreSQL failed, or can't be reached.
        """
        try:
            return await self._read_as(Connection, lambda connection: work(connection, *args, **kwargs))
        except HoldsNul:
            return await self._read_as(_PlainConnection, lambda connection: work(connection, *args, **kwargs))

    async def _read_as(self, made: type[Connection], work: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._connection() as raw, raw.transaction(isolation="repeatable_read", readonly=True):
            return await work(made(raw))


class Postgres(Queries):
    """A PostgreSQL database. Work is an async function that is given a connection.

    Connections that are lost are made anew when they are next needed. There are never more than `connections`.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int = 8,
        statement_seconds: float = 30.0,
        known: Mapping[str, int] | None = None,
    ) -> None:
        """Take which rooms may have tables here, and how many scripts each has: any, if that is not said.

        Rooms whose names have a dot are others' and not looked at.
        """
        super().__init__(None, Silence())
        self.who = who_of(url)
        """The server and the database, without the password."""
        self._url = url
        self._connections = max(connections, FEWEST_CONNECTIONS)
        self._statement_seconds = statement_seconds
        self._known = known
        self._listening: asyncio.Task[None] | None = None
        self._hears: list[Callable[[str], None]] = []
        self._made: weakref.WeakSet[Any] = weakref.WeakSet()
        """All connections of the pools."""
        self.commits = Queries(None, self._silence, tries=True)
        """A connection of its own for what must not wait behind others' queries. One call at a time."""

    async def __aenter__(self) -> Self:
        with opening_errors(self.who):
            self._pool = await self._open(self._connections - 2)
            try:
                self.commits._pool = await self._open(1, COMMIT_SECONDS)
                await self.commits.one("select 1")  # opened now: others may take all that there are
                await self.read(self._check_version)
            except BaseException:
                await self._close()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
        await self._close()

    async def _open(self, most: int, seconds: float = float("inf")) -> Any:
        async def note(raw: Any) -> None:
            self._made.add(raw)

        arguments = self._arguments()
        arguments["command_timeout"] = min(seconds, arguments["command_timeout"])
        return await cast(Any, asyncpg).create_pool(
            min_size=0,  # the driver logs a traceback for each try to keep more
            max_size=most,
            connection_class=_Raw,
            max_inactive_connection_lifetime=300.0,
            init=note,
            **arguments,
        )

    def _arguments(self) -> dict[str, Any]:
        milliseconds = str(round(self._statement_seconds * 1000))
        return {
            "dsn": self._url,
            "password": password_of(self._url),  # said here, or the driver reads files on the loop's thread to find it
            "timeout": CONNECT_SECONDS,
            # A little longer than the server's: it answers where it still can.
            "command_timeout": self._statement_seconds + 2.0,
            "server_settings": {
                "application_name": "hubbub",
                "statement_timeout": milliseconds,
                "idle_in_transaction_session_timeout": str(IDLE_TRANSACTION_SECONDS * 1000),
                "synchronous_commit": "on",
                "jit": "off",  # its compiling costs more than these queries take
            },
        }

    async def _close(self) -> None:
        for pool in (self._pool, self.commits._pool):
            if pool is None:
                continue
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await pool.close()
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                pool.terminate()

    @property
    def apart(self) -> Queries:
        """The same connections for what is no deed, though it may be written while one is done: files, leases."""
        return Queries(self._pool, self._silence)

    async def run(self, query: str, *values: Value) -> int:
        """Run one statement as `all` does, with what this task joins to its writes; return how many rows it changed."""
        if joining.get() is None:
            return await super().run(query, *values)
        return await self.write(Connection.run, query, *values)

    async def write(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run work in a transaction as `Queries.write` does, with what this task joins to its writes."""
        joined = joining.get()
        beside = None if joined is None else joined.take(self)
        if joined is None or beside is None:
            return await super().write(work, *args, **kwargs)

        async def both(connection: Connection) -> T:
            done = await work(connection, *args, **kwargs)
            await beside(connection, done)
            return done

        is_stored = False
        try:
            found = await super().write(both)
            is_stored = True
        finally:
            joined.settle(is_stored=is_stored)
        return found

    def writing(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> "PostgresWrite":
        """Return a `write` that is not begun: another one to this database may take it into its own transaction."""
        return PostgresWrite(self, lambda connection: work(connection, *args, **kwargs))

    def listen(self, hear: Callable[[str], None]) -> None:
        """Call `hear` with what is sent to the channel; with "" where something may have been missed.

        One connection listens for all of a worker, and is made anew when it is lost.
        """
        self._hears.append(hear)
        if self._listening is None:
            listening = listen(self._connect, self._tell, self._fall_silent, self._silence.over)
            self._listening = asyncio.create_task(listening, name="listen")

    async def _connect(self) -> Any:
        return await cast(Any, asyncpg).connect(**self._arguments())

    def _fall_silent(self) -> None:
        """End all connections: whoever waits on one, or for one, is told. They are made anew once it is heard again."""
        self._silence.note()
        for raw in list(self._made):
            raw.terminate()

    def _tell(self, payload: str) -> None:
        for hear in self._hears:
            hear(payload)

    async def migrate(self, room: str, steps: Sequence[str]) -> None:
        """Bring a room's tables up to date: run those of its scripts that were not run yet, each at most once.

        Each runs in a transaction of its own; of several workers one runs them and the others wait.
        The room of a back end that is not part of Hubbub has a dot in its name, as in `my_package.history`.

        Raises:
            SettingsError: a newer version of the program has run scripts that are not known here, or the role may not
                make tables; nothing was changed.
            StoreError: the database can't be reached now.
        """
        if self._known is not None and "." not in room and room not in self._known:
            raise SettingsError([f"The tables {room!r} need a name with a dot, such as 'my_package.{room}'"])
        if self._known is not None and len(steps) > self._known.get(room, len(steps)):
            raise RuntimeError(f"{room} has {len(steps)} scripts; say so where it is said how many are known")
        with opening_errors(self.who, was_reached=True):
            done = await self.read(self._steps_done, room)
            if (newest := max(done, default=0)) > len(steps):
                raise self._is_newer(f"{room} {newest}, this one knows {len(steps)}")
            for number, script in enumerate(steps, start=1):
                if number not in done:
                    await self.write(_migrate, room, number, script)

    async def rooms(self) -> set[str]:
        """Return the rooms that have tables here."""
        return {row[0] for row in await self.read(_rooms)}

    async def describe(self) -> str:
        """Return its version, how quickly it answers, and what of it is there that Hubbub may need.

        Raises:
            SettingsError: the role may not make tables.
        """
        row = await self.one(
            "select current_setting('server_version'), has_schema_privilege(current_schema(), 'create'), "
            "(select default_version from pg_available_extensions where name = 'vector'), pg_is_in_recovery(), "
            "current_setting('max_connections')::integer"
        )
        if row is None or not row[1]:
            raise SettingsError(
                [f"database.url: {self.who} lets this role make no tables. Grant it CREATE on its schema"]
            )
        version, _, vector, is_replica, most = row
        if is_replica:
            raise SettingsError([f"database.url: {self.who} is a replica, which takes no writes. Name the primary"])
        seconds: list[float] = []
        for _ in range(5):
            began = time.perf_counter()
            await self.one("select 1")
            seconds.append(time.perf_counter() - began)
        has_vector = f"pgvector {vector}" if vector else "no pgvector"
        return (
            f"version {version.split()[0]}, {has_vector}, it answers in {min(seconds) * 1000:.1f} ms, "
            f"{self._connections} of its {most} connections for each worker"
        )

    @staticmethod
    async def _steps_done(connection: Connection, room: str) -> set[int]:
        if not await _has_migrations(connection):
            return set()
        return {row[0] for row in await connection.all("select step from migration where room = $1", room)}

    async def _check_version(self, connection: Connection) -> None:
        """Raise SettingsError where a newer version has made tables that are not known here."""
        if self._known is None or not await _has_migrations(connection):
            return
        for room, step in await connection.all("select room, max(step) from migration group by room order by room"):
            if "." not in room and room not in self._known:
                raise self._is_newer(f"it has {room}, which this one doesn't know")
            if "." not in room and step > self._known[room]:
                raise self._is_newer(f"{room} {step}, this one knows {self._known[room]}")

    def _is_newer(self, how: str) -> SettingsError:
        return SettingsError(
            [
                f"database.url: {self.who} was written by a newer version of Hubbub ({how}). "
                "Run that version, or name another database"
            ]
        )


class PostgresWrite:
    """A write that has not begun. Called, it runs in a transaction of its own; see `Postgres.writing`."""

    def __init__(self, database: Postgres, work: Callable[[Connection], Awaitable[object]]) -> None:
        self.database = database
        self.work = work

    async def __call__(self) -> None:
        await self.database.write(self.work)

    def along(self, other: object) -> "PostgresWrite | None":
        """Return what does this and the other in one transaction; None where that goes elsewhere."""
        if not isinstance(other, PostgresWrite) or other.database is not self.database:
            return None
        first, second = self.work, other.work

        async def work(connection: Connection) -> None:
            await first(connection)
            await second(connection)

        return PostgresWrite(self.database, work)


def plain(text: str) -> str:
    """Return a text as PostgreSQL can keep it: its texts hold no NUL."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


def _plainly(value: Value) -> Value:
    if isinstance(value, str):
        return plain(value)
    return [_plainly(one) for one in value] if isinstance(value, list | tuple) else value


async def _has_migrations(connection: Connection) -> bool:
    found = await connection.one("select to_regclass('migration') is not null")
    return found is not None and bool(found[0])


async def _rooms(connection: Connection) -> list[Row]:
    return await connection.all("select distinct room from migration") if await _has_migrations(connection) else []


async def _migrate(connection: Connection, room: str, number: int, script: str) -> None:
    await connection.all("select pg_advisory_xact_lock($1)", MIGRATION_LOCK)
    await connection.script("set local statement_timeout = 0")  # a change to a large table may take its time
    await connection.script("create table if not exists migration (room text, step integer, primary key (room, step))")
    if await connection.one("select 1 from migration where room = $1 and step = $2", room, number) is None:
        await connection.script(script)
        await connection.run("insert into migration values ($1, $2)", room, number)


def _count(status: str) -> int:
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdecimal() else 0
