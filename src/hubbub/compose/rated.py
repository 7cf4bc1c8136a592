"""Open what knows the ratings of answers, beside a server that may run."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from hubbub.answers.log import Log
from hubbub.compose.backends import name_of, open_backend
from hubbub.compose.databases import chats_of
from hubbub.history.base import History, KeepsRecords, Records
from hubbub.history.records_memory import MemoryRecords
from hubbub.settings import Settings


@asynccontextmanager
async def open_rated(settings: Settings) -> AsyncGenerator[tuple[History, Records, Log]]:
    """Open chats, what is kept beside them and their answers. The data folder has to be there.

    Raises:
        SettingsError, StoreError: one can't be opened.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(chats_of(settings))
        history = await open_backend(stack, "history", name_of(settings, "history"), database=database)
        answers = await open_backend(stack, "answers", name_of(settings, "answers"), database=database)
        log = await stack.enter_async_context(Log(answers))
        yield history, records_of(history), log


def records_of(history: History) -> Records:
    """Return what keeps records beside chats."""
    return history.records if isinstance(history, KeepsRecords) else MemoryRecords()
