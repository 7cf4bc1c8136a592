"""Open a library and the search in it, in a new file, as one machine has them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from hubbub.connections.sqlite import Sqlite
from hubbub.core.embedding import Embedder
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.sqlite import SqliteSearch

S = TypeVar("S", bound=SqliteSearch)

_EMPTY: list[bytes] = []
"""A file with all tables, once it was made: each of many tests begins with a copy of it."""


def library_in(
    folder: Path, embedder: Embedder | None = None
) -> AbstractAsyncContextManager[tuple[SqliteLibrary, SqliteSearch]]:
    """Keep documents in `library.db` of a folder that has none yet; it may be made."""
    return library_with(SqliteSearch, folder, embedder)


@asynccontextmanager
async def library_with(
    kind: type[S], folder: Path, embedder: Embedder | None = None
) -> AsyncIterator[tuple[SqliteLibrary, S]]:
    """Keep documents as `library_in` does, with a search of another kind."""
    if not _EMPTY:
        with TemporaryDirectory() as empty:
            async with _opened(SqliteSearch, Path(empty) / "library.db", None):
                pass
            _EMPTY.append(await asyncio.to_thread((Path(empty) / "library.db").read_bytes))
    path = folder / "library.db"
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    await asyncio.to_thread(path.write_bytes, _EMPTY[0])
    async with _opened(kind, path, embedder) as both:
        yield both


@asynccontextmanager
async def _opened(kind: type[S], path: Path, embedder: Embedder | None) -> AsyncIterator[tuple[SqliteLibrary, S]]:
    async with Sqlite(path) as database, kind(database, embedder) as search, SqliteLibrary(database) as library:
        yield library, search
