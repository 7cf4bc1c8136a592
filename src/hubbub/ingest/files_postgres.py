"""Keep the original files in PostgreSQL, in pieces, for all machines."""

import time
from collections.abc import AsyncGenerator, Collection
from pathlib import Path
from typing import Self

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql
from hubbub.core.errors import NotFound
from hubbub.ingest.files import YOUNG_SECONDS, Kept
from hubbub.ingest.files_elsewhere import GONE, FilesElsewhere

_SQL = load_sql("hubbub.ingest", "postgres/files.sql")
STEPS = (_SQL["create_tables"],)
PIECE_BYTES = 1024 * 1024


class PostgresFiles(FilesElsewhere):
    """Files in PostgreSQL."""

    def __init__(self, database: Postgres, folder: Path, *, most_bytes: int = 200 * 1024 * 1024) -> None:
        super().__init__(folder, most_bytes=most_bytes)
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("files", STEPS)
        return await super().__aenter__()

    async def _content(self, sha256: str) -> tuple[float, AsyncGenerator[bytes]]:
        row = await self._database.one(_SQL["content"], sha256)
        if row is None:
            raise NotFound(GONE)
        return row[1], self._pieces(sha256, -(-row[0] // PIECE_BYTES))

    async def _pieces(self, sha256: str, count: int) -> AsyncGenerator[bytes]:
        for number in range(count):
            piece = await self._database.one(_SQL["piece"], sha256, number)
            if piece is None:
                raise NotFound(GONE)
            yield piece[0]

    async def _store(self, kept: Kept) -> None:
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

    async def _drop_there(self, sha256: str) -> None:
        await self._database.apart.run(_SQL["drop"], sha256, 0.0)

    async def sweep(self, used: Collection[str], *, young_seconds: float = YOUNG_SECONDS) -> int:
        dropped = await self._database.apart.run(_SQL["drop_unused"], list(used), young_seconds)
        await self._drop_idle(time.time() - young_seconds)
        return dropped
