"""Build what says who can be named here."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from hubbub.app.directory import Directory
from hubbub.compose.backends import name_of, open_backend
from hubbub.compose.beside_chats import people_in
from hubbub.compose.databases import chats_of
from hubbub.compose.identity import ways_to_sign_in
from hubbub.history.base import History, Sessions
from hubbub.identity.base import Keys, People
from hubbub.identity.cookies import WasKnown
from hubbub.search.base import Library
from hubbub.settings import Settings

MOST_SESSIONS = 500
"""As many as a person can have kept."""


def directory_of(
    settings: Settings, people: People | None, keys: Keys | None, was_known: WasKnown, *, knows_all: bool = False
) -> Directory:
    """Return what says who can be named.

    Where nobody can sign in here, an application around Hubbub may know others, unless it is said that all are known.
    """
    is_complete = settings.identity.backend == "open" and (knows_all or people is not None)
    return Directory(people, keys, was_known, is_complete=is_complete)


@asynccontextmanager
async def open_directory(settings: Settings, library: Library) -> AsyncGenerator[Directory]:
    """Open what says who can be named, beside a server that may run. The data folder has to be there."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(chats_of(settings))
        history = await open_backend(stack, settings, "history", name_of(settings, "history"), database=database)
        sessions = await open_backend(stack, settings, "sessions", name_of(settings, "sessions"), database=database)
        keys = await open_backend(stack, settings, "keys", name_of(settings, "keys"), database=database)
        has_people = bool(ways_to_sign_in(settings))
        people = await stack.enter_async_context(people_in(database)) if has_people else None
        kept = partial(was_known, history, sessions, library)
        yield directory_of(settings, people, keys, kept)


async def was_known(history: History, sessions: Sessions, library: Library, person_id: str, before: float) -> bool:
    """Tell whether a person kept something here before a time."""
    if any(chat.created_at < before for chat in await history.chats(person_id)):
        return True
    if any(one.saved_at / 1000 < before for one in await sessions.sessions(person_id, limit=MOST_SESSIONS)):
        return True
    return any(one.owner_id == person_id and one.created_at < before for one in await library.collections())
