"""Keep the people who are known here in SQLite."""

import logging
import secrets
import time
import unicodedata
from collections.abc import Collection
from types import TracebackType
from typing import Literal, Self

import msgspec

from hubbub.connections.sqlite import Connection, Row, Sqlite, load_sql, read_sql
from hubbub.core.errors import Conflict, NotAllowed, NotFound
from hubbub.core.people import Person
from hubbub.identity.base import EmailTaken, KnownPerson

logger = logging.getLogger(__name__)

SCRIPTS = [
    read_sql("hubbub.identity", name) for name in ("people_schema.sql", "people_emails.sql", "people_id_tokens.sql")
]
"""Those of the room "people", which accounts and sign-ins need too."""
_SQL = load_sql("hubbub.identity", "people.sql")
_SIGN_INS = load_sql("hubbub.identity", "sign_ins.sql")
DISABLED = "Your account here was disabled. Ask whoever runs this server."
NOBODY = "There is no such person."
ONLY_OPERATOR = "This is the only operator who can sign in. Make somebody else an operator first."


class SqlitePeople:
    """A `People` in a database file."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("people", SCRIPTS)
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
        said = msgspec.json.encode(sorted(set(groups or ()))).decode()

        def write(connection: Connection) -> KnownPerson:
            row = connection.one(_SQL["subject"], (provider, subject))
            if row is None:
                person_id = who_claims(connection, claim, f"{subject!r} of {provider}")
                if person_id is None:
                    person_id = add_person(connection, name=name, email=email, is_email_verified=claim.is_verified)
                connection.all(_SQL["add_subject"], (provider, subject, person_id, said, is_operator))
                note_change(connection)
            else:
                person_id = row[0]
                connection.all(_SQL["update"], (name, person_id))
                changes = connection.changes() + renew_email(connection, person_id, claim)
                if groups is not None:
                    connection.all(_SQL["update_subject"], (said, is_operator, provider, subject))
                    changes += connection.changes()
                if changes:
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
        await self._database.write(set_in, "set_active", person_id, is_active)

    async def set_operator(self, person_id: str, is_operator: bool) -> None:
        await self._database.write(set_in, "set_operator", person_id, is_operator)

    async def forget_person(self, person_id: str) -> int:
        def drop(connection: Connection) -> int:
            connection.all(_SQL["forget"], (person_id,))
            gone = connection.changes()
            note_change(connection)
            return gone

        return await self._database.write(drop)


def add_person(
    connection: Connection, *, name: str, email: str, is_email_verified: bool = False, is_operator: bool = False
) -> str:
    """Add a person, and return their new id."""
    person_id = "p" + secrets.token_hex(13)[:25]
    values = (person_id, name, email, compared(email), is_email_verified, is_operator, time.time())
    connection.all(_SQL["add"], values)
    return person_id


class EmailClaim(msgspec.Struct, frozen=True):
    """An e-mail address that a provider gives for somebody."""

    email: str
    is_verified: bool = False
    links: bool = False
    """Whether who has it there may be the person who has it here."""


def who_claims(connection: Connection, claim: EmailClaim, whose: str) -> str | None:
    """Return the person whom somebody new is by their e-mail; None: nobody who is known.

    Raises:
        EmailTaken: another person has it, and nothing makes the two one.
    """
    holders = _holders(connection, claim.email)
    if not holders:
        return None
    if any(not one.is_active for one in holders):  # who was disabled doesn't come back by another door
        reason = "who is disabled"
    elif not claim.is_verified:
        reason = "and it is not verified there"
    elif not any(one.is_vouched for one in holders):
        for one in holders:  # they only said that it is theirs
            connection.all(_SQL["take_email"], (one.person_id,))
        return None
    elif not claim.links:
        reason = "and links_by_email is off there"
    elif len(holders) > 1:
        reason = "and so do others"
    else:
        return holders[0].person_id
    raise EmailTaken(
        detail=f"{whose} gives the e-mail {claim.email[:200]!r}, which {holders[0].person_id} has, {reason}"
    )


def renew_email(connection: Connection, person_id: str, claim: EmailClaim) -> int:
    """Note the e-mail that a person has now, unless it is somebody else's; return how many rows that changed.

    Who somebody is stays as it was: they are known by the provider's subject.
    """
    key = compared(claim.email)
    row = connection.one(_SQL["email_key"], (person_id,))
    if not key or row is None:
        return 0
    if key != row[0] and _holders(connection, claim.email, but=person_id):
        logger.warning("%s gives the e-mail of somebody else now, and keeps the one from before.", person_id)
        return 0
    connection.all(_SQL["update_email"], (claim.email, key, claim.is_verified, person_id))
    return connection.changes()


def has_email(connection: Connection, email: str, *, but: str = "", of: str = "") -> bool:
    """Tell whether somebody is known by an e-mail: anybody but one person, or one person alone."""
    return any(not of or one.person_id == of for one in _holders(connection, email, but=but))


def compared(email: str) -> str:
    """Return an e-mail address in the form in which two are the same.

    Those of others stay apart: `straße.example` and `strasse.example` are two domains (RFC 5892), and a local part is
    whatever its own server takes it for (RFC 6532, 3.1). Case is the one difference that no server makes.
    """
    local, at, domain = unicodedata.normalize("NFC", email).strip().rpartition("@")
    return local.lower() + at + unicodedata.normalize("NFKC", domain).lower()


class _Holder(msgspec.Struct, frozen=True):
    """Who has an e-mail here, and whether something vouches for that."""

    person_id: str
    is_active: bool
    is_vouched: bool


def _holders(connection: Connection, email: str, *, but: str = "") -> list[_Holder]:
    if not (key := compared(email)):
        return []
    rows = connection.all(_SQL["holders"], (key, but))
    return [_Holder(person_id, bool(is_active), bool(is_vouched)) for person_id, is_active, is_vouched in rows]


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
        raise NotFound(NOBODY)
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


def set_in(connection: Connection, what: Literal["set_active", "set_operator"], person_id: str, value: bool) -> None:
    """Enable or disable a person, or make them an operator or none.

    Raises:
        NotFound: there is no such person.
        Conflict: they are the last operator.
    """
    before = person_in(connection, person_id)
    connection.all(_SQL[what], (value, person_id))
    if before.is_operator and before.is_active and count_operators(connection) == 0:
        raise Conflict(ONLY_OPERATOR)
    if what == "set_active" and not value:
        end_sign_ins(connection, person_id)
    note_change(connection)


def _person(row: Row) -> KnownPerson:
    person_id, name, email, is_operator, is_active, created_at, last_signed_in, providers, groups, ids = row
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
        msgspec.json.decode(ids, type=frozenset[str]),
    )
