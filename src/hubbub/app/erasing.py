"""Delete all that is a person's, step by step; done again from the beginning it goes on where it was."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TypeAlias

from hubbub.answers.base import AnswerStore, KnowsOwners
from hubbub.app.access import owner_ids
from hubbub.app.application import Application
from hubbub.app.handing_over import HandingOver
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.people import PERSON
from hubbub.history.base import AgingHistory, ForgetsWords, LinksOfPersons, RecordsOfPersons
from hubbub.identity.base import ForgetsPerson
from hubbub.identity.jobs_sqlite import Job
from hubbub.identity.stores import JobStore
from hubbub.search.base import KnowsPersons

AT_ONCE = 50
WINDOW = 2_000
MOST_LISTED = 500

EraseStep: TypeAlias = Callable[["Erasing", str], AsyncGenerator[int]]
"""Deletes one kind of a person's things, and yields how many it has deleted, now and then."""


class Erasing:
    """Erases people: of what, and in which order, `personal_kinds` lists."""

    def __init__(self, app: Application, answers: AnswerStore, jobs: JobStore, handing_over: HandingOver) -> None:
        self._handing_over = handing_over
        self._app = app
        self._answers = answers
        self._jobs = jobs

    async def run(self, job: Job, stays: str, steps: Sequence[tuple[str, EraseStep]]) -> dict[str, int | str]:
        """Erase a person and return what went and what stays.

        Raises:
            NotFound, Invalid: there is nobody any more to hand things over to; nothing is gone.
            Conflict: a legal hold was placed meanwhile; what is gone is gone.
        """
        counts: dict[str, int | str] = dict(job.report)
        person_id = job.person_id
        if job.taker_id:
            await self._handing_over.check(job)
        await self._close(person_id)
        if job.taker_id:
            counts = await self._handing_over.run(job)
        for name, step in steps:
            async with contextlib.aclosing(step(self, person_id)) as done:
                async for count in done:
                    counts[name] = int(counts.get(name, 0)) + count
                    await self._jobs.note(job, counts)
                    if await self._jobs.is_held(person_id):
                        raise Conflict("A legal hold was placed on this person meanwhile.", code="held")
            counts.setdefault(name, 0)
        counts["stays"] = stays
        return counts

    async def _close(self, person_id: str) -> None:
        """Let the person in no more: what they have open ends."""
        app = self._app
        if app.people is not None:
            with contextlib.suppress(NotFound):
                await app.people.set_active(person_id, False)
        if app.sign_ins is not None:
            await app.sign_ins.end_of(person_id)
        if app.keys is not None:
            for key in await app.keys.keys():
                if key.person_id == person_id and key.revoked_at is None:
                    await app.keys.revoke(key.id, time.time())

    async def links(self, person_id: str) -> AsyncGenerator[int]:
        """Delete the links to chats, and name the person no more in those of others."""
        if isinstance(self._app.links, LinksOfPersons):
            yield await self._app.links.forget_person(person_id)

    async def chats(self, person_id: str) -> AsyncGenerator[int]:
        """Delete the chats with all that belongs to them."""
        history = self._app.history
        while isinstance(history, AgingHistory) and (chats := await history.all_chats(person_id, limit=AT_ONCE)):
            for chat in chats:
                await self._app.chats.discard(chat.id)
                await asyncio.sleep(0)
            yield len(chats)
        await _forget_words(history)

    async def loose_answers(self, person_id: str) -> AsyncGenerator[int]:
        """Delete the answers that belong to no chat."""
        if not isinstance(self._answers, KnowsOwners):
            return
        after = ""
        while rows := await self._answers.owners(after, WINDOW):
            after = rows[-1][0]
            ids = [answer_id for answer_id, owner_id in rows if owner_id == person_id]
            for answer_id in ids:
                await self._app.runner.stop(answer_id)
            if ids:
                await self._app.log.forget(ids)
                yield len(ids)

    async def records(self, person_id: str) -> AsyncGenerator[int]:
        """Delete pictures, prompts, instructions, and whatever else is kept so and went with no chat."""
        await self._app.prompts.forget_person(person_id)  # before what says with whom theirs are shared
        await self._app.assistants.forget_person(person_id)
        if isinstance(self._app.records, RecordsOfPersons):
            yield await self._app.records.forget_owned(person_id)

    async def sessions(self, person_id: str) -> AsyncGenerator[int]:
        """Delete the chats that a page keeps here as a whole."""
        while found := await self._app.sessions.sessions(person_id, limit=AT_ONCE):
            for one in found:
                await self._app.sessions.delete(person_id, one.id)
            yield len(found)

    async def collections(self, person_id: str) -> AsyncGenerator[int]:
        """Delete the collections, those of chats' files too, with their documents."""
        own = owner_ids(person_id)
        for collection in await self._app.library.named_collections():
            if collection.owner_id in own:
                await self._app.pipeline.remove_collection(collection.id)
                yield 1
        await _forget_words(self._app.library)

    async def documents_elsewhere(self, person_id: str) -> AsyncGenerator[int]:
        """Name the person no more at documents that they added to collections of others."""
        if isinstance(self._app.library, KnowsPersons):
            yield await self._app.library.forget_payer(PERSON + person_id)

    async def rights(self, person_id: str) -> AsyncGenerator[int]:
        """Take the person out of all groups, and take all that they were given."""
        library = self._app.library
        count = len(await library.groups.groups(person_id))
        if isinstance(library, KnowsPersons):
            count += len(await library.given(PERSON + person_id))
        count += len(await library.readers.given(PERSON + person_id))
        await self._app.groups.forget_person(person_id)
        yield count

    async def usage(self, person_id: str) -> AsyncGenerator[int]:
        """Name the person no more in what was used, nor the guests that they were."""
        guests = await self._app.guests.taken_by(person_id) if self._app.guests is not None else []
        for one in (person_id, *guests):
            yield await self._app.meter.forget_person(one)

    async def taken_along(self, person_id: str) -> AsyncGenerator[int]:
        """Forget which guests' things the person took along."""
        if self._app.guests is not None:
            yield await self._app.guests.forget_person(person_id)

    async def readings(self, person_id: str) -> AsyncGenerator[int]:
        """Forget which operators read the person's things, and whose the person reads."""
        yield await self._app.readings.forget_person(person_id)

    async def exports(self, person_id: str) -> AsyncGenerator[int]:
        """Delete the exports that were made."""
        if (personal := self._app.personal) is None:
            return
        for job in await self._jobs.of(person_id, limit=MOST_LISTED):
            if job.kind == "export" and await personal.drop(job):
                yield 1

    async def keys(self, person_id: str) -> AsyncGenerator[int]:
        """Delete the API keys."""
        if isinstance(self._app.keys, ForgetsPerson):
            yield await self._app.keys.forget_person(person_id)

    async def passkeys(self, person_id: str) -> AsyncGenerator[int]:
        """Delete the passkeys."""
        if self._app.passkeys is not None:
            yield await self._app.passkeys.forget_person(person_id)

    async def account(self, person_id: str) -> AsyncGenerator[int]:
        """Delete the account, and who it was: the sign-ins go with it."""
        if self._app.accounts is not None:
            await self._app.accounts.forget_person(person_id)
        if isinstance(self._app.people, ForgetsPerson):
            yield await self._app.people.forget_person(person_id)


async def _forget_words(kept: object) -> None:
    if isinstance(kept, ForgetsWords):
        await kept.forget_words()
