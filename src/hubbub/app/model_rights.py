"""Decide which models a person may use: a model that is not for them does not exist for them, at any door."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from msgspec.structs import replace

from hubbub.app.own_groups import OwnGroups
from hubbub.core.errors import NotFound
from hubbub.core.people import EVERYBODY, GROUP, Group, Person, reader_of
from hubbub.core.questions import Question
from hubbub.models.catalog import Catalog

Models: TypeAlias = Catalog
"""Those that a person may use."""
SharedWith: TypeAlias = Mapping[str, Collection[str]]
"""Who may use a model, by its name: subjects, as permissions have them; groups that are kept here by name or id."""

MOST_KNOWN = 10_000


class _Rights(NamedTuple):
    """What a person may use, who is in these groups."""

    person: Person
    groups: Sequence[Group]
    subjects: Collection[str]
    catalog: Models


class ModelRights:
    """The models, as far as each person may use them. Operators may use all."""

    def __init__(self, catalog: Catalog, shared_with: SharedWith, groups: OwnGroups) -> None:
        """Take all models, and who may use them: everybody may use those that are not named."""
        self._catalog = catalog
        self._groups = groups
        self._shared_with = {
            name: frozenset(map(_key, subjects)) for name, subjects in shared_with.items() if EVERYBODY not in subjects
        }
        self._have_groups = any(one.startswith(GROUP) for subjects in self._shared_with.values() for one in subjects)
        self._rights: dict[tuple[str, str], _Rights] = {}
        """By person and key, as they were the last time."""

    async def catalog(self, person: Person) -> Models:
        """Return the models that a person may use, in order of preference. What an API key allows is not asked here."""
        if not self._shared_with or person.is_operator:
            return self._catalog
        return (await self._look_up(person)).catalog

    async def check(self, person: Person, question: Question) -> None:
        """Return if the model that a question names, if any, is there for a person.

        Raises:
            NotFound: it is not.
        """
        if question.model:
            (await self.catalog(person)).get(question.model)

    async def settle(self, person: Person, question: Question) -> Question:
        """Return a question so that a model of the asker's answers, also where it names none.

        Raises:
            NotFound: the model is not there for them, or none is that could chat.
        """
        catalog = await self.catalog(person)
        if question.model:
            catalog.get(question.model)
            return question
        if len(catalog.names) == len(self._catalog.names):  # what the engine chooses is among them
            return question
        usual = catalog.writer() if question.collection_ids else catalog.default
        if usual is not None:
            return replace(question, model=usual.card.name)
        if question.collection_ids:
            return replace(question, quotes_only=True)
        raise NotFound("There is no model here that you may use. Ask the operator for one.", code="no_model")

    def holding(self, person: Person, model: str) -> Callable[[], Awaitable[bool]] | None:
        """Return what tells whether a person may still use a model; None where it needs no right."""
        if model not in self._shared_with or person.is_operator:
            return None

        async def holds() -> bool:
            return self._is_for((await self._look_up(person)).subjects, model)

        return holds

    def _is_for(self, subjects: Collection[str], model: str) -> bool:
        return model not in self._shared_with or not self._shared_with[model].isdisjoint(subjects)

    async def _look_up(self, person: Person) -> _Rights:
        groups = await self._groups.of(person.id) if self._have_groups else ()
        place = (person.id, person.key)
        rights = self._rights.get(place)
        if rights is None or (rights.person, rights.groups) != (person, groups):
            rights = self._rights[place] = self._rights_of(person, groups)
            if len(self._rights) > MOST_KNOWN:
                del self._rights[next(iter(self._rights))]
        return rights

    def _rights_of(self, person: Person, groups: Sequence[Group]) -> _Rights:
        names = (key for one in groups for key in (GROUP + one.id, _key(GROUP + one.name)))
        subjects = frozenset((*reader_of(person).subjects, *names))
        catalog = self._catalog.among([name for name in self._catalog.names if self._is_for(subjects, name)])
        return _Rights(person, groups, subjects, catalog)


def _key(subject: str) -> str:
    return subject.casefold() if subject.startswith(GROUP) else subject
