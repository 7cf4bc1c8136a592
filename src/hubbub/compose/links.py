"""Open what keeps the links to chats, beside a server that may run."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from hubbub.compose.backends import name_of, open_backend
from hubbub.compose.beside_chats import audit_in, links_in
from hubbub.compose.data_folder import prepare_folder
from hubbub.compose.databases import chats_of
from hubbub.history.base import ChatLinks
from hubbub.identity.deeds import COMMAND_LINE, Deeds
from hubbub.settings import Settings


@asynccontextmanager
async def open_links(settings: Settings) -> AsyncGenerator[tuple[ChatLinks, Deeds]]:
    """Open it, and what records its deeds as done at the command line. The data folder is made."""
    prepare_folder(settings.server.data_folder)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(chats_of(settings))
        await open_backend(stack, settings, "history", name_of(settings, "history"), database=database)
        links = await stack.enter_async_context(links_in(database))
        audit = await stack.enter_async_context(audit_in(database))
        yield links, Deeds(audit, default=COMMAND_LINE)
