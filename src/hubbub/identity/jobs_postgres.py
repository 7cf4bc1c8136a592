"""Keep exports, handovers and erasures of people that are asked for, and who is held back from them, in PostgreSQL."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql, read_sql
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.identifiers import new_id
from hubbub.identity.exports_postgres import SCHEMA
from hubbub.identity.jobs_sqlite import HELD, NO_HOLD, Hold, Job, JobKind, JobState, Report, job_of, report_text

STEPS = (
    read_sql("hubbub.identity", "postgres/jobs_schema.sql"),
    SCHEMA,
    read_sql("hubbub.identity", "postgres/handovers.sql"),
)
_SQL = load_sql("hubbub.identity", "postgres/jobs.sql")


class PostgresJobs:
    """A `JobStore` in PostgreSQL."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("person_jobs", STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def hold(self, hold: Hold) -> None:
        values = (hold.person_id, hold.reason, hold.placed_by, hold.placed_at)
        await self._database.write(Connection.run, _SQL["hold"], *values)

    async def release(self, person_id: str) -> None:
        async def drop(connection: Connection) -> None:
            if await connection.run(_SQL["release"], person_id) == 0:
                raise NotFound(NO_HOLD)

        await self._database.write(drop)

    async def holds(self) -> Sequence[Hold]:
        return [Hold(*row) for row in await self._database.all(_SQL["holds"])]

    async def is_held(self, person_id: str) -> bool:
        return await self._database.one(_SQL["is_held"], person_id) is not None

    async def ask(self, kind: JobKind, person_id: str, asked_by: str, taker_id: str = "") -> Job:
        async def add(connection: Connection) -> Job:
            if kind != "export" and await connection.one(_SQL["is_held"], person_id):
                raise Conflict(HELD, code="held")
            await connection.run(_SQL["add"], new_id(), kind, person_id, asked_by, time.time(), taker_id)
            row = await connection.one(_SQL["waiting_of"], person_id, kind)
            if row is None:
                raise Conflict("This was done just now. Look at the list, and ask again.")
            return job_of(row)

        return await self._database.write(add)

    async def next(self) -> Job | None:
        row = await self._database.one(_SQL["next"])
        return job_of(row) if row else None

    async def job(self, job_id: str) -> Job | None:
        row = await self._database.one(_SQL["job"], job_id)
        return job_of(row) if row else None

    async def of(self, person_id: str, *, limit: int = 20) -> Sequence[Job]:
        return [job_of(row) for row in await self._database.all(_SQL["of"], person_id, limit)]

    async def page(self, before: str, limit: int) -> tuple[Sequence[Job], str]:
        found = [job_of(row) for row in await self._database.all(_SQL["page"], before, limit + 1)]
        return found[:limit], found[limit - 1].id if len(found) > limit else ""

    async def note(self, job: Job, report: Report) -> None:
        await self._database.run(_SQL["note"], report_text(report), job.id)

    async def end(self, job: Job, state: JobState, report: Report) -> None:
        await self._database.run(_SQL["end"], state, time.time(), report_text(report), job.id)
