"""Give all chats, records and sessions of somebody to somebody else, as a part of a transaction in PostgreSQL."""

from hubbub.connections.postgres import Connection
from hubbub.connections.sql import load_sql
from hubbub.history.words import owner_word

_SQL = load_sql("hubbub.history", "postgres/giving.sql")


async def count_chats(connection: Connection, owner_id: str) -> int:
    """Return how many chats somebody has."""
    row = await connection.one(_SQL["count_chats"], owner_id)
    return row[0] if row else 0


async def lock_chats(connection: Connection, owner_id: str) -> None:
    """Wait for whoever writes into somebody's chats, and let nobody begin to until this transaction has ended."""
    await connection.all(_SQL["lock_chats"], owner_id)


async def give_chats(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give chats to somebody, who finds them by their words from then on."""
    words = (owner_word(giver_id), owner_word(taker_id))
    await connection.run(_SQL["give_searched"], giver_id, taker_id, *words)
    await connection.run(_SQL["give_chats"], giver_id, taker_id)


async def give_records(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give what somebody keeps beside their chats: pictures, ratings, prompts, instructions."""
    await connection.run(_SQL["give_records"], giver_id, taker_id)
    await connection.run(_SQL["drop_left_records"], giver_id)


async def count_sessions(connection: Connection, owner_id: str) -> int:
    """Return how many sessions of other pages somebody has."""
    row = await connection.one(_SQL["count_sessions"], owner_id)
    return row[0] if row else 0


async def give_sessions(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give sessions to somebody. Where both have one of an id, the one that was saved last stays."""
    await connection.run(_SQL["drop_older"], giver_id, taker_id)
    await connection.run(_SQL["give_sessions"], giver_id, taker_id)
    await connection.run(_SQL["drop_left"], giver_id)
