"""Know people whom each of their requests vouches for anew: by a provider's token, or by a proxy's headers."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from weakref import WeakValueDictionary

import msgspec

from hubbub.core.people import Person, scoped
from hubbub.identity.base import People

PROVEN_SECONDS = 300.0
"""After so long the same token is checked once more, by the keys that there are then."""
OPEN_SECONDS = 600.0
"""What a token opened may go on for so long after it has expired: providers make tokens for minutes, and an answer may
take as long as this (`answers.total_seconds`)."""
MOST_KNOWN = 10_000


@dataclass(frozen=True)
class Proof:
    """Who somebody is, by a request that was checked."""

    provider: str
    subject: str
    name: str = ""
    email: str = ""
    is_email_verified: bool = False
    links_by_email: bool = False
    groups: frozenset[str] = frozenset()
    """By the names that they have there."""
    is_operator: bool = False
    expires_at: float = 0.0
    """In seconds of the epoch; 0: it is good for this request alone, and does not expire before the next."""
    is_whole: bool = True
    """Whether it says all about the person. A program's token may leave groups out: it counts for its request alone."""


class Source(Protocol):
    """Finds in a request what vouches for somebody."""

    def value_in(self, headers: Mapping[str, str]) -> bytes | None:
        """Return it, as bytes that no other proof has; None: there is nothing of the kind."""
        ...

    async def proof_in(self, headers: Mapping[str, str]) -> Proof:
        """Return who that is, once it was checked.

        Raises:
            HubbubError: it is not good.
        """
        ...


class _Known(NamedTuple):
    proof: Proof
    person: Person
    proven_at: float
    changes: int


class Vouched:
    """People by the proofs in their requests. Each is asked of the store again once anything about people changed."""

    def __init__(
        self,
        people: People,
        sources: Sequence[Source],
        changes: Callable[[], Awaitable[int]],
        *,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the sources, the first that finds something counts; and a number that changes with people."""
        self._people = people
        self._sources = sources
        self._changes = changes
        self._wall_clock = wall_clock
        self._known: dict[bytes, _Known] = {}
        self._turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._active: dict[str, bool] = {}
        self._active_by = -1

    @property
    def is_any(self) -> bool:
        """Whether anybody can be vouched for."""
        return bool(self._sources)

    async def person(self, headers: Mapping[str, str]) -> Person | None:
        """Return whom a request vouches for; None: it vouches for nobody.

        Raises:
            HubbubError: what it says is not good, or this person is not let in.
        """
        for source in self._sources:
            if (value := source.value_in(headers)) is not None:
                return await self._of(source, _digest(value), headers)
        return None

    def credential(self, headers: Mapping[str, str]) -> str | None:
        """Return by what name such a request ends; None: it vouches for nobody who is known."""
        for source in self._sources:
            if (value := source.value_in(headers)) is not None:
                known = self._known.get(_digest(value))
                return None if known is None else f"v{known.proof.expires_at:.0f}.{known.person.id}"
        return None

    async def ended(self, credentials: Collection[str]) -> frozenset[str]:
        """Return those whose person was disabled or is gone, or that expired some while ago."""
        changes = await self._changes()
        if changes != self._active_by:
            self._active, self._active_by = {}, changes
        now = self._wall_clock()
        found: set[str] = set()
        for credential in credentials:
            expires_at, _, person_id = credential.removeprefix("v").partition(".")
            if person_id not in self._active:
                known = await self._people.find(person_id)
                self._active[person_id] = known is not None and known.is_active
            is_over = expires_at != "0" and now > float(expires_at) + OPEN_SECONDS
            if is_over or not self._active[person_id]:
                found.add(credential)
        return frozenset(found)

    async def _of(self, source: Source, digest: bytes, headers: Mapping[str, str]) -> Person:
        changes, known = await self._changes(), self._proven(digest)
        if known is not None and known.changes == changes:
            return known.person
        async with self._turns.setdefault(digest, asyncio.Lock()):  # a page's many requests ask once
            known = self._proven(digest)
            if known is not None and known.changes == changes:
                return known.person
            proof = await source.proof_in(headers) if known is None else known.proof
            person = await self._asked(proof)
            self._known.pop(digest, None)
            proven_at = self._wall_clock() if known is None else known.proven_at
            self._known[digest] = _Known(proof, person, proven_at, changes)
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]
            return person

    def _proven(self, digest: bytes) -> _Known | None:
        """Return what is known by a proof that is still good without being checked again."""
        known, now = self._known.get(digest), self._wall_clock()
        if known is None or now >= known.proven_at + PROVEN_SECONDS:
            return None
        return None if known.proof.expires_at and now >= known.proof.expires_at else known

    async def _asked(self, proof: Proof) -> Person:
        person = await self._people.known(
            proof.provider,
            proof.subject,
            name=proof.name,
            email=proof.email,
            is_email_verified=proof.is_email_verified,
            links_by_email=proof.links_by_email,
            groups=proof.groups if proof.is_whole else None,
            is_operator=proof.is_operator and proof.is_whole,
        )
        if proof.is_whole:
            return person
        groups = frozenset(scoped(proof.provider, one) for one in proof.groups)
        return msgspec.structs.replace(person, groups=groups, is_operator=proof.is_operator)


def _digest(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()
