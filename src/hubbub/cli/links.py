"""List and end links to chats in the terminal, while the server runs or not."""

import asyncio
import time

from rich.console import Console
from rich.table import Table

from hubbub.cli.terminal import printable
from hubbub.compose.links import open_links
from hubbub.core.errors import NotFound
from hubbub.history.base import ListedLink
from hubbub.settings import Settings

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)


def list_links(settings: Settings) -> None:
    """Print all links that hold, the newest first."""
    found = asyncio.run(_listed(settings))
    if not found:
        notes.print("No chat is shared.")
        return
    table = Table("id", "owner", "chat", "for", "shows", "made", "until", show_edge=False, pad_edge=False)
    for link, _ in found:
        audience = ", ".join(link.subjects) if link.audience == "some" else link.audience
        until = "it is ended" if link.expires_at is None else _moment(link.expires_at)
        shows = "what comes, too" if link.follows else "what was there"
        table.add_row(link.id, link.owner_id, link.chat_id, printable(audience), shows, _moment(link.created_at), until)
    output.print(table, markup=False)


def end_link(settings: Settings, link_id: str) -> None:
    """End a link.

    Raises:
        NotFound: there is no such link.
    """
    asyncio.run(_end(settings, link_id))
    notes.print(f"The link {link_id} is ended.")


async def _listed(settings: Settings) -> list[ListedLink]:
    async with open_links(settings) as kept:
        return await kept.of(None)


async def _end(settings: Settings, link_id: str) -> None:
    async with open_links(settings) as kept:
        if not any(one.link.id == link_id for one in await kept.of(None)):
            raise NotFound(f"There is no link {link_id!r}. `hubbub links list` shows those that there are.")
        await kept.end(link_id, time.time())


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
