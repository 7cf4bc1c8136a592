"""Keep passkeys, and the challenges that they are to sign, in SQLite beside the people."""

import hashlib
import time
from types import TracebackType
from typing import NamedTuple, Self

from hubbub.connections.sqlite import Connection, Sqlite, load_sql, read_sql
from hubbub.core.errors import Conflict, NotFound
from hubbub.identity.people_sqlite import SCRIPTS

SCHEMA = read_sql("hubbub.identity", "passkeys_schema.sql")
_SQL = load_sql("hubbub.identity", "passkeys.sql")
CHALLENGE_SECONDS = 300.0


class Passkey(NamedTuple):
    """A passkey of a person's. Times are seconds of the epoch."""

    id: bytes
    person_id: str
    public_key: bytes
    sign_count: int
    name: str
    created_at: float
    last_used: float | None = None


class SqlitePasskeys:
    """Passkeys in a database file."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("people", SCRIPTS)
        await self._database.migrate("passkeys", [SCHEMA])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def add_challenge(self, challenge: bytes, person_id: str | None) -> None:
        """Keep a challenge for some minutes: for somebody's new passkey, or for whoever signs in."""

        def add(connection: Connection) -> None:
            now = time.time()
            connection.all(_SQL["forget_challenges"], (now,))
            connection.all(_SQL["add_challenge"], (digest_of_challenge(challenge), person_id, now + CHALLENGE_SECONDS))

        await self._database.write(add)

    async def take_challenge(self, challenge: bytes, person_id: str | None) -> bool:
        """Use a challenge up; tells whether there was one for this."""
        values = (digest_of_challenge(challenge), time.time(), person_id)
        return bool(await self._database.write(Connection.all, _SQL["take_challenge"], values))

    async def add(self, passkey: Passkey) -> None:
        """Store a new one.

        Raises:
            Conflict: it is known already.
        """

        def add(connection: Connection) -> None:
            connection.all(_SQL["add"], passkey[:-1])
            if connection.changes() == 0:
                raise Conflict("This passkey is known already.")

        await self._database.write(add)

    async def find(self, passkey_id: bytes) -> Passkey | None:
        """Return a passkey of somebody who is not disabled."""
        row = await self._database.read(Connection.one, _SQL["find"], (passkey_id,))
        return Passkey(*row) if row else None

    async def of(self, person_id: str) -> list[Passkey]:
        """Return a person's, the oldest first."""
        return [Passkey(*row) for row in await self._database.read(Connection.all, _SQL["of"], (person_id,))]

    async def note_use(self, passkey_id: bytes, sign_count: int) -> None:
        """Note that one was used, and how often it says that it was."""
        await self._database.write(Connection.all, _SQL["use"], (sign_count, time.time(), passkey_id, sign_count))

    async def remove(self, person_id: str, passkey_id: bytes) -> None:
        """Forget a person's passkey.

        Raises:
            NotFound: the person has no such passkey; nothing is written, so that nothing is recorded as done.
        """

        def remove(connection: Connection) -> None:
            connection.all(_SQL["remove"], (person_id, passkey_id))
            if connection.changes() == 0:
                raise NotFound("There is no such passkey.")

        await self._database.write(remove)

    async def forget_person(self, person_id: str) -> int:
        """Forget a person's passkeys, and one that is being set up; returns how many passkeys they had."""

        def forget(connection: Connection) -> int:
            connection.all(_SQL["forget_challenges_of"], (person_id,))
            connection.all(_SQL["remove_all"], (person_id,))
            return connection.changes()

        return await self._database.write(forget)


def digest_of_challenge(challenge: bytes) -> bytes:
    """Return what a challenge is kept by."""
    return hashlib.sha256(challenge).digest()
