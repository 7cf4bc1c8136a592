"""List what a PostgreSQL holds of guests, and how it is given to who signs in."""

from hubbub.answers.giving_postgres import give_answers
from hubbub.connections.postgres import Postgres
from hubbub.history.giving_postgres import (
    count_chats,
    count_sessions,
    give_chats,
    give_records,
    give_sessions,
    lock_chats,
)
from hubbub.history.links_postgres import give_links
from hubbub.identity.guests_postgres import STEPS as STEPS
from hubbub.identity.guests_postgres import Givable, Kinds, PostgresGuests, count_keys, give_keys

KINDS: Kinds = {
    "answers": Givable(give_answers),  # before the chats: it looks at whose those are
    "chats": Givable(give_chats, count_chats),
    "records": Givable(give_records),
    "links": Givable(give_links),
    "sessions": Givable(give_sessions, count_sessions),
    "keys": Givable(give_keys, count_keys),
}
"""As `compose.guests` lists them for SQLite."""


def guests_in(database: Postgres) -> PostgresGuests:
    """Return what keeps who took what along, to be opened behind the chats."""
    return PostgresGuests(database, KINDS, lock=lock_chats)
