"""Keep prompts, which people may share, and what a person tells models with each question."""

import time
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from hubbub.app.prompt_rights import PROMPT, PromptRights
from hubbub.core.errors import Invalid, NotAllowed, NotFound, TooLarge
from hubbub.core.identifiers import new_id
from hubbub.core.people import RIGHTS, Permission, Person, Right, may_list
from hubbub.core.reasons import because
from hubbub.history.base import Record, Records
from hubbub.identity.deeds import Deeds
from hubbub.search.base import Groups

INSTRUCTIONS = "instructions"
NAME_CHARACTERS = 100
PROMPT_CHARACTERS = 32_000
INSTRUCTIONS_CHARACTERS = 8_000
MOST_PROMPTS = 500
NAMES = {right: name for name, right in RIGHTS.items()}
REFUSALS = {
    Right.WRITE: because("prompt_not_changed"),
    Right.MANAGE: because("prompt_not_shared"),
}


class Prompt(msgspec.Struct, frozen=True):
    """A text that people ask again and again."""

    id: str
    name: str
    text: str
    """Empty where the person may see that it is there, and not use it."""
    updated_at: float
    right: str = "manage"
    """What the person may do with it: see, use, write or manage."""
    is_mine: bool = True
    """Whether they made it; others share it with them."""


class PromptText(msgspec.Struct, frozen=True):
    """What is kept of a prompt besides its id and time."""

    name: str
    text: str


class Prompts:
    """Prompts of persons, and those that are shared with them; instructions, each their own."""

    def __init__(
        self, records: Records, groups: Groups, claim_scopes: Sequence[str] = (), deeds: Deeds | None = None
    ) -> None:
        self._records = records
        self._rights = PromptRights(records, groups, claim_scopes, deeds)

    async def list(
        self, person: Person, *, limit: int = 200, after: tuple[float, str] | None = None
    ) -> Sequence[Prompt]:
        """Return a person's prompts and those shared with them, the last changed first: those behind one."""
        found: list[Prompt] = []
        if may_list(person, person.id):
            own = await self._records.listed(PROMPT, owner_id=person.id, limit=limit, after=after)
            found = [_prompt(one, person, Right.MANAGE) for one in own]
        found += [
            _prompt(record, person, right)
            for record, right in await self._rights.others(person)
            if after is None or (record.updated_at, record.id) < after
        ]
        return sorted(found, key=lambda one: (one.updated_at, one.id), reverse=True)[:limit]

    async def make(self, person: Person, name: str, text: str) -> Prompt:
        """Keep a prompt.

        Raises:
            Invalid: the name or the text is empty or too long.
            TooLarge: the person has as many as may be kept.
        """
        if await self._records.count(PROMPT, person.id) >= MOST_PROMPTS:
            raise TooLarge(because("prompts_full", most=MOST_PROMPTS))
        return await self._put(new_id(), person.id, name, text)

    async def change(self, person: Person, prompt_id: str, name: str, text: str) -> Prompt:
        """Change a prompt.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is shared with them to use.
            Invalid: the name or the text is empty or too long.
        """
        record, right = await self._record(person, prompt_id, Right.WRITE)
        changed = await self._put(prompt_id, record.owner_id, name, text)
        return replace(changed, right=NAMES[right], is_mine=record.owner_id == person.id)

    async def delete(self, person: Person, prompt_id: str) -> None:
        """Forget a prompt.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is not theirs to delete.
        """
        await self._record(person, prompt_id, Right.MANAGE)
        await self._rights.drop(prompt_id)
        await self._records.delete(PROMPT, prompt_id)

    async def permissions(self, person: Person, prompt_id: str) -> Sequence[Permission]:
        """Return who may do what with a prompt, beside whoever made it.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is not theirs to share.
        """
        await self._record(person, prompt_id, Right.MANAGE)
        return await self._rights.of(prompt_id)

    async def share(self, person: Person, prompt_id: str, permissions: Sequence[Permission]) -> Sequence[Permission]:
        """Say who may do what with a prompt, in place of what was said before, and return it.

        Raises:
            NotFound: there is no such prompt, or no such group, for this person.
            NotAllowed: it is not theirs to share, or nothing vouches for them and it would be shared with everybody.
            Invalid: somebody can't be given rights, or is named twice.
        """
        record, _ = await self._record(person, prompt_id, Right.MANAGE)
        return await self._rights.share(person, record, permissions)

    async def given_to(self, person_id: str) -> Sequence[tuple[str, Right]]:
        """Return what a person themselves may do with prompts of others, for an export."""
        return await self._rights.given_to(person_id)

    async def forget_person(self, person_id: str) -> int:
        """Take from a person what they may do with prompts of others, and let nobody find theirs; for an erasure."""
        await self._rights.drop_all_of(person_id)
        return await self._rights.forget_person(person_id, time.time())

    async def instructions(self, person: Person) -> str:
        """Return what a person tells models with each question; empty: nothing."""
        record = await self._records.get(INSTRUCTIONS, person.id) if may_list(person, person.id) else None
        return "" if record is None else msgspec.json.decode(record.about, type=str)

    async def put_instructions(self, person: Person, text: str) -> str:
        """Say what models are told with each question, and return it.

        Raises:
            Invalid: it is too long.
            NotFound: nobody knows who this person is when they come again.
        """
        if not may_list(person, person.id):
            raise NotFound("Instructions are kept for persons and for API keys. Send a key with your request.")
        text = checked_instructions(text)
        about = msgspec.json.encode(text).decode()
        await self._records.put(Record(INSTRUCTIONS, person.id, person.id, None, time.time(), about))
        return text

    async def _put(self, prompt_id: str, owner_id: str, name: str, text: str) -> Prompt:
        name = " ".join(name.split())
        if not 0 < len(name) <= NAME_CHARACTERS:
            raise Invalid(because("prompt_name", most=NAME_CHARACTERS))
        if not 0 < len(text.strip()) <= PROMPT_CHARACTERS:
            raise Invalid(because("prompt", most=PROMPT_CHARACTERS))
        about = msgspec.json.encode(PromptText(name, text)).decode()
        record = Record(PROMPT, prompt_id, owner_id, None, time.time(), about)
        await self._records.put(record)
        return Prompt(prompt_id, name, text, record.updated_at)

    async def _record(self, person: Person, prompt_id: str, right: Right) -> tuple[Record, Right]:
        """Return a prompt with which a person may do this, and what they may do."""
        record = await self._records.get(PROMPT, prompt_id)
        has = Right.NONE if record is None else await self._rights.right(person, record)
        if record is None or has is Right.NONE:
            raise NotFound("There is no such prompt.")
        if has < right:
            raise NotAllowed(REFUSALS[right])
        return record, has


def checked_instructions(text: str) -> str:
    """Return instructions without the space around them.

    Raises:
        Invalid: they are too long.
    """
    if len(text := text.strip()) > INSTRUCTIONS_CHARACTERS:
        raise Invalid(because("instructions", most=INSTRUCTIONS_CHARACTERS))
    return text


def _prompt(record: Record, person: Person, right: Right) -> Prompt:
    kept = msgspec.json.decode(record.about, type=PromptText)
    text = kept.text if right >= Right.USE else ""
    return Prompt(record.id, kept.name, text, record.updated_at, NAMES[right], record.owner_id == person.id)
