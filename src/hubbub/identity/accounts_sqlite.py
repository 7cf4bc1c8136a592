"""Keep accounts, the links that set passwords, and the attempts to sign in, in SQLite beside the people."""

import hashlib
import time
from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

import msgspec

from hubbub.connections.sqlite import Connection, Sqlite, load_sql, read_sql
from hubbub.core.errors import Conflict, NotFound, TooBusy
from hubbub.identity.base import KnownPerson
from hubbub.identity.passkeys_sqlite import SCHEMA as PASSKEYS
from hubbub.identity.people_sqlite import (
    SCRIPTS,
    add_person,
    add_subject,
    compared,
    count_operators,
    end_sign_ins,
    has_email,
    note_change,
    person_in,
)

_ACCOUNTS = read_sql("hubbub.identity", "accounts_schema.sql")
_RECOVERY = read_sql("hubbub.identity", "recovery_schema.sql")
_SQL = load_sql("hubbub.identity", "accounts.sql")
_PASSKEYS = load_sql("hubbub.identity", "passkeys.sql")
_CODES = load_sql("hubbub.identity", "recovery.sql")

PROVIDER = "accounts"
"""What this is among the providers where people sign in."""
ATTEMPT_SECONDS = 15 * 60.0
MOST_OF_ACCOUNT = 10
MOST_OF_ADDRESS = 50
"""So many attempts may fail in that time."""
NO_LINK = "This link is not good: it was used already, was replaced by a newer one, or has expired. Ask for another."
NO_CODE = "There is no such recovery code."
NO_INVITATION = "There is no such invitation."
TAKEN = "There is an account with this e-mail address already."
TAKEN_TOO = f"{TAKEN} Sign in with it."
OPERATOR_THERE = "There is an operator already. Ask them for an invitation."
ELSEWHERE = "Somebody who signs in at a provider or a proxy has this e-mail address already, so it can have no account."

LinkKind: TypeAlias = Literal["first", "invitation", "reset", "forgotten"]
"""For the first operator; for somebody new; an operator's, which removes the second factor, too; one's own."""


class Account(msgspec.Struct, frozen=True):
    """How a person signs in with a password."""

    person_id: str
    email: str
    password: str | None
    totp_secret: bytes | None
    totp_proposed: bytes | None
    totp_step: int
    is_active: bool


class Link(msgspec.Struct, frozen=True):
    """What a link is for. Times are seconds of the epoch."""

    kind: LinkKind
    person_id: str | None
    email: str
    name: str
    is_operator: bool
    created_at: float
    expires_at: float


