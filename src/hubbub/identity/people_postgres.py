"""Keep the people who are known here in PostgreSQL."""

import secrets
import time
from collections.abc import Collection
from types import TracebackType
from typing import Self

from hubbub.connections.postgres import Connection, Postgres, Row, plain
from hubbub.connections.sql import load_sql, read_sql
from hubbub.core.errors import Conflict, NotAllowed, NotFound
from hubbub.core.people import Person
from hubbub.identity.base import KnownPerson
from hubbub.identity.people_sqlite import DISABLED

STEPS = (read_sql("hubbub.identity", "postgres/people_schema.sql"),)
_SQL = load_sql("hubbub.identity", "postgres/people.sql")
_SIGN_INS = load_sql("hubbub.identity", "postgres/sign_ins.sql")
_NOBODY = "There is no such person."


class PostgresPeople:
    """A `People` in PostgreSQL."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("people", STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def known(
        self,
        provider: str,
        subject: str,
        *,
        name: str = "",
        email: str = "",
        groups: Collection[str] = (),
        is_operator: bool = False,
    ) -> Person:
        said = sorted({plain(group) for group in groups})
        written = plain(name), plain(email)

        async def write(connection: Connection) -> KnownPerson:
            await connection.all(_SQL["lock_subject"], provider, subject)
            row = await connection.one(_SQL["subject"], provider, subject)
            if row is None:
                person_id = await add_person(connection, name=written[0], email=written[1])
                await connection.run(_SQL["add_subject"], provider, subject, person_id, said, is_operator)
            else:
                person_id = row[0]
                changes = await connection.run(_SQL["update"], *written, person_id)
                changes += await connection.run(_SQL["update_subject"], said, is_operator, provider, subject)
                if changes:
                    await note_change(connection)
            return await person_in(connection, person_id)

        found = await self._database.write(write)
        if not found.is_active:
            raise NotAllowed(DISABLED)
        return found.person

    async def find(self, person_id: str) -> KnownPerson | None:
        row = await self._database.one(_SQL["find"], person_id)
        return _person(row) if row else None

    async def people(self, *, after: str = "", limit: int = 100) -> list[KnownPerson]:
        return [_person(row) for row in await self._database.all(_SQL["list"], after, limit)]

    async def set_active(self, person_id: str, is_active: bool) -> None:
        await self._database.write(_set, "set_active", person_id, is_active)

    async def set_operator(self, person_id: str, is_operator: bool) -> None:
        await self._database.write(_set, "set_operator", person_id, is_operator)


async def add_person(connection: Connection, *, name: str, email: str, is_operator: bool = False) -> str:
    """Add a person, and return their new id."""
    person_id = "p" + secrets.token_hex(13)[:25]
    await connection.run(_SQL["add"], person_id, name, email, is_operator, time.time())
    return person_id


async def add_subject(connection: Connection, provider: str, subject: str, person_id: str) -> None:
    """Let a person be known by a subject at a provider."""
    await connection.run(_SQL["add_subject"], provider, subject, person_id, [], False)


async def person_in(connection: Connection, person_id: str) -> KnownPerson:
    """Return a person.

    Raises:
        NotFound: there is none.
    """
    row = await connection.one(_SQL["find"], person_id)
    if row is None:
        raise NotFound(_NOBODY)
    return _person(row)


async def note_change(connection: Connection) -> None:
    """Have all workers look anew at whom they know. Of several transactions that do so one goes on at a time."""
    await connection.run(_SQL["changed"])


async def end_sign_ins(connection: Connection, person_id: str, *, keep: str = "") -> None:
    """End all of a person's sign-ins but the one to keep."""
    await connection.run(_SIGN_INS["end_of"], time.time(), person_id, keep)
    await note_change(connection)


async def count_operators(connection: Connection) -> int:
    """Return how many operators there are who can sign in."""
    row = await connection.one(_SQL["count_operators"])
    return int(row[0]) if row else 0


async def _set(connection: Connection, what: str, person_id: str, value: bool) -> None:
    await note_change(connection)  # first: two who each take one of two last operators away take turns
    before = await person_in(connection, person_id)
    await connection.run(_SQL[what], value, person_id)
    if before.is_operator and before.is_active and await count_operators(connection) == 0:
        raise Conflict("This is the only operator who can sign in. Make somebody else an operator first.")
    if what == "set_active" and not value:
        await end_sign_ins(connection, person_id)


def _person(row: Row) -> KnownPerson:
    person_id, name, email, is_operator, is_active, created_at, last_signed_in, providers, groups = row
    return KnownPerson(
        person_id, name, email, is_operator, is_active, created_at, last_signed_in, tuple(providers), frozenset(groups)
    )
