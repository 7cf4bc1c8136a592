"""Keep which operators read whose things in SQLite, beside the exports and holds."""

import time
from collections.abc import Sequence

from hubbub.app.readings import Reading
from hubbub.connections.sqlite import Connection, Sqlite, load_sql

_SQL = load_sql("hubbub.identity", "jobs.sql")


class SqliteReadings:
    """Readings in a database file, whose tables `PersonJobs` makes."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def put(self, reading: Reading) -> None:
        def put(connection: Connection) -> None:
            connection.all(_SQL["forget_readings"], (time.time(),))
            values = (reading.operator_id, reading.person_id, reading.reason, reading.until)
            connection.all(_SQL["put_reading"], values)

        await self._database.write(put)

    async def drop(self, operator_id: str, person_id: str) -> bool:
        def drop(connection: Connection) -> bool:
            connection.all(_SQL["drop_reading"], (operator_id, person_id))
            return connection.changes() > 0

        return await self._database.write(drop)

    async def of(self, operator_id: str, now: float) -> Sequence[Reading]:
        rows = await self._database.read(Connection.all, _SQL["readings"], (operator_id, now))
        return [Reading(*row) for row in rows]

    async def about(self, person_id: str) -> Sequence[Reading]:
        rows = await self._database.read(Connection.all, _SQL["readings_about"], (person_id,))
        return [Reading(*row) for row in rows]

    async def forget_person(self, person_id: str) -> int:
        def forget(connection: Connection) -> int:
            connection.all(_SQL["forget_readings_about"], (person_id,))
            return connection.changes()

        return await self._database.write(forget)
