"""Give all chats, records and sessions of somebody to somebody else, as a part of a transaction in SQLite."""

from hubbub.connections.sqlite import Connection, load_sql

_SQL = load_sql("hubbub.history", "giving.sql")


def count_chats(connection: Connection, owner_id: str) -> int:
    """Return how many chats somebody has."""
    row = connection.one(_SQL["count_chats"], (owner_id,))
    return row[0] if row else 0


def give_chats(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give chats to somebody, who finds them by their words from then on."""
    both = {"giver": giver_id, "taker": taker_id}
    connection.all(_SQL["note"], {"owner": giver_id})  # the index holds each owner with the words
    connection.all(_SQL["give_searched"], both)
    connection.all(_SQL["give_chats"], both)


def give_records(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give what somebody keeps beside their chats: pictures, ratings, prompts, instructions."""
    connection.all(_SQL["give_records"], {"giver": giver_id, "taker": taker_id})
    connection.all(_SQL["drop_left_records"], {"giver": giver_id})


def count_sessions(connection: Connection, owner_id: str) -> int:
    """Return how many sessions of other pages somebody has."""
    row = connection.one(_SQL["count_sessions"], (owner_id,))
    return row[0] if row else 0


def give_sessions(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give sessions to somebody. Where both have one of an id, the one that was saved last stays."""
    both = {"giver": giver_id, "taker": taker_id}
    connection.all(_SQL["drop_older"], both)
    connection.all(_SQL["give_sessions"], both)
    connection.all(_SQL["drop_left"], {"giver": giver_id})
