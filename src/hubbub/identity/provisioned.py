"""Say what a provider's SCIM client has told of people, and what keeps that."""

import unicodedata
from collections.abc import Callable, Collection, Sequence
from typing import Protocol, TypeAlias

import msgspec

from hubbub.core.errors import Conflict, NotFound

NO_USER = "There is no such user."


class Email(msgspec.Struct, frozen=True, omit_defaults=True):
    """An e-mail address of somebody, as SCIM has it."""

    value: str
    type: str = ""
    primary: bool = False
    display: str = ""


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a provider says of a person. Attributes that nothing here uses are not kept."""

    user_name: str = ""
    external_id: str = ""
    display_name: str = ""
    formatted: str = ""
    given_name: str = ""
    family_name: str = ""
    emails: tuple[Email, ...] = ()

    @property
    def name(self) -> str:
        """What the person is called here."""
        return self.display_name or self.formatted or f"{self.given_name} {self.family_name}".strip() or self.user_name

    @property
    def email(self) -> str:
        """The address that they are written to: the primary one, else the one for work, else the first."""
        ordered = sorted(self.emails, key=lambda one: (not one.primary, one.type.casefold() != "work"))
        return ordered[0].value if ordered else ""


def folded(name: str) -> str:
    """Return a name in the form in which two are the same for SCIM, where case says nothing."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


class Provisioned(msgspec.Struct, frozen=True):
    """A person whom a provider has provisioned. Times are seconds of the epoch."""

    id: str
    said: Said
    is_active: bool
    created_at: float
    changed_at: float


class Wanted(msgspec.Struct, frozen=True):
    """Which ones are listed: those that have all of these. Names are compared without regard to case."""

    id: str | None = None
    user_name: str | None = None
    external_id: str | None = None
    display_name: str | None = None


class Taken(Conflict):
    """Somebody else, or another group, has what has to be one's own."""

    code = "uniqueness"


Change: TypeAlias = Callable[[Provisioned], Provisioned]
"""Returns a person as they are to be. It may be called again: it does nothing else."""


class ProvisionedStore(Protocol):
    """Keeps the people of one provider's SCIM client, each as one who is known by that provider's subject."""

    async def open(self) -> None:
        """Make the tables."""
        ...

    async def find(self, person_id: str) -> Provisioned | None:
        """Return a person."""
        ...

    async def page(self, wanted: Wanted, offset: int, limit: int) -> tuple[int, Sequence[Provisioned]]:
        """Return how many there are of those that are wanted, and some of them, the oldest first."""
        ...

    async def known(self, person_ids: Collection[str]) -> frozenset[str]:
        """Return those of these ids that are people's of this provider."""
        ...

    async def add(self, said: Said, subject: str, *, is_active: bool) -> Provisioned:
        """Add a person, or take over the one whom the provider has signed in by this subject.

        Raises:
            Taken: the name is another one's, or the person is provisioned already.
            EmailTaken: somebody has the e-mail who is not known by this subject.
            Conflict: they are the last operator, and would be disabled.
        """
        ...

    async def change(self, person_id: str, change: Change, subject_of: Callable[[Said], str]) -> Provisioned:
        """Change a person. Who is disabled is signed out.

        Raises:
            NotFound: there is no such person.
            Taken, EmailTaken, Conflict: as `add` does.
        """
        ...

    async def drop(self, person_id: str) -> None:
        """Forget what the provider said. The person stays."""
        ...


def no_user() -> NotFound:
    """Return the error that there is no such person."""
    return NotFound(NO_USER)
