"""Keep passkeys, and the challenges that they are to sign, in PostgreSQL beside the people."""

from types import TracebackType
from typing import Self

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql
from hubbub.core.errors import Conflict, NotFound
from hubbub.identity.accounts_postgres import STEPS
from hubbub.identity.passkeys_sqlite import CHALLENGE_SECONDS, Passkey, digest_of_challenge
from hubbub.identity.people_postgres import STEPS as PEOPLE

_SQL = load_sql("hubbub.identity", "postgres/passkeys.sql")


class PostgresPasskeys:
    """A `PasskeyStore` in PostgreSQL."""

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

    async def add_challenge(self, challenge: bytes, person_id: str | None) -> None:
        async def add(connection: Connection) -> None:
            await connection.run(_SQL["forget_challenges"])
            await connection.run(_SQL["add_challenge"], digest_of_challenge(challenge), person_id, CHALLENGE_SECONDS)

        await self._database.write(add)

    async def take_challenge(self, challenge: bytes, person_id: str | None) -> bool:
        return await self._database.run(_SQL["take_challenge"], digest_of_challenge(challenge), person_id) > 0

    async def add(self, passkey: Passkey) -> None:
        async def add(connection: Connection) -> None:
            if await connection.run(_SQL["add"], *passkey[:-1]) == 0:
                raise Conflict("This passkey is known already.")

        await self._database.write(add)

    async def find(self, passkey_id: bytes) -> Passkey | None:
        row = await self._database.one(_SQL["find"], passkey_id)
        return Passkey(*row) if row else None

    async def of(self, person_id: str) -> list[Passkey]:
        return [Passkey(*row) for row in await self._database.all(_SQL["of"], person_id)]

    async def note_use(self, passkey_id: bytes, sign_count: int) -> None:
        await self._database.run(_SQL["use"], sign_count, passkey_id)

    async def remove(self, person_id: str, passkey_id: bytes) -> None:
        async def remove(connection: Connection) -> None:
            if await connection.run(_SQL["remove"], person_id, passkey_id) == 0:
                raise NotFound("There is no such passkey.")

        await self._database.write(remove)

    async def forget_person(self, person_id: str) -> int:
        async def forget(connection: Connection) -> int:
            await connection.run(_SQL["forget_challenges_of"], person_id)
            return await connection.run(_SQL["remove_all"], person_id)

        return await self._database.write(forget)
