"""Keep the people whom a provider has provisioned in SQLite, beside all who are known here."""

import json
import time
from collections.abc import Callable, Collection, Sequence

import msgspec

from hubbub.connections.sqlite import Connection, Row, Sqlite, load_sql, read_sql
from hubbub.identity.base import EmailTaken
from hubbub.identity.people_sqlite import (
    EmailClaim,
    add_person,
    add_subject,
    has_email,
    note_change,
    renew_email,
    set_in,
    who_claims,
)
from hubbub.identity.provisioned import Change, Provisioned, Said, Taken, Wanted, folded, no_user

SCRIPTS = (read_sql("hubbub.identity", "provisioned_schema.sql"),)
_SQL = load_sql("hubbub.identity", "provisioned.sql")
SAME_SUBJECT = "Somebody here is provisioned already whom this provider calls {!r}."
SAME_NAME = "Somebody else here has this userName or this externalId."
SAME_EMAIL = (
    "Somebody here has the e-mail address {!r} who is not known by this provider. If it is the same person, have them "
    "sign in by this provider first, or let an operator erase the other account."
)


class SqliteProvisioned:
    """A `ProvisionedStore` in a database file."""

    def __init__(self, database: Sqlite, provider: str) -> None:
        self._database = database
        self._provider = provider

    async def open(self) -> None:
        """Make the tables."""
        await self._database.migrate("provisioned", SCRIPTS)

    async def find(self, person_id: str) -> Provisioned | None:
        row = await self._database.read(Connection.one, _SQL["find"], (self._provider, person_id))
        return provisioned_of(row) if row else None

    async def page(self, wanted: Wanted, offset: int, limit: int) -> tuple[int, Sequence[Provisioned]]:
        asked = (self._provider, *asked_for(wanted))

        def page(connection: Connection) -> tuple[int, Sequence[Provisioned]]:
            count = connection.one(_SQL["count"], asked)
            rows = connection.all(_SQL["page"], (*asked, limit, offset)) if limit else []
            return count[0] if count else 0, [provisioned_of(row) for row in rows]

        return await self._database.read(page)

    async def known(self, person_ids: Collection[str]) -> frozenset[str]:
        asked = (self._provider, json.dumps(list(person_ids)))
        return frozenset(row[0] for row in await self._database.read(Connection.all, _SQL["known"], asked))

    async def add(self, said: Said, subject: str, *, is_active: bool) -> Provisioned:
        def add(connection: Connection) -> Provisioned:
            row = connection.one(_SQL["subject"], (self._provider, subject))
            if row is None:
                person_id = self._new_person(connection, said, subject)
            elif connection.one(_SQL["find"], (self._provider, row[0])):
                raise Taken(SAME_SUBJECT.format(subject))
            else:
                person_id = row[0]
                self._describe(connection, person_id, said)
            self._check_same(connection, person_id, said)
            connection.all(_SQL["add"], (self._provider, person_id, *columns_of(said), time.time()))
            set_in(connection, "set_active", person_id, is_active)
            return self._found(connection, person_id)

        return await self._database.write(add)

    async def change(self, person_id: str, change: Change, subject_of: Callable[[Said], str]) -> Provisioned:
        def write(connection: Connection) -> Provisioned:
            before = self._found(connection, person_id)
            after = change(before)
            if after.said != before.said:
                self._check_same(connection, person_id, after.said)
                self._move(connection, person_id, subject_of(before.said), subject_of(after.said))
                self._describe(connection, person_id, after.said)
                connection.all(_SQL["change"], (self._provider, person_id, *columns_of(after.said), time.time()))
            if after.is_active != before.is_active:
                set_in(connection, "set_active", person_id, after.is_active)
            return self._found(connection, person_id)

        return await self._database.write(write)

    async def drop(self, person_id: str) -> None:
        await self._database.write(Connection.all, _SQL["drop"], (self._provider, person_id))

    def _found(self, connection: Connection, person_id: str) -> Provisioned:
        row = connection.one(_SQL["find"], (self._provider, person_id))
        if row is None:
            raise no_user()
        return provisioned_of(row)

    def _new_person(self, connection: Connection, said: Said, subject: str) -> str:
        """Add a person. An e-mail that is provisioned is not verified: it makes nobody the one who has it here."""
        try:
            who_claims(connection, EmailClaim(said.email), f"{subject!r} of {self._provider}")
        except EmailTaken as error:
            raise Taken(SAME_EMAIL.format(said.email), detail=error.detail) from error
        person_id = add_person(connection, name=said.name, email=said.email)
        add_subject(connection, self._provider, subject, person_id)
        return person_id

    def _describe(self, connection: Connection, person_id: str, said: Said) -> None:
        """Call a person what the provider calls them now."""
        connection.all(_SQL["rename"], (said.name, person_id))
        if said.email and has_email(connection, said.email, but=person_id):
            raise Taken(SAME_EMAIL.format(said.email))
        if not has_email(connection, said.email, of=person_id):
            renew_email(connection, person_id, EmailClaim(said.email))
        note_change(connection)

    def _check_same(self, connection: Connection, person_id: str, said: Said) -> None:
        asked = (self._provider, person_id, folded(said.user_name), said.external_id)
        if connection.one(_SQL["same"], asked):
            raise Taken(SAME_NAME)

    def _move(self, connection: Connection, person_id: str, before: str, after: str) -> None:
        """Know a person by another subject."""
        if before == after:
            return
        row = connection.one(_SQL["subject"], (self._provider, after))
        if row is not None and row[0] != person_id:
            raise Taken(SAME_SUBJECT.format(after))
        if row is None:
            connection.all(_SQL["move_subject"], (after, self._provider, before, person_id))
            if connection.changes() == 0:  # the setting that says what people are known by was changed
                add_subject(connection, self._provider, after, person_id)
        note_change(connection)


def asked_for(wanted: Wanted) -> tuple[str | None, ...]:
    """Return what is looked for: id, userName, externalId and displayName, as they are compared."""
    keys = (wanted.user_name, wanted.external_id, wanted.display_name)
    name, external_id, display = keys
    return (
        wanted.id,
        None if name is None else folded(name),
        external_id,
        None if display is None else folded(display),
    )


def columns_of(said: Said) -> tuple[str, str, str, str]:
    """Return what is kept of what was said."""
    text = msgspec.json.encode(said).decode()
    return folded(said.user_name), said.external_id, folded(said.display_name), text


def provisioned_of(row: Row | Sequence[object]) -> Provisioned:
    """Return a person from a row."""
    person_id, said, is_active, created_at, changed_at = row
    return msgspec.convert(
        {
            "id": person_id,
            "said": msgspec.json.decode(str(said)),
            "is_active": bool(is_active),
            "created_at": created_at,
            "changed_at": changed_at,
        },
        type=Provisioned,
    )
