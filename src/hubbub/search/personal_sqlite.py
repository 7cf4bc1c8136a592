"""Find and forget what the library keeps of a person besides their collections and groups, in SQLite."""

from hubbub.connections.sqlite import Connection, load_sql
from hubbub.core.people import Right

_SQL = load_sql("hubbub.search", "personal.sql")
MERGE_WORDS = _SQL["merge_words"]


def given(connection: Connection, subject: str) -> list[tuple[str, Right]]:
    """Return the collections that a subject was given a right to, each with the right."""
    found = connection.all(_SQL["given"], {"subject": subject})
    return [(collection_id, Right(level)) for collection_id, level in found]


def paid(connection: Connection, payer: str) -> list[str]:
    """Return the ids of the documents that somebody is charged for, the oldest first."""
    return [row[0] for row in connection.all(_SQL["paid"], {"payer": payer})]


def forget_payer(connection: Connection, payer: str) -> int:
    """Charge documents to nobody; returns how many they were."""
    connection.all(_SQL["forget_payer"], {"payer": payer})
    return connection.changes()
