"""Keep accounts, the links that set passwords, and the attempts to sign in, in PostgreSQL beside the people."""

import hashlib
import time
from types import TracebackType
from typing import Self

from hubbub.connections.postgres import Connection, Postgres, plain
from hubbub.connections.sql import load_sql, read_sql
from hubbub.core.errors import Conflict, NotFound, TooBusy
from hubbub.identity.accounts_sqlite import (
    ATTEMPT_SECONDS,
    MOST_OF_ACCOUNT,
    MOST_OF_ADDRESS,
    NO_LINK,
    PROVIDER,
    Account,
    Link,
    account_of,
    compared,
    link_of,
)
from hubbub.identity.base import KnownPerson
from hubbub.identity.people_postgres import (
    STEPS,
    add_person,
    add_subject,
    count_operators,
    end_sign_ins,
    note_change,
    person_in,
)

ACCOUNT_STEPS = (read_sql("hubbub.identity", "postgres/accounts_schema.sql"),)
_SQL = load_sql("hubbub.identity", "postgres/accounts.sql")


class PostgresAccounts:
    """Accounts in PostgreSQL."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("people", STEPS)
        await self._database.migrate("accounts", ACCOUNT_STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def find(self, email: str) -> Account | None:
        """Return the account with an e-mail address."""
        return account_of(await self._database.one(_SQL["account"], _key(email)))

    async def of(self, person_id: str) -> Account | None:
        """Return a person's account."""
        return account_of(await self._database.one(_SQL["account_of"], person_id))

    async def begin_attempt(self, email: str, address: str) -> int:
        """Count an attempt to sign in as failed, until it is settled: so many at once are not more than one by one.

        Raises:
            TooBusy: too many have failed, for this e-mail or from this address.
        """
        account = hashlib.sha256(compared(email).encode()).digest()
        digests = (account, hashlib.sha256(address.encode()).digest())
        locks = [int.from_bytes(digest[:8], "big", signed=True) for digest in digests]

        async def count(connection: Connection) -> int:
            now = time.time()
            since = now - ATTEMPT_SECONDS
            await connection.all(_SQL["lock_attempts"], locks)  # many at once take turns
            await connection.run(_SQL["forget_attempts"], since)
            row = await connection.one(_SQL["count_attempts"], account, address, since) or (0, 0, None)
            if row[0] >= MOST_OF_ACCOUNT or row[1] >= MOST_OF_ADDRESS:
                wait = max(1.0, (row[2] or now) + ATTEMPT_SECONDS - now)
                raise TooBusy(
                    "Signing in has failed too often. Wait some minutes, or use a link for a new password.",
                    retry_after_seconds=wait,
                    code="too_many_attempts",
                )
            made = await connection.one(_SQL["add_attempt"], account, address, now)
            return int(made[0]) if made else 0

        return await self._database.write(count)

    async def settle_attempt(self, attempt_id: int, email: str) -> None:
        """Let an attempt be one that succeeded: those that failed for this e-mail count no more."""
        account = hashlib.sha256(compared(email).encode()).digest()
        await self._database.run(_SQL["settle_attempt"], attempt_id, account)

    async def set_password(self, person_id: str, password: str, *, keep: str | None = None) -> None:
        """Store a password that was hashed. With `keep`, end all sign-ins of the person but the one with this id."""

        async def change(connection: Connection) -> None:
            await connection.run(_SQL["set_password"], password, person_id)
            if keep is not None:
                await end_sign_ins(connection, person_id, keep=keep)
                await connection.run(_SQL["drop_links_of"], person_id)

        await self._database.write(change)

    async def propose_totp(self, person_id: str, secret: bytes) -> None:
        """Keep a secret that becomes the second factor once an app has shown that it has it."""
        await self._database.run(_SQL["propose_totp"], secret, person_id)

    async def confirm_totp(self, person_id: str, step: int) -> None:
        """Make the proposed secret the second factor."""
        await self._database.run(_SQL["confirm_totp"], step, person_id)

    async def remove_totp(self, person_id: str) -> None:
        """Ask for no second factor any more."""
        await self._database.run(_SQL["remove_totp"], person_id)

    async def use_totp(self, person_id: str, step: int) -> bool:
        """Use up the codes up to a step of time; tells whether they had not been."""
        return await self._database.run(_SQL["use_totp"], step, person_id) == 1

    async def add_link(self, link: Link, digest: bytes) -> None:
        """Store a link in place of an earlier one for the same.

        Raises:
            Conflict: it is an invitation for an e-mail that has an account.
        """

        async def add(connection: Connection) -> None:
            await connection.all(_SQL["lock_email"], link.email)
            if link.kind == "invitation" and await connection.one(_SQL["account"], link.email):
                raise Conflict("There is an account with this e-mail address already.")
            await connection.run(_SQL["replace_links"], link.kind, link.email, link.person_id, link.created_at)
            values = (link.kind, link.person_id, link.email, plain(link.name), link.is_operator)
            await connection.run(_SQL["add_link"], digest, *values, link.created_at, link.expires_at)

        await self._database.write(add)

    async def link(self, digest: bytes) -> Link:
        """Return a link that is still good.

        Raises:
            NotFound: it is not.
        """
        row = await self._database.one(_SQL["link"], digest, time.time())
        if row is None:
            raise NotFound(NO_LINK)
        return link_of(row)

    async def invitations(self) -> list[Link]:
        """Return the invitations that nobody has used, the oldest first."""
        return [link_of(row) for row in await self._database.all(_SQL["links"], time.time())]

    async def withdraw(self, email: str) -> None:
        """Let an invitation be good no more.

        Raises:
            NotFound: there is none.
        """
        if await self._database.run(_SQL["withdraw"], _key(email)) == 0:
            raise NotFound("There is no such invitation.")

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

        async def use(connection: Connection) -> KnownPerson:
            await note_change(connection)  # first: two who would both be the first operator take turns
            row = await connection.one(_SQL["take_link"], digest, time.time())
            if row is None:
                raise NotFound(NO_LINK)
            link = link_of(row)
            if link.kind == "first" and await count_operators(connection):
                raise Conflict("There is an operator already. Ask them for an invitation.")
            if link.person_id is None:
                person_id = await self._make(connection, link, email or link.email, name or link.name, password)
            else:
                person_id = link.person_id
                await self._renew(connection, link, person_id, password)
            return await person_in(connection, person_id)

        return await self._database.write(use)

    async def _make(self, connection: Connection, link: Link, email: str, name: str, password: str) -> str:
        written = email if link.kind == "first" else link.email
        address = _key(written)
        await connection.all(_SQL["lock_email"], address)
        if await connection.one(_SQL["account"], address):
            raise Conflict("There is an account with this e-mail address already. Sign in with it.")
        person_id = await add_person(connection, name=plain(name), email=address, is_operator=link.is_operator)
        await add_subject(connection, PROVIDER, person_id, person_id)
        await connection.run(_SQL["add"], person_id, address, password)
        return person_id

    async def _renew(self, connection: Connection, link: Link, person_id: str, password: str) -> None:
        await connection.run(_SQL["set_password"], password, person_id)
        if link.kind == "reset":
            await connection.run(_SQL["remove_totp"], person_id)
        if link.is_operator:
            await connection.run(_SQL["make_operator"], person_id)
        await connection.run(_SQL["drop_links_of"], person_id)
        await end_sign_ins(connection, person_id)


def _key(email: str) -> str:
    return plain(compared(email))
