"""Let a provider's SCIM client say who is here and in which groups: what it says, without how it says it."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from hubbub.app.accounts import Accounts
from hubbub.core.errors import Invalid, NotSignedIn
from hubbub.core.provisioned_groups import ChangeGroup, ProvisionedGroup, ProvisionedGroups, WantedGroups, no_group
from hubbub.identity.deeds import Deeds
from hubbub.identity.provisioned import Change, Provisioned, ProvisionedStore, Said, Wanted, no_user
from hubbub.search.base import Groups

ACTOR = "scim"
"""Who acts, as the audit names it: followed by a colon and the provider's name. Nobody's id has a colon."""
SUBJECT_CHARACTERS = 256
WRONG_TOKEN = "Send the token of SCIM that is set for this provider, as `Authorization: Bearer …`."  # noqa: S105
_NAMES = {"externalId": "external_id", "userName": "user_name"}


@dataclass(frozen=True)
class Source:
    """A provider whose SCIM client is let in."""

    provider: str
    known_by: Literal["externalId", "userName"] = "externalId"
    """The attribute that holds the subject by which people are known when they sign in there."""

    @property
    def actor(self) -> str:
        """Who acts, as the audit names it."""
        return f"{ACTOR}:{self.provider}"

    def subject_of(self, said: Said) -> str:
        """Return the subject by which the provider signs this person in."""
        return str(getattr(said, _NAMES[self.known_by]))


class Provisioning:
    """The people and groups of one provider's SCIM client. Others are not there for it."""

    def __init__(
        self,
        source: Source,
        people: ProvisionedStore,
        groups: ProvisionedGroups,
        all_groups: Groups,
        accounts: Accounts,
        on_deleted: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """Take what is done behind a group, by its id, when that is deleted."""
        self.source = source
        self._people = people
        self._groups = groups
        self._all_groups = all_groups
        self._accounts = accounts
        self._deeds = accounts.deeds
        self._on_deleted = on_deleted

    async def find(self, person_id: str) -> Provisioned | None:
        """Return a person whom this provider has provisioned."""
        return await self._people.find(person_id)

    async def person(self, person_id: str) -> Provisioned:
        """Return a person.

        Raises:
            NotFound: there is none whom this provider has provisioned.
        """
        if (found := await self.find(person_id)) is None:
            raise no_user()
        return found

    async def people(self, wanted: Wanted, offset: int, limit: int) -> tuple[int, Sequence[Provisioned]]:
        """Return how many there are of those that are wanted, and some of them."""
        return await self._people.page(wanted, offset, limit)

    async def add_person(self, said: Said, *, is_active: bool) -> Provisioned:
        """Add a person, or take over the one whom this provider has signed in already.

        Raises:
            Invalid: nothing says what they are known by.
            Conflict: something that has to be their own is somebody else's, or nobody could operate the server.
        """
        subject = self._checked(said)
        async with self._deeds.doing("person provisioned", detail=self._told(subject, is_active=is_active)) as doing:
            added = await self._people.add(said, subject, is_active=is_active)
            doing.of = added.id
        await self._accounts.note_active(added.id, is_active)
        return added

    async def change_person(self, person_id: str, change: Change) -> Provisioned:
        """Change a person; who is disabled is signed out everywhere, and keeps their things.

        Raises:
            NotFound: there is none whom this provider has provisioned.
            Invalid, Conflict: as `add_person` does.
        """
        before = await self.person(person_id)
        if change(before) == before:  # nothing is done, and nothing recorded
            return before
        async with self._deeds.doing("provisioned person changed", of=person_id) as doing:

            def changed(before: Provisioned) -> Provisioned:
                after = change(before)
                subject = self._checked(after.said)
                if after.is_active != before.is_active:
                    doing.deed = "enabled" if after.is_active else "disabled"
                doing.detail = self._told(subject, is_active=after.is_active)
                return after

            after = await self._people.change(person_id, changed, self.source.subject_of)
        await self._accounts.note_active(person_id, after.is_active)
        return after

    async def remove_person(self, person_id: str) -> None:
        """Disable a person, take them out of this provider's groups, and forget what it said. They keep their things.

        Raises:
            NotFound: there is none whom this provider has provisioned.
            Conflict: they are the last operator.
        """
        if (await self.person(person_id)).is_active:
            await self._accounts.set_active(None, person_id, False)
        async with self._deeds.doing("taken out of provisioned groups", of=person_id):
            await self._groups.drop_person(person_id)
        async with self._deeds.doing("provisioned person removed", of=person_id):
            await self._people.drop(person_id)

    async def group(self, group_id: str, *, with_members: bool = True) -> ProvisionedGroup:
        """Return a group.

        Raises:
            NotFound: there is none that this provider has provisioned.
        """
        if (found := await self._groups.find(group_id, with_members=with_members)) is None:
            raise no_group()
        return found

    async def groups(
        self, wanted: WantedGroups, offset: int, limit: int, *, with_members: bool = True
    ) -> tuple[int, Sequence[ProvisionedGroup]]:
        """Return how many there are of those that are wanted, and some of them."""
        return await self._groups.page(wanted, offset, limit, with_members=with_members)

    async def add_group(self, name: str, external_id: str, members: Sequence[str]) -> ProvisionedGroup:
        """Make a group, that rights can be given to.

        Raises:
            Invalid: it can't be a name, or a member is not provisioned.
            Conflict: another group has the name.
        """
        await self._check_members(members)
        async with self._deeds.doing("group provisioned", detail=f"{name}, {len(members)} members") as doing:
            made = await self._groups.add(name, external_id, members)
            doing.of = made.id
        return made

    async def change_group(self, group_id: str, change: ChangeGroup) -> ProvisionedGroup:
        """Change a group: rights by it begin and end with that.

        Raises:
            NotFound: there is none that this provider has provisioned.
            Invalid, Conflict: as `add_group` does.
        """
        before = await self.group(group_id)
        after = change(before)
        if after == before:
            return before
        await self._check_members(set(after.members) - set(before.members))
        async with self._deeds.doing("provisioned group changed", of=group_id) as doing:

            def changed(before: ProvisionedGroup) -> ProvisionedGroup:
                after = change(before)
                doing.detail = _changes(before, after)
                return after

            return await self._groups.change(group_id, changed)

    async def remove_group(self, group_id: str) -> None:
        """Delete a group; what it was given it has no more.

        Raises:
            NotFound: there is none that this provider has provisioned.
        """
        group = await self.group(group_id, with_members=False)
        async with self._deeds.doing("group deleted", of=group_id, detail=group.name):
            await self._all_groups.delete(group_id)
        if self._on_deleted is not None:
            await self._on_deleted(group_id)

    async def _check_members(self, members: Collection[str]) -> None:
        unknown = set(members) - await self._people.known(members) if members else set[str]()
        if unknown:
            raise Invalid(f"There is no user {min(unknown)[:100]!r} who could be a member. Provision them first.")

    def _checked(self, said: Said) -> str:
        subject = self.source.subject_of(said)
        if not subject.strip() or len(subject) > SUBJECT_CHARACTERS:
            raise Invalid(
                f"{self.source.known_by} is needed, with at most {SUBJECT_CHARACTERS} characters: by it the person is "
                "known when they sign in."
            )
        return subject

    def _told(self, subject: str, *, is_active: bool) -> str:
        return f"{subject} of {self.source.provider}, {'active' if is_active else 'not active'}"


class Provisioners:
    """The providers whose SCIM clients are let in, each by a token of its own."""

    def __init__(self, by_token: Sequence[tuple[str, Provisioning]], deeds: Deeds) -> None:
        self._by_digest = [(_digest(token), one) for token, one in by_token]
        self._deeds = deeds

    async def said_of(self, person_id: str) -> dict[str, Said]:
        """Return what providers have told of a person, by their names."""
        found = {one.source.provider: await one.find(person_id) for _, one in self._by_digest}
        return {name: person.said for name, person in found.items() if person is not None}

    async def let_in(self, token: str, *, address: Callable[[], str]) -> Provisioning:
        """Return what a token opens.

        Raises:
            NotSignedIn: nothing.
        """
        digest, found = _digest(token), None
        for known, one in self._by_digest:  # all are compared, each in constant time
            if hmac.compare_digest(known, digest):
                found = one
        if found is None:
            if token:
                await self._deeds.note("scim", by="", where=address(), outcome="refused", detail="wrong token")
            raise NotSignedIn(WRONG_TOKEN)
        return found


def _changes(before: ProvisionedGroup, after: ProvisionedGroup) -> str:
    were, are = set(before.members), set(after.members)
    told = [f"named {after.name}"] if after.name != before.name else []
    told += [f"{len(are - were)} added: {', '.join(sorted(are - were))}"] if are - were else []
    told += [f"{len(were - are)} removed: {', '.join(sorted(were - are))}"] if were - are else []
    return "; ".join(told)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
