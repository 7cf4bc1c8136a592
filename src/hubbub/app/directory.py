"""Tell whether an id names a person here: what is done to somebody, or given to them, needs somebody."""

import math
from collections.abc import Iterable

from hubbub.core.errors import NotFound
from hubbub.core.people import GUEST_ID, OPERATOR_ID, PERSON, Person, is_subject
from hubbub.core.reasons import because
from hubbub.identity.base import Keys, People
from hubbub.identity.cookies import WasKnown, is_of_browser


class Directory:
    """Who can be named, whether they have signed in yet or not.

    That are accounts, those whom a provider has brought or announced, and programs with a key, also one that is
    revoked. Nobody keeps a list of browsers: whatever has the form of a browser's id can be one. To operators those
    can be named, too, who have kept something here in other times.
    """

    def __init__(
        self,
        people: People | None = None,
        keys: Keys | None = None,
        was_known: WasKnown | None = None,
        *,
        is_complete: bool = False,
    ) -> None:
        """Take where people are listed; not complete: an application around Hubbub knows others, by ids of any form."""
        self._people = people
        self._keys = keys
        self._was_known = was_known
        self._is_complete = is_complete

    async def check(self, by: Person, person_ids: Iterable[str]) -> None:
        """Return if each of these ids is somebody's, as far as that is known to who names them.

        Raises:
            NotFound: one is nobody's. It says the same of an e-mail, whoever has that.
        """
        for person_id in await self._without_keys(dict.fromkeys(person_ids)):
            if not await self._is_somebody(by, person_id):
                raise NotFound(because("nobody_named", id=person_id[:100]), code="nobody_named")

    async def _without_keys(self, person_ids: Iterable[str]) -> list[str]:
        """Return those that are no program's."""
        left = [one for one in person_ids if one not in (GUEST_ID, OPERATOR_ID) and not is_of_browser(one)]
        if not left or self._keys is None:
            return left
        programs = {key.person_id for key in await self._keys.keys()}
        return [one for one in left if one not in programs]

    async def _is_somebody(self, by: Person, person_id: str) -> bool:
        if not self._is_complete:
            return is_subject(PERSON + person_id)
        if self._people is not None and await self._people.find(person_id) is not None:
            return True
        return by.is_operator and self._was_known is not None and await self._was_known(person_id, math.inf)
