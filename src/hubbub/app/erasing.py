"""Delete all that is a person's, step by step; done again from the beginning it goes on where it was."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from functools import partial
from pathlib import Path

from hubbub.answers.base import AnswerStore, KnowsOwners
from hubbub.app.application import Application
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.people import PERSON
from hubbub.identity.base import ForgetsPerson
from hubbub.identity.jobs_sqlite import Job, PersonJobs

AT_ONCE = 50
WINDOW = 2_000
MOST_LISTED = 500

STAYS = (
    "Lines of the audit name the person's id: they are chained, and go when the time of the audit is over. The list of "
    "erasures names it, too. What was "
    "used stays in sums, without the person. Documents that the person added to collections of others stay there. "
    "The journal of answers holds its last minutes until it is cleared, and a database file what was deleted until "
    "that place is used again. Backups keep what was there until they are replaced."
)


class Erasing:
    """Erases people."""

    def __init__(self, app: Application, answers: AnswerStore, jobs: PersonJobs) -> None:
        self._app = app
        self._answers = answers
        self._jobs = jobs

    async def run(self, job: Job) -> dict[str, int | str]:
        """Erase a person and return what went and what stays.

        Raises:
            Conflict: a legal hold was placed meanwhile; what is gone is gone.
        """
        counts: dict[str, int | str] = dict(job.report)
        person_id = job.person_id
        steps: list[tuple[str, Callable[[str], AsyncGenerator[int]]]] = [
            ("keys revoked", self._keys),
            ("chats", self._chats),
            ("answers in no chat", self._loose_answers),
            ("sessions of pages", self._sessions),
            ("collections", self._collections),
            ("groups and rights", self._rights),
            ("records of usage made nameless", self._usage),
            ("exports", self._exports),
            ("keys", self._forgotten_keys),
            ("accounts", self._account),
        ]
        await self._close(person_id)
        for name, step in steps:
            async with contextlib.aclosing(step(person_id)) as done:
                async for count in done:
                    counts[name] = int(counts.get(name, 0)) + count
                    await self._jobs.note(job, counts)
                    if await self._jobs.is_held(person_id):
                        raise Conflict("A legal hold was placed on this person meanwhile.", code="held")
            counts.setdefault(name, 0)
        counts["stays"] = STAYS
        return counts

    async def _close(self, person_id: str) -> None:
        """Let the person in no more: what they have open ends."""
        app = self._app
        if app.people is not None:
            with contextlib.suppress(NotFound):
                await app.people.set_active(person_id, False)
        if app.sign_ins is not None:
            await app.sign_ins.end_of(person_id)

    async def _keys(self, person_id: str) -> AsyncGenerator[int]:
        if (keys := self._app.keys) is None:
            return
        for key in await keys.keys():
            if key.person_id == person_id and key.revoked_at is None:
                await keys.revoke(key.id, time.time())
                yield 1

    async def _chats(self, person_id: str) -> AsyncGenerator[int]:
        while chats := await self._app.history.chats(person_id, limit=AT_ONCE):
            for chat in chats:
                await self._app.chats.discard(chat.id)
                await asyncio.sleep(0)
            yield len(chats)

    async def _loose_answers(self, person_id: str) -> AsyncGenerator[int]:
        if not isinstance(self._answers, KnowsOwners):
            return
        after = ""
        while rows := await self._answers.owners(after, WINDOW):
            after = rows[-1][0]
            ids = [answer_id for answer_id, owner_id in rows if owner_id == person_id]
            for answer_id in ids:
                await self._app.desk.stop(answer_id)
            if ids:
                await self._app.log.forget(ids)
                yield len(ids)

    async def _sessions(self, person_id: str) -> AsyncGenerator[int]:
        while found := await self._app.sessions.sessions(person_id, limit=AT_ONCE):
            for one in found:
                await self._app.sessions.delete(person_id, one.id)
            yield len(found)

    async def _collections(self, person_id: str) -> AsyncGenerator[int]:
        for collection in await self._app.library.collections():
            if collection.owner_id == person_id:
                await self._app.pipeline.remove_collection(collection.id)
                yield 1

    async def _rights(self, person_id: str) -> AsyncGenerator[int]:
        groups = len(await self._app.library.groups.groups(person_id))
        await self._app.groups.forget_person(person_id)
        await self._app.library.permissions.drop(PERSON + person_id)
        if groups:
            yield groups

    async def _usage(self, person_id: str) -> AsyncGenerator[int]:
        yield await self._app.meter.forget_person(person_id)

    async def _exports(self, person_id: str) -> AsyncGenerator[int]:
        if (personal := self._app.personal) is None:
            return
        for job in await self._jobs.of(person_id, limit=MOST_LISTED):
            if job.kind == "export" and await in_a_thread(partial(_removed, personal.path(job))):
                yield 1

    async def _forgotten_keys(self, person_id: str) -> AsyncGenerator[int]:
        if isinstance(self._app.keys, ForgetsPerson):
            yield await self._app.keys.forget_person(person_id)

    async def _account(self, person_id: str) -> AsyncGenerator[int]:
        if isinstance(self._app.people, ForgetsPerson):
            yield await self._app.people.forget_person(person_id)


def _removed(path: Path) -> bool:
    """Remove a file; tells whether it was there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
