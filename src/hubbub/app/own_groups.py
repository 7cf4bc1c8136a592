"""Look up in which of the groups that were made here somebody is: once for a request, whatever asks for it."""

import time
from collections.abc import Sequence
from contextvars import ContextVar
from typing import NamedTuple

from hubbub.core.people import GUEST_ID, Group
from hubbub.identity.deeds import Acting, acting
from hubbub.search.base import Groups

SAME_SECONDS = 0.1
"""So long one request, which asks several times, goes by the groups that it found first."""


class _Found(NamedTuple):
    """What one request has found, and when."""

    request: Acting
    by: "OwnGroups"
    person_id: str
    at: float
    groups: Sequence[Group]


_found: ContextVar[_Found | None] = ContextVar("groups", default=None)


class OwnGroups:
    """Knows who is in which of the groups that were made here."""

    def __init__(self, store: Groups) -> None:
        self._store = store

    async def of(self, person_id: str) -> Sequence[Group]:
        """Return the groups that somebody is in. What a request begins keeps its context, and so looks anew."""
        if person_id == GUEST_ID:  # which is everybody without a credential, and so in none
            return ()
        request, found = acting.get(), _found.get()
        if (
            found is not None
            and found.request is request
            and found.by is self
            and found.person_id == person_id
            and time.monotonic() - found.at < SAME_SECONDS
        ):
            return found.groups
        groups = await self._store.groups(person_id)
        if request is not None:
            _found.set(_Found(request, self, person_id, time.monotonic(), groups))
        return groups
