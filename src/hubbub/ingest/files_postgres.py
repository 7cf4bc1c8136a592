"""Keep the original files in PostgreSQL, for all machines; a folder holds those that are needed here now."""

import contextlib
import os
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.private import make_private_folder, open_private
from hubbub.connections.sql import load_sql
from hubbub.core.errors import NotFound, StoreError
from hubbub.core.reasons import because
from hubbub.ingest.files import YOUNG_SECONDS, Files, Kept

_SQL = load_sql("hubbub.ingest", "postgres/files.sql")
STEPS = (_SQL["create_tables"],)
PIECE_BYTES = 1024 * 1024
GONE = because("file_gone")


class PostgresFiles(Files):
    """Files in PostgreSQL; the same content is there once. Enter it before use.

    What is read here lies in the folder for a while: it is fetched again when it is needed again.
    """

    def __init__(self, database: Postgres, folder: Path, *, most_bytes: int = 200 * 1024 * 1024) -> None:
        super().__init__(folder, most_bytes=most_bytes)
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("files", STEPS)
        return await super().__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)

    async def here(self, sha256: str) -> Path:
        path = self.path(sha256)
        if await self._run(lambda: _used(path)):
            return path
        row = await self._database.one(_SQL["content"], sha256)
        if row is None:
            raise NotFound(GONE)
        coming = self._incoming / secrets.token_hex(16)
        try:
            with contextlib.ExitStack() as opened:
                file = opened.enter_context(
                    os.fdopen(await self._run(lambda: open_private(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL)), "wb")
                )
                for number in range(-(-row[0] // PIECE_BYTES)):
                    piece = await self._database.one(_SQL["piece"], sha256, number)
                    if piece is None:
                        raise NotFound(GONE)
                    await self._run(lambda data=piece[0]: file.write(data))
                await self._run(file.flush)
            await self._run(lambda: make_private_folder(path.parent))
            await self._run(lambda: os.utime(coming, (time.time(), row[1])))  # the same time on all machines
            await self._run(lambda: coming.replace(path))
        finally:
            await self._run(lambda: coming.unlink(missing_ok=True))
        return path

    @asynccontextmanager
    async def keeping(self, source: AsyncIterable[bytes]) -> AsyncGenerator[Kept]:
        async with super().keeping(source) as kept:
            await self._store(kept)
            yield kept
            await self._store(kept)  # somebody may have dropped it meanwhile

    async def _store(self, kept: Kept) -> None:
        """See that a content that is here is in the database, and young there."""
        if await self._database.apart.run(_SQL["touch"], kept.sha256):
            return
        path = await self.here(kept.sha256)

        async def put(connection: Connection) -> None:
            if await connection.run(_SQL["put"], kept.sha256, kept.size_bytes) == 0:
                return
            file = await self._run(lambda: path.open("rb"))
            try:
                number = 0
                while piece := await self._run(lambda: file.read(PIECE_BYTES)):
                    await connection.run(_SQL["put_piece"], kept.sha256, number, piece)
                    number += 1
            finally:
                await self._run(file.close)

        await self._database.apart.write(put)

    async def drop(self, sha256: str, is_used: Callable[[], Awaitable[bool]]) -> None:
        if await is_used():
            return
        await self._database.apart.run(_SQL["drop"], sha256, 0.0)
        if await is_used():  # somebody began to use it meanwhile, and may not look again: it is still here
            with contextlib.suppress(NotFound, StoreError, FileNotFoundError):
                size = (await self._run(self.path(sha256).stat)).st_size
                await self._store(Kept(sha256, size))
            return
        await self._run(lambda: self.path(sha256).unlink(missing_ok=True))

    async def sweep(self, used: Collection[str], *, young_seconds: float = YOUNG_SECONDS) -> int:
        dropped = await self._database.apart.run(_SQL["drop_unused"], list(used), young_seconds)
        await self._run(lambda: self._drop_idle(time.time() - young_seconds))
        return dropped

    def _drop_idle(self, before: float) -> None:
        """Drop what was not needed here since a time, and uploads that broke off."""
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_atime < before:
                    path.unlink()


def _used(path: Path) -> bool:
    """Note that a file is used, so that no sweep takes it now; False where it is not there.

    When it was changed stays: browsers ask for that.
    """
    try:
        os.utime(path, (time.time(), path.stat().st_mtime))
    except FileNotFoundError:
        return False
    return True
