"""Keep the people who are known here in SQLite."""

import secrets
import time
from collections.abc import Collection
from types import TracebackType
from typing import Self

import msgspec

from hubbub.connections.sqlite import Connection, Row, Sqlite, load_sql, read_sql
from hubbub.core.errors import Conflict, NotAllowed, NotFound
from hubbub.core.people import Person
from hubbub.identity.base import KnownPerson

SCHEMA = read_sql("hubbub.identity", "people_schema.sql")
_SQL = load_sql("hubbub.identity", "people.sql")
_SIGN_INS = load_sql("hubbub.identity", "sign_ins.sql")
DISABLED = "Your account here was disabled. Ask whoever runs this server."
_NOBODY = "There is no such person."


class SqlitePeople:
    """A `People` in a database file."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("people", [SCHEMA])
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
        said = msgspec.json.encode(sorted(set(groups))).decode()

        def write(connection: Connection) -> KnownPerson:
            row = connection.one(_SQL["subject"], (provider, subject))
            if row is None:
                person_id = add_person(connection, name=name, email=email)
                connection.all(_SQL["add_subject"], (provider, subject, person_id, said, is_operator))
            else:
                person_id = row[0]
                connection.all(_SQL["update"], (name, email, person_id, name, email))
                changes = connection.changes()
                values = (said, is_operator, provider, subject, said, is_operator)
                connection.all(_SQL["update_subject"], values)
                if changes + connection.changes():
                    note_change(connection)
            return person_in(connection, person_id)

        found = await self._database.write(write)
        if not found.is_active:
            raise NotAllowed(DISABLED)
        return found.person

    async def find(self, person_id: str) -> KnownPerson | None:
        row = await self._database.read(Connection.one, _SQL["find"], (person_id,))
        return _person(row) if row else None

    async def people(self, *, after: str = "", limit: int = 100) -> list[KnownPerson]:
        rows = await self._database.read(Connection.all, _SQL["list"], {"after": after, "limit": limit})
        return [_person(row) for row in rows]

    async def set_active(self, person_id: str, is_active: bool) -> None:
        await self._database.write(_set, "set_active", person_id, is_active)

    async def set_operator(self, person_id: str, is_operator: bool) -> None:
        await self._database.write(_set, "set_operator", person_id, is_operator)

    async def forget_person(self, person_id: str) -> int:
        def drop(connection: Connection) -> int:
            connection.all(_SQL["forget"], (person_id,))
            gone = connection.changes()
            note_change(connection)
            return gone

        return await self._database.write(drop)


def add_person(connection: Connection, *, name: str, email: str, is_operator: bool = False) -> str:
    """Add a person, and return their new id."""
    person_id = "p" + secrets.token_hex(13)[:25]
    connection.all(_SQL["add"], (person_id, name, email, is_operator, time.time()))
    return person_id


def add_subject(connection: Connection, provider: str, subject: str, person_id: str) -> None:
    """Let a person be known by a subject at a provider."""
    connection.all(_SQL["add_subject"], (provider, subject, person_id, "[]", False))


def person_in(connection: Connection, person_id: str) -> KnownPerson:
    """Return a person.

    Raises:
        NotFound: there is none.
    """
    row = connection.one(_SQL["find"], (person_id,))
    if row is None:
        raise NotFound(_NOBODY)
    return _person(row)


def note_change(connection: Connection) -> None:
    """Have all workers look anew at whom they know."""
    connection.all(_SQL["changed"])


def end_sign_ins(connection: Connection, person_id: str, *, keep: str = "") -> None:
    """End all of a person's sign-ins but the one to keep."""
    connection.all(_SIGN_INS["end_of"], (time.time(), person_id, keep))
    note_change(connection)


def count_operators(connection: Connection) -> int:
    """Return how many operators there are who can sign in."""
    row = connection.one(_SQL["count_operators"])
    return int(row[0]) if row else 0


def _set(connection: Connection, what: str, person_id: str, value: bool) -> None:
    before = person_in(connection, person_id)
    connection.all(_SQL[what], (value, person_id))
    if before.is_operator and before.is_active and count_operators(connection) == 0:
        raise Conflict("This is the only operator who can sign in. Make somebody else an operator first.")
    if what == "set_active" and not value:
        end_sign_ins(connection, person_id)
    note_change(connection)


def _person(row: Row) -> KnownPerson:
    person_id, name, email, is_operator, is_active, created_at, last_signed_in, providers, groups = row
    return KnownPerson(
        person_id,
        name,
        email,
        bool(is_operator),
        bool(is_active),
        created_at,
        last_signed_in,
        tuple(msgspec.json.decode(providers, type=list[str])),
        msgspec.json.decode(groups, type=frozenset[str]),
    )
