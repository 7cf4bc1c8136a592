"""Build what exports and erases people's things, and deletes what is too old."""

from contextlib import AsyncExitStack
from pathlib import Path

from hubbub.answers.base import AnswerStore
from hubbub.app.application import Application
from hubbub.app.person_work import PersonWork
from hubbub.app.personal_data import PersonalData
from hubbub.app.retention import Ages
from hubbub.connections.lock import FolderLock
from hubbub.connections.sqlite import Sqlite
from hubbub.identity.base import People
from hubbub.identity.deeds import Deeds
from hubbub.identity.jobs_sqlite import PersonJobs
from hubbub.settings import Settings

EXPORTS = "exports"


async def open_personal(
    stack: AsyncExitStack, settings: Settings, database: object, deeds: Deeds, people: People | None
) -> PersonalData | None:
    """Open what takes in exports, erasures and holds; None on PostgreSQL, where they are not kept yet."""
    if not isinstance(database, Sqlite):
        return None
    jobs = await stack.enter_async_context(PersonJobs(database))
    folder: Path = settings.server.data_folder / EXPORTS
    return PersonalData(jobs, deeds, folder, people)


async def work_on_people(application: Application, answers: AnswerStore, settings: Settings) -> None:
    """Do that work until cancelled, in one process of all on a data folder."""
    if (personal := application.personal) is None:
        return
    wanted = settings.retention
    ages = Ages(wanted.chats_days, wanted.documents_days, wanted.audit_days, wanted.exports_days)
    async with FolderLock(settings.server.data_folder / "people.lock"):
        round_seconds = wanted.every_minutes * 60
        await PersonWork(application, personal, answers, ages, round_seconds=round_seconds).run()
