"""Look into a database past its stores, whichever kind it is."""

from collections.abc import Sequence
from typing import Any

from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Connection, Sqlite


async def run_sql(database: Sqlite | Postgres, statement: str) -> list[Sequence[Any]]:
    """Run a statement without values; returns its rows."""
    if isinstance(database, Sqlite):
        return await database.write(Connection.all, statement)
    return [tuple(row) for row in await database.all(statement)]
