"""Take in what people and operators want done with somebody's things: exports, handovers, erasure, legal holds."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hubbub.app.access import owner_ids
from hubbub.app.directory import Directory
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import Conflict, Invalid, NotAllowed, NotFound
from hubbub.core.people import GUEST_ID, OPERATOR_ID, Person
from hubbub.core.reasons import because
from hubbub.identity.base import People
from hubbub.identity.deeds import Deeds
from hubbub.identity.jobs_sqlite import Hold, Job, JobKind
from hubbub.identity.stores import ExportStore, JobStore

REASON_CHARACTERS = 300
PIECE_BYTES = 1024 * 1024
GONE = "This export is not kept any more. Ask for another one."


@dataclass(frozen=True)
class KeptExport:
    """An export that is done: a file on this machine, or pieces that all machines have."""

    size_bytes: int
    path: Path | None
    stat: os.stat_result | None
    pieces: AsyncIterable[bytes]


class PersonalData:
    """Exports, handovers and erasures, which are worked on in the background, and holds."""

    def __init__(
        self,
        jobs: JobStore,
        deeds: Deeds,
        folder: Path,
        people: People | None = None,
        exports: ExportStore | None = None,
        directory: Directory | None = None,
    ) -> None:
        """Take where exports are put: a folder that is nobody else's, and from there where all machines find them."""
        self.jobs = jobs
        self._deeds = deeds
        self.folder = folder
        self.exports = exports
        self._people = people
        self._directory = directory or Directory()
        self.has_work = asyncio.Event()
        """Set when a job was asked for in this process."""

    async def export(self, by: Person, person_id: str) -> Job:
        """Ask for all that is a person's as one file; returns the job, which waits already where it was asked for.

        Raises:
            NotFound: this is nobody's id.
            NotAllowed: it is somebody else, and they are no operator.
        """
        await self._check(by, person_id)
        return await self._ask("export", by, person_id, "")

    async def hand_over(self, by: Person, person_id: str, taker_id: str) -> Job:
        """Ask for a person's collections, assistants and prompts to be given to somebody else.

        Raises:
            NotFound: one of the ids is nobody's.
            NotAllowed: who asks is no operator.
            Invalid: it is the person themselves, or somebody who is disabled.
            Conflict: there is a legal hold on the person, or another handover is under way.
        """
        self._check_operator(by)
        await self._check(by, person_id)
        await self.check_taker(by, person_id, taker_id)
        await self._check_free(person_id)
        return await self._ask("handover", by, person_id, taker_id)

    async def erase(self, by: Person, person_id: str, taker_id: str = "") -> Job:
        """Ask for all that is a person's to be deleted, after what can be handed over was, if there is a taker.

        Raises:
            NotFound, NotAllowed: as `export` does, and, where there is a taker, as `hand_over` does.
            Invalid: as `hand_over` does.
            Conflict: there is a legal hold on the person, another erasure is under way, or they are the last operator.
        """
        await self._check(by, person_id)
        if taker_id:
            self._check_operator(by)
            await self.check_taker(by, person_id, taker_id)
        await self._check_free(person_id)
        known = await self._people.find(person_id) if self._people is not None else None
        if known is not None and known.is_operator and known.is_active and self._people is not None:
            await self._people.set_active(person_id, False)  # refused for the last one; they are signed out with it
        return await self._ask("erasure", by, person_id, taker_id)

    async def check_taker(self, by: Person, person_id: str, taker_id: str) -> None:
        """Return if a person's things can be handed over to somebody.

        Raises:
            NotFound: there is no such person.
            Invalid: it is the person themselves, or somebody who is disabled.
        """
        if taker_id == person_id:
            raise Invalid(because("handover_to_self"))
        if not taker_id or taker_id in (GUEST_ID, OPERATOR_ID):
            raise NotFound(because("nobody_named", id=taker_id), code="nobody_named")
        await self._directory.check(by, [taker_id])
        known = await self._people.find(taker_id) if self._people is not None else None
        if known is not None and not known.is_active:
            raise Invalid(because("handover_disabled"))

    async def hold(self, by: Person, person_id: str, reason: str, now: float) -> Hold:
        """Hold a person's things: nothing of theirs is erased, or deleted for its age.

        Raises:
            NotFound, NotAllowed: as `export` does.
            Invalid: there is no reason, or too long a one.
        """
        reason = " ".join(reason.split())
        if not 0 < len(reason) <= REASON_CHARACTERS:
            raise Invalid(because("hold_reason", most=REASON_CHARACTERS))
        self._check_operator(by)
        await self._directory.check(by, [person_id])
        hold = Hold(person_id, reason, by.id, now)
        async with self._deeds.doing("legal hold placed", by=by, of=person_id, detail=reason):
            await self.jobs.hold(hold)
        self.has_work.set()
        return hold

    async def release(self, by: Person, person_id: str) -> None:
        """End a hold.

        Raises:
            NotFound: there is none.
        """
        self._check_operator(by)
        async with self._deeds.doing("legal hold ended", by=by, of=person_id):
            await self.jobs.release(person_id)

    async def held_owners(self) -> Sequence[str]:
        """Return whose things are held, by what the owners of their collections are called, too."""
        return [owner for hold in await self.jobs.holds() for owner in owner_ids(hold.person_id)]

    async def of(self, person_id: str) -> Sequence[Job]:
        """Return a person's jobs, the newest first."""
        return await self.jobs.of(person_id)

    async def job(self, person: Person, job_id: str) -> Job:
        """Return a job that a person asked for.

        Raises:
            NotFound: there is none for them.
            NotAllowed: it is about themselves, and their API key is limited to less than that holds.
        """
        job = await self.jobs.job(job_id)
        if job is None or person.id not in (job.asked_by, job.person_id) or person.id == GUEST_ID:
            raise NotFound("There is no such export.")
        if person.limits is not None and job.person_id == person.id:
            raise NotAllowed("An API key can't do this. Sign in on a browser.")
        return job

    async def file(self, person: Person, job_id: str) -> KeptExport:
        """Return an export that is done; that it is fetched is recorded.

        Raises:
            NotFound: there is none for this person, it is not done, or its time is over.
        """
        job = await self.job(person, job_id)
        if job.kind != "export" or job.state != "done":
            raise NotFound("There is no such export, or it is not done yet.")
        kept = await self._kept(job)
        await self._deeds.note("export fetched", by=person, of=job.person_id, detail=job_id)
        return kept

    async def take(self, job: Job, write: Callable[[bytes], object]) -> None:
        """Write an export that is done, and delete it here.

        Raises:
            NotFound: its time is over.
        """
        async for piece in (await self._kept(job)).pieces:
            await in_a_thread(partial(write, piece))
        await self.drop(job)

    async def publish(self, job: Job) -> None:
        """Give all machines an export that was made at its path, where there may be others."""
        if self.exports is not None:
            await self.exports.put(job.id, _pieces_of(self.path(job)))
            await in_a_thread(self.path(job).unlink)

    async def drop(self, job: Job) -> bool:
        """Delete an export; tells whether there was one."""
        was_here = await in_a_thread(partial(_removed, self.path(job)))
        return await self.exports.drop(job.id) if self.exports is not None else was_here

    async def _kept(self, job: Job) -> KeptExport:
        if self.exports is not None:
            size = await self.exports.size(job.id)
            if size is None:
                raise NotFound(GONE)
            return KeptExport(size, None, None, self.exports.pieces(job.id))
        path = self.path(job)
        try:
            found = await in_a_thread(path.stat)
        except FileNotFoundError:
            raise NotFound(GONE) from None
        return KeptExport(found.st_size, path, found, _pieces_of(path))

    def path(self, job: Job) -> Path:
        """Return where an export is put."""
        return self.folder / f"{job.id}.zip"

    async def _ask(self, kind: JobKind, by: Person, person_id: str, taker_id: str) -> Job:
        detail = f"handing over to {taker_id}" if taker_id else ""
        async with self._deeds.doing(f"{kind} asked for", by=by, of=person_id, detail=detail):
            job = await self.jobs.ask(kind, person_id, by.id, taker_id)
            if job.taker_id != taker_id:
                raise Conflict(because("handover_waits"), code="handover_waits")
        self.has_work.set()
        return job

    async def _check_free(self, person_id: str) -> None:
        if await self.jobs.is_held(person_id):
            raise Conflict(because("held"), code="held")

    async def _check(self, by: Person, person_id: str) -> None:
        if by.id != person_id:
            self._check_operator(by)
        elif by.known_by == "key":
            raise NotAllowed("An API key can't do this. Sign in, or ask whoever runs the server.")
        if not person_id or person_id in (GUEST_ID, OPERATOR_ID):
            raise NotFound("There is no such person.")
        if by.id != person_id:
            await self._directory.check(by, [person_id])

    def _check_operator(self, by: Person) -> None:
        if not by.is_operator:
            raise NotAllowed(because("operators_only"))


async def _pieces_of(path: Path) -> AsyncGenerator[bytes]:
    file = await in_a_thread(lambda: path.open("rb"))
    try:
        while piece := await in_a_thread(lambda: file.read(PIECE_BYTES)):
            yield piece
    finally:
        file.close()


def _removed(path: Path) -> bool:
    """Remove a file; tells whether it was there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def check_confirmed(person_id: str, confirmation: str) -> None:
    """Return if somebody has said whom they mean to erase.

    Raises:
        Conflict: they have not.
    """
    if confirmation != person_id:
        raise Conflict("Confirm the erasure with the id of the person.", code="not_confirmed")
