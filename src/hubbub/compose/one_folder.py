"""Hold a PostgreSQL to one data folder: documents lie there, and not in PostgreSQL."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.connections.private import open_private
from hubbub.connections.sqlite import Sqlite
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import SettingsError
from hubbub.identity.cookies import CookieKey
from hubbub.identity.cookies_sqlite import cookie_key_in
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.connections.postgres import Postgres

MARK = "database.mark"
"""The file in the data folder that says that it belongs to a PostgreSQL."""
_SCHEMA = "create table data_folder (id integer primary key check (id = 1), mark text not null)"


async def cookie_key_of(database: "Sqlite | Postgres") -> CookieKey:
    """Return the key of the cookies, which all workers on a database share."""
    if isinstance(database, Sqlite):
        return await cookie_key_in(database)
    from hubbub.identity import cookies_postgres

    return await cookies_postgres.cookie_key_in(database)


async def keep_to_one_folder(settings: Settings, database: "Sqlite | Postgres") -> None:
    """Return where a PostgreSQL is used with the data folder that holds its documents, or with none so far.

    Raises:
        SettingsError: its documents lie in another folder.
    """
    if isinstance(database, Sqlite):
        return
    folder = settings.server.data_folder
    await database.migrate("folder", [_SCHEMA])
    mark = await in_a_thread(lambda: _mark_in(folder))
    await database.run("insert into data_folder values (1, $1) on conflict do nothing", mark)
    row = await database.one("select mark from data_folder where id = 1")
    if row is None or row[0] != mark:
        raise SettingsError(
            [
                f"server.data_folder: the documents of {database.who} lie in another data folder than {folder}. Name "
                "that one: documents and their search are not in PostgreSQL yet, so that one machine serves it"
            ]
        )


def _mark_in(folder: Path) -> str:
    """Return the mark of a folder, made at the first time. Of several processes the first one makes it."""
    path, made = folder / MARK, folder / f"{MARK}.{secrets.token_hex(8)}"
    if not path.exists():
        with os.fdopen(open_private(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(16))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(made)  # whole, or not at all
        made.unlink()
    return path.read_text(encoding="ascii")
