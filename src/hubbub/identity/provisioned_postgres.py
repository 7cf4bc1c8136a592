"""Keep the people whom a provider has provisioned in PostgreSQL, beside all who are known here."""

import time
from collections.abc import Callable, Collection, Sequence

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql, read_sql
from hubbub.identity.base import EmailTaken
from hubbub.identity.people_postgres import (
    add_person,
    add_subject,
    has_email,
    lock_people,
    note_change,
    renew_email,
    set_in,
    who_claims,
)
from hubbub.identity.people_sqlite import EmailClaim
from hubbub.identity.provisioned import Change, Provisioned, Said, Taken, Wanted, folded, no_user
from hubbub.identity.provisioned_sqlite import (
    SAME_EMAIL,
    SAME_NAME,
    SAME_SUBJECT,
    asked_for,
    columns_of,
    provisioned_of,
)

STEPS = (read_sql("hubbub.identity", "postgres/provisioned_schema.sql"),)
_SQL = load_sql("hubbub.identity", "postgres/provisioned.sql")


class PostgresProvisioned:
    """A `ProvisionedStore` in PostgreSQL. Whoever writes locks out all others who change people."""

    def __init__(self, database: Postgres, provider: str) -> None:
        self._database = database
        self._provider = provider

    async def open(self) -> None:
        """Make the tables."""
        await self._database.migrate("provisioned", STEPS)

    async def find(self, person_id: str) -> Provisioned | None:
        row = await self._database.one(_SQL["find"], self._provider, person_id)
        return provisioned_of(row) if row else None

    async def page(self, wanted: Wanted, offset: int, limit: int) -> tuple[int, Sequence[Provisioned]]:
        asked = (self._provider, *asked_for(wanted))

        async def page(connection: Connection) -> tuple[int, Sequence[Provisioned]]:
            count = await connection.one(_SQL["count"], *asked)
            rows = await connection.all(_SQL["page"], *asked, limit, offset) if limit else []
            return count[0] if count else 0, [provisioned_of(row) for row in rows]

        return await self._database.read(page)

    async def known(self, person_ids: Collection[str]) -> frozenset[str]:
        rows = await self._database.all(_SQL["known"], self._provider, list(person_ids))
        return frozenset(row[0] for row in rows)

    async def add(self, said: Said, subject: str, *, is_active: bool) -> Provisioned:
        async def add(connection: Connection) -> Provisioned:
            await lock_people(connection)
            row = await connection.one(_SQL["subject"], self._provider, subject)
            if row is None:
                person_id = await self._new_person(connection, said, subject)
            elif await connection.one(_SQL["find"], self._provider, row[0]):
                raise Taken(SAME_SUBJECT.format(subject))
            else:
                person_id = row[0]
                await self._describe(connection, person_id, said)
            await self._check_same(connection, person_id, said)
            await connection.run(_SQL["add"], self._provider, person_id, *columns_of(said), time.time())
            await set_in(connection, "set_active", person_id, is_active)
            return await self._found(connection, person_id)

        return await self._database.write(add)

    async def change(self, person_id: str, change: Change, subject_of: Callable[[Said], str]) -> Provisioned:
        async def write(connection: Connection) -> Provisioned:
            await lock_people(connection)
            before = await self._found(connection, person_id)
            after = change(before)
            if after.said != before.said:
                await self._check_same(connection, person_id, after.said)
                await self._move(connection, person_id, subject_of(before.said), subject_of(after.said))
                await self._describe(connection, person_id, after.said)
                kept = (*columns_of(after.said), time.time())
                await connection.run(_SQL["change"], self._provider, person_id, *kept)
            if after.is_active != before.is_active:
                await set_in(connection, "set_active", person_id, after.is_active)
            return await self._found(connection, person_id)

        return await self._database.write(write)

    async def drop(self, person_id: str) -> None:
        await self._database.run(_SQL["drop"], self._provider, person_id)

    async def _found(self, connection: Connection, person_id: str) -> Provisioned:
        row = await connection.one(_SQL["find"], self._provider, person_id)
        if row is None:
            raise no_user()
        return provisioned_of(row)

    async def _new_person(self, connection: Connection, said: Said, subject: str) -> str:
        """Add a person. An e-mail that is provisioned is not verified: it makes nobody the one who has it here."""
        try:
            await who_claims(connection, EmailClaim(said.email), f"{subject!r} of {self._provider}")
        except EmailTaken as error:
            raise Taken(SAME_EMAIL.format(said.email), detail=error.detail) from error
        person_id = await add_person(connection, name=said.name, email=said.email)
        await add_subject(connection, self._provider, subject, person_id)
        return person_id

    async def _describe(self, connection: Connection, person_id: str, said: Said) -> None:
        """Call a person what the provider calls them now."""
        await connection.run(_SQL["rename"], said.name, person_id)
        if said.email and await has_email(connection, said.email, but=person_id):
            raise Taken(SAME_EMAIL.format(said.email))
        if not await has_email(connection, said.email, of=person_id):
            await renew_email(connection, person_id, EmailClaim(said.email))
        await note_change(connection)

    async def _check_same(self, connection: Connection, person_id: str, said: Said) -> None:
        asked = (self._provider, person_id, folded(said.user_name), said.external_id)
        if await connection.one(_SQL["same"], *asked):
            raise Taken(SAME_NAME)

    async def _move(self, connection: Connection, person_id: str, before: str, after: str) -> None:
        """Know a person by another subject."""
        if before == after:
            return
        row = await connection.one(_SQL["subject"], self._provider, after)
        if row is not None and row[0] != person_id:
            raise Taken(SAME_SUBJECT.format(after))
        if row is None and not await connection.run(
            _SQL["move_subject"], after, self._provider, before, person_id
        ):  # the setting that says what people are known by was changed
            await add_subject(connection, self._provider, after, person_id)
        await note_change(connection)
