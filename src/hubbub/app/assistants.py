"""Keep assistants: instructions, a model and collections under one name, which people may share."""

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from hubbub.app.access import Access, is_of_chat
from hubbub.app.model_rights import ModelRights
from hubbub.app.prompt_rights import PromptRights
from hubbub.app.prompts import checked_instructions
from hubbub.app.shared_things import NAMES, Found, SharedThings
from hubbub.core.errors import Invalid, TooLarge
from hubbub.core.identifiers import new_id
from hubbub.core.people import Person, Right
from hubbub.core.scopes import check_model, may_use_collection, may_use_model
from hubbub.history.base import Record, Records
from hubbub.search.base import Library

ASSISTANT = "assistant"
NAME_CHARACTERS = 100
DESCRIPTION_CHARACTERS = 500
MOST_STARTERS = 6
STARTER_CHARACTERS = 200
MOST_COLLECTIONS = 50
MOST_ASSISTANTS = 200
MOST_TOKENS = 10**9
_EFFORT = re.compile(r"[a-z]{0,20}")
REFUSALS = {
    Right.USE: "You may see this assistant, but not ask it. Ask who shared it with you.",
    Right.WRITE: "This assistant is shared with you to use. Make one of your own to change it.",
    Right.MANAGE: "This assistant is not yours to share or delete. Ask whoever manages it.",
}


