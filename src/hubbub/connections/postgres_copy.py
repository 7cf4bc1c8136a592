"""Copy tables out of a PostgreSQL and into one by COPY, all from one state."""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from hubbub.connections.postgres import Connection, Postgres

# asyncpg's own connection is used here, since COPY is no statement with rows.
# pyright: reportPrivateUsage=false

IDLE_SECONDS = 600
"""A disk that takes what is copied may stall for that long."""
COPY_SECONDS = 7 * 86_400.0
"""For a table as a whole, however large: the driver would end it after the time of a statement."""

_TABLES = """
select relname from pg_class
where relnamespace = current_schema()::regnamespace and relkind = 'r'
and not exists (select 1 from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e')
order by relname
"""
_COLUMNS = """
select attname from pg_attribute
where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''
order by attnum
"""
_COUNTERS = """
select attname, pg_get_serial_sequence(quote_ident($1), attname) from pg_attribute
where attrelid = $1::text::regclass and attidentity <> '' and not attisdropped
"""
_REFERENCES = """
select conrelid::regclass::text, confrelid::regclass::text from pg_constraint
where contype = 'f' and conrelid <> confrelid and connamespace = current_schema()::regnamespace
"""


@asynccontextmanager
async def one_state(database: Postgres) -> AsyncGenerator[Connection]:
    """Give a connection whose queries all see the state of the first one, for as long as this is entered."""
    async with database._connection() as raw, raw.transaction(isolation="repeatable_read", readonly=True):
        yield await _patient(Connection(raw))


@asynccontextmanager
async def one_change(database: Postgres) -> AsyncGenerator[Connection]:
    """Give a connection whose changes are all made when this is left, or none of them."""
    async with database._connection() as raw, raw.transaction():
        yield await _patient(Connection(raw))


async def _patient(connection: Connection) -> Connection:
    await connection.script(
        f"set local statement_timeout = 0; set local idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'"
    )
    return connection


async def tables_there(connection: Connection) -> list[str]:
    """Return the names of the schema's tables, without those of extensions."""
    return [row[0] for row in await connection.all(_TABLES)]


async def columns_there(connection: Connection, table: str) -> list[str]:
    """Return the names of a table's columns, without those that are computed."""
    return [row[0] for row in await connection.all(_COLUMNS, table)]


async def counters_of(connection: Connection, table: str) -> dict[str, int]:
    """Return the numbers that a table's columns are given next, by column."""
    found: dict[str, int] = {}
    for column, sequence in await connection.all(_COUNTERS, table):
        row = await connection.one(f"select last_value + is_called::integer from {sequence}")  # noqa: S608 (the server named it)
        found[column] = 1 if row is None else int(row[0])
    return found


async def set_counters(connection: Connection, table: str, counters: Mapping[str, int]) -> None:
    """Let a table's columns go on with these numbers."""
    for column, sequence in await connection.all(_COUNTERS, table):
        if column in counters:
            await connection.all("select setval($1::text::regclass, $2, false)", sequence, counters[column])


async def in_order(connection: Connection, tables: Sequence[str]) -> list[str]:
    """Return tables so that each comes behind those that it refers to."""
    refers: dict[str, set[str]] = {table: set() for table in tables}
    for table, other in await connection.all(_REFERENCES):
        if table in refers and other in refers:
            refers[table].add(other)
    ordered: list[str] = []
    while left := [table for table in tables if table not in ordered]:
        ready = [table for table in left if refers[table] <= set(ordered)]
        if not ready:
            raise RuntimeError(f"{', '.join(left)} refer to each other")
        ordered += ready
    return ordered


def quoted(name: str) -> str:
    """Return a name as a statement has it, whatever it is."""
    return '"' + name.replace('"', '""') + '"'


async def copy_out(
    connection: Connection, table: str, columns: Sequence[str], write: Callable[[bytes], Awaitable[None]]
) -> int:
    """Give `write` all rows of a table in pieces, as COPY writes them in text; return how many they are."""
    status = await connection._raw.copy_from_query(
        f"select {', '.join(map(quoted, columns))} from {table}",  # noqa: S608 (names that the server gave)
        output=write,
        timeout=COPY_SECONDS,
    )
    return int(status.rsplit(" ", 1)[-1])


async def copy_in(connection: Connection, table: str, columns: Sequence[str], pieces: AsyncIterable[bytes]) -> int:
    """Put rows that `copy_out` gave into a table, past its triggers; return how many they are."""
    await connection.script(f"alter table {table} disable trigger user")
    status = await connection._raw.copy_to_table(table, source=pieces, columns=list(columns), timeout=COPY_SECONDS)
    await connection.script(f"alter table {table} enable trigger user")
    return int(status.rsplit(" ", 1)[-1])
