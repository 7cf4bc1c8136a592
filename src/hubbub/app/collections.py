"""List, make and delete a person's collections."""

from collections.abc import Sequence

from hubbub.app.access import Access
from hubbub.core.documents import Collection
from hubbub.core.people import Person, may_list
from hubbub.ingest.pipeline import Pipeline
from hubbub.search.base import Library


class Collections:
    """The collections of people, and those that are shared with everybody."""

    def __init__(self, access: Access, library: Library, pipeline: Pipeline) -> None:
        self._access = access
        self._library = library
        self._pipeline = pipeline

    async def list(self, person: Person) -> Sequence[Collection]:
        """Return the collections that a person may search: their own and those shared with everybody."""
        collections = await self._library.collections()
        return [one for one in collections if may_list(person, one.owner_id, is_shared=one.is_shared)]

    async def named(self, person: Person) -> Sequence[Collection]:
        """Return the same collections without their counts, at a cost that does not depend on what they hold."""
        return await self._access.listed_collections(person)

    async def own(self, person: Person, name: str) -> Collection | None:
        """Return the person's own collection of this name."""
        listed = await self.named(person)
        return next((one for one in listed if one.name == name and one.owner_id == person.id), None)

    async def make(self, person: Person, name: str, description: str = "") -> Collection:
        """Make a collection of a person's own, which only they can see.

        Raises:
            Conflict: they have one of that name.
            Invalid: the name is empty or too long.
        """
        return await self._library.create(name, owner_id=person.id, is_shared=False, description=description)

    async def delete(self, person: Person, collection_id: str) -> None:
        """Delete a collection with all its documents.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is somebody else's.
        """
        await self._access.check_collection(person, collection_id, to_change=True)
        await self._pipeline.remove_collection(collection_id)

    async def ids(self, person: Person, named: Sequence[str]) -> tuple[str, ...]:
        """Return the ids, each once, of collections that are named by id or by name; of a name one's own comes first.

        Raises:
            NotFound: one of them is not there for this person.
        """
        if not named:
            return ()
        listed = sorted(await self.named(person), key=lambda one: one.owner_id == person.id)
        ids = {one.name: one.id for one in listed}
        return await self._access.check_collections(person, [ids.get(name, name) for name in named])
