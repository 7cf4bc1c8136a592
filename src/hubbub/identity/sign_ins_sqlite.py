"""Keep sign-ins in SQLite, beside the people whose they are."""

from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Self

import msgspec

from hubbub.connections.sqlite import Connection, Sqlite, load_sql
from hubbub.identity.base import KnownPerson, SignIn
from hubbub.identity.people_sqlite import SCRIPTS, note_change, person_in

_SQL = load_sql("hubbub.identity", "sign_ins.sql")
_PEOPLE = load_sql("hubbub.identity", "people.sql")
KEPT_SECONDS = 90 * 86400.0
"""How long those that have ended are kept."""


class SqliteSignIns:
    """A `SignInStore` in a database file."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("people", SCRIPTS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def add(self, sign_in: SignIn, digest: bytes) -> None:
        def insert(connection: Connection) -> None:
            at = sign_in.created_at
            of_provider = (sign_in.provider, sign_in.provider_session, sign_in.address, sign_in.agent)
            connection.all(_SQL["add"], (sign_in.id, digest, sign_in.person_id, *of_provider, at, sign_in.last_used))
            connection.all(_SQL["note_person"], (at, sign_in.person_id))
            connection.all(_SQL["forget"], (at - KEPT_SECONDS,))

        await self._database.write(insert)

    async def find(self, digest: bytes) -> tuple[SignIn, KnownPerson] | None:
        def look(connection: Connection) -> tuple[SignIn, KnownPerson] | None:
            row = connection.one(_SQL["find"], (digest,))
            return None if row is None else (SignIn(*row), person_in(connection, row[1]))

        return await self._database.read(look)

    async def of(self, person_id: str) -> list[SignIn]:
        return [SignIn(*row) for row in await self._database.read(Connection.all, _SQL["of"], (person_id,))]

    async def end(self, at: float, *, sign_in_id: str = "", person_id: str = "", keep: str = "") -> None:
        def end(connection: Connection) -> None:
            if sign_in_id:
                connection.all(_SQL["end"], (at, sign_in_id))
            if person_id:
                connection.all(_SQL["end_of"], (at, person_id, keep))
            note_change(connection)

        await self._database.write(end)

    async def end_session(self, at: float, provider: str, provider_session: str) -> None:
        def end(connection: Connection) -> None:
            connection.all(_SQL["end_session"], (at, provider, provider_session))
            note_change(connection)

        await self._database.write(end)

    async def ended(self, ids: Collection[str], *, idle_since: float, begun_since: float) -> frozenset[str]:
        text = msgspec.json.encode(list(ids)).decode()
        values = {"ids": text, "idle_since": idle_since, "begun_since": begun_since}
        return frozenset(row[0] for row in await self._database.read(Connection.all, _SQL["ended"], values))

    async def note_use(self, times: Mapping[str, float]) -> None:
        rows = [(at, sign_in_id) for sign_in_id, at in times.items()]
        await self._database.write(Connection.many, _SQL["note_use"], rows)

    async def revision(self) -> int:
        row = await self._database.read(Connection.one, _PEOPLE["revision"])
        return int(row[0]) if row else 0
