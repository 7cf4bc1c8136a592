"""The doors of the answers: the store of their numbered events, where pieces come from and where frames go."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from hubbub.core.answer import Answer


class Record(msgspec.Struct, frozen=True, gc=False):
    """One event of one answer, as stored: `data` is its JSON."""

    answer_id: str
    number: int
    data: bytes


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
