"""Keep prompts, which people may share, and what a person tells models with each question."""

import time
from collections.abc import Sequence

import msgspec

from hubbub.app.giving import Giving
from hubbub.app.prompt_rights import PROMPT, PromptRights
from hubbub.app.shared_things import NAMES, Found, SharedThings
from hubbub.core.errors import Invalid, NotFound, TooLarge
from hubbub.core.identifiers import new_id
from hubbub.core.people import Person, Right, may_list
from hubbub.core.reasons import because
from hubbub.history.base import Record, Records
from hubbub.identity.deeds import Deeds
from hubbub.search.base import Groups

INSTRUCTIONS = "instructions"
NAME_CHARACTERS = 100
PROMPT_CHARACTERS = 32_000
INSTRUCTIONS_CHARACTERS = 8_000
MOST_PROMPTS = 500
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
    version: int = 1
    """Raised with each change."""


class PromptText(msgspec.Struct, frozen=True):
    """What is kept of a prompt besides its id and time."""

    name: str
    text: str
    version: int = 1


class Prompts(SharedThings[Prompt]):
    """Prompts of persons, and those that are shared with them; instructions, each their own."""

    kind = PROMPT
    refusals = REFUSALS

    def __init__(
        self, records: Records, groups: Groups, giving: Giving | None = None, deeds: Deeds | None = None
    ) -> None:
        super().__init__(records, PromptRights(records, groups, giving, deeds))

    async def make(self, person: Person, name: str, text: str) -> Prompt:
        """Keep a prompt.

        Raises:
            Invalid: the name or the text is empty or too long.
            TooLarge: the person has as many as may be kept.
        """
        if await self._records.count(PROMPT, person.id) >= MOST_PROMPTS:
            raise TooLarge(because("prompts_full", most=MOST_PROMPTS))
        return await self._made(person, new_id(), _about(name, text, 1))

    async def change(self, person: Person, prompt_id: str, name: str, text: str, version: int | None = None) -> Prompt:
        """Change a prompt.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is shared with them to use.
            Conflict: somebody else changed this version of it meanwhile; None: whichever version there is.
            Invalid: the name or the text is empty or too long.
        """

        async def about(record: Record) -> str:
            return _about(name, text, self._version(record) + 1)

        return await self._change(person, prompt_id, version, about)

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

    async def _seen(self, person: Person, found: Sequence[Found]) -> Sequence[Prompt]:
        return [_prompt(record, person, right) for record, right in found]

    def _version(self, record: Record) -> int:
        return msgspec.json.decode(record.about, type=PromptText).version


def _about(name: str, text: str, version: int) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_CHARACTERS:
        raise Invalid(because("prompt_name", most=NAME_CHARACTERS))
    if not 0 < len(text.strip()) <= PROMPT_CHARACTERS:
        raise Invalid(because("prompt", most=PROMPT_CHARACTERS))
    return msgspec.json.encode(PromptText(name, text, version)).decode()


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
    is_mine = record.owner_id == person.id
    return Prompt(record.id, kept.name, text, record.updated_at, NAMES[right], is_mine, kept.version)
