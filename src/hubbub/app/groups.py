"""Keep groups of people: operators make them, operators and their managers say who is in them."""

from collections.abc import Awaitable, Callable, Sequence

from hubbub.app.directory import Directory
from hubbub.core.errors import Invalid, NotAllowed, NotFound
from hubbub.core.people import GUEST_ID, PERSON, Group, Member, Person, is_subject
from hubbub.identity.deeds import Deeds
from hubbub.search.base import Groups as GroupStore


class Groups:
    """The groups that are kept here. Who is not in one, and no operator, doesn't know that it is there."""

    def __init__(
        self,
        store: GroupStore,
        deeds: Deeds | None = None,
        directory: Directory | None = None,
        on_deleted: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """Take what is done behind a group, by its id, when that is deleted."""
        self._store = store
        self._deeds = deeds or Deeds()
        self._directory = directory or Directory()
        self._on_deleted = on_deleted

    async def list(self, person: Person) -> Sequence[Group]:
        """Return the groups that a person is in; to operators all."""
        if person.id == GUEST_ID:
            return []
        return await self._store.groups(None if person.is_operator else person.id)

    async def make(self, person: Person, name: str) -> Group:
        """Make a group.

        Raises:
            NotAllowed: they are no operator.
            Conflict: there is one of that name.
            Invalid: it can't be a name.
        """
        if not person.is_operator:
            raise NotAllowed("Only an operator may make groups. `hubbub groups add` does it on the machine itself.")
        async with self._deeds.doing("group made", by=person, detail=name) as doing:
            made = await self._store.create(name)
            doing.of = made.id
        return made

    async def delete(self, person: Person, group_id: str) -> None:
        """Delete a group; what it was given it has no more.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: they don't manage it.
        """
        group = await self._managed(person, group_id)
        async with self._deeds.doing("group deleted", by=person, of=group_id, detail=group.name):
            await self._store.delete(group_id)
        if self._on_deleted is not None:
            await self._on_deleted(group_id)

    async def members(self, person: Person, group_id: str) -> Sequence[Member]:
        """Return a group's members.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: they don't manage it.
        """
        await self._managed(person, group_id)
        return await self._store.members(group_id)

    async def put_member(self, person: Person, group_id: str, member: Member) -> None:
        """Make somebody a member, or change what they are in the group.

        Raises:
            NotFound: there is no such group for this person, or nobody of such an id.
            NotAllowed: they don't manage it.
            Invalid: the member's id can't be a person's.
        """
        await self._managed(person, group_id)
        if not is_subject(PERSON + member.person_id):
            raise Invalid("This can't be a person's id. `/api/me` tells everybody their own.")
        await self._directory.check(person, [member.person_id])
        detail = f"{member.person_id} as {'a manager' if member.is_manager else 'a member'}"
        async with self._deeds.doing("member put into a group", by=person, of=group_id, detail=detail):
            await self._store.put_member(group_id, member)

    async def remove_member(self, person: Person, group_id: str, person_id: str) -> None:
        """Take somebody out of a group, or leave it oneself. Their rights by it end with that.

        Raises:
            NotFound: there is no such group for this person, or no member and nobody else of such an id.
            NotAllowed: they don't manage it, and it is not themselves.
        """
        await (self._known if person_id == person.id else self._managed)(person, group_id)
        if all(one.person_id != person_id for one in await self._store.members(group_id)):
            await self._directory.check(person, [person_id])
        async with self._deeds.doing("member taken out of a group", by=person, of=group_id, detail=person_id):
            await self._store.remove_member(group_id, person_id)

    async def forget_person(self, person_id: str) -> None:
        """Take somebody out of all groups, and all that they were given: whoever deletes a person calls this."""
        await self._store.drop_person(person_id)

    async def _known(self, person: Person, group_id: str) -> Group:
        for group in await self.list(person):
            if group.id == group_id:
                return group
        raise NotFound("There is no such group.")

    async def _managed(self, person: Person, group_id: str) -> Group:
        group = await self._known(person, group_id)
        if not (person.is_operator or group.is_managed):
            raise NotAllowed("Only an operator, or somebody who manages this group, may do that.")
        return group
