"""Keep a person's prompts, and what they tell models with each question."""

import time
from collections.abc import Sequence

import msgspec

from hubbub.core.errors import Invalid, NotFound, TooLarge
from hubbub.core.identifiers import new_id
from hubbub.core.people import Person, may_list, may_see
from hubbub.history.base import Record, Records

PROMPT, INSTRUCTIONS = "prompt", "instructions"
NAME_CHARACTERS = 100
PROMPT_CHARACTERS = 32_000
INSTRUCTIONS_CHARACTERS = 8_000
MOST_PROMPTS = 500


class Prompt(msgspec.Struct, frozen=True):
    """A text that a person asks again and again."""

    id: str
    name: str
    text: str
    updated_at: float


class PromptText(msgspec.Struct, frozen=True):
    """What is kept of a prompt besides its id and time."""

    name: str
    text: str


class Prompts:
    """Prompts and instructions of persons, each their own."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def list(
        self, person: Person, *, limit: int = 200, after: tuple[float, str] | None = None
    ) -> Sequence[Prompt]:
        """Return a person's prompts, the last changed first: those behind one, by its time and id."""
        if not may_list(person, person.id):
            return []
        found = await self._records.listed(PROMPT, owner_id=person.id, limit=limit, after=after)
        return [_prompt(one) for one in found]

    async def make(self, person: Person, name: str, text: str) -> Prompt:
        """Keep a prompt.

        Raises:
            Invalid: the name or the text is empty or too long.
            TooLarge: the person has as many as may be kept.
        """
        if await self._records.count(PROMPT, person.id) >= MOST_PROMPTS:
            raise TooLarge(f"You have {MOST_PROMPTS} prompts, the limit. Delete some that you don't use.")
        return await self._put(new_id(), person.id, name, text)

    async def change(self, person: Person, prompt_id: str, name: str, text: str) -> Prompt:
        """Change a prompt.

        Raises:
            NotFound: there is none for this person.
            Invalid: the name or the text is empty or too long.
        """
        return await self._put(prompt_id, (await self._record(person, prompt_id)).owner_id, name, text)

    async def delete(self, person: Person, prompt_id: str) -> None:
        """Forget a prompt.

        Raises:
            NotFound: there is none for this person.
        """
        await self._record(person, prompt_id)
        await self._records.delete(PROMPT, prompt_id)

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
            raise Invalid(f"A prompt's name has 1 to {NAME_CHARACTERS} characters.")
        if not 0 < len(text.strip()) <= PROMPT_CHARACTERS:
            raise Invalid(f"A prompt has 1 to {PROMPT_CHARACTERS:,} characters.")
        about = msgspec.json.encode(PromptText(name, text)).decode()
        record = Record(PROMPT, prompt_id, owner_id, None, time.time(), about)
        await self._records.put(record)
        return _prompt(record)

    async def _record(self, person: Person, prompt_id: str) -> Record:
        record = await self._records.get(PROMPT, prompt_id)
        if record is None or not may_see(person, record.owner_id):
            raise NotFound("There is no such prompt.")
        return record


def checked_instructions(text: str) -> str:
    """Return instructions without the space around them.

    Raises:
        Invalid: they are too long.
    """
    if len(text := text.strip()) > INSTRUCTIONS_CHARACTERS:
        raise Invalid(f"Instructions have at most {INSTRUCTIONS_CHARACTERS:,} characters. Shorten them.")
    return text


def _prompt(record: Record) -> Prompt:
    kept = msgspec.json.decode(record.about, type=PromptText)
    return Prompt(record.id, kept.name, kept.text, record.updated_at)
