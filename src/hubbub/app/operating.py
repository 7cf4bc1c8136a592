"""Show operators what they look after: names, sign-ins, collections with their jobs."""

from collections.abc import Collection as Several
from collections.abc import Sequence
from typing import NamedTuple

from hubbub.core.documents import Collection, Progress
from hubbub.core.people import CLAIM, GROUP, GUEST_ID, OPERATOR_ID
from hubbub.identity.base import Keys, People, SignIn
from hubbub.identity.sign_ins import SignIns
from hubbub.ingest.pipeline import Pipeline
from hubbub.search.base import Library

FIXED = {OPERATOR_ID: "The command line", GUEST_ID: "Guest", "": "Nobody known"}


class Kept(NamedTuple):
    """A collection, and how far its documents have come."""

    collection: Collection
    progress: Progress


class Operating:
    """What operators look at. Who may look is decided by who asks here."""

    def __init__(
        self,
        library: Library,
        pipeline: Pipeline,
        people: People | None = None,
        keys: Keys | None = None,
        sign_ins: SignIns | None = None,
    ) -> None:
        self._library = library
        self._pipeline = pipeline
        self._people = people
        self._keys = keys
        self._sign_ins = sign_ins

    async def is_operator(self, person_id: str) -> bool:
        """Tell whether somebody is an operator now; where nobody can sign in, that can't have changed."""
        if self._people is None:
            return True
        known = await self._people.find(person_id)
        return known is None or (known.is_operator and known.is_active)

    async def names(self, ids: Several[str]) -> dict[str, str]:
        """Return what people, keys, groups and collections are called, by their ids; those that are known."""
        found = {one: FIXED[one] for one in ids if one and one in FIXED}
        wanted = {one for one in ids if one} - found.keys()
        if self._people is not None:
            for one in wanted:
                if (person := await self._people.find(one)) is not None:
                    found[one] = person.name or person.email
        if self._keys is not None and wanted - found.keys():
            for key in await self._keys.keys():
                for one in wanted & {key.id, key.person_id} - found.keys():
                    found[one] = f"{key.name} (key)"
        if rest := wanted - found.keys():
            groups = {group.id: group.name for group in await self._library.groups.groups()}
            collections = {one.id: one.name for one in await self._library.named_collections(ids=list(rest))}
            for one in rest:
                plain = one.removeprefix(GROUP)
                if plain in groups or plain in collections:
                    found[one] = groups.get(plain, collections.get(plain, ""))
                elif one.startswith(CLAIM):
                    found[one] = one.removeprefix(CLAIM)
        return found

    async def collections(self, *, after: str = "", limit: int = 50) -> tuple[Sequence[Kept], str]:
        """Return collections in the order of their ids, from after one on, and where to go on: "" at the end."""
        every = sorted(await self._library.collections(), key=lambda one: one.id)
        page = [one for one in every if one.id > after][: limit + 1]
        kept = [Kept(one, await self._pipeline.progress(one.id)) for one in page[:limit]]
        return kept, page[limit - 1].id if len(page) > limit else ""

    async def sign_ins(self, *, after: str = "", limit: int = 50) -> tuple[Sequence[SignIn], str]:
        """Return all sign-ins in the order of their ids, from after one on, and where to go on: "" at the end."""
        if self._sign_ins is None:
            return [], ""
        return await self._sign_ins.page(after, limit)
