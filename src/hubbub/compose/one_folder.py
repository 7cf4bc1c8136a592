"""Hold a PostgreSQL to one data folder where documents lie there, and not in PostgreSQL."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.compose.backends import has_documents_in_folder
from hubbub.compose.databases import library_in
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
_HAS_LIBRARY = "select 1 from sqlite_schema where name = 'document'"
_HAS_DOCUMENTS = "select 1 from document limit 1"
SCHEMA = "create table data_folder (id integer primary key check (id = 1), mark text not null)"


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
    if isinstance(database, Sqlite) or not has_documents_in_folder(settings):
        return
    folder = settings.server.data_folder
    await database.migrate("folder", [SCHEMA])
    mark = await in_a_thread(lambda: _mark_in(folder))
    await database.run("insert into data_folder values (1, $1) on conflict do nothing", mark)
    row = await database.one("select mark from data_folder where id = 1")
    if row is None or row[0] != mark:
        raise SettingsError(
            [
                f"server.data_folder: the documents of {database.who} lie in another data folder than {folder}. Name "
                "that one, or leave out search.backend, so that documents and their search are in PostgreSQL as well"
            ]
        )


async def check_moved(settings: Settings, database: "Sqlite | Postgres") -> None:
    """Return where no documents would be missed: earlier versions kept them in the data folder beside a PostgreSQL.

    Raises:
        SettingsError: there are some in the data folder, and PostgreSQL has had no library so far.
    """
    folder = settings.server.data_folder
    if isinstance(database, Sqlite):
        return
    if not await in_a_thread(lambda: (folder / MARK).exists() and (folder / "library.db").exists()):
        return
    if "library" in await database.rooms():
        return
    async with library_in(folder) as library:
        there = await library.read(lambda connection: connection.one(_HAS_LIBRARY))
        if there is None or await library.read(lambda connection: connection.one(_HAS_DOCUMENTS)) is None:
            return
    raise SettingsError(
        [
            f"database.url: the documents of {database.who} lie in {folder} still. Move them with `hubbub move "
            '--documents --to` and the address, or set search.backend = "sqlite" to leave them there'
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
