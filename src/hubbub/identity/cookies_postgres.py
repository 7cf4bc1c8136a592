"""Keep the key of the cookies in PostgreSQL, beside the chats that it opens: both are lost or kept together."""

from hubbub.connections.postgres import Postgres
from hubbub.connections.sql import load_sql, read_sql
from hubbub.core.errors import StoreError
from hubbub.identity.cookies import CookieKey, new_cookie_key

STEPS = (read_sql("hubbub.identity", "postgres/cookies_schema.sql"),)
_SQL = load_sql("hubbub.identity", "postgres/cookies.sql")


async def cookie_key_in(database: Postgres) -> CookieKey:
    """Return the key of a database, made at the first time: all workers that share the database have the same one."""
    await database.migrate("cookies", STEPS)
    made = new_cookie_key()
    await database.run(_SQL["add"], made.secret, made.created_at)
    row = await database.one(_SQL["key"])  # a statement of its own: another worker may have been first
    if row is None:
        raise StoreError("The key of the cookies could not be stored. Try again.")
    return CookieKey(*row)
