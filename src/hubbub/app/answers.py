"""Show, follow and stop answers."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from hubbub.answers.log import Log
from hubbub.answers.runner import Runner
from hubbub.app.access import Access
from hubbub.core.answer import Answer
from hubbub.core.errors import NotFound
from hubbub.core.events import Event, decode
from hubbub.core.people import Person


class Answers:
    """The answers of people. With no person named, whoever knows an answer's id may do this to it."""

    def __init__(self, access: Access, runner: Runner, log: Log) -> None:
        self._access = access
        self._runner = runner
        self._log = log

    async def check(self, person: Person | None, answer_id: str) -> None:
        """Return if there is such an answer for the person.

        Raises:
            NotFound: there is none for them.
        """
        if person is not None:
            await self._access.check_answer(person, answer_id)
        elif await self._log.owner(answer_id) is None:
            raise NotFound("There is no such answer.")

    async def show(self, person: Person, answer_id: str) -> Answer:
        """Return what an answer is now.

        Raises:
            NotFound: there is none for this person.
        """
        await self.check(person, answer_id)
        return await self._log.answer(answer_id)

    async def follow(self, person: Person | None, answer_id: str, after: int = 0) -> AsyncGenerator[Event]:
        """Yield an answer's events after the first so many, until it has ended. Whoever leaves stops reading only.

        Raises:
            NotFound: there is none for this person.
            StoreError: its ending can't be stored now.
        """
        await self.check(person, answer_id)
        async with aclosing(self._log.follow(answer_id, after)) as following:
            async for records in following:
                for record in records:
                    yield decode(record.data)

    async def stop(self, person: Person | None, answer_id: str) -> None:
        """Stop an answer; what it said so far stays. Nothing happens to one that has ended.

        Raises:
            NotFound: there is none for this person.
        """
        if person is not None:
            await self._access.check_answer(person, answer_id)
        await self._runner.stop(answer_id)
