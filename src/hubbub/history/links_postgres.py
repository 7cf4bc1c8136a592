"""Keep links to chats in PostgreSQL, beside the chats: who deletes a chat ends its links."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql, read_sql
from hubbub.core.people import PERSON
from hubbub.history.base import ChatLink, ListedLink
from hubbub.history.postgres import STEPS as HISTORY

STEPS = (read_sql("hubbub.history", "postgres/links_schema.sql"),)
_SQL = load_sql("hubbub.history", "postgres/links.sql")


class PostgresLinks:
    """A `ChatLinks` in PostgreSQL."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("history", HISTORY)
        await self._database.migrate("links", STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def add(self, link: ChatLink, digest: bytes, content: bytes | None) -> None:
        whose = (link.chat_id, link.owner_id, link.owner_name, link.audience, list(link.subjects))
        values = (link.id, digest, *whose, link.created_at, link.expires_at, link.follows, content)
        await self._database.write(Connection.run, _SQL["add"], *values)

    async def find(self, digest: bytes) -> ChatLink | None:
        row = await self._database.one(_SQL["find"], digest)
        return _link(row) if row else None

    async def content(self, link_id: str) -> bytes | None:
        row = await self._database.one(_SQL["content"], link_id)
        return row[0] if row else None

    async def of(self, owner_id: str | None) -> list[ListedLink]:
        rows = await self._database.all(_SQL["of"], owner_id, time.time())
        return [ListedLink(_link(tuple(row)[:-1]), row[-1]) for row in rows]

    async def end(self, link_id: str, at: float) -> None:
        await self._database.run(_SQL["end"], at, link_id)

    async def all_of(self, owner_id: str) -> list[ChatLink]:
        return [_link(row) for row in await self._database.all(_SQL["all_of"], owner_id)]

    async def forget_person(self, person_id: str) -> int:
        async def forget(connection: Connection) -> int:
            gone = await connection.run(_SQL["forget_owner"], person_id)
            await connection.run(_SQL["forget_subject"], PERSON + person_id)
            return gone

        return await self._database.write(forget)


async def give_links(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give all links of somebody to somebody else, as a part of a transaction."""
    await connection.run(_SQL["give"], giver_id, taker_id)


def _link(row: Sequence[Any]) -> ChatLink:
    link_id, chat_id, owner_id, owner_name, audience, subjects, created_at, expires_at, ended_at, follows = row
    times = (created_at, expires_at, ended_at)
    return ChatLink(link_id, chat_id, owner_id, owner_name, audience, tuple(subjects), *times, follows=follows)
