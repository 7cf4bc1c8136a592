"""Say who asks a question, to what counts usage, and of answers that other workers began."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from hubbub.answers.base import Found
from hubbub.app.own_groups import OwnGroups
from hubbub.core.errors import SearchError, StoreError
from hubbub.core.lasting import Lasting
from hubbub.core.people import GROUP, GUEST_ID, OPERATOR, OPERATOR_ID, Group, Person
from hubbub.identity.cookies import is_of_browser
from hubbub.usage.base import Asker
from hubbub.usage.quotas import counted_claim

MOST_KNOWN = 10_000
logger = logging.getLogger(__name__)


class _Known(NamedTuple):
    """For whom is recorded what a person uses who is in these groups."""

    person: Person
    groups: Sequence[Group]
    asker: Asker


class Askers:
    """Knows for whom usage is recorded: people with the groups that they are in at that moment."""

    def __init__(self, groups: OwnGroups) -> None:
        self._groups = groups
        self._known: dict[tuple[str, str], _Known] = {}
        """By person and key, as they were the last time."""
        self._unknown = Lasting(logger)

    async def of(self, person: Person) -> Asker:
        """Return for whom what a person uses is recorded.

        Where groups can't be looked up, they are as they were known: a chat needs nothing of the library.
        """
        place = (person.id, person.key)
        known = self._known.get(place)
        try:
            groups = await self._groups.of(person.id)
        except (StoreError, SearchError) as error:
            self._unknown.met("It can't be looked up who is in which group", error.for_operators)
            groups = known.groups if known is not None else ()
        else:
            self._unknown.over()
        if known is None or (known.person, known.groups) != (person, groups):
            known = self._known[place] = _Known(person, groups, _asker_of(person, groups))
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]
        return known.asker

    async def of_found(self, found: Found) -> Asker:
        """Return the same of an answer that another worker began: what a sign-in named is not stored with it."""
        return await self.of(replace(owner_of(found.owner_id), key=found.credential or ""))


def owner_of(person_id: str) -> Person:
    """Return who asked a question that another worker took in, as far as that is known here."""
    if person_id == OPERATOR_ID:
        return OPERATOR
    return Person(person_id, known_by="nothing" if person_id == GUEST_ID or is_of_browser(person_id) else "account")


def asker_of_found(found: Found) -> Asker:
    """Return for whom an answer is recorded that another worker began, as far as that was stored with it."""
    return Asker(found.owner_id, found.credential or "")


def _asker_of(person: Person, groups: Sequence[Group]) -> Asker:
    own = tuple(sorted((GROUP + one.id, one.name) for one in groups))
    claimed = (counted_claim(one) for one in sorted(person.groups))
    bounds = person.limits.quota if person.limits is not None else ()
    return Asker(person.id, person.key, (*(subject for subject, _ in own), *claimed), bounds, own)