class SqliteAccounts:
    """Accounts in a database file."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("people", SCRIPTS)
        await self._database.migrate("accounts", [_ACCOUNTS])
        await self._database.migrate("recovery", [_RECOVERY])
        await self._database.migrate("passkeys", [PASSKEYS])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def find(self, email: str) -> Account | None:
        """Return the account with an e-mail address."""
        return account_of(await self._database.read(Connection.one, _SQL["account"], (compared(email),)))

    async def of(self, person_id: str) -> Account | None:
        """Return a person's account."""
        return account_of(await self._database.read(Connection.one, _SQL["account_of"], (person_id,)))

    async def forget_person(self, person_id: str) -> int:
        """Forget a person's account with all that names its e-mail address: links, attempts to sign in."""

        def forget(connection: Connection) -> int:
            row = connection.one(_SQL["email_of"], (person_id,))
            if row is None:
                return 0
            connection.all(_SQL["drop_links_to"], (row[0],))
            connection.all(_SQL["settle_attempt"], (0, attempts_of(row[0])))
            connection.all(_SQL["forget_account"], (person_id,))
            _put_codes(connection, person_id, ())
            return 1

        return await self._database.write(forget)

    async def begin_attempt(self, email: str, address: str) -> int:
        """Count an attempt to sign in as failed, until it is settled: so many at once are not more than one by one.

        Raises:
            TooBusy: too many have failed, for this e-mail or from this address.
        """
        account = attempts_of(email)

        def count(connection: Connection) -> int:
            now = time.time()
            since = now - ATTEMPT_SECONDS
            connection.all(_SQL["forget_attempts"], (since,))
            row = connection.one(_SQL["count_attempts"], (account, address, since)) or (0, 0, None)
            if row[0] >= MOST_OF_ACCOUNT or row[1] >= MOST_OF_ADDRESS:
                raise too_many_attempts((row[2] or now) + ATTEMPT_SECONDS - now)
            made = connection.one(_SQL["add_attempt"], (account, address, now))
            return int(made[0]) if made else 0

        return await self._database.write(count)

    async def settle_attempt(self, attempt_id: int, email: str) -> None:
        """Let an attempt be one that succeeded: those that failed for this e-mail count no more."""
        account = attempts_of(email)
        await self._database.write(Connection.all, _SQL["settle_attempt"], (attempt_id, account))

    async def set_password(self, person_id: str, password: str, *, keep: str | None = None) -> None:
        """Store a password that was hashed. With `keep`, end all sign-ins of the person but the one with this id."""

        def change(connection: Connection) -> None:
            connection.all(_SQL["set_password"], (password, person_id))
            if keep is not None:
                end_sign_ins(connection, person_id, keep=keep)
                connection.all(_SQL["drop_links_of"], (person_id,))

        await self._database.write(change)

    async def propose_totp(self, person_id: str, secret: bytes) -> None:
        """Keep a secret that becomes the second factor once an app has shown that it has it."""
        await self._database.write(Connection.all, _SQL["propose_totp"], (secret, person_id))

    async def confirm_totp(self, person_id: str, step: int, codes: Collection[bytes]) -> None:
        """Make the proposed secret the second factor, with the digests of these recovery codes beside it."""

        def confirm(connection: Connection) -> None:
            connection.all(_SQL["confirm_totp"], (step, person_id))
            _put_codes(connection, person_id, codes)

        await self._database.write(confirm)

    async def remove_totp(self, person_id: str) -> None:
        """Ask for no second factor any more. Its recovery codes are gone with it."""

        def remove(connection: Connection) -> None:
            connection.all(_SQL["remove_totp"], (person_id,))
            _put_codes(connection, person_id, ())

        await self._database.write(remove)

    async def put_codes(self, person_id: str, codes: Collection[bytes]) -> None:
        """Keep the digests of recovery codes, in place of those that there were."""
        await self._database.write(_put_codes, person_id, codes)

    async def count_codes(self, person_id: str) -> int:
        """Return how many recovery codes are left."""
        row = await self._database.read(Connection.one, _CODES["count"], (person_id,))
        return row[0] if row else 0

    async def use_code(self, person_id: str, digest: bytes) -> None:
        """Use a recovery code up.

        Raises:
            NotFound: there is none; nothing is written, so that nothing is recorded as done.
        """

        def use(connection: Connection) -> None:
            connection.all(_CODES["use"], (person_id, digest))
            if connection.changes() == 0:
                raise NotFound(NO_CODE)

        await self._database.write(use)

    async def use_totp(self, person_id: str, step: int) -> bool:
        """Use up the codes up to a step of time; tells whether they had not been."""

        def use(connection: Connection) -> bool:
            connection.all(_SQL["use_totp"], (step, person_id, step))
            return connection.changes() == 1

        return await self._database.write(use)

    async def add_link(self, link: Link, digest: bytes) -> None:
        """Store a link in place of an earlier one for the same.

        Raises:
            Conflict: it is an invitation for an e-mail that has an account.
        """

        def add(connection: Connection) -> None:
            if link.kind == "invitation" and connection.one(_SQL["account"], (link.email,)):
                raise Conflict(TAKEN)
            if link.kind == "invitation" and not link.is_operator and has_email(connection, link.email):
                raise Conflict(ELSEWHERE)
            connection.all(_SQL["replace_links"], (link.kind, link.email, link.person_id, link.created_at))
            values = (link.kind, link.person_id, link.email, link.name, link.is_operator)
            connection.all(_SQL["add_link"], (digest, *values, link.created_at, link.expires_at))

        await self._database.write(add)

    async def link(self, digest: bytes) -> Link:
        """Return a link that is still good.

        Raises:
            NotFound: it is not.
        """
        row = await self._database.read(Connection.one, _SQL["link"], (digest, time.time()))
        if row is None:
            raise NotFound(NO_LINK)
        return link_of(row)

    async def invitations(self) -> list[Link]:
        """Return the invitations that nobody has used, the oldest first."""
        return [link_of(row) for row in await self._database.read(Connection.all, _SQL["links"], (time.time(),))]

    async def withdraw(self, email: str) -> None:
        """Let an invitation be good no more.

        Raises:
            NotFound: there is none.
        """

        def drop(connection: Connection) -> None:
            connection.all(_SQL["withdraw"], (compared(email),))
            if connection.changes() == 0:
                raise NotFound(NO_INVITATION)

        await self._database.write(drop)

    async def has_operator(self) -> bool:
        """Tell whether there is an operator who can sign in."""
        return await self._database.read(count_operators) > 0

    async def use_link(self, digest: bytes, password: str, *, email: str, name: str) -> KnownPerson:
        """Use a link up: make the account, or give it its new password. All its sign-ins end.

        The e-mail counts for the first operator's link alone; any other link knows it.

        Raises:
            NotFound: the link is not good any more.
            Conflict: there is an account with this e-mail by now, or an operator.
        """

        def use(connection: Connection) -> KnownPerson:
            row = connection.one(_SQL["take_link"], (digest, time.time()))
            if row is None:
                raise NotFound(NO_LINK)
            link = link_of(row)
            if link.kind == "first" and count_operators(connection):
                raise Conflict(OPERATOR_THERE)
            if link.person_id is None:
                person_id = self._make(connection, link, email or link.email, name or link.name, password)
            else:
                person_id = link.person_id
                self._renew(connection, link, person_id, password)
            note_change(connection)
            return person_in(connection, person_id)

        return await self._database.write(use)

    def _make(self, connection: Connection, link: Link, email: str, name: str, password: str) -> str:
        written = email if link.kind == "first" else link.email
        address = compared(written)
        if connection.one(_SQL["account"], (address,)):
            raise Conflict(TAKEN_TOO)
        if not link.is_operator and has_email(connection, address):
            raise Conflict(ELSEWHERE)
        person_id = add_person(connection, name=name, email=address, is_operator=link.is_operator)
        add_subject(connection, PROVIDER, person_id, person_id)
        connection.all(_SQL["add"], (person_id, address, password))
        return person_id

    def _renew(self, connection: Connection, link: Link, person_id: str, password: str) -> None:
        connection.all(_SQL["set_password"], (password, person_id))
        if link.kind == "reset":
            connection.all(_SQL["remove_totp"], (person_id,))
            _put_codes(connection, person_id, ())
            connection.all(_PASSKEYS["remove_all"], (person_id,))
        if link.is_operator:
            connection.all(_SQL["make_operator"], (person_id,))
        connection.all(_SQL["drop_links_of"], (person_id,))
        end_sign_ins(connection, person_id)


def too_many_attempts(wait_seconds: float) -> TooBusy:
    """Return what refuses an attempt to sign in, with how long that lasts."""
    return TooBusy(
        "Signing in has failed too often. Wait some minutes, or use a link for a new password.",
        retry_after_seconds=max(1.0, wait_seconds),
        code="too_many_attempts",
    )


def attempts_of(email: str) -> bytes:
    """Return what attempts to sign in with an e-mail are counted by."""
    return hashlib.sha256(compared(email).encode()).digest()


def _put_codes(connection: Connection, person_id: str, codes: Collection[bytes]) -> None:
    connection.all(_CODES["drop"], (person_id,))
    connection.many(_CODES["add"], [(person_id, digest) for digest in codes])


def account_of(row: Sequence[Any] | None) -> Account | None:
    """Return the account of a row."""
    if row is None:
        return None
    person_id, email, password, secret, proposed, step, is_active = row
    return Account(person_id, email, password, secret, proposed, step, bool(is_active))


def link_of(row: Sequence[Any]) -> Link:
    """Return the link of a row."""
    kind, person_id, email, name, is_operator, created_at, expires_at = row
    return Link(kind, person_id, email, name, bool(is_operator), created_at, expires_at)
