"""Keep who may do what with prompts that are not theirs."""

from collections.abc import Collection, Sequence

import msgspec

from hubbub.core.people import GROUP, PERSON, Permission, Person, Right, may_see, reader_of
from hubbub.history.base import Record, Records
from hubbub.search.base import Groups

PROMPT_RIGHTS = "prompt-rights"
"""Kind of the record that says who may do what with a prompt: it has the prompt's id, and its owner."""
PROMPT_SHARED = "prompt-shared"
"""Kind of the records by which a subject's prompts are found: theirs are owned by the subject. They give no right."""
MOST_SHARED = 500
"""So many prompts that are shared with one subject are shown."""


class PromptRights:
    """Rights to prompts, as those to collections are, kept beside the prompts.

    What is asked is the one record of a prompt. Those that find it are put before it and deleted after it, so that a
    crash between leaves one that leads to nothing, and never a right that nobody sees.
    """

    def __init__(self, records: Records, groups: Groups) -> None:
        self._records = records
        self._groups = groups

    async def of(self, prompt_id: str) -> list[Permission]:
        """Return what was given for a prompt, by subject."""
        record = await self._records.get(PROMPT_RIGHTS, prompt_id)
        if record is None:
            return []
        given = msgspec.json.decode(record.about, type=dict[str, int])
        return [Permission(subject, Right(right)) for subject, right in sorted(given.items())]

    async def right(self, person: Person, prompt: Record, subjects: Collection[str] | None = None) -> Right:
        """Return what a person may do with a prompt."""
        if may_see(person, prompt.owner_id):
            return Right.MANAGE
        given = await self.of(prompt.id)
        if not given:
            return Right.NONE
        known = await self.subjects(person) if subjects is None else subjects
        return max((one.right for one in given if one.subject in known), default=Right.NONE)

    async def subjects(self, person: Person) -> list[str]:
        """Return who a person is to these rights, the groups that are kept here included."""
        groups = await self._groups.groups(person.id)
        return [*reader_of(person).subjects, *(GROUP + one.id for one in groups)]

    async def shared_with(self, subjects: Collection[str]) -> list[str]:
        """Return the ids of prompts that may be shared with one of these, each once."""
        found: dict[str, None] = {}
        for subject in subjects:
            listed = await self._records.listed(PROMPT_SHARED, owner_id=subject, limit=MOST_SHARED)
            found.update(dict.fromkeys(one.id.partition(" ")[0] for one in listed))
        return list(found)

    async def lead(self, prompt: Record, subjects: Collection[str], at: float) -> None:
        """Let subjects find a prompt. That gives them no right."""
        for subject in subjects:
            await self._records.put(Record(PROMPT_SHARED, f"{prompt.id} {subject}", subject, None, at, "{}"))

    async def put(self, prompt: Record, permissions: Sequence[Permission], at: float) -> None:
        """Give these rights in place of those there were: one write."""
        given = {one.subject: int(one.right) for one in permissions if one.right is not Right.NONE}
        about = msgspec.json.encode(given).decode()
        await self._records.put(Record(PROMPT_RIGHTS, prompt.id, prompt.owner_id, None, at, about))

    async def drop(self, prompt_id: str) -> None:
        """Forget who may do what with a prompt."""
        given = await self.of(prompt_id)
        await self._records.delete(PROMPT_RIGHTS, prompt_id)
        await self.lead_no_more(prompt_id, [one.subject for one in given])

    async def lead_no_more(self, prompt_id: str, subjects: Collection[str]) -> None:
        """Let subjects find a prompt no more."""
        for subject in subjects:
            await self._records.delete(PROMPT_SHARED, f"{prompt_id} {subject}")

    async def given_to(self, person_id: str) -> list[tuple[str, Right]]:
        """Return what a person themselves may do with prompts of others."""
        subject = PERSON + person_id
        rights = [(one, await self.of(one)) for one in await self.shared_with([subject])]
        return [(one, given.right) for one, them in rights for given in them if given.subject == subject]

    async def forget_person(self, person_id: str, at: float) -> int:
        """Take from a person what they themselves may do with prompts of others; returns with how many that was."""
        subject, count = PERSON + person_id, 0
        while found := await self.shared_with([subject]):
            for prompt_id in found:
                record = await self._records.get(PROMPT_RIGHTS, prompt_id)
                if record is not None:
                    left = [one for one in await self.of(prompt_id) if one.subject != subject]
                    await self.put(record, left, at)
                await self.lead_no_more(prompt_id, [subject])
                count += 1
        return count
