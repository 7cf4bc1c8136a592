"""Give all answers of somebody to somebody else, as a part of a transaction in PostgreSQL."""

from hubbub.answers.giving_sqlite import STILL_WRITTEN
from hubbub.connections.postgres import Connection
from hubbub.connections.sql import load_sql
from hubbub.core.errors import Conflict

_SQL = load_sql("hubbub.answers", "postgres/giving.sql")


async def give_answers(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give answers to somebody, before the chats that they are in are given and once those are locked.

    Raises:
        Conflict: one is still being written: the worker that makes it knows whose it was.
    """
    if await connection.one(_SQL["is_writing"], giver_id):
        raise Conflict(STILL_WRITTEN)
    await connection.run(_SQL["give"], giver_id, taker_id)
