"""Look into a database past its stores, whichever kind it is."""

from collections.abc import Sequence
from typing import Any

import apsw

from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Connection, Sqlite


async def run_sql(database: Sqlite | Postgres, statement: str) -> list[Sequence[Any]]:
    """Run a statement without values; returns its rows."""
    if isinstance(database, Sqlite):
        return await database.write(Connection.all, statement)
    return [tuple(row) for row in await database.all(statement)]


def pages_read(path: str, query: str, bindings: Sequence[tuple[Any, ...]]) -> int:
    """Return how many pages of a database file somebody reads who knows none yet, to run a query with each of these."""
    raw: Any = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
    for values in bindings:
        list(raw.execute(query, values))
    missed, _ = raw.status(apsw.SQLITE_DBSTATUS_CACHE_MISS)
    raw.close()
    return int(missed)
