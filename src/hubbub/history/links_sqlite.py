"""Keep links to chats in SQLite, beside the chats: who deletes a chat ends its links."""

import time
from types import TracebackType
from typing import Self

import msgspec

from hubbub.connections.sqlite import Connection, Row, Sqlite, load_sql, read_sql
from hubbub.core.people import PERSON
from hubbub.history.base import ChatLink, ListedLink

_SCHEMA = read_sql("hubbub.history", "links_schema.sql")
_SQL = load_sql("hubbub.history", "links.sql")


class SqliteLinks:
    """A `ChatLinks` in a database file."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("links", [_SCHEMA])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def add(self, link: ChatLink, digest: bytes, content: bytes | None) -> None:
        subjects = msgspec.json.encode(link.subjects).decode()
        whose = (link.chat_id, link.owner_id, link.owner_name, link.audience, subjects)
        values = (link.id, digest, *whose, link.created_at, link.expires_at, link.follows, content)
        await self._database.write(Connection.all, _SQL["add"], values)

    async def find(self, digest: bytes) -> ChatLink | None:
        row = await self._database.read(Connection.one, _SQL["find"], (digest,))
        return _link(row) if row else None

    async def content(self, link_id: str) -> bytes | None:
        row = await self._database.read(Connection.one, _SQL["content"], (link_id,))
        return row[0] if row else None

    async def of(self, owner_id: str | None) -> list[ListedLink]:
        values = {"owner": owner_id, "now": time.time()}
        rows = await self._database.read(Connection.all, _SQL["of"], values)
        return [ListedLink(_link(row[:-1]), row[-1]) for row in rows]

    async def end(self, link_id: str, at: float) -> None:
        await self._database.write(Connection.all, _SQL["end"], (at, link_id))

    async def all_of(self, owner_id: str) -> list[ChatLink]:
        return [_link(row) for row in await self._database.read(Connection.all, _SQL["all_of"], (owner_id,))]

    async def forget_person(self, person_id: str) -> int:
        def forget(connection: Connection) -> int:
            connection.all(_SQL["forget_owner"], (person_id,))
            gone = connection.changes()
            connection.all(_SQL["forget_subject"], (PERSON + person_id,))
            return gone

        return await self._database.write(forget)


def give_links(connection: Connection, giver_id: str, taker_id: str) -> None:
    """Give all links of somebody to somebody else, as a part of a transaction."""
    connection.all(_SQL["give"], {"giver": giver_id, "taker": taker_id})


def _link(row: Row) -> ChatLink:
    link_id, chat_id, owner_id, owner_name, audience, subjects, created_at, expires_at, ended_at, follows = row
    named = msgspec.json.decode(subjects, type=tuple[str, ...])
    times = (created_at, expires_at, ended_at)
    return ChatLink(link_id, chat_id, owner_id, owner_name, audience, named, *times, follows=bool(follows))
