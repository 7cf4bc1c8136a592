"""Give all answers of somebody to somebody else, as a part of a transaction in SQLite."""

from hubbub.connections.sqlite import Connection, load_sql
from hubbub.core.errors import Conflict

_SQL = load_sql("hubbub.answers", "giving.sql")
STILL_WRITTEN = "An answer is still being written. Wait until it is complete, or stop it, and try again."


def give_answers(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give answers to somebody, before the chats that they are in are given.

    Raises:
        Conflict: one is still being written: the worker that makes it knows whose it was.
    """
    if connection.one(_SQL["is_writing"], (giver_id,)):
        raise Conflict(STILL_WRITTEN)
    connection.all(_SQL["give"], {"giver": giver_id, "taker": taker_id})
