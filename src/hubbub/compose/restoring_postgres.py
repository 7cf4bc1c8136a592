"""Fill a PostgreSQL with the tables of a backup, in one transaction: all of it is there, or nothing has changed."""

from pathlib import Path

from hubbub.compose.backing_up_pieces import CopiedTable, Manifest, Told
from hubbub.compose.backing_up_postgres import MIGRATION, OURS, Run, rows_of
from hubbub.compose.databases import make_tables, postgres_steps
from hubbub.compose.one_folder import SCHEMA
from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.postgres_copy import copy_in, one_change, set_counters, tables_there
from hubbub.core.errors import Conflict, SettingsError, StoreError
from hubbub.search.postgres_vectors import MOST_INDEXED_DIMENSIONS, SQL, lack_of_vectors, make_vectors

VECTORS = "passage_embedding"
_FUNCTIONS = """
select distinct tgfoid::regprocedure::text from pg_trigger
where not tgisinternal and tgrelid::regclass::text = any ($1)
"""


async def fill(
    database: Postgres, backup: Path, manifest: Manifest, run: Run, told: Told, *, replaces: bool, alive: float
) -> list[str]:
    """Make the tables of the version that made the backup, fill them, and bring them up to date.

    Returns what is not as it was, each in a sentence.

    Raises:
        SettingsError: there are tables already, which may not be replaced.
        Conflict: a server works on them.
        StoreError: not all rows have arrived; nothing has changed.
    """
    notes: list[str] = []
    if strange := sorted({table.name for table in manifest.tables} - OURS):
        raise StoreError(f"The backup has tables that are not Hubbub's ({', '.join(strange)}). Nothing was restored.")
    has_vectors = any(table.name == VECTORS for table in manifest.tables)
    lack = await lack_of_vectors(database) if has_vectors else None
    if lack is not None:
        notes.append(f"The vectors of passages were left out, and are made anew once they can be. {lack}")
    async with one_change(database) as connection:
        there = sorted(set(await tables_there(connection)) & (OURS | {MIGRATION}))
        if there and not replaces:
            raise SettingsError(
                [
                    f"database.url: {database.who} holds tables of Hubbub already. Name an empty database, or say "
                    "--replace: what is there is deleted"
                ]
            )
        if there:
            await _check_idle(connection, database, there, alive)
            await _drop(connection, there)
        await _make(connection, manifest)
        tables = [table for table in manifest.tables if table.name != VECTORS]
        for table in tables:  # steps may have put rows there
            await connection.script(f"alter table {table.name} disable trigger user")
        if tables:
            await connection.script("truncate " + ", ".join(table.name for table in tables))
        for table in tables:
            await _fill(connection, backup, table, run, told)
        for table in manifest.tables:
            if table.name == VECTORS and lack is None:
                await _fill_vectors(connection, backup, table, run, told)
            elif table.name == VECTORS:
                await connection.script(SQL["forget_vectors"])
    await make_tables(database)
    for table in manifest.tables:
        await database.run(f"analyze {table.name}") if table.name != VECTORS or lack is None else None
    return notes


async def _check_idle(connection: Connection, database: Postgres, there: list[str], alive: float) -> None:
    if "worker" in there and await connection.one(
        "select 1 from worker where seen_at > extract(epoch from clock_timestamp()) - $1::double precision", alive
    ):
        raise Conflict(
            f"A server runs on {database.who}, or was killed just now. Stop it, wait a moment, and try again."
        )


async def _drop(connection: Connection, there: list[str]) -> None:
    functions = [row[0] for row in await connection.all(_FUNCTIONS, there)]
    await connection.script("drop table " + ", ".join(there) + " cascade")
    for function in functions:
        await connection.script(f"drop function {function}")


async def _make(connection: Connection, manifest: Manifest) -> None:
    """Make the tables as the version did that made the backup."""
    known = manifest.schemas.get("postgresql", {})
    await connection.script("create table migration (room text, step integer, primary key (room, step))")
    for room, scripts in {**postgres_steps(), "folder": [SCHEMA]}.items():
        for number, script in enumerate(scripts[: known.get(room, 0)], start=1):
            await connection.script(script)
            await connection.run("insert into migration values ($1, $2)", room, number)


async def _fill(connection: Connection, backup: Path, table: CopiedTable, run: Run, told: Told) -> None:
    count = await copy_in(connection, table.name, table.columns, rows_of(backup, table.name, run))
    if count != table.rows:
        raise StoreError(
            f"{table.name} of the backup has {count:,} rows, and "
            f"its manifest says {table.rows:,}. Nothing was restored."
        )
    await set_counters(connection, table.name, table.counters)
    told(f"rows of {table.name}", count)


async def _fill_vectors(connection: Connection, backup: Path, table: CopiedTable, run: Run, told: Told) -> None:
    space = await connection.one(SQL["space"])
    if space is None:
        return
    dimensions = int(space[1])
    await make_vectors(connection, dimensions, is_indexed=False)
    await _fill(connection, backup, table, run, told)
    if dimensions <= MOST_INDEXED_DIMENSIONS:
        await connection.script(SQL["index_vectors"])
