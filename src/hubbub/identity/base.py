"""The doors of the identity: from a request's headers to a person; where people, sign-ins and API keys are kept."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from hubbub.core.errors import NotAllowed
from hubbub.core.people import Limits, Person

KNOWN = "p"
"""What the ids of people begin with who have an account here or at a provider."""


class Welcome(msgspec.Struct, frozen=True):
    """Who asks, and the cookie to give to the browser (name and value), where it needs one."""

    person: Person
    cookie: tuple[str, str] | None = None


class Identity(Protocol):
    """Tells people apart."""

    async def person(self, headers: Mapping[str, str]) -> Person:
        """Return who sends these headers (names in lower case).

        Raises:
            NotSignedIn: they don't say, and must; or what they say is not true.
        """
        ...

    async def welcome(self, headers: Mapping[str, str]) -> Welcome:
        """Return who opens the page, with a cookie to be known by from now on.

        Raises:
            NotSignedIn: as `person` does.
        """
        ...


@runtime_checkable
class RevocableIdentity(Protocol):
    """An identity that says in one go which credentials have ended. Others are asked again about each request."""

    def credential(self, headers: Mapping[str, str]) -> str | None:
        """Return what lets these headers in, as a name that is no secret; None where that can't end."""
        ...

    async def ended(self, credentials: Collection[str]) -> frozenset[str]:
        """Return those that let nobody in any more, as the store has it now.

        Raises:
            StoreError: that is not known now.
        """
        ...


class Key(msgspec.Struct, frozen=True):
    """What is known of an API key. Its secret is known to nobody but who holds it. Times are seconds of the epoch."""

    id: str
    name: str
    person_id: str
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    last_used: float | None = None
    """To a minute or so."""
    owner_id: str = ""
    """The person who made it for themselves; empty: an operator made it."""
    limits: Limits | None = None
    """What it has of its person's rights; None: all of them."""


def key_of(row: Sequence[Any]) -> Key:
    """Return a key from a row whose last column holds its limits as JSON."""
    *known, limits = row
    return Key(*known, limits=None if limits is None else msgspec.json.decode(limits, type=Limits))


def limits_text(key: Key) -> str | None:
    """Return a key's limits as JSON."""
    return None if key.limits is None else msgspec.json.encode(key.limits).decode()


@runtime_checkable
class KeysInBatch(Protocol):
    """Keeps API keys, and says of many at once which have ended: where it doesn't, all are listed for that."""

    async def ended(self, key_ids: Collection[str], now: float) -> frozenset[str]:
        """Return those that are revoked, have expired by now (seconds of the epoch), or are not there."""
        ...


class Keys(Protocol):
    """Keeps API keys, each by its digest."""

    async def add(self, key: Key, digest: bytes) -> None:
        """Store a new key.

        Raises:
            Conflict: there is one with this id, or one of its owner with this name that is not revoked.
        """
        ...

    async def find(self, digest: bytes) -> Key | None:
        """Return the key with a digest, even if it is revoked or has expired."""
        ...

    async def keys(self) -> list[Key]:
        """Return all keys, the oldest first."""
        ...

    async def revoke(self, key_id: str, at: float) -> None:
        """Let a key be worth nothing from now on. What is revoked already stays so since when it was."""
        ...

    async def note_use(self, times: Mapping[str, float]) -> None:
        """Note when keys were used, by their ids. An earlier time than is known changes nothing."""
        ...


class KnownPerson(msgspec.Struct, frozen=True):
    """What is known of somebody with an account here or at a provider. Times are seconds of the epoch."""

    id: str
    name: str
    email: str
    is_operator: bool
    is_active: bool
    created_at: float
    last_signed_in: float | None = None
    providers: tuple[str, ...] = ()
    """Where they can sign in."""
    groups: frozenset[str] = frozenset()
    """Those that the providers name, each with its provider: see `scoped`."""
    ids: frozenset[str] = frozenset()
    """What the providers call them, likewise."""

    @property
    def person(self) -> Person:
        """Who this is when they ask."""
        return Person(self.id, self.name or self.email, self.groups, self.is_operator, ids=self.ids)