class AssistantText(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of an assistant besides its id, its maker and its time."""

    name: str
    description: str = ""
    instructions: str = ""
    model: str = ""
    """Empty: whichever answers as a rule."""
    collection_ids: tuple[str, ...] = ()
    starters: tuple[str, ...] = ()
    reasoning_effort: str = ""
    max_tokens: int | None = None
    is_thorough: bool = False
    version: int = 1
    """Raised with each change."""


class NamedCollection(msgspec.Struct, frozen=True):
    """A collection of an assistant, where the person may ask it."""

    id: str
    name: str


class Assistant(msgspec.Struct, frozen=True):
    """An assistant, as far as one person may see it."""

    id: str
    name: str
    description: str
    instructions: str
    """Empty where the person may see that the assistant is there, and not ask it."""
    model: str
    """Empty: whichever answers as a rule; or `lacks_model` tells that the person may not use it."""
    lacks_model: bool
    """Whether its model is gone, or not there for the person."""
    collections: tuple[NamedCollection, ...]
    """Those that the person may ask."""
    collections_left_out: int
    """How many more it has, which are not shared with the person."""
    starters: tuple[str, ...]
    """Questions to begin with."""
    reasoning_effort: str
    max_tokens: int | None
    is_thorough: bool
    version: int
    updated_at: float
    right: str = "manage"
    """What the person may do with it: see, use, write or manage."""
    is_mine: bool = True
    is_askable: bool = True
    """Whether it answers the person: they may use it, its model, and one of its collections if it has any."""


class AssistantChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What of an assistant is to be otherwise; what is None stays. An empty model, or 0 tokens, is as usual."""

    name: str | None = None
    description: str | None = None
    instructions: str | None = None
    model: str | None = None
    collection_ids: tuple[str, ...] | None = None
    """Of those that the person may see: others stay, unless `drops_left_out`."""
    starters: tuple[str, ...] | None = None
    reasoning_effort: str | None = None
    max_tokens: int | None = None
    is_thorough: bool | None = None
    drops_left_out: bool = False
    version: int | None = None
    """Which version is to be otherwise; None: whichever there is."""


class Standing(msgspec.Struct, frozen=True):
    """What of an assistant's collections is there: those a person may ask, and how many they may not."""

    collections: tuple[NamedCollection, ...]
    left_out: int


class Assistants(SharedThings[Assistant]):
    """Assistants of persons, and those that are shared with them.

    An assistant gives nobody a right to its model or its collections: each is asked with the rights of who asks.
    """

    kind = ASSISTANT
    refusals = REFUSALS

    def __init__(
        self, records: Records, rights: PromptRights, access: Access, library: Library, models: ModelRights
    ) -> None:
        super().__init__(records, rights)
        self._access = access
        self._library = library
        self._models = models

    async def get(self, person: Person, assistant_id: str) -> Assistant:
        """Return an assistant, as far as a person may see it.

        Raises:
            NotFound: there is none for this person.
        """
        return (await self._seen(person, [await self._record(person, assistant_id, Right.SEE)]))[0]

    async def make(self, person: Person, changes: AssistantChanges) -> Assistant:
        """Keep a new assistant.

        Raises:
            Invalid: something of it is empty, too long, or too much.
            NotFound: the model, or a collection, is not there for this person.
            TooLarge: the person has as many as may be kept.
        """
        if await self._records.count(ASSISTANT, person.id) >= MOST_ASSISTANTS:
            raise TooLarge(f"You have {MOST_ASSISTANTS} assistants, the limit. Delete some that you don't use.")
        text = replace(await self._changed(person, AssistantText(""), changes), version=1)
        return await self._made(person, new_id(), msgspec.json.encode(text).decode())

    async def change(self, person: Person, assistant_id: str, changes: AssistantChanges) -> Assistant:
        """Change an assistant. Later questions go by it; answers keep what they were given.

        Raises:
            NotFound: there is none for this person, or the model or a collection is not there for them.
            NotAllowed: it is shared with them to use.
            Conflict: somebody else changed the version that the changes name meanwhile.
            Invalid: something of it is empty, too long, or too much.
        """

        async def about(record: Record) -> str:
            return msgspec.json.encode(await self._changed(person, text_of(record), changes)).decode()

        return await self._change(person, assistant_id, changes.version, about)

    async def usable(self, person: Person, assistant_id: str) -> AssistantText:
        """Return an assistant that a person may ask.

        Raises:
            NotFound: there is none for them.
            NotAllowed: they may see it, and not ask it.
        """
        return text_of((await self._record(person, assistant_id, Right.USE))[0])

    async def is_usable(self, person: Person, assistant_id: str) -> bool:
        """Tell whether a person may ask an assistant."""
        record = await self._records.get(ASSISTANT, assistant_id)
        return record is not None and await self._rights.right(person, record) >= Right.USE

    async def mark(self, assistant_id: str) -> object:
        """Return what changes when who may do what with an assistant does, or when it is deleted."""
        return await self._records.get(ASSISTANT, assistant_id) is not None, await self._rights.of(assistant_id)

    async def standing(self, person: Person, collection_ids: Sequence[str]) -> Standing:
        """Return which of these collections a person may ask. Those that were deleted count for nothing."""
        askable, there = await self._collections(person, collection_ids)
        return _standing(collection_ids, askable, there)

    async def _changed(self, person: Person, text: AssistantText, changes: AssistantChanges) -> AssistantText:
        collection_ids = text.collection_ids
        if changes.collection_ids is not None:
            named = await self._access.check_collections(person, changes.collection_ids)
            askable, there = await self._collections(person, collection_ids)
            hidden = (
                [] if changes.drops_left_out else [one for one in collection_ids if one in there and one not in askable]
            )
            collection_ids = tuple(dict.fromkeys((*named, *hidden)))
        if changes.model:
            (await self._models.catalog(person)).get(changes.model)
            check_model(person, changes.model)
        said = msgspec.structs.asdict(changes)
        told = {name: one for name, one in said.items() if one is not None and name != "drops_left_out"}
        told |= {"collection_ids": collection_ids, "version": text.version + 1}
        if changes.max_tokens == 0:
            told["max_tokens"] = None
        return _checked(msgspec.structs.replace(text, **told))

    def _version(self, record: Record) -> int:
        return text_of(record).version

    async def _seen(self, person: Person, found: Sequence[Found]) -> Sequence[Assistant]:
        """Return assistants as far as a person may see them: their collections are looked up together."""
        texts = [text_of(record) for record, _ in found]
        askable, there = await self._collections(person, [one for text in texts for one in text.collection_ids])
        models = [name for name in (await self._models.catalog(person)).names if may_use_model(person, name)]
        shown: list[Assistant] = []
        for (record, right), text in zip(found, texts, strict=True):
            standing = _standing(text.collection_ids, askable, there)
            may_use = right >= Right.USE
            lacks_model = bool(text.model) and text.model not in models
            shown.append(
                Assistant(
                    id=record.id,
                    name=text.name,
                    description=text.description,
                    instructions=text.instructions if may_use else "",
                    model="" if lacks_model else text.model,
                    lacks_model=lacks_model,
                    collections=standing.collections,
                    collections_left_out=standing.left_out,
                    starters=text.starters if may_use else (),
                    reasoning_effort=text.reasoning_effort,
                    max_tokens=text.max_tokens,
                    is_thorough=text.is_thorough,
                    version=text.version,
                    updated_at=record.updated_at,
                    right=NAMES[right],
                    is_mine=record.owner_id == person.id,
                    is_askable=may_use and not lacks_model and bool(standing.collections or not text.collection_ids),
                )
            )
        return shown

    async def _collections(self, person: Person, ids: Sequence[str]) -> tuple[Mapping[str, str], Sequence[str]]:
        """Return the names of those of these collections that a person may ask, by their ids, and those that exist."""
        if not ids:
            return {}, ()
        wanted = list(dict.fromkeys(ids))
        reader = await self._access.reader(person)
        found = await self._library.named_collections(reader=reader, ids=wanted)
        may = {one.id: one.name for one in found if one.right >= Right.USE and not is_of_chat(one)}
        askable = {one: name for one, name in may.items() if may_use_collection(person, one)}
        if len(askable) == len(wanted):
            return askable, wanted
        return askable, [one.id for one in await self._library.named_collections(ids=wanted)]


def text_of(record: Record) -> AssistantText:
    """Return what is kept of an assistant."""
    return msgspec.json.decode(record.about, type=AssistantText)


def _standing(ids: Sequence[str], askable: Mapping[str, str], there: Sequence[str]) -> Standing:
    asked = tuple(NamedCollection(one, askable[one]) for one in ids if one in askable)
    return Standing(asked, sum(one in there for one in ids) - len(asked))


def _checked(text: AssistantText) -> AssistantText:
    name, description = " ".join(text.name.split()), text.description.strip()
    starters = tuple(one for starter in text.starters if (one := " ".join(starter.split())))
    if not 0 < len(name) <= NAME_CHARACTERS:
        raise Invalid(f"An assistant's name has 1 to {NAME_CHARACTERS} characters.")
    if len(description) > DESCRIPTION_CHARACTERS:
        raise Invalid(f"An assistant's description has at most {DESCRIPTION_CHARACTERS} characters. Shorten it.")
    if len(starters) > MOST_STARTERS or any(len(one) > STARTER_CHARACTERS for one in starters):
        raise Invalid(
            f"An assistant has at most {MOST_STARTERS} questions to begin with, of at most {STARTER_CHARACTERS} "
            "characters each."
        )
    if len(text.collection_ids) > MOST_COLLECTIONS:
        raise Invalid(f"An assistant has at most {MOST_COLLECTIONS} collections. Leave some out.")
    if not _EFFORT.fullmatch(text.reasoning_effort):
        raise Invalid("The effort of reasoning is a word such as low, medium or high.")
    if text.max_tokens is not None and not 0 < text.max_tokens <= MOST_TOKENS:
        raise Invalid(f"The length of answers is 1 to {MOST_TOKENS:,} tokens.")
    instructions = checked_instructions(text.instructions)
    return replace(text, name=name, description=description, instructions=instructions, starters=starters)
