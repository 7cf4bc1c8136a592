"""List, make, rename, share and delete a person's collections."""

from collections.abc import Sequence

from msgspec.structs import replace

from hubbub.app.access import Access, is_listed, whose_first
from hubbub.app.giving import Giving, changes_of
from hubbub.core.documents import Collection
from hubbub.core.errors import NotFound
from hubbub.core.identifiers import is_id
from hubbub.core.people import Permission, Person, Right, reader_of
from hubbub.core.reasons import because
from hubbub.core.scopes import may_use_collection
from hubbub.identity.deeds import Deeds
from hubbub.ingest.pipeline import Pipeline
from hubbub.search.base import Library

TOLD_NAMES = 12
TOLD_CHARACTERS = 100


class Collections:
    """The collections of people, and those that are shared with them."""

    def __init__(
        self,
        access: Access,
        library: Library,
        pipeline: Pipeline,
        giving: Giving | None = None,
        deeds: Deeds | None = None,
    ) -> None:
        self._deeds = deeds or Deeds()
        self._access = access
        self._library = library
        self._pipeline = pipeline
        self._giving = giving or Giving(library.groups)

    async def list(self, person: Person) -> Sequence[Collection]:
        """Return the collections that a person may see: their own and those shared with them."""
        found = await self._library.collections(reader=reader_of(person))
        return [one for one in found if is_listed(person, one) and may_use_collection(person, one.id)]

    async def named(self, person: Person) -> Sequence[Collection]:
        """Return those that they may use, without their counts, at a cost that does not depend on what they hold."""
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
        async with self._deeds.doing("collection made", by=person, detail=name) as doing:
            made = await self._library.create(name, owner_id=person.id, is_shared=False, description=description)
            doing.of = made.id
        return replace(made, right=Right.MANAGE)

    async def rename(self, person: Person, collection_id: str, name: str) -> Collection:
        """Give a collection another name, and return it as it is now.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is not theirs to manage.
            Conflict: its owner has another one of that name.
            Invalid: the name is empty or too long.
        """
        collection = await self._access.collection(person, collection_id, Right.MANAGE)
        detail = f"{collection.name} → {name}"
        async with self._deeds.doing("collection renamed", by=person, of=collection_id, detail=detail):
            renamed = await self._library.change(collection_id, name=name)
        if renamed is None:
            raise NotFound(because("collection_gone"))
        return replace(renamed, right=collection.right)

    async def permissions(self, person: Person, collection_id: str) -> Sequence[Permission]:
        """Return who may do what with a collection, beside its owner and operators.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is not theirs to share.
        """
        await self._access.collection(person, collection_id, Right.MANAGE)
        return await self._library.permissions.of(collection_id)

    async def share(
        self, person: Person, collection_id: str, permissions: Sequence[Permission]
    ) -> Sequence[Permission]:
        """Say who may do what with a collection, in place of what was said before, and return it.

        What is open over it ends within a second for those who may use it no more.

        Raises:
            NotFound: there is no such collection, no such group for this person, or nobody of such an id.
            NotAllowed: it is not theirs to share, or nothing vouches for them and it would be shared with everybody.
            Invalid: somebody can't be given rights, or is named twice.
        """
        await self._access.collection(person, collection_id, Right.MANAGE)
        before = await self._library.permissions.of(collection_id)
        await self._giving.check(person, before, permissions, "collection")
        detail = changes_of(before, permissions)
        async with self._deeds.doing("collection shared", by=person, of=collection_id, detail=detail):
            await self._library.permissions.put(collection_id, permissions)
        return await self._library.permissions.of(collection_id)

    async def delete(self, person: Person, collection_id: str) -> None:
        """Delete a collection with all its documents.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is somebody else's.
        """
        collection = await self._access.collection(person, collection_id, Right.MANAGE)
        async with self._deeds.doing("collection deleted", by=person, of=collection_id, detail=collection.name):
            await self._pipeline.remove_collection(collection_id)

    async def ids(self, person: Person, named: Sequence[str]) -> tuple[str, ...]:
        """Return the ids, each once, of collections that are named by id or by name; of a name one's own comes first.

        A name that none has is read in any case.

        Raises:
            NotFound: one of them is not there for this person; the message says which there are.
        """
        if not named:
            return ()
        listed = sorted(await self.named(person), key=lambda one: whose_first(person, one), reverse=True)
        ids = {one.name.casefold(): one.id for one in listed} | {one.name: one.id for one in listed}
        ids |= {one.id: one.id for one in listed}  # no name stands in for an id
        wanted = [ids.get(name) or ids.get(name.casefold(), name) for name in named]
        try:
            return await self._access.check_collections(person, wanted)
        except NotFound as error:
            unknown = [name for name, found in zip(named, wanted, strict=True) if found not in ids and not is_id(name)]
            if not unknown:
                raise
            raise NotFound(_no_collection(unknown[0], [one.name for one in reversed(listed)])) from error


def _no_collection(name: str, there: Sequence[str]) -> str:
    told = ", ".join(map(repr, there[:TOLD_NAMES])) or "none yet"
    more = " and more" if len(there) > TOLD_NAMES else ""
    shown = name if len(name) <= TOLD_CHARACTERS else f"{name[:TOLD_CHARACTERS]}…"
    return f"There is no collection {shown!r} here. There is: {told}{more}."
