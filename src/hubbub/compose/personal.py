"""Build what exports and erases people's things, and deletes what is too old."""

import contextlib
from contextlib import AsyncExitStack
from pathlib import Path

from hubbub.answers.base import AnswerStore
from hubbub.app.application import Application
from hubbub.app.directory import Directory
from hubbub.app.person_work import PersonWork
from hubbub.app.personal_data import PersonalData
from hubbub.app.retention import Ages
from hubbub.compose.beside_chats import ChatsDatabase, exports_in, jobs_in
from hubbub.connections.lock import FolderLock
from hubbub.connections.sqlite import Sqlite
from hubbub.core.errors import StoreError
from hubbub.identity.base import People
from hubbub.identity.deeds import Deeds
from hubbub.settings import Settings

EXPORTS = "exports"
WORK = "people"
"""The lease of the worker that does it."""


async def open_personal(
    stack: AsyncExitStack,
    settings: Settings,
    database: ChatsDatabase,
    deeds: Deeds,
    people: People | None,
    directory: Directory,
) -> PersonalData:
    """Open what takes in exports, erasures and holds. PostgreSQL keeps exports, too, for all machines."""
    jobs = await stack.enter_async_context(jobs_in(database))
    folder: Path = settings.server.data_folder / EXPORTS
    return PersonalData(jobs, deeds, folder, people, exports_in(database), directory)


async def work_on_people(
    application: Application, answers: AnswerStore, settings: Settings, database: ChatsDatabase
) -> None:
    """Do that work until cancelled, in one process of all on a database."""
    if (personal := application.personal) is None:
        return
    wanted = settings.retention
    ages = Ages(wanted.chats_days, wanted.documents_days, wanted.audit_days, wanted.exports_days)
    work = PersonWork(application, personal, answers, ages, round_seconds=wanted.every_minutes * 60)
    if isinstance(database, Sqlite):
        async with FolderLock(settings.server.data_folder / "people.lock"):
            return await work.run()
    from hubbub.connections.postgres_leases import leased

    while True:
        with contextlib.suppress(StoreError):  # the lease was lost: whoever has it goes on
            async with leased(database, WORK):
                await work.run()
