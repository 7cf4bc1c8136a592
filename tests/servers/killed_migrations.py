"""Make Hubbub's tables in a data folder in processes that are killed (SIGKILL) before a statement of their own.

`python -m tests.servers.killed_migrations OLD WORK NUMBER…` copies the folder OLD for each number, is killed there
before so many a statement in one process, comes to the end in a second one, and prints what it finds, a line of JSON
each: processes are forked, so that a point costs milliseconds. With `count` it prints how many statements there are.
`python -m tests.servers.killed_migrations URL` makes the tables of a PostgreSQL.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import apsw

from hubbub.compose.databases import chats_in, library_in, make_tables
from hubbub.compose.moving_places import FolderPlace
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Sqlite
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.sqlite import SqliteSearch

FILES = ("hubbub.db", "library.db")


async def make_all(folder: Path, chats: Sqlite | None = None, library: Sqlite | None = None) -> None:
    """Make and bring up to date all tables of a data folder, as a start does."""
    async with AsyncExitStack() as stack:
        chats = await stack.enter_async_context(chats or chats_in(folder))
        library = await stack.enter_async_context(library or library_in(folder))
        place = FolderPlace(chats, library, SqliteLibrary(library), SqliteSearch(library, None))
        await place.make_tables()


async def make_postgres(url: str) -> None:
    """Make all tables of a PostgreSQL."""
    async with Postgres(url) as database:
        await make_tables(database)


def on_statements(told: Callable[[], None]) -> None:
    """Let `told` be called before each statement that may change something, commits among them."""

    def trace(_cursor: Any, statement: str, _bindings: Any) -> bool:
        if not statement.lstrip().lower().startswith(("select", "pragma")):
            told()
        return True

    def hook(connection: Any) -> None:
        connection.exec_trace = trace

    apsw.connection_hooks.append(hook)


def in_a_process(work: Callable[[], None]) -> int:
    """Do work in a process of its own; returns how it ended."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_before(number: int, folder: Path) -> None:
    left = number

    def told() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    on_statements(told)
    asyncio.run(make_all(folder))


def counted(folder: Path) -> None:
    count = 0

    def told() -> None:
        nonlocal count
        count += 1

    on_statements(told)
    asyncio.run(make_all(folder))
    sys.stdout.write(f"{count}\n")
    sys.stdout.flush()


def held(folder: Path) -> dict[str, Any]:
    """Return what the files hold: what SQLite says of them, their schemas, and the rows of each table."""
    found: dict[str, Any] = {}
    for name in FILES:
        connection: Any = apsw.Connection(str(folder / name))
        connection.create_scalar_function("fold", str.casefold, 1, deterministic=True)
        found[f"{name} whole"] = connection.execute("pragma integrity_check").fetchall()
        found[f"{name} loose"] = connection.execute("pragma foreign_key_check").fetchall()
        schema = connection.execute("select name, sql from sqlite_schema order by name").fetchall()
        found[f"{name} schema"] = schema
        for table, sql in schema:
            if sql and sql.lower().startswith("create table") and not table.startswith("sqlite_"):
                rows = connection.execute(f'select * from "{table}"').fetchall()
                found[f"{name} {table}"] = sorted(repr(row) for row in rows)
        connection.close()
    return found


def main() -> None:
    if len(sys.argv) == 2:
        asyncio.run(make_postgres(sys.argv[1]))
        return
    old, work = Path(sys.argv[1]), Path(sys.argv[2])
    for number in sys.argv[3:]:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(old, work)
        if number == "count":
            in_a_process(lambda: counted(work))
            continue
        killed = in_a_process(lambda number=number: killed_before(int(number), work)) if number != "0" else 0
        ended = in_a_process(lambda: asyncio.run(make_all(work)))
        told = {"number": int(number), "killed": killed, "ended": ended, "held": held(work)}
        sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
