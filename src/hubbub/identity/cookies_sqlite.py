"""Keep the key of the cookies in SQLite, beside the chats that it opens: both are lost or kept together."""

from hubbub.connections.sqlite import Connection, Sqlite, load_sql, read_sql
from hubbub.identity.cookies import CookieKey, new_cookie_key

_SCHEMA = read_sql("hubbub.identity", "cookies_schema.sql")
_SQL = load_sql("hubbub.identity", "cookies.sql")


async def make_table(database: Sqlite) -> None:
    """Make the table, where it is not there."""
    await database.migrate("cookies", [_SCHEMA])


async def cookie_key_in(database: Sqlite) -> CookieKey:
    """Return the key of a database, made at the first time: all workers that share the database have the same one."""
    await make_table(database)

    def take(connection: Connection) -> CookieKey:
        made = new_cookie_key()
        connection.all(_SQL["add"], (made.secret, made.created_at))
        row = connection.one(_SQL["key"])
        return made if row is None else CookieKey(*row)

    return await database.write(take)
