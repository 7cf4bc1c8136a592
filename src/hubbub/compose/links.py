"""Open what keeps the links to chats, beside a server that may run."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from hubbub.compose.data_folder import prepare_folder
from hubbub.compose.databases import chats_of
from hubbub.connections.sqlite import Sqlite
from hubbub.core.errors import SettingsError
from hubbub.history.base import ChatLinks
from hubbub.history.links_sqlite import SqliteLinks
from hubbub.history.sqlite import SqliteHistory
from hubbub.settings import Settings


@asynccontextmanager
async def open_links(settings: Settings) -> AsyncGenerator[ChatLinks]:
    """Open it. The data folder is made.

    Raises:
        SettingsError: links are not kept in this database.
    """
    prepare_folder(settings.server.data_folder)
    async with chats_of(settings) as database:
        if not isinstance(database, Sqlite):
            raise SettingsError(["database.url: links to chats are not kept in PostgreSQL yet"])
        async with SqliteHistory(database), SqliteLinks(database) as links:
            yield links
