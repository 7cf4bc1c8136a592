"""Keep accounts, the links that set passwords, and the attempts to sign in, in PostgreSQL beside the people."""

from collections.abc import Collection
from types import TracebackType
from typing import Self

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql, read_sql
from hubbub.core.errors import Conflict, NotFound
from hubbub.identity.accounts_sqlite import (
    ATTEMPT_SECONDS,
    ELSEWHERE,
    MOST_OF_ACCOUNT,
    MOST_OF_ADDRESS,
    NO_CODE,
    NO_INVITATION,
    NO_LINK,
    OPERATOR_THERE,
    PROVIDER,
    TAKEN,
    TAKEN_TOO,
    Account,
    Link,
    account_of,
    attempts_of,
    link_of,
    too_many_attempts,
)
from hubbub.identity.base import KnownPerson
from hubbub.identity.people_postgres import STEPS as PEOPLE
from hubbub.identity.people_postgres import (
    add_person,
    add_subject,
    count_operators,
    end_sign_ins,
    has_email,
    lock_people,
    note_change,
    person_in,
)
from hubbub.identity.people_sqlite import compared

STEPS = (read_sql("hubbub.identity", "postgres/accounts_schema.sql"),)
_SQL = load_sql("hubbub.identity", "postgres/accounts.sql")
_PASSKEYS = load_sql("hubbub.identity", "postgres/passkeys.sql")
_LOCK = load_sql("hubbub.identity", "postgres/people.sql")["lock"]


