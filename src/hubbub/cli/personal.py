"""Export, erase and hold people's things in the terminal, while the server runs or not."""

import asyncio
import os
import time
from pathlib import Path

import typer
from rich.console import Console

from hubbub.app.application import Application
from hubbub.app.personal_data import PersonalData
from hubbub.cli.terminal import printable
from hubbub.compose import open_people_work, prepare_folder
from hubbub.connections.private import open_private
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import HubbubError, NotFound
from hubbub.core.people import OPERATOR
from hubbub.identity.jobs_sqlite import Job
from hubbub.settings import Settings

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)

LOOK_SECONDS = 0.2


class NotDone(HubbubError):
    """A job failed; the message says why."""

    code = "not_done"
    status = 409


def export(settings: Settings, who: str, to: Path | None) -> None:
    """Put all that is kept of a person into a file.

    Raises:
        NotFound: nobody has this e-mail.
    """
    prepare_folder(settings.server.data_folder)

    async def work() -> tuple[Job, Path]:
        async with open_people_work(settings) as application:
            personal = _personal(application)
            job = await personal.export(OPERATOR, await _id_of(application, who))
            job = await _done(personal, job)
            target = to or Path(f"person-{job.person_id}.zip")
            file = await in_a_thread(
                lambda: os.fdopen(open_private(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb")
            )
            with file:
                await personal.take(job, file.write)
            return job, target

    job, target = asyncio.run(work())
    _print(job)
    notes.print(f"The export is in {printable(str(target))}.", markup=False)


def erase(settings: Settings, who: str, *, is_agreed: bool) -> None:
    """Delete all that is kept of a person, after asking.

    Raises:
        NotFound: nobody has this e-mail.
        Conflict: there is a legal hold on the person, or they are the last operator.
    """
    if not is_agreed:
        typer.confirm(f"Delete all that is kept of {printable(who)}? It can't be undone.", abort=True, err=True)
    prepare_folder(settings.server.data_folder)

    async def work() -> Job:
        async with open_people_work(settings) as application:
            personal = _personal(application)
            return await _done(personal, await personal.erase(OPERATOR, await _id_of(application, who)))

    _print(asyncio.run(work()))


def hold(settings: Settings, who: str, reason: str, *, ends: bool) -> None:
    """Place a legal hold on a person, or end it.

    Raises:
        NotFound: nobody has this e-mail, or there is no hold to end.
        Invalid: no reason is given.
    """
    prepare_folder(settings.server.data_folder)

    async def work() -> None:
        async with open_people_work(settings) as application:
            personal, person_id = _personal(application), await _id_of(application, who)
            if ends:
                await personal.release(OPERATOR, person_id)
            else:
                await personal.hold(OPERATOR, person_id, reason, time.time())

    asyncio.run(work())
    told = "There is no hold on {who} any more." if ends else "Nothing of {who} is erased until the hold ends."
    notes.print(told.format(who=printable(who)), markup=False)


async def _done(personal: PersonalData, job: Job) -> Job:
    """Wait until a job is done, by a server that runs or by this process."""
    while True:
        now = await personal.jobs.job(job.id)
        if now is not None and now.state == "done":
            return now
        if now is not None and now.state == "failed":
            raise NotDone(str(now.report.get("reason", "It failed.")))
        await asyncio.sleep(LOOK_SECONDS)


async def _id_of(application: Application, who: str) -> str:
    """Return the id of a person by the e-mail of their account; what is no e-mail is an id."""
    if application.accounts is not None and (account := await application.accounts.find(who)) is not None:
        return account.person_id
    if "@" in who:
        raise NotFound(f"There is no person {who!r}. `hubbub people list` shows all there are.")
    return who


def _personal(application: Application) -> PersonalData:
    if application.personal is None:
        raise NotFound("This server keeps no exports and erasures.")
    return application.personal


def _print(job: Job) -> None:
    for name, count in job.report.items():
        output.print(f"{name}: {count:,}" if isinstance(count, int) else f"{name}: {count}", markup=False)
