"""Keep the people who are known here in PostgreSQL."""

import logging
import secrets
import time
from collections.abc import Collection
from types import TracebackType
from typing import Literal, Self

from hubbub.connections.postgres import Connection, Postgres, Row
from hubbub.connections.sql import load_sql, read_sql
from hubbub.core.errors import Conflict, NotAllowed, NotFound
from hubbub.core.people import Person
from hubbub.identity.base import EmailTaken, KnownPerson
from hubbub.identity.people_sqlite import DISABLED, NOBODY, ONLY_OPERATOR, EmailClaim, compared

logger = logging.getLogger(__name__)

STEPS = (read_sql("hubbub.identity", "postgres/people_schema.sql"),)
_SQL = load_sql("hubbub.identity", "postgres/people.sql")
_SIGN_INS = load_sql("hubbub.identity", "postgres/sign_ins.sql")
LOCK = 0x70656F70
"""The advisory lock of whoever looks at other people before a change: who has an e-mail, who is still an operator.

It is taken before any row, so that nobody waits for each other.
"""


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
        is_email_verified: bool = False,
        links_by_email: bool = False,
        groups: Collection[str] | None = (),
        is_operator: bool = False,
    ) -> Person:
        claim = EmailClaim(email, is_verified=is_email_verified, links=links_by_email)
        said = sorted(set(groups or ()))

        async def write(connection: Connection) -> KnownPerson:
            row = await connection.one(_SQL["subject"], provider, subject)
            if row is None or await _is_other_email(connection, row[0], claim):
                await lock_people(connection)
                row = await connection.one(_SQL["subject"], provider, subject)  # somebody may have been first
            if row is None:
                person_id = await who_claims(connection, claim, f"{subject!r} of {provider}")
                if person_id is None:
                    person_id = await add_person(
                        connection, name=name, email=email, is_email_verified=claim.is_verified
                    )
                await connection.run(_SQL["add_subject"], provider, subject, person_id, said, is_operator)
                await note_change(connection)
            else:
                person_id = row[0]
                changes = await connection.run(_SQL["update"], name, person_id)
                changes += await renew_email(connection, person_id, claim)
                if groups is not None:
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
        await self._database.write(set_in, "set_active", person_id, is_active)

    async def set_operator(self, person_id: str, is_operator: bool) -> None:
        await self._database.write(set_in, "set_operator", person_id, is_operator)

    async def forget_person(self, person_id: str) -> int:
        async def drop(connection: Connection) -> int:
            await lock_people(connection)
            gone = await connection.run(_SQL["forget"], person_id)
            await note_change(connection)
            return gone

        return await self._database.write(drop)


async def lock_people(connection: Connection) -> None:
    """Let nobody else add people or change who they are until this transaction has ended."""
    await connection.all(_SQL["lock"], LOCK)


async def add_person(
    connection: Connection, *, name: str, email: str, is_email_verified: bool = False, is_operator: bool = False
) -> str:
    """Add a person, and return their new id."""
    person_id = "p" + secrets.token_hex(13)[:25]
    values = (person_id, name, email, compared(email), is_email_verified, is_operator, time.time())
    await connection.run(_SQL["add"], *values)
    return person_id


async def has_email(connection: Connection, email: str, *, but: str = "", of: str = "") -> bool:
    """Tell whether somebody is known by an e-mail: anybody but one person, or one person alone."""
    return any(not of or person_id == of for person_id, _, _ in await _holders(connection, email, but=but))


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
        raise NotFound(NOBODY)
    return _person(row)


async def note_change(connection: Connection) -> None:
    """Have all workers look anew at whom they know. Its row stays locked: it comes after all other changes."""
    await connection.run(_SQL["changed"])


async def end_sign_ins(connection: Connection, person_id: str, *, keep: str = "") -> None:
    """End all of a person's sign-ins but the one to keep."""
    await connection.run(_SIGN_INS["end_of"], time.time(), person_id, keep)
    await note_change(connection)


async def count_operators(connection: Connection) -> int:
    """Return how many operators there are who can sign in."""
    row = await connection.one(_SQL["count_operators"])
    return int(row[0]) if row else 0


async def who_claims(connection: Connection, claim: EmailClaim, whose: str) -> str | None:
    """Return the person whom somebody new is by their e-mail; None: nobody who is known.

    Raises:
        EmailTaken: another person has it, and nothing makes the two one.
    """
    holders = await _holders(connection, claim.email)
    if not holders:
        return None
    if any(not is_active for _, is_active, _ in holders):  # who was disabled doesn't come back by another door
        reason = "who is disabled"
    elif not claim.is_verified:
        reason = "and it is not verified there"
    elif not any(is_vouched for _, _, is_vouched in holders):
        for person_id, _, _ in holders:  # they only said that it is theirs
            await connection.run(_SQL["take_email"], person_id)
        return None
    elif not claim.links:
        reason = "and links_by_email is off there"
    elif len(holders) > 1:
        reason = "and so do others"
    else:
        return holders[0][0]
    raise EmailTaken(detail=f"{whose} gives the e-mail {claim.email[:200]!r}, which {holders[0][0]} has, {reason}")


async def _is_other_email(connection: Connection, person_id: str, claim: EmailClaim) -> bool:
    row = await connection.one(_SQL["email_key"], person_id)
    return row is not None and row[0] != compared(claim.email)


async def renew_email(connection: Connection, person_id: str, claim: EmailClaim) -> int:
    """Note the e-mail that a person has now, unless it is somebody else's; return how many rows that changed."""
    key = compared(claim.email)
    row = await connection.one(_SQL["email_key"], person_id)
    if not key or row is None:
        return 0
    if key != row[0] and await _holders(connection, claim.email, but=person_id):
        logger.warning("%s gives the e-mail of somebody else now, and keeps the one from before.", person_id)
        return 0
    return await connection.run(_SQL["update_email"], claim.email, key, claim.is_verified, person_id)


async def _holders(connection: Connection, email: str, *, but: str = "") -> list[Row]:
    """Return who has an e-mail: their ids, whether they are active, and whether something vouches for that."""
    if not (key := compared(email)):
        return []
    return await connection.all(_SQL["holders"], key, but)


async def set_in(
    connection: Connection, what: Literal["set_active", "set_operator"], person_id: str, value: bool
) -> None:
    """Enable or disable a person, or make them an operator or none.

    Raises:
        NotFound: there is no such person.
        Conflict: they are the last operator.
    """
    await lock_people(connection)
    before = await person_in(connection, person_id)
    await connection.run(_SQL[what], value, person_id)
    if before.is_operator and before.is_active and await count_operators(connection) == 0:
        raise Conflict(ONLY_OPERATOR)
    if what == "set_active" and not value:
        await end_sign_ins(connection, person_id)
    await note_change(connection)


def _person(row: Row) -> KnownPerson:
    person_id, name, email, is_operator, is_active, created_at, last_signed_in, providers, groups, ids = row
    sets = (tuple(providers), frozenset(groups), frozenset(ids))
    return KnownPerson(person_id, name, email, is_operator, is_active, created_at, last_signed_in, *sets)