class EmailTaken(NotAllowed):
    """Somebody new gives the e-mail address of another person: nobody could tell the two apart."""

    code = "email_taken"

    def __init__(self, *, detail: str) -> None:
        super().__init__(
            "Somebody here has your e-mail address already. If that is you, sign in the way you did before; "
            "otherwise ask whoever runs this server.",
            detail=detail,
        )


def is_known_id(person_id: str) -> bool:
    """Tell whether an id is one of those that `People` gives: programs' and browsers' begin with other letters."""
    return person_id.startswith(KNOWN)


class People(Protocol):
    """Keeps who is known here: by a provider's subject. An e-mail alone never tells who somebody is."""

    async def known(
        self,
        provider: str,
        subject: str,
        *,
        name: str = "",
        email: str = "",
        is_email_verified: bool = False,
        links_by_email: bool = False,
        groups: Collection[str] | None = (),
        is_operator: bool = False,
    ) -> Person:
        """Return who has this subject at a provider, made when they first come, brought up to date with what is said.

        Groups (by the provider's own names) and `is_operator` are its word, and replace its earlier one; None says
        nothing of either. An empty name or e-mail says nothing.

        With `links_by_email`, somebody new is the person who has the same e-mail, if both are verified.

        Raises:
            NotAllowed: this person is disabled.
            EmailTaken: somebody new gives the e-mail of another person.
        """
        ...

    async def find(self, person_id: str) -> KnownPerson | None:
        """Return a person, even a disabled one."""
        ...

    async def people(self, *, after: str = "", limit: int = 100) -> list[KnownPerson]:
        """Return people, the oldest first, from after a person's id on."""
        ...

    async def set_active(self, person_id: str, is_active: bool) -> None:
        """Enable a person, or disable them: then all their sign-ins end, too.

        Raises:
            NotFound: there is no such person.
            Conflict: they are the last operator.
        """
        ...

    async def set_operator(self, person_id: str, is_operator: bool) -> None:
        """Make a person an operator, or one no more, as far as that is said here and not by a provider.

        Raises:
            NotFound: there is no such person.
            Conflict: they are the last operator.
        """
        ...


class SignIn(msgspec.Struct, frozen=True):
    """A person's sign-in on one browser. Its cookie is known to that browser alone."""

    id: str
    person_id: str
    provider: str
    provider_session: str
    """What the provider calls its own session, so that it can end this one."""
    address: str
    agent: str
    created_at: float
    last_used: float
    """To a minute or so."""


class SignInStore(Protocol):
    """Keeps sign-ins, each by its cookie's digest. Times are seconds of the epoch."""

    async def add(self, sign_in: SignIn, digest: bytes) -> None:
        """Store a new one. It is written down when the person signed in last."""
        ...

    async def find(self, digest: bytes) -> tuple[SignIn, KnownPerson] | None:
        """Return the one with a digest, unless it was ended, and whose it is."""
        ...

    async def of(self, person_id: str) -> list[SignIn]:
        """Return a person's that were not ended, the newest first."""
        ...

    async def end(self, at: float, *, sign_in_id: str = "", person_id: str = "", keep: str = "") -> None:
        """End one by its id, or all of a person's but the one to keep."""
        ...

    async def end_session(self, at: float, provider: str, provider_session: str) -> None:
        """End all that belong to a session at a provider."""
        ...

    async def ended(self, ids: Collection[str], *, idle_since: float, begun_since: float) -> frozenset[str]:
        """Return those that were ended, are not there, whose person is disabled, or that are too old."""
        ...

    async def note_use(self, times: Mapping[str, float]) -> None:
        """Note when sign-ins were used, by their ids. An earlier time than is known changes nothing."""
        ...

    async def revision(self) -> int:
        """Return a number that grows whenever a sign-in ends or something of a known person changes."""
        ...
