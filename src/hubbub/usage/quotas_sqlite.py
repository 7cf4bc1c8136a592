"""Keep the quotas that operators set in SQLite, beside what was used."""

from types import TracebackType
from typing import Self

import msgspec

from hubbub.connections.sqlite import Connection, Sqlite, load_sql, read_sql
from hubbub.usage.base import QuotaScope, SetQuota
from hubbub.usage.bounds import Scope

_SCHEMA = read_sql("hubbub.usage", "quotas_schema.sql")
_SQL = load_sql("hubbub.usage", "quotas.sql")


class SqliteQuotas:
    """A `QuotaStore` in a database file."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("quotas", [_SCHEMA])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def revision(self) -> int:
        row = await self._database.read(Connection.one, _SQL["revision"])
        return row[0] if row else 0

    async def quotas(self) -> list[SetQuota]:
        return [_quota(*row) for row in await self._database.read(Connection.all, _SQL["all"])]

    async def change(self, scope: QuotaScope, subject: str, *, known: SetQuota | None, wanted: SetQuota | None) -> bool:
        def change(connection: Connection) -> bool:
            row = connection.one(_SQL["find"], (scope, subject))
            if (None if row is None else _quota(*row)) != known:
                return False
            if wanted is None:
                connection.all(_SQL["remove"], (scope, subject))
            else:
                texts = msgspec.json.encode(wanted.texts).decode()
                connection.all(_SQL["put"], (scope, subject, texts, wanted.set_by, wanted.set_at))
            connection.all(_SQL["next_revision"])
            return True

        return await self._database.write(change)

    async def forget(self, scope: Scope, subject: str) -> None:
        def forget(connection: Connection) -> None:
            connection.all(_SQL["remove"], (scope, subject))
            connection.all(_SQL["next_revision"])

        await self._database.write(forget)

    async def forget_person(self, person_id: str) -> int:
        def forget(connection: Connection) -> int:
            connection.all(_SQL["forget_setter"], (person_id,))
            count = connection.changes()
            connection.all(_SQL["remove"], ("person", person_id))
            count += connection.changes()
            connection.all(_SQL["next_revision"])
            return count

        return await self._database.write(forget)


def _quota(scope: QuotaScope, subject: str, texts: str, set_by: str, set_at: float) -> SetQuota:
    return SetQuota(scope, subject, msgspec.json.decode(texts, type=tuple[str, ...]), set_by, set_at)
