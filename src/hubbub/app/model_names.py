"""Read what programs call a model: `MODEL` chats, `MODEL+search` and `MODEL+COLLECTION` answer from documents.

`assistant:NAME` is an assistant, by its name in any case or by its id.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import msgspec

from hubbub.app.access import is_listed, whose_first
from hubbub.app.assistants import Assistant
from hubbub.core.documents import Collection
from hubbub.core.errors import NotFound
from hubbub.core.people import Person

SEARCH = "search"
"""Stands for all collections that a person may see."""
ASSISTANT = "assistant:"
"""What the name of an assistant begins with."""
CODE = "model_not_found"
LISTED_COLLECTIONS = 50
"""So many collections are listed with each model; each that there is can be named."""
TOLD_NAMES = 12
TOLD_CHARACTERS = 100
MOST_CHARACTERS = 1000
"""No name is longer: how one is read takes the square of its plus signs."""


class Asked(msgspec.Struct, frozen=True):
    """What a name stands for: a model (None: whichever writes over documents), and the collections that it reads."""

    model: str | None
    collection_ids: tuple[str, ...] = ()
    assistant_id: str = ""
    """The assistant that it is; empty: none. Its model and collections are settled when it is asked."""


class Listed(msgspec.Struct, frozen=True):
    """A name that can be asked for. The time is in seconds since the epoch, 0 where there is none."""

    name: str
    owned_by: str
    created_at: float = 0.0


class ModelNames:
    """The names of models and of the collections that one person may see.

    A collection goes by its name in any case, one's own before those of others, or by its id. All
    names may hold spaces and plus signs: a model's whole name wins, then the longest one before a plus.
    """

    def __init__(
        self,
        models: Sequence[str],
        collections: Sequence[Collection],
        person: Person,
        assistants: Sequence[Assistant] = (),
    ) -> None:
        """Take the models, the default one first, and the collections and the assistants that the person may use."""
        self._models = tuple(models)
        self._collections = sorted(
            (one for one in collections if is_listed(person, one)),
            key=lambda one: whose_first(person, one),
        )
        # The first of a name is put in last, and stays; ids go last, so that no name stands in for one.
        self._by_word: dict[str, tuple[str, ...]] = {_word(one.name): (one.id,) for one in reversed(self._collections)}
        self._by_word |= {one.id: (one.id,) for one in collections}
        if self._collections:
            self._by_word[SEARCH] = tuple(one.id for one in self._collections)
        self._assistants = sorted(
            (one for one in assistants if one.right != "see"), key=lambda one: (not one.is_mine, one.id)
        )
        self._assistant_by_word = {_word(one.name): one for one in reversed(self._assistants)}
        self._assistant_by_word |= {one.id: one for one in self._assistants}

    def read(self, name: str) -> Asked:
        """Return what a name stands for.

        Raises:
            NotFound: nothing, for this person; the code is "model_not_found", and the message lists what there is.
        """
        if (asked := self._meaning(name)) is not None:
            return asked
        raise NotFound(self._refusal(name), code=CODE)

    def listed(self) -> list[Listed]:
        """Return the names to choose from, the default model first: a bounded number for each model."""
        models = [Listed(name, "hubbub") for name in self._models]
        over = [one for name in self._models or ("",) for one in self._over_documents(name)]
        return [*models, *self._assistant_names(), *over]

    def find(self, name: str) -> Listed:
        """Return a name that can be asked for, as it would be listed.

        Raises:
            NotFound: as `read` does.
        """
        asked = self.read(name)
        if asked.assistant_id:
            return Listed(name.strip(), "hubbub", self._assistant_by_word[asked.assistant_id].updated_at)
        chosen = [one for one in self._collections if asked.collection_ids == (one.id,)]
        return Listed(name.strip(), "hubbub", chosen[0].created_at if chosen else 0.0)

    def _assistant_names(self) -> Iterator[Listed]:
        for one in self._assistants:
            if not one.is_askable:
                continue
            is_itself = self._meaning(ASSISTANT + one.name) == Asked(None, assistant_id=one.id)
            yield Listed(ASSISTANT + (one.name if is_itself else one.id), "hubbub", one.updated_at)

    def _over_documents(self, model: str) -> Iterator[Listed]:
        if self._collections:
            yield Listed(f"{model}+{SEARCH}", "hubbub")
        for one in self._collections[:LISTED_COLLECTIONS]:
            is_itself = self._meaning(f"{model}+{one.name}") == Asked(model or None, (one.id,))
            yield Listed(f"{model}+{one.name if is_itself else one.id}", "hubbub", one.created_at)

    def _meaning(self, name: str) -> Asked | None:
        if len(name) > MOST_CHARACTERS:
            return None
        name = name.strip()
        if name in self._models:
            return Asked(name)
        if is_assistant(name):
            assistant = self._assistant_by_word.get(_word(name[len(ASSISTANT) :]))
            return None if assistant is None else Asked(None, assistant_id=assistant.id)
        if _word(name) == SEARCH and self._collections:
            return Asked(None, self._by_word[SEARCH])
        for place in reversed([place for place, letter in enumerate(name) if letter == "+"]):
            model = name[:place].strip()
            found = self._by_word.get(_word(name[place + 1 :]))
            if found and (not model or model in self._models):
                return Asked(model or None, found)
        return None

    def _refusal(self, name: str) -> str:
        models = [repr(one) for one in self._models]
        first = self._models[0] if self._models else ""
        there = list(islice(chain(models, (repr(one.name) for one in self._over_documents(first))), TOLD_NAMES + 1))
        told = ", ".join(there[:TOLD_NAMES]) or "nothing"
        more = " and more" if len(there) > TOLD_NAMES else ""
        shown = name if len(name) <= TOLD_CHARACTERS else f"{name[:TOLD_CHARACTERS]}…"
        return f"There is no model named {shown!r} here. There is: {told}{more}. GET /v1/models lists what there is."


def is_assistant(name: str) -> bool:
    """Tell whether a name that is no model's is that of an assistant."""
    return name.strip().casefold().startswith(ASSISTANT)


def _word(name: str) -> str:
    return " ".join(name.split()).casefold()
