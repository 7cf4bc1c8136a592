"""Keep which operators read whose things in PostgreSQL, beside the erasures and holds."""

import time
from collections.abc import Sequence

from hubbub.app.readings import Reading
from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql
from hubbub.identity.jobs_postgres import STEPS as STEPS

_SQL = load_sql("hubbub.identity", "postgres/jobs.sql")


class PostgresReadings:
    """Readings in PostgreSQL, whose tables `PostgresJobs` makes."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def put(self, reading: Reading) -> None:
        async def put(connection: Connection) -> None:
            await connection.run(_SQL["forget_readings"], time.time())
            values = (reading.operator_id, reading.person_id, reading.reason, reading.until)
            await connection.run(_SQL["put_reading"], *values)

        await self._database.write(put)

    async def drop(self, operator_id: str, person_id: str) -> bool:
        return await self._database.write(Connection.run, _SQL["drop_reading"], operator_id, person_id) > 0

    async def of(self, operator_id: str, now: float) -> Sequence[Reading]:
        return [Reading(*row) for row in await self._database.all(_SQL["readings"], operator_id, now)]

    async def about(self, person_id: str) -> Sequence[Reading]:
        return [Reading(*row) for row in await self._database.all(_SQL["readings_about"], person_id)]

    async def forget_person(self, person_id: str) -> int:
        return await self._database.write(Connection.run, _SQL["forget_readings_about"], person_id)
