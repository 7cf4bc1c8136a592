"""Give all that somebody keeps in the library to somebody else: collections, and what was shared with them."""

from hubbub.connections.sqlite import Connection, load_sql

_SQL = load_sql("hubbub.search", "giving.sql")
_NAME_CHARACTERS = 100


def count_kept(connection: Connection, owner_id: str) -> dict[str, int]:
    """Return how many collections somebody has, and how many documents in them."""
    owner = {"owner": owner_id}
    row = connection.one(_SQL["count_documents"], owner)
    return {"collections": len(connection.all(_SQL["collections"], owner)), "documents": row[0] if row else 0}


def charged_bytes(connection: Connection, owner_id: str) -> int:
    """Return how many bytes of what is in somebody's collections they are charged for."""
    row = connection.one(_SQL["charged_bytes"], {"owner": owner_id})
    return row[0] if row else 0


def give_kept(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give it all. Doing it again changes nothing."""
    both = {"giver": giver_id, "taker": taker_id}
    give_collections(connection, giver_id, taker_id)
    connection.all(_SQL["give_payer"], both)
    for what in ("permissions", "readings", "memberships"):
        connection.all(_SQL[f"give_{what}"], both)
        connection.all(_SQL[f"drop_{what}"], {"giver": giver_id})
    connection.all(_SQL["note_change"])


def give_collections(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give the collections. One whose name the taker has already gets a number; doing it again changes nothing."""
    given = connection.all(_SQL["collections"], {"owner": giver_id})
    taken = {row[0] for row in connection.all(_SQL["names"], {"owner": taker_id})}
    for collection_id, name in given:
        free = free_name(name, taken)
        taken.add(free)
        connection.all(_SQL["give_collection"], {"taker": taker_id, "id": collection_id, "name": free})
        charged = {"giver": giver_id, "taker": taker_id, "id": collection_id}
        connection.all(_SQL["charge_collection"], charged)
    connection.all(_SQL["note_change"])


def free_name(name: str, taken: set[str]) -> str:
    """Return a name that is not taken: this one, or one with a number."""
    free, number = name, 1
    while free in taken:
        number += 1
        end = f" ({number})"
        free = name[: _NAME_CHARACTERS - len(end)] + end
    return free
