"""Whoever makes or changes tables is killed (SIGKILL) at a statement of it: the next start makes all of them whole.

`HUBBUB_KILL_POINTS=all python -m pytest tests/compose/test_killed_migrations.py` tries each statement; a sample of them
is tried otherwise.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest

from hubbub.compose.databases import CHATS, LIBRARY, postgres_steps
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Connection, Sqlite
from tests.patience import patience
from tests.servers.killed_migrations import make_all, make_postgres
from tests.servers.postgres_server import new_database

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks")

TRIES_ALL = os.environ.get("HUBBUB_KILL_POINTS") == "all"
SAMPLE = 15
POSTGRES_SAMPLE = 2
AN_ID = "01m8m1vm7ck14n6pfb8wdhrjq"
PROGRAM = (sys.executable, "-m", "tests.servers.killed_migrations")
ROOT = Path(__file__).parents[2]


class Recording(Sqlite):
    """A database that writes down the scripts of each room."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.steps: dict[str, Sequence[str]] = {}

    async def migrate(self, room: str, steps: Sequence[str]) -> None:
        self.steps[room] = steps
        await super().migrate(room, steps)


async def old_folder(folder: Path) -> None:
    """Make a data folder in which each room has taken its first step alone, with rows in its tables."""
    scratch = folder / "scratch"
    await asyncio.to_thread(scratch.mkdir, parents=True)
    chats, library = Recording(scratch / "hubbub.db"), Recording(scratch / "library.db")
    await make_all(scratch, chats, library)
    for name, steps in (("hubbub.db", chats.steps), ("library.db", library.steps)):
        async with Sqlite(folder / name) as database:
            for room, scripts in steps.items():
                await database.migrate(room, scripts[:1])
            assert await database.write(fill) > 10


def fill(connection: Connection) -> int:
    """Put rows into each table that takes such as are made up here; returns how many."""
    connection.all("pragma defer_foreign_keys = on")
    rows = 0
    query = "select name from pragma_table_list where schema = 'main' and type = 'table'"
    for (table,) in connection.all(query):
        if table == "migration" or table.startswith("sqlite_"):
            continue
        columns = connection.all(f"select name, type, pk from pragma_table_info('{table}')")
        for number in (1, 2):
            values = [made_up(kind, number, is_key=pk > 0 or name.endswith("id")) for name, kind, pk in columns]
            names, places = ", ".join(f'"{name}"' for name, _, _ in columns), ", ".join("?" * len(columns))
            with contextlib.suppress(apsw.SQLError):  # it refers to a table that a later step makes
                connection.all(f'insert or ignore into "{table}" ({names}) values ({places})', values)
                rows += connection.changes()
    for table, row, _, _ in connection.all("pragma foreign_key_check"):
        connection.all(f'delete from "{table}" where rowid = ?', (row,)) if row is not None else None
    return rows


def made_up(kind: str, number: int, *, is_key: bool) -> Any:
    match kind.lower():
        case "text" | "":
            return f"{AN_ID}{number}" if is_key else "[]"
        case "blob":
            return bytes([number] * 32)
        case _:
            return number


