"""Keep where documents came from, so that two folders' files don't replace each other."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from hubbub.connections.sqlite import Connection, Sqlite, load_sql

_SQL = load_sql("hubbub.ingest", "origins.sql")


class Origin(msgspec.Struct, frozen=True):
    """A file of a source, and the document that it became."""

    path: str
    """Below the source, with '/'."""
    name: str
    """The document's."""
    stamp: str = ""
    """Changes whenever the file does; "" where the file may not have been stored yet."""
    sha256: str = ""
    """Of what was stored."""


class Origins(Protocol):
    """Knows the origins of documents, by collection and source."""

    async def known(self, collection_id: str, source: str) -> dict[str, Origin]:
        """Return a source's files by path."""
        ...

    async def owners(self, collection_id: str) -> dict[str, str]:
        """Return the sources of a collection's documents, by the documents' names."""
        ...

    async def claim(self, collection_id: str, files: Iterable[tuple[str, str, str]]) -> None:
        """Note for files (source, path, name) that their documents' names are theirs, all at once.

        To be called before the documents are added: what dies in between is known to be its source's.
        """
        ...

    async def note(self, collection_id: str, source: str, files: Sequence[Origin]) -> None:
        """Note what was stored of files whose names are claimed."""
        ...

    async def forget(self, collection_id: str, source: str, path: str) -> None:
        """Forget a file whose document is gone."""
        ...

    async def prune(self, collection_ids: Sequence[str]) -> None:
        """Forget all of the collections that are not among these."""
        ...


class SqliteOrigins:
    """Origins in SQLite. Open it before use."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def open(self) -> None:
        """Make the table, where it is not there."""
        await self._database.migrate("origins", [_SQL["create_tables"]])

    async def known(self, collection_id: str, source: str) -> dict[str, Origin]:
        def look(connection: Connection) -> dict[str, Origin]:
            rows = connection.all(_SQL["known"], {"collection_id": collection_id, "source": source})
            return {row[0]: Origin(*row) for row in rows}

        return await self._database.read(look)

    async def owners(self, collection_id: str) -> dict[str, str]:
        def look(connection: Connection) -> dict[str, str]:
            return {row[0]: row[1] for row in connection.all(_SQL["owners"], {"collection_id": collection_id})}

        return await self._database.read(look)

    async def claim(self, collection_id: str, files: Iterable[tuple[str, str, str]]) -> None:
        def change(connection: Connection) -> None:
            for source, path, name in files:
                connection.all(_SQL["release"], {"collection_id": collection_id, "name": name})
                _put(connection, collection_id, source, Origin(path, name))

        await self._database.write(change)

    async def note(self, collection_id: str, source: str, files: Sequence[Origin]) -> None:
        def change(connection: Connection) -> None:
            for file in files:
                _put(connection, collection_id, source, file)

        if files:
            await self._database.write(change)

    async def forget(self, collection_id: str, source: str, path: str) -> None:
        which = {"collection_id": collection_id, "source": source, "path": path}
        await self._database.write(lambda connection: connection.all(_SQL["forget"], which))

    async def prune(self, collection_ids: Sequence[str]) -> None:
        kept = {"collection_ids": json.dumps(list(collection_ids))}
        await self._database.write(lambda connection: connection.all(_SQL["prune"], kept))


def _put(connection: Connection, collection_id: str, source: str, file: Origin) -> None:
    values: Mapping[str, str] = {
        "collection_id": collection_id,
        "source": source,
        "path": file.path,
        "name": file.name,
        "stamp": file.stamp,
        "sha256": file.sha256,
    }
    connection.all(_SQL["put"], values)
