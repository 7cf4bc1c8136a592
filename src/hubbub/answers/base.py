"""The doors of the answers: the store of their events, where pieces come from, how many a deployment can make."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from hubbub.core.answer import Answer


class Record(msgspec.Struct, frozen=True, gc=False):
    """One event of one answer, as stored: `data` is its JSON."""

    answer_id: str
    number: int
    data: bytes


class Ticket(msgspec.Struct, frozen=True):
    """What an answer is let in by: whose it is, which deployment makes it (none: ""), and about how many tokens."""

    person_id: str
    deployment: str = ""
    tokens: int = 1


class Capacity(Protocol):
    """How many answers a deployment can make at the same time, as far as is known now."""

    @property
    def limit(self) -> int:
        """The most at once on this machine; 1 at least."""
        ...

    @property
    def opens_in_seconds(self) -> float:
        """How long nothing may be asked of it; 0 where it may be."""
        ...


class Fixed(msgspec.Struct, frozen=True):
    """A `Capacity` that is known and stays."""

    limit: int
    opens_in_seconds: float = 0.0


class Source(Protocol):
    """Where pieces of answers come from, looked at once a beat."""

    def attach(self, look_soon: Callable[[], None]) -> None:
        """Take what is to be called when there is something to look at, and nobody may be looking."""
        ...

    def poll(self) -> int:
        """Take what has arrived and wake who waits for it; returns how many are to be looked at again."""
        ...


class AnswerStore(Protocol):
    """Keeps the logs of answers. What `append` returned from is on disk."""

    async def open(self, answer_id: str, owner_id: str) -> None:
        """Make an empty log.

        Raises:
            Conflict: there is one with this id.
        """
        ...

    async def owner(self, answer_id: str) -> str | None:
        """Return whose answer it is; None where there is no such answer."""
        ...

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        """Store records of any number of answers in one transaction, with what the ended ones came to.

        Raises:
            StoreError: nothing of it was stored.
        """
        ...

    async def read(self, answer_id: str, after: int = 0, *, limit: int = 1000) -> list[Record]:
        """Return up to `limit` records with numbers above `after`, in order."""
        ...

    async def answers(self, answer_ids: Sequence[str]) -> list[Answer]:
        """Return what the ended ones among these came to; open and unknown ones are left out."""
        ...

    async def unended(self) -> list[str]:
        """Return the ids of the answers that have no ending."""
        ...

    async def forget(self, answer_ids: Sequence[str]) -> None: ...
