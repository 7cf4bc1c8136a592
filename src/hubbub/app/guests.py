"""Let somebody who signs in take along what they did on this browser as a guest."""

from collections.abc import Mapping

import msgspec

from hubbub.app.access import owner_ids
from hubbub.core.errors import NotFound
from hubbub.core.people import Person
from hubbub.identity.cookies import Cookies
from hubbub.identity.deeds import Deeds
from hubbub.identity.stores import GuestStore
from hubbub.search.base import Givable

NOTHING = "There is nothing to take along."


class GuestThings(msgspec.Struct):
    """How much a guest keeps here."""

    chats: int = 0
    collections: int = 0
    documents: int = 0
    sessions: int = 0
    """Chats that a page of others keeps here."""
    keys: int = 0


class Guests:
    """What guests did, and who takes it along.

    A guest is known by the browser's cookie alone, which nobody can make: so who sends it is who was the guest.
    What is in the file of the chats is given in one transaction, which notes that the library is to follow: its
    collections, and the files of chats. That is done again after a crash between them.
    """

    def __init__(self, store: GuestStore, library: Givable, cookies: Cookies, deeds: Deeds | None = None) -> None:
        self._deeds = deeds or Deeds()
        self._store = store
        self._library = library
        self._cookies = cookies

    async def offered(self, person: Person, headers: Mapping[str, str]) -> GuestThings:
        """Return what the person could take along who sends these headers."""
        guest_id = await self._guest(person, headers)
        if guest_id is None:
            return GuestThings()
        counts = await self._store.count(guest_id) | await self._library.count_kept(guest_id)
        return GuestThings(**counts)

    async def take(self, person: Person, headers: Mapping[str, str], *, address: str = "") -> GuestThings:
        """Make what the guest did on this browser the person's, and return how much that is.

        Raises:
            NotFound: there is nothing, or somebody else has taken it.
            Conflict: an answer of the guest's is still being written.
        """
        guest_id = await self._guest(person, headers)
        if guest_id is None:
            raise NotFound(NOTHING)
        kept = await self._library.count_kept(guest_id)
        async with self._deeds.doing("guest's things taken along", by=person, of=guest_id, where=address or None):
            counts = await self._store.begin(guest_id, person.id)
        await self._follow(guest_id, person.id)
        return GuestThings(**(counts | kept))

    async def resume(self) -> None:
        """Go on with what a crash has interrupted. Whoever serves calls it at the start."""
        for guest_id, person_id in await self._store.unfinished():
            await self._follow(guest_id, person_id)

    async def taken_by(self, person_id: str) -> list[str]:
        """Return the guests whose things a person took along."""
        return await self._store.taken_by(person_id)

    async def forget_person(self, person_id: str) -> int:
        """Forget that a person took anything along: whoever deletes a person calls this."""
        return await self._store.forget_person(person_id)

    async def _follow(self, guest_id: str, person_id: str) -> None:
        for giver_id, taker_id in zip(owner_ids(guest_id), owner_ids(person_id), strict=True):
            await self._library.give(giver_id, taker_id)
        await self._store.finish(guest_id, person_id)

    async def _guest(self, person: Person, headers: Mapping[str, str]) -> str | None:
        known = await self._cookies.find(headers)
        if known is None or known.person_id == person.id:
            return None
        taker = await self._store.taker(known.person_id)
        return known.person_id if taker in (None, person.id) else None
