"""Let one process of all machines do a piece of work at a time, by leases in the database's time."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from hubbub.connections.postgres import Postgres
from hubbub.connections.postgres_faults import Unreachable
from hubbub.connections.sql import load_sql
from hubbub.core.errors import StoreError
from hubbub.core.tasks import Tasks

_SQL = load_sql("hubbub.connections", "leases.sql")
STEPS = (_SQL["create_tables"],)
LEASE_SECONDS = 15.0
RETRY_SECONDS = 1.0


@asynccontextmanager
async def leased(
    database: Postgres, name: str, *, seconds: float = LEASE_SECONDS, retry_seconds: float = RETRY_SECONDS
) -> AsyncGenerator[None]:
    """Hold the lease of this name; entering waits until nobody else does, and until the database can be reached.

    Another process takes it over once its holder has not been heard of for so many seconds. What is done inside ends
    with a StoreError where the lease can't be renewed in time.
    """
    holder = secrets.token_hex(16)
    while not await _take(database, name, holder, seconds):  # noqa: ASYNC110 (the event is elsewhere)
        await asyncio.sleep(retry_seconds)
    try:
        async with Tasks() as group:
            renewing = group.create_task(_renew(database, name, holder, seconds), name=f"lease {name}")
            try:
                yield
            finally:
                renewing.cancel()
    finally:
        with contextlib.suppress(StoreError):  # then it runs out
            await asyncio.shield(database.apart.run(_SQL["give_back"], name, holder))


async def _take(database: Postgres, name: str, holder: str, seconds: float) -> bool:
    """Take the lease; returns whether it is held now."""
    try:
        await database.migrate("leases", STEPS)
        return await database.apart.run(_SQL["take"], name, holder, seconds) > 0
    except Unreachable:  # whoever wants it works in the background: a worker does not end for that
        return False


async def _renew(database: Postgres, name: str, holder: str, seconds: float) -> None:
    clock = asyncio.get_running_loop().time
    until = clock() + seconds
    while True:
        await asyncio.sleep(seconds / 4)
        asked_at = clock()
        try:
            if not await database.apart.run(_SQL["take"], name, holder, seconds):
                raise StoreError("Another machine goes on with this.", detail=f"The lease {name!r} was lost.")
            until = asked_at + seconds
        except StoreError:
            if clock() + seconds / 4 >= until:
                raise
