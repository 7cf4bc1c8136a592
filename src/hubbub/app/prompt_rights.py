"""Keep who may do what with prompts and assistants that are not theirs."""

import time
from collections.abc import Collection, Sequence

import msgspec
from msgspec.structs import replace

from hubbub.app.giving import Giving, changes_of
from hubbub.core.people import GROUP, PERSON, Permission, Person, Right, may_see, reader_of
from hubbub.history.base import Record, Records
from hubbub.identity.deeds import Deeds
from hubbub.search.base import Groups

PROMPT = "prompt"
PROMPT_RIGHTS = "prompt-rights"
"""Kind of the record that says who may do what with a prompt: it has the prompt's id, and its owner."""
PROMPT_SHARED = "prompt-shared"
"""Kind of the records by which a subject's prompts are found: theirs are owned by the subject. They give no right."""
MOST_SHARED = 500
"""So many prompts that are shared with one subject are shown."""
AT_ONCE = 50


class PromptRights:
    """Rights to prompts, as those to collections are, kept beside the prompts; or rights to another kind of records.

    What is asked is the one record of a prompt. Those that find it are put before it and deleted after it, so that a
    crash between leaves one that leads to nothing, and never a right that nobody sees.
    """

    def __init__(
        self,
        records: Records,
        groups: Groups,
        giving: Giving | None = None,
        deeds: Deeds | None = None,
        *,
        kind: str = PROMPT,
    ) -> None:
        """Take the kind of the records that the rights are to; the audit and messages call it so, too."""
        self._records = records
        self._groups = groups
        self._giving = giving or Giving(groups)
        self._deeds = deeds or Deeds()
        self._kind, self.rights_kind, self._shared = kind, f"{kind}-rights", f"{kind}-shared"

    async def others(self, person: Person) -> list[tuple[Record, Right]]:
        """Return what others share with a person, and what they may do with each."""
        found: list[tuple[Record, Right]] = []
        subjects = await self.subjects(person)
        for record_id in await self.shared_with(subjects):
            record = await self._records.get(self._kind, record_id)
            if record is None or record.owner_id == person.id:
                continue
            right = await self.right(replace(person, is_operator=False), record, subjects)
            if right > Right.NONE:
                found.append((record, right))
        return found

    async def share(self, person: Person, record: Record, permissions: Sequence[Permission]) -> Sequence[Permission]:
        """Say who may do what, in place of what was said before, and return it. The person may manage the record.

        Raises:
            NotFound: there is no such group for this person, or nobody of such an id.
            NotAllowed: nothing vouches for them, and it would be shared with everybody.
            Invalid: somebody can't be given rights, or is named twice.
        """
        before = await self.of(record.id)
        await self._giving.check(person, before, permissions, self._kind)
        now, have = time.time(), {one.subject for one in permissions if one.right is not Right.NONE}
        had = {one.subject for one in before}
        await self.lead(record, have - had, now)
        detail = changes_of(before, permissions)
        async with self._deeds.doing(f"{self._kind} shared", by=person, of=record.id, detail=detail):
            await self.put(record, permissions, now)
        await self.lead_no_more(record.id, had - have)
        return await self.of(record.id)

    async def drop_all_of(self, owner_id: str) -> None:
        """Let nobody find what is somebody's own."""
        place: tuple[float, str] | None = None
        while own := await self._records.listed(self._kind, owner_id=owner_id, limit=AT_ONCE, after=place):
            for one in own:
                await self.drop(one.id)
            place = own[-1].updated_at, own[-1].id

    async def of(self, prompt_id: str) -> list[Permission]:
        """Return what was given for a prompt, by subject."""
        record = await self._records.get(self.rights_kind, prompt_id)
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
            listed = await self._records.listed(self._shared, owner_id=subject, limit=MOST_SHARED)
            found.update(dict.fromkeys(one.id.partition(" ")[0] for one in listed))
        return list(found)

    async def lead(self, prompt: Record, subjects: Collection[str], at: float) -> None:
        """Let subjects find a prompt. That gives them no right."""
        for subject in subjects:
            await self._records.put(Record(self._shared, f"{prompt.id} {subject}", subject, None, at, "{}"))

    async def put(self, prompt: Record, permissions: Sequence[Permission], at: float) -> None:
        """Give these rights in place of those there were: one write."""
        given = {one.subject: int(one.right) for one in permissions if one.right is not Right.NONE}
        about = msgspec.json.encode(given).decode()
        await self._records.put(Record(self.rights_kind, prompt.id, prompt.owner_id, None, at, about))

    async def drop(self, prompt_id: str) -> None:
        """Forget who may do what with a prompt."""
        given = await self.of(prompt_id)
        await self._records.delete(self.rights_kind, prompt_id)
        await self.lead_no_more(prompt_id, [one.subject for one in given])

    async def lead_no_more(self, prompt_id: str, subjects: Collection[str]) -> None:
        """Let subjects find a prompt no more."""
        for subject in subjects:
            await self._records.delete(self._shared, f"{prompt_id} {subject}")

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
                record = await self._records.get(self.rights_kind, prompt_id)
                if record is not None:
                    left = [one for one in await self.of(prompt_id) if one.subject != subject]
                    await self.put(record, left, at)
                await self.lead_no_more(prompt_id, [subject])
                count += 1
        return count
