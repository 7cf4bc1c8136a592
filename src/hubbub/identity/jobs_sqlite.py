"""Keep exports, handovers and erasures of people that are asked for, and who is held back from erasure, in SQLite."""

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

import msgspec

from hubbub.connections.sqlite import Connection, Sqlite, load_sql, read_sql
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.identifiers import new_id

_SCHEMA = [read_sql("hubbub.identity", f"{name}.sql") for name in ("jobs_schema", "handovers")]
_SQL = load_sql("hubbub.identity", "jobs.sql")
NO_HOLD = "There is no legal hold on this person."
HELD = "There is a legal hold on this person: nothing of theirs is erased or handed over."

JobKind: TypeAlias = Literal["export", "handover", "erasure"]
JobState: TypeAlias = Literal["waiting", "done", "failed"]
Report: TypeAlias = Mapping[str, int | str]


class Hold(msgspec.Struct, frozen=True):
    """Nothing of a person is deleted while this is there. Times are seconds of the epoch."""

    person_id: str
    reason: str
    placed_by: str
    placed_at: float


class Job(msgspec.Struct, frozen=True):
    """An export, a handover or an erasure of a person. Times are seconds of the epoch."""

    id: str
    kind: JobKind
    person_id: str
    asked_by: str
    asked_at: float
    state: JobState
    ended_at: float | None
    report: dict[str, int | str]
    """How many of what, so far."""
    taker_id: str = ""
    """Who gets the person's collections, assistants and prompts; empty: nobody."""


class PersonJobs:
    """Jobs and holds in a database file. A job waits until it is done, whoever is killed in the middle of it."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("person_jobs", _SCHEMA)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def hold(self, hold: Hold) -> None:
        """Hold a person's things; an erasure that has begun is not undone, and goes no further."""
        values = (hold.person_id, hold.reason, hold.placed_by, hold.placed_at)
        await self._database.write(Connection.all, _SQL["hold"], values)

    async def release(self, person_id: str) -> None:
        """Hold a person's things no longer.

        Raises:
            NotFound: they are not held.
        """

        def drop(connection: Connection) -> None:
            connection.all(_SQL["release"], (person_id,))
            if connection.changes() == 0:
                raise NotFound(NO_HOLD)

        await self._database.write(drop)

    async def holds(self) -> Sequence[Hold]:
        """Return all holds."""
        return [Hold(*row) for row in await self._database.read(Connection.all, _SQL["holds"])]

    async def is_held(self, person_id: str) -> bool:
        """Tell whether a person's things are held."""
        return await self._database.read(Connection.one, _SQL["is_held"], (person_id,)) is not None

    async def ask(self, kind: JobKind, person_id: str, asked_by: str, taker_id: str = "") -> Job:
        """Store a job, or return the one of this kind that waits for the person already.

        Raises:
            Conflict: the person is to be erased, or to hand things over, and held.
        """

        def add(connection: Connection) -> Job:
            if kind != "export" and connection.one(_SQL["is_held"], (person_id,)):
                raise Conflict(HELD, code="held")
            if (known := connection.one(_SQL["waiting_of"], (person_id, kind))) is not None:
                return job_of(known)
            job_id, now = new_id(), time.time()
            connection.all(_SQL["add"], (job_id, kind, person_id, asked_by, now, taker_id))
            return Job(job_id, kind, person_id, asked_by, now, "waiting", None, {}, taker_id)

        return await self._database.write(add)

    async def next(self) -> Job | None:
        """Return the job that has waited longest."""
        row = await self._database.read(Connection.one, _SQL["next"])
        return job_of(row) if row else None

    async def job(self, job_id: str) -> Job | None:
        """Return a job."""
        row = await self._database.read(Connection.one, _SQL["job"], (job_id,))
        return job_of(row) if row else None

    async def of(self, person_id: str, *, limit: int = 20) -> Sequence[Job]:
        """Return a person's jobs, the newest first."""
        return [job_of(row) for row in await self._database.read(Connection.all, _SQL["of"], (person_id, limit))]

    async def page(self, before: str, limit: int) -> tuple[Sequence[Job], str]:
        """Return jobs, the newest first, from before one on, and where to go on: "" at the end."""
        found = [job_of(row) for row in await self._database.read(Connection.all, _SQL["page"], (before, limit + 1))]
        return found[:limit], found[limit - 1].id if len(found) > limit else ""

    async def note(self, job: Job, report: Report) -> None:
        """Store how far a job has come."""
        await self._database.write(Connection.all, _SQL["note"], (report_text(report), job.id))

    async def end(self, job: Job, state: JobState, report: Report) -> None:
        """Store how a job ended."""
        await self._database.write(Connection.all, _SQL["end"], (state, time.time(), report_text(report), job.id))


def report_text(report: Report) -> str:
    """Return a report as it is kept."""
    return msgspec.json.encode(report).decode()


def job_of(row: Sequence[Any]) -> Job:
    """Return the job of a row."""
    job_id, kind, person_id, asked_by, asked_at, state, ended_at, report, taker_id = row
    counts = msgspec.json.decode(report, type=dict[str, int | str])
    return Job(job_id, kind, person_id, asked_by, asked_at, state, ended_at, counts, taker_id)