async def found(*arguments: str) -> list[Any]:
    process = await asyncio.create_subprocess_exec(*PROGRAM, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    lines = (await process.stdout.read()).splitlines()
    assert await process.wait() == 0
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("is_new", [True, False], ids=["new", "old"])
async def test_a_data_folder_is_whole_after_a_kill_at_any_statement(tmp_path: Path, is_new: bool) -> None:
    old, work = tmp_path / "old", tmp_path / "work"
    await asyncio.to_thread(old.mkdir)
    if not is_new:
        await old_folder(old)
    [count] = await found(str(old), str(work), "count")
    assert count > 100
    step = 1 if TRIES_ALL else count // SAMPLE
    points = [str(number) for number in range(1 + count % step, count + 1, step)]
    whole, again, *tried = await found(str(old), str(work), "0", "0", *points)
    changing = {key for key, value in whole["held"].items() if value != again["held"][key]}
    assert changing <= {"library.db audit_outbox_id"}, "a number that is made by chance"
    changing |= {"hubbub.db worker"}  # who was killed stands there until the next server gives it up
    for name, known in (("hubbub.db", CHATS), ("library.db", LIBRARY)):
        assert whole["held"][f"{name} whole"] == [["ok"]]
        assert whole["held"][f"{name} loose"] == []
        assert len(whole["held"][f"{name} migration"]) >= len(known) - 3, "some belong to parts that are switched off"
    assert len(tried) == len(points)
    for one in tried:
        assert (one["killed"], one["ended"]) == (-signal.SIGKILL, 0)
        differing = {key for key, value in one["held"].items() if value != whole["held"].get(key)} - changing
        assert not differing, f"killed before statement {one['number']}"


WATCH = """
create sequence statements;
create function wait_at_one() returns event_trigger language plpgsql as $$ begin
    if nextval('statements') = (select number from wait_at) then
        perform pg_advisory_xact_lock(4242);
    end if;
end $$;
create table wait_at (number bigint);
create event trigger wait_at_one on ddl_command_end execute function wait_at_one();
"""
UNWATCH = """
drop event trigger wait_at_one;
drop function wait_at_one; drop table wait_at; drop sequence statements;
"""
WAITS = "select 1 from pg_locks where locktype = 'advisory' and objid = 4242 and not granted"

SESSIONS = "select 1 from pg_stat_activity where application_name = 'hubbub' and datname = current_database()"


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    connection: Any = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def shape_of(url: str) -> dict[str, Any]:
    """Return the columns, indexes, triggers and constraints of a PostgreSQL, and what its tables hold."""
    queries = {
        "columns": "select table_name, column_name, data_type, column_default, is_nullable "
        "from information_schema.columns where table_schema = current_schema() order by 1, 2",
        "indexes": "select indexname, indexdef from pg_indexes where schemaname = current_schema() order by 1",
        "triggers": "select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal order by 1, 2",
        "constraints": "select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint "
        "where connamespace = current_schema()::regnamespace order by 1, 2",
    }
    async with connected(url) as connection:
        shape = {name: [tuple(row) for row in await connection.fetch(query)] for name, query in queries.items()}
        for table in {row[0] for row in shape["columns"]}:
            rows = await connection.fetch(f'select one::text from "{table}" as one')
            shape[f"rows of {table}"] = sorted(row[0] for row in rows)
    return shape


async def old_postgres(url: str) -> None:
    """Let each room take its first step alone, and put rows into some tables."""
    async with Postgres(url) as database:
        for room, steps in postgres_steps().items():
            await database.migrate(room, steps[:1])
        for number in (1, 2, 3):
            row = "insert into chat (id, owner_id, title, created_at, updated_at) values ($1, 'a', 't', 1, 1)"
            await database.run(row, f"c{number}")


async def killed_at(url: str, number: int) -> bool:
    """Make all tables, and kill who does at so many a statement; returns whether it came to that one."""
    async with connected(url) as connection:
        await connection.execute(WATCH)
        await connection.execute("insert into wait_at values ($1)", number)
        await connection.execute("select pg_advisory_lock(4242)")
        process = await asyncio.create_subprocess_exec(*PROGRAM, url, cwd=ROOT)
        async with patience():
            while process.returncode is None and not await connection.fetch(WAITS):
                with_wait = asyncio.wait_for(process.wait(), 0.05)
                try:
                    await with_wait
                except TimeoutError:
                    continue
        was_there = process.returncode is None
        if was_there:
            process.kill()
        await process.wait()
        await connection.execute("select pg_advisory_unlock(4242)")
        async with patience():  # its session ends when it has something to say to who is gone
            while await connection.fetch(SESSIONS):
                await asyncio.sleep(0.05)
        await connection.execute(UNWATCH)
        return was_there


@pytest.mark.parametrize("is_new", [True, False], ids=["new", "old"])
async def test_a_postgresql_is_whole_after_a_kill_at_any_statement(postgres_server: str, is_new: bool) -> None:
    async def begun(url: str) -> None:
        if not is_new:
            await old_postgres(url)

    async with new_database(postgres_server) as url:
        await begun(url)
        async with connected(url) as connection:
            await connection.execute(WATCH)
            await make_postgres(url)
            count = await connection.fetchval("select last_value from statements")
            await connection.execute(UNWATCH)
        whole = await shape_of(url)
    assert count > (60 if is_new else 3)
    step = 1 if TRIES_ALL else max(1, count // POSTGRES_SAMPLE)
    points = list(range(1 + count % step, count + 1, step))
    for number in points:
        async with new_database(postgres_server) as url:
            await begun(url)
            assert await killed_at(url, number), f"there is a statement {number}"
            await make_postgres(url)
            assert await shape_of(url) == whole, f"killed at statement {number}"
