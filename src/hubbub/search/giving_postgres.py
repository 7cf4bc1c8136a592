"""Give all that somebody keeps in the library to somebody else, in PostgreSQL: collections, and what was shared."""

from hubbub.connections.postgres import Connection
from hubbub.connections.sql import load_sql
from hubbub.core.people import PERSON
from hubbub.search.giving_sqlite import free_name

SQL = load_sql("hubbub.search", "postgres/giving.sql")


async def count_kept(connection: Connection, owner_id: str) -> dict[str, int]:
    """Return how many collections somebody has, and how many documents in them."""
    row = await connection.one(SQL["count_documents"], owner_id)
    return {"collections": len(await connection.all(SQL["collections"], owner_id)), "documents": row[0] if row else 0}


async def charged_bytes(connection: Connection, owner_id: str) -> int:
    """Return how many bytes of what is in somebody's collections they are charged for."""
    row = await connection.one(SQL["charged_bytes"], owner_id, PERSON + owner_id)
    return row[0] if row else 0


async def give_kept(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give it all. Doing it again changes nothing."""
    await give_collections(connection, giver_id, taker_id)
    giver, taker = PERSON + giver_id, PERSON + taker_id
    await connection.run(SQL["give_payer"], giver, taker)
    for what in ("permissions", "readings", "memberships"):
        await connection.run(SQL[f"give_{what}"], giver, taker)
        await connection.run(SQL[f"drop_{what}"], giver)
    await connection.run(SQL["note_change"])


async def give_collections(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give the collections. One whose name the taker has already gets a number; doing it again changes nothing."""
    given = await connection.all(SQL["collections"], giver_id)
    taken = {row[0] for row in await connection.all(SQL["names"], taker_id)}
    for collection_id, name in given:
        free = free_name(name, taken)
        taken.add(free)
        await connection.run(SQL["give_collection"], taker_id, free, collection_id)
        await connection.run(SQL["charge_collection"], PERSON + giver_id, PERSON + taker_id, collection_id)
    await connection.run(SQL["note_change"])
