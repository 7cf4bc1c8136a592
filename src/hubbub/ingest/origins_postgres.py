"""Keep where documents came from in PostgreSQL, beside the library."""

from collections.abc import Iterable, Sequence

from hubbub.connections.postgres import Connection, Postgres, plain
from hubbub.connections.sql import load_sql
from hubbub.ingest.origins import Origin

_SQL = load_sql("hubbub.ingest", "postgres/origins.sql")
STEPS = (_SQL["create_tables"],)


class PostgresOrigins:
    """Knows the origins of documents, by collection and source. Open it before use."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def open(self) -> None:
        await self._database.migrate("origins", STEPS)

    async def known(self, collection_id: str, source: str) -> dict[str, Origin]:
        rows = await self._database.all(_SQL["known"], collection_id, plain(source))
        return {row[0]: Origin(*row) for row in rows}

    async def owners(self, collection_id: str) -> dict[str, str]:
        return {row[0]: row[1] for row in await self._database.all(_SQL["owners"], collection_id)}

    async def claim(self, collection_id: str, files: Iterable[tuple[str, str, str]]) -> None:
        wanted = list(files)

        async def change(connection: Connection) -> None:
            for source, path, name in wanted:
                await connection.run(_SQL["release"], collection_id, name)
                await _put(connection, collection_id, source, Origin(path, name))

        await self._database.write(change)

    async def note(self, collection_id: str, source: str, files: Sequence[Origin]) -> None:
        async def change(connection: Connection) -> None:
            for file in files:
                await _put(connection, collection_id, source, file)

        if files:
            await self._database.write(change)

    async def forget(self, collection_id: str, source: str, path: str) -> None:
        await self._database.run(_SQL["forget"], collection_id, source, path)

    async def prune(self, collection_ids: Sequence[str]) -> None:
        await self._database.run(_SQL["prune"], list(collection_ids))


async def _put(connection: Connection, collection_id: str, source: str, file: Origin) -> None:
    await connection.run(_SQL["put"], collection_id, source, file.path, file.name, file.stamp, file.sha256)
