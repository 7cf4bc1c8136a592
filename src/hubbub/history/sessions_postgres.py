"""Keep a page's sessions in PostgreSQL."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from hubbub.connections.postgres import Connection, Postgres, plain
from hubbub.connections.sql import load_sql, read_sql
from hubbub.history.base import Session

STEPS = (read_sql("hubbub.history", "postgres/sessions_schema.sql"),)
_SQL = load_sql("hubbub.history", "postgres/sessions.sql")


class PostgresSessions:
    """A `Sessions` in PostgreSQL."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("sessions", STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def save(self, session: Session, content: bytes, *, most: int, most_bytes: int) -> None:
        title = plain(session.title)

        async def put(connection: Connection) -> None:
            values = (session.owner_id, session.id, title, session.saved_at, len(content), content)
            await connection.run(_SQL["save"], *values)
            await connection.run(_SQL["keep_newest"], session.owner_id, most, most_bytes)

        await self._database.write(put)

    async def sessions(self, owner_id: str, *, limit: int, after: tuple[int, str] | None = None) -> list[Session]:
        if after is None:
            rows = await self._database.all(_SQL["sessions"], owner_id, limit)
        else:
            rows = await self._database.all(_SQL["sessions_after"], owner_id, *after, limit)
        return [Session(*row) for row in rows]

    async def content(self, owner_id: str, session_id: str) -> bytes | None:
        row = await self._database.one(_SQL["content"], owner_id, session_id)
        return row[0] if row else None

    async def delete(self, owner_id: str, session_id: str) -> bool:
        return await self._database.run(_SQL["delete"], owner_id, session_id) > 0

    async def forget_before(self, before: float, *, held: Sequence[str], limit: int) -> int:
        return await self._database.run(_SQL["forget_before"], int(before * 1000), list(held), limit)
