"""What the served application keeps its things in: documents in a file and the rest in memory, or PostgreSQL."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubbub.answers.memory import MemoryAnswers
from hubbub.answers.postgres import PostgresAnswers
from hubbub.compose.rated import records_of
from hubbub.connections.postgres import Postgres
from hubbub.history.links_memory import MemoryLinks
from hubbub.history.memory import MemoryHistory
from hubbub.history.postgres import PostgresHistory
from hubbub.history.sessions_memory import MemorySessions
from hubbub.history.sessions_postgres import PostgresSessions
from hubbub.identity.keys_memory import MemoryKeys
from hubbub.identity.keys_postgres import PostgresKeys
from hubbub.ingest.files import Files
from hubbub.ingest.files_postgres import PostgresFiles
from hubbub.search.library_postgres import PostgresLibrary
from hubbub.search.postgres import PostgresSearch
from tests.libraries import library_in


@dataclass
class Stores:
    """One of each."""

    answers: Any
    history: Any
    records: Any
    links: Any
    sessions: Any
    keys: Any
    library: Any
    search: Any
    files: Files


async def beside_files(stack: AsyncExitStack, folder: Path, most_bytes: int) -> Stores:
    library, search = await stack.enter_async_context(library_in(folder))
    history = MemoryHistory()
    return Stores(
        answers=MemoryAnswers(),
        history=history,
        records=history.records,
        links=MemoryLinks(history),
        sessions=MemorySessions(),
        keys=MemoryKeys(),
        library=library,
        search=search,
        files=await stack.enter_async_context(Files(folder / "files", most_bytes=most_bytes)),
    )


async def in_postgres(stack: AsyncExitStack, folder: Path, most_bytes: int, address: str) -> Stores:
    database = await stack.enter_async_context(Postgres(address))
    answers = await stack.enter_async_context(PostgresAnswers(database))
    history = await stack.enter_async_context(PostgresHistory(database))
    answers.beside_endings = history.indexing
    return Stores(
        answers=answers,
        history=history,
        records=records_of(history),
        links=MemoryLinks(history),
        sessions=await stack.enter_async_context(PostgresSessions(database)),
        keys=await stack.enter_async_context(PostgresKeys(database)),
        library=await stack.enter_async_context(PostgresLibrary(database)),
        search=await stack.enter_async_context(PostgresSearch(database, None)),
        files=await stack.enter_async_context(PostgresFiles(database, folder / "files", most_bytes=most_bytes)),
    )
