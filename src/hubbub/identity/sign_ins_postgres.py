"""Keep sign-ins in PostgreSQL, beside the people whose they are."""

from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Self

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql
from hubbub.identity.base import KnownPerson, SignIn
from hubbub.identity.id_tokens_sqlite import MOST_CHARACTERS, sealed, unsealed
from hubbub.identity.people_postgres import STEPS, note_change, person_in
from hubbub.identity.sign_ins import id_in
from hubbub.identity.sign_ins_sqlite import KEPT_SECONDS

_SQL = load_sql("hubbub.identity", "postgres/sign_ins.sql")
_PEOPLE = load_sql("hubbub.identity", "postgres/people.sql")


class PostgresSignIns:
    """A `SignInStore` in PostgreSQL."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("people", STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def add(self, sign_in: SignIn, digest: bytes) -> None:
        async def insert(connection: Connection) -> None:
            at = sign_in.created_at
            of_provider = (sign_in.provider, sign_in.provider_session, sign_in.address, sign_in.agent)
            values = (sign_in.id, digest, sign_in.person_id, *of_provider, at, sign_in.last_used)
            await connection.run(_SQL["add"], *values)
            await connection.run(_SQL["note_person"], at, sign_in.person_id)
            await connection.run(_SQL["forget"], at - KEPT_SECONDS)

        await self._database.write(insert)

    async def find(self, digest: bytes) -> tuple[SignIn, KnownPerson] | None:
        async def look(connection: Connection) -> tuple[SignIn, KnownPerson] | None:
            row = await connection.one(_SQL["find"], digest)
            return None if row is None else (SignIn(*row), await person_in(connection, row[1]))

        return await self._database.read(look)

    async def of(self, person_id: str) -> list[SignIn]:
        return [SignIn(*row) for row in await self._database.all(_SQL["of"], person_id)]

    async def page(self, after: str, limit: int) -> list[SignIn]:
        return [SignIn(*row) for row in await self._database.all(_SQL["page"], after, limit)]

    async def end(self, at: float, *, sign_in_id: str = "", person_id: str = "", keep: str = "") -> None:
        async def end(connection: Connection) -> None:
            if sign_in_id:
                await connection.run(_SQL["end"], at, sign_in_id)
            if person_id:
                await connection.run(_SQL["end_of"], at, person_id, keep)
            await note_change(connection)

        await self._database.write(end)

    async def end_session(self, at: float, provider: str, provider_session: str) -> None:
        async def end(connection: Connection) -> None:
            await connection.run(_SQL["end_session"], at, provider, provider_session)
            await note_change(connection)

        await self._database.write(end)

    async def ended(self, ids: Collection[str], *, idle_since: float, begun_since: float) -> frozenset[str]:
        rows = await self._database.all(_SQL["ended"], list(ids), idle_since, begun_since)
        return frozenset([row[0] for row in rows])

    async def note_use(self, times: Mapping[str, float]) -> None:
        rows = sorted(times.items())  # in one order everywhere: two workers never wait for each other
        ids, at = [sign_in_id for sign_in_id, _ in rows], [one for _, one in rows]
        await self._database.write(Connection.run, _SQL["note_use"], ids, at)

    async def revision(self) -> int:
        row = await self._database.one(_PEOPLE["revision"])
        return int(row[0]) if row else 0


class PostgresIdTokens:
    """ID tokens beside the sign-ins, each sealed with a key that is made of the sign-in's cookie."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def keep(self, cookie: str, token: str) -> None:
        """Keep the token of a sign-in, by the value of its cookie."""
        sign_in_id = id_in(cookie)
        if sign_in_id is not None and len(token) <= MOST_CHARACTERS:
            await self._database.run(_SQL["keep_token"], sign_in_id, sealed(cookie, token))

    async def find(self, cookie: str) -> str:
        """Return the token of a sign-in; empty where none was kept."""
        row = await self._database.one(_SQL["token"], id_in(cookie))
        return unsealed(cookie, row[0]) if row else ""
