"""Keep a page's sessions in SQLite."""

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from hubbub.connections.sqlite import Connection, Sqlite, load_sql, read_sql
from hubbub.history.base import Session

_SCHEMA = read_sql("hubbub.history", "sessions_schema.sql")
_SQL = load_sql("hubbub.history", "sessions.sql")


class SqliteSessions:
    """A `Sessions` in a database file."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("sessions", [_SCHEMA])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def save(self, session: Session, content: bytes, *, most: int, most_bytes: int) -> None:
        def put(connection: Connection) -> None:
            connection.all(
                _SQL["save"], (session.owner_id, session.id, session.title, session.saved_at, len(content), content)
            )
            connection.all(_SQL["keep_newest"], (session.owner_id, session.owner_id, most, most_bytes))

        await self._database.write(put)

    async def sessions(self, owner_id: str, *, limit: int, after: tuple[int, str] | None = None) -> list[Session]:
        if after is None:
            rows = await self._database.read(Connection.all, _SQL["sessions"], (owner_id, limit))
        else:
            rows = await self._database.read(Connection.all, _SQL["sessions_after"], (owner_id, *after, limit))
        return [Session(*row) for row in rows]

    async def content(self, owner_id: str, session_id: str) -> bytes | None:
        row = await self._database.read(Connection.one, _SQL["content"], (owner_id, session_id))
        return row[0] if row else None

    async def forget_before(self, before: float, *, held: Sequence[str], limit: int) -> int:
        def drop(connection: Connection) -> int:
            connection.all(_SQL["forget_before"], (int(before * 1000), json.dumps(list(held)), limit))
            return connection.changes()

        return await self._database.write(drop)

    async def delete(self, owner_id: str, session_id: str) -> bool:
        def drop(connection: Connection) -> bool:
            connection.all(_SQL["delete"], (owner_id, session_id))
            return connection.changes() > 0

        return await self._database.write(drop)
