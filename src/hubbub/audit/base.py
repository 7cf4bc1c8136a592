"""The door of the audit: what keeps who did what."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec

from hubbub.audit.chain import Entry, Kept, Outcome, Verdict
from hubbub.connections.joining import Joining

EntryOf: TypeAlias = Callable[[Any], Entry]
"""Makes an entry of what the write returned that it is stored with."""


class Filter(msgspec.Struct, frozen=True):
    """Which entries are wanted; what is empty leaves that open. Times are seconds of the epoch."""

    who: str = ""
    deed: str = ""
    """What the deed's words begin with."""
    what: str = ""
    outcome: Outcome | None = None
    since: float = 0.0
    until: float = 0.0
    about: str = ""
    """A person's id: what they did, and what was done to them."""

    def takes(self, entry: Entry) -> bool:
        """Tell whether an entry is one of them."""
        return (
            (not self.who or entry.who == self.who)
            and entry.deed.startswith(self.deed)
            and (not self.what or entry.what == self.what)
            and (self.outcome is None or entry.outcome == self.outcome)
            and entry.at >= self.since
            and (not self.until or entry.at < self.until)
            and (not self.about or self.about in (entry.who, entry.what))
        )


class Found(msgspec.Struct, frozen=True):
    """Entries that a filter took, the newest first, and where to go on."""

    entries: Sequence[tuple[int, Entry]]
    next: int
    """Ask for those before this number; 0: there is nothing before it."""


class Audit(Protocol):
    """Keeps entries in the order in which they came, chained by their hashes."""

    def recording(self, entry: Entry) -> Callable[[], Awaitable[None]]:
        """Return what appends an entry by itself."""
        ...

    def joining(self, entry_of: EntryOf) -> Joining:
        """Return what a write joins to itself, so that there is neither the deed without the entry nor the reverse."""
        ...

    async def collect(self) -> None:
        """Append what writes to other files have left to be appended."""
        ...

    def entries(self, after: int = 0) -> AsyncGenerator[Kept]:
        """Yield the entries above a number, in order."""
        ...

    async def find(self, wanted: Filter, *, before: int = 0, limit: int = 100) -> Found:
        """Return entries that a filter takes, the newest first: those before a number, where one is given.

        It looks through a bounded number of entries, so that fewer than the limit may come where there are more.
        """
        ...

    async def last(self) -> int:
        """Return the number of the last entry; 0: there is none."""
        ...

    async def prune(self, before: float, *, most: int) -> int:
        """Delete the oldest entries from before a time (seconds of the epoch), so many at most; returns how many.

        What remains is verified as before: the number and the digest of the last one deleted are kept.
        """
        ...

    async def verify(self, known: tuple[int, bytes] | None = None) -> Verdict:
        """Check the chain from its first entry on; `known` is an entry's number and digest as they once were."""
        ...
