"""Say what a provider's SCIM client has told of groups, and what keeps that beside the groups themselves."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import msgspec

from hubbub.core.errors import Conflict, NotFound


class ProvisionedGroup(msgspec.Struct, frozen=True):
    """A group that a provider has provisioned; rights are given to it as to any other. Times: seconds of the epoch."""

    id: str
    name: str
    external_id: str
    created_at: float
    changed_at: float
    members: tuple[str, ...] = ()
    """Their ids as people; empty where they were not asked for."""


class WantedGroups(msgspec.Struct, frozen=True):
    """Which ones are listed: those that have all of these. Names are compared without regard to case."""

    id: str | None = None
    name: str | None = None
    external_id: str | None = None
    member: str | None = None
    """A person who is in them."""


class TakenGroup(Conflict):
    """Another group has the name or the provider's id."""

    code = "uniqueness"


ChangeGroup: TypeAlias = Callable[[ProvisionedGroup], ProvisionedGroup]
"""Returns a group as it is to be. It may be called again: it does nothing else."""


class ProvisionedGroups(Protocol):
    """Keeps the groups of one provider's SCIM client among all groups. Others are not there for it."""

    async def open(self) -> None:
        """Make the tables."""
        ...

    async def find(self, group_id: str, *, with_members: bool = True) -> ProvisionedGroup | None:
        """Return a group."""
        ...

    async def page(
        self, wanted: WantedGroups, offset: int, limit: int, *, with_members: bool = True
    ) -> tuple[int, Sequence[ProvisionedGroup]]:
        """Return how many there are of those that are wanted, and some of them, the oldest first."""
        ...

    async def add(self, name: str, external_id: str, members: Sequence[str]) -> ProvisionedGroup:
        """Make a group.

        Raises:
            TakenGroup: there is one of that name, or of that id at the provider.
            Invalid: it can't be a name.
        """
        ...

    async def change(self, group_id: str, change: ChangeGroup) -> ProvisionedGroup:
        """Change a group. Who stays in it stays what they were in it.

        Raises:
            NotFound: there is no such group.
            TakenGroup, Invalid: as `add` does.
        """
        ...

    async def drop_person(self, person_id: str) -> None:
        """Take a person out of all these groups."""
        ...


def no_group() -> NotFound:
    """Return the error that there is no such group."""
    return NotFound("There is no such group.")


def taken(name: str) -> TakenGroup:
    """Return the error that another group has a name."""
    return TakenGroup(f"There is a group named “{name}” here already. Give one of the two another name.")


SAME_EXTERNAL = "Another group here has this externalId."
