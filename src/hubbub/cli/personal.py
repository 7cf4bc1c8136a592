"""Export, hand over, erase and hold people's things in the terminal, while the server runs or not."""

import asyncio
import os
import time
from pathlib import Path

import typer
from rich.console import Console

from hubbub.app.application import Application
from hubbub.app.handing_over import HandingOver, Things
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


def erase(settings: Settings, who: str, to: str | None, *, is_agreed: bool) -> None:
    """Delete all that is kept of a person, after asking, but for what somebody else gets, if anybody is named.

    Raises:
        NotFound: nobody has this e-mail.
        Invalid: things can't be handed over to this person.
        Conflict: there is a legal hold on the person, or they are the last operator.
    """
    if to is not None:
        _tell_things(settings, who, to)
    if not is_agreed:
        what = "all" if to is None else "all else"
        typer.confirm(f"Delete {what} that is kept of {printable(who)}? It can't be undone.", abort=True, err=True)
    prepare_folder(settings.server.data_folder)

    async def work() -> Job:
        async with open_people_work(settings) as application:
            personal, taker_id = _personal(application), "" if to is None else await _id_of(application, to)
            return await _done(personal, await personal.erase(OPERATOR, await _id_of(application, who), taker_id))

    _print(asyncio.run(work()))


def hand_over(settings: Settings, who: str, to: str, *, is_agreed: bool) -> None:
    """Give a person's collections, assistants and prompts to somebody else, after asking.

    Raises:
        NotFound: nobody has one of the e-mails.
        Invalid: things can't be handed over to this person.
        Conflict: there is a legal hold on the person.
    """
    _tell_things(settings, who, to)
    if not is_agreed:
        typer.confirm(f"Hand this over to {printable(to)}?", abort=True, err=True)

    async def work() -> Job:
        async with open_people_work(settings) as application:
            personal, taker_id = _personal(application), await _id_of(application, to)
            return await _done(personal, await personal.hand_over(OPERATOR, await _id_of(application, who), taker_id))

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


def _tell_things(settings: Settings, who: str, to: str) -> None:
    """Print what of a person's somebody else would get.

    Raises:
        NotFound, Invalid: things can't be handed over to this person.
    """
    prepare_folder(settings.server.data_folder)

    async def look() -> tuple[Things, bool]:
        async with open_people_work(settings) as application:
            personal, person_id = _personal(application), await _id_of(application, who)
            taker_id = await _id_of(application, to)
            await personal.check_taker(OPERATOR, person_id, taker_id)
            handing_over = HandingOver(application, personal)
            return await handing_over.things(person_id), await handing_over.exceeds(person_id, taker_id)

    things, exceeds = asyncio.run(look())
    counted = f"collections: {things.collections:,} (documents: {things.documents:,})"
    counted += f", assistants: {things.assistants:,}, prompts: {things.prompts:,}"
    notes.print(f"{printable(to)} gets {counted}.", markup=False)
    if exceeds:
        notes.print(
            "That is more than they may keep (limits.person_bytes): they can add nothing until there is room again.",
            markup=False,
        )


def _personal(application: Application) -> PersonalData:
    if application.personal is None:
        raise NotFound("This server keeps no exports and erasures.")
    return application.personal


def _print(job: Job) -> None:
    for name, count in job.report.items():
        output.print(f"{name}: {count:,}" if isinstance(count, int) else f"{name}: {count}", markup=False)
