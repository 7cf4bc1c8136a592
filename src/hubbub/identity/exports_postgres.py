"""Keep exports of people's data in PostgreSQL, where each machine finds what another one has made."""

import time
from collections.abc import AsyncGenerator, AsyncIterable

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql, read_sql
from hubbub.core.errors import NotFound

SCHEMA = read_sql("hubbub.identity", "postgres/exports_schema.sql")
_SQL = load_sql("hubbub.identity", "postgres/exports.sql")


class PostgresExports:
    """An `ExportStore` in PostgreSQL, whose tables `PostgresJobs` makes."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def put(self, job_id: str, pieces: AsyncIterable[bytes]) -> None:
        """Store an export piece by piece; it is there once all are. What a killed worker has left of it is replaced."""
        await self.drop(job_id)
        number = size = 0
        async for piece in pieces:
            await self._database.run(_SQL["put_piece"], job_id, number, piece)
            number, size = number + 1, size + len(piece)
        await self._database.run(_SQL["put"], job_id, size, time.time())

    async def size(self, job_id: str) -> int | None:
        """Return how many bytes an export has; None: there is none."""
        row = await self._database.one(_SQL["size"], job_id)
        return None if row is None else int(row[0])

    async def pieces(self, job_id: str) -> AsyncGenerator[bytes]:
        """Yield an export.

        Raises:
            NotFound: it is not there, or not any more.
        """
        left = await self.size(job_id) or 0
        number = 0
        while left > 0:
            row = await self._database.one(_SQL["piece"], job_id, number)
            if row is None:
                raise NotFound("This export is not kept any more. Ask for another one.")
            yield row[0]
            left, number = left - len(row[0]), number + 1

    async def drop(self, job_id: str) -> bool:
        """Delete an export, or what there is of it; tells whether there was one."""

        async def drop(connection: Connection) -> bool:
            await connection.run(_SQL["drop_pieces"], job_id)
            return await connection.run(_SQL["drop"], job_id) > 0

        return await self._database.write(drop)

    async def drop_old(self, before: float) -> None:
        """Delete the exports that were made before a time (seconds of the epoch)."""

        async def drop(connection: Connection) -> None:
            await connection.run(_SQL["drop_old"], before)
            await connection.run(_SQL["drop_loose"])

        await self._database.write(drop)
