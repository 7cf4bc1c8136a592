"""Put together what lets people take along what they did as guests."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from hubbub.answers.giving_sqlite import give_answers
from hubbub.app.guests import Guests
from hubbub.compose.backends import name_of
from hubbub.connections.sqlite import Sqlite
from hubbub.history.giving_sqlite import count_chats, count_sessions, give_chats, give_records, give_sessions
from hubbub.history.links_sqlite import give_links
from hubbub.identity.cookies import Cookies
from hubbub.identity.deeds import Deeds
from hubbub.identity.guests_sqlite import Givable, Kinds, SqliteGuests
from hubbub.identity.keys_sqlite import count_keys, give_keys
from hubbub.search.base import Givable as GivableLibrary
from hubbub.search.base import Library
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.connections.postgres import Postgres

KINDS: Kinds = {
    "answers": Givable(give_answers),  # before the chats: it looks at whose those are
    "chats": Givable(give_chats, count_chats),
    "records": Givable(give_records),
    "links": Givable(give_links),
    "sessions": Givable(give_sessions, count_sessions),
    "keys": Givable(give_keys, count_keys),
}
"""What the file of the chats holds of somebody. What was used stays counted as the guest's."""


async def open_guests(
    stack: AsyncExitStack,
    settings: Settings,
    database: "Sqlite | Postgres",
    library: Library,
    cookies: Cookies | None,
    deeds: Deeds,
) -> Guests | None:
    """Open what keeps who took what along; None where nobody can sign in, or things can't be given."""
    ours = "sqlite" if isinstance(database, Sqlite) else "postgres"
    is_ours = all(name_of(settings, room) == ours for room in ("answers", "history", "sessions", "keys"))
    if cookies is None or not is_ours or not isinstance(library, GivableLibrary):
        return None
    if isinstance(database, Sqlite):
        return Guests(await stack.enter_async_context(SqliteGuests(database, KINDS)), library, cookies, deeds)
    from hubbub.compose.guests_postgres import guests_in

    return Guests(await stack.enter_async_context(guests_in(database)), library, cookies, deeds)
