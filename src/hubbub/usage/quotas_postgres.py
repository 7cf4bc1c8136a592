"""Keep the quotas that operators set in PostgreSQL, beside what was used."""

from types import TracebackType
from typing import Self

import msgspec

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql, read_sql
from hubbub.usage.base import QuotaScope, SetQuota
from hubbub.usage.bounds import Scope

STEPS = (read_sql("hubbub.usage", "postgres/quotas_schema.sql"),)
_SQL = load_sql("hubbub.usage", "postgres/quotas.sql")


class PostgresQuotas:
    """A `QuotaStore` in PostgreSQL."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("quotas", STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def revision(self) -> int:
        row = await self._database.one(_SQL["revision"])
        return row[0] if row else 0

    async def quotas(self) -> list[SetQuota]:
        return [_quota(*row) for row in await self._database.all(_SQL["all"])]

    async def change(self, scope: QuotaScope, subject: str, *, known: SetQuota | None, wanted: SetQuota | None) -> bool:
        async def change(connection: Connection) -> bool:
            await connection.run(_SQL["next_revision"])
            row = await connection.one(_SQL["find"], scope, subject)
            if (None if row is None else _quota(*row)) != known:
                return False
            if wanted is None:
                await connection.run(_SQL["remove"], scope, subject)
            else:
                texts = msgspec.json.encode(wanted.texts).decode()
                await connection.run(_SQL["put"], scope, subject, texts, wanted.set_by, wanted.set_at)
            return True

        return await self._database.write(change)

    async def forget(self, scope: Scope, subject: str) -> None:
        async def forget(connection: Connection) -> None:
            await connection.run(_SQL["next_revision"])
            await connection.run(_SQL["remove"], scope, subject)

        await self._database.write(forget)

    async def forget_person(self, person_id: str) -> int:
        async def forget(connection: Connection) -> int:
            await connection.run(_SQL["next_revision"])
            count = await connection.run(_SQL["forget_setter"], person_id)
            return count + await connection.run(_SQL["remove"], "person", person_id)

        return await self._database.write(forget)


def _quota(scope: QuotaScope, subject: str, texts: str, set_by: str, set_at: float) -> SetQuota:
    return SetQuota(scope, subject, msgspec.json.decode(texts, type=tuple[str, ...]), set_by, set_at)