class PostgresAccounts:
    """An `AccountStore` in PostgreSQL."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("people", PEOPLE)
        await self._database.migrate("accounts", STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def find(self, email: str) -> Account | None:
        return account_of(await self._database.one(_SQL["account"], compared(email)))

    async def of(self, person_id: str) -> Account | None:
        return account_of(await self._database.one(_SQL["account_of"], person_id))

    async def forget_person(self, person_id: str) -> int:
        async def forget(connection: Connection) -> int:
            row = await connection.one(_SQL["email_of"], person_id)
            if row is None:
                return 0
            await connection.run(_SQL["drop_links_to"], row[0])
            await connection.run(_SQL["settle_attempt"], 0, attempts_of(row[0]))
            await connection.run(_SQL["forget_account"], person_id)
            await _put_codes(connection, person_id, ())
            return 1

        return await self._database.write(forget)

    async def begin_attempt(self, email: str, address: str) -> int:
        account = attempts_of(email)
        # Whoever counts the same is counted in turn: so many at once are not more than one by one.
        locks = sorted({_number_of(account), _number_of(attempts_of(address))})

        async def count(connection: Connection) -> int:
            for lock in locks:
                await connection.all(_LOCK, lock)
            await connection.run(_SQL["forget_attempts"], ATTEMPT_SECONDS)
            row = await connection.one(_SQL["count_attempts"], account, address, ATTEMPT_SECONDS) or (0, 0, None)
            if row[0] >= MOST_OF_ACCOUNT or row[1] >= MOST_OF_ADDRESS:
                raise too_many_attempts(ATTEMPT_SECONDS if row[2] is None else row[2])
            made = await connection.one(_SQL["add_attempt"], account, address)
            return int(made[0]) if made else 0

        return await self._database.write(count)

    async def settle_attempt(self, attempt_id: int, email: str) -> None:
        await self._database.run(_SQL["settle_attempt"], attempt_id, attempts_of(email))

    async def set_password(self, person_id: str, password: str, *, keep: str | None = None) -> None:
        async def change(connection: Connection) -> None:
            await connection.run(_SQL["set_password"], password, person_id)
            if keep is not None:
                await connection.run(_SQL["drop_links_of"], person_id)
                await end_sign_ins(connection, person_id, keep=keep)

        await self._database.write(change)

    async def propose_totp(self, person_id: str, secret: bytes) -> None:
        await self._database.write(Connection.run, _SQL["propose_totp"], secret, person_id)

    async def confirm_totp(self, person_id: str, step: int, codes: Collection[bytes]) -> None:
        async def confirm(connection: Connection) -> None:
            await connection.run(_SQL["confirm_totp"], step, person_id)
            await _put_codes(connection, person_id, codes)

        await self._database.write(confirm)

    async def remove_totp(self, person_id: str) -> None:
        async def remove(connection: Connection) -> None:
            await connection.run(_SQL["remove_totp"], person_id)
            await _put_codes(connection, person_id, ())

        await self._database.write(remove)

    async def put_codes(self, person_id: str, codes: Collection[bytes]) -> None:
        await self._database.write(_put_codes, person_id, codes)

    async def count_codes(self, person_id: str) -> int:
        row = await self._database.one(_SQL["count_codes"], person_id)
        return row[0] if row else 0

    async def use_code(self, person_id: str, digest: bytes) -> None:
        async def use(connection: Connection) -> None:
            if await connection.run(_SQL["use_code"], person_id, digest) == 0:
                raise NotFound(NO_CODE)

        await self._database.write(use)

    async def use_totp(self, person_id: str, step: int) -> bool:
        return await self._database.write(Connection.run, _SQL["use_totp"], step, person_id) == 1

    async def add_link(self, link: Link, digest: bytes) -> None:
        async def add(connection: Connection) -> None:
            await lock_people(connection)
            if link.kind == "invitation" and await connection.one(_SQL["account"], link.email):
                raise Conflict(TAKEN)
            if link.kind == "invitation" and not link.is_operator and await has_email(connection, link.email):
                raise Conflict(ELSEWHERE)
            await connection.run(_SQL["replace_links"], link.kind, link.email, link.person_id)
            values = (link.kind, link.person_id, link.email, link.name, link.is_operator)
            await connection.run(_SQL["add_link"], digest, *values, link.created_at, link.expires_at)

        await self._database.write(add)

    async def link(self, digest: bytes) -> Link:
        row = await self._database.one(_SQL["link"], digest)
        if row is None:
            raise NotFound(NO_LINK)
        return link_of(row)

    async def invitations(self) -> list[Link]:
        return [link_of(row) for row in await self._database.all(_SQL["links"])]

    async def withdraw(self, email: str) -> None:
        async def drop(connection: Connection) -> None:
            if await connection.run(_SQL["withdraw"], compared(email)) == 0:
                raise NotFound(NO_INVITATION)

        await self._database.write(drop)

    async def has_operator(self) -> bool:
        return await self._database.read(count_operators) > 0

    async def use_link(self, digest: bytes, password: str, *, email: str, name: str) -> KnownPerson:
        async def use(connection: Connection) -> KnownPerson:
            await lock_people(connection)
            row = await connection.one(_SQL["take_link"], digest)
            if row is None:
                raise NotFound(NO_LINK)
            link = link_of(row)
            if link.kind == "first" and await count_operators(connection):
                raise Conflict(OPERATOR_THERE)
            if link.person_id is None:
                person_id = await _make(connection, link, email or link.email, name or link.name, password)
            else:
                person_id = link.person_id
                await _renew(connection, link, person_id, password)
            await note_change(connection)
            return await person_in(connection, person_id)

        return await self._database.write(use)


async def _make(connection: Connection, link: Link, email: str, name: str, password: str) -> str:
    address = compared(email if link.kind == "first" else link.email)
    if await connection.one(_SQL["account"], address):
        raise Conflict(TAKEN_TOO)
    if not link.is_operator and await has_email(connection, address):
        raise Conflict(ELSEWHERE)
    person_id = await add_person(connection, name=name, email=address, is_operator=link.is_operator)
    await add_subject(connection, PROVIDER, person_id, person_id)
    await connection.run(_SQL["add"], person_id, address, password)
    return person_id


async def _renew(connection: Connection, link: Link, person_id: str, password: str) -> None:
    await connection.run(_SQL["set_password"], password, person_id)
    if link.kind == "reset":
        await connection.run(_SQL["remove_totp"], person_id)
        await _put_codes(connection, person_id, ())
        await connection.run(_PASSKEYS["remove_all"], person_id)
    if link.is_operator:
        await connection.run(_SQL["make_operator"], person_id)
    await connection.run(_SQL["drop_links_of"], person_id)
    await end_sign_ins(connection, person_id)


async def _put_codes(connection: Connection, person_id: str, codes: Collection[bytes]) -> None:
    await connection.run(_SQL["drop_codes"], person_id)
    if codes:
        await connection.run(_SQL["add_codes"], person_id, list(codes))


def _number_of(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "big", signed=True)
