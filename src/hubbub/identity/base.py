"""The doors of the identity: from a request's headers to a person, and where API keys are kept."""

from collections.abc import Collection, Mapping
from typing import Protocol, runtime_checkable

import msgspec

from hubbub.core.people import Person


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
            Conflict: there is one with this id, or one with this name that is not revoked.
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
