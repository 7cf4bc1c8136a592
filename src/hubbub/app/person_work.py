"""Do in the background what is asked for about people's things, and what their age asks for."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from pathlib import Path

from hubbub.answers.base import AnswerStore
from hubbub.app.application import Application
from hubbub.app.erasing import Erasing
from hubbub.app.exporting import Exporting
from hubbub.app.handing_over import HandingOver
from hubbub.app.personal_data import PersonalData
from hubbub.app.personal_kinds import ERASURES, EXPORTS, README, STAYS
from hubbub.app.retention import DAY_SECONDS, Ages, Retention
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import HubbubError
from hubbub.core.lasting import Lasting
from hubbub.identity.jobs_sqlite import Job, JobKind

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often it is looked for jobs that another process has taken in."""
RETRY_SECONDS = 30.0
DEEDS: Mapping[JobKind, str] = {"export": "exported", "handover": "handed over", "erasure": "erased"}


class PersonWork:
    """Exports, handovers, erasures and retention: the work of one process of all on a data folder."""

    def __init__(
        self,
        app: Application,
        personal: PersonalData,
        answers: AnswerStore,
        ages: Ages,
        *,
        round_seconds: float = 3600.0,
    ) -> None:
        self._app = app
        self._personal = personal
        self._ages = ages
        self._round_seconds = round_seconds
        self._exporting = Exporting(app, answers, personal.jobs)
        self._handing_over = HandingOver(app, personal)
        self._erasing = Erasing(app, answers, personal.jobs, self._handing_over)
        self._retention = Retention(app, answers, personal.jobs, ages)

    async def run(self) -> None:
        """Work until cancelled. What was cut off is done again: nothing of it is lost."""
        fails = Lasting(logger)
        round_at = 0.0
        held: set[str] = set()
        clock = asyncio.get_running_loop().time
        while True:
            wait = LOOK_SECONDS
            try:
                await self.work()
                if set(await self._personal.held_owners()) != held:
                    held = set(await self._retention.keep_held())
                if clock() >= round_at:
                    await self._retention.round()
                    await self._drop_exports()
                    round_at = clock() + self._round_seconds
            except HubbubError as error:
                fails.met("people's exports and erasures, or what is too old, can't be worked on now", error)
                wait = RETRY_SECONDS
            else:
                fails.over()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._personal.has_work.wait()
            self._personal.has_work.clear()

    async def work(self) -> None:
        """Do all jobs that wait."""
        while (job := await self._personal.jobs.next()) is not None:
            await self._do(job)

    async def _do(self, job: Job) -> None:
        jobs, deeds = self._personal.jobs, self._app.deeds
        deed = DEEDS[job.kind]
        try:
            if job.kind == "export":
                report = await self._exporting.run(job, self._personal.path(job), README, EXPORTS)
                await self._personal.publish(job)
            elif job.kind == "handover":
                await jobs.end(job, "done", await self._handing_over.run(job))  # which records the deed itself
                return
            else:
                report = await self._erasing.run(job, STAYS, ERASURES)
        except HubbubError as error:
            if error.status >= 500:  # a full disk, a lost file: it is tried again
                raise
            await deeds.note(deed, by=job.asked_by, of=job.person_id, where="", outcome="failed", detail=error.code)
            await jobs.end(job, "failed", {**job.report, "reason": error.message})
            return
        told = ", ".join(f"{count} {name}" for name, count in report.items() if isinstance(count, int))
        async with deeds.doing(deed, by=job.asked_by, of=job.person_id, where="", detail=told):
            await jobs.end(job, "done", report)

    async def _drop_exports(self) -> None:
        """Remove exports whose time is over."""
        before = time.time() - self._ages.exports_days * DAY_SECONDS
        await in_a_thread(lambda: _drop_old(self._personal.folder, before))
        if self._personal.exports is not None:
            await self._personal.exports.drop_old(before)


def _drop_old(folder: Path, before: float) -> None:
    for path in folder.glob("*.*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()
