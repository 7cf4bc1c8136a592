"""Let a write of this task take another one into its transaction, without what writes knowing of it."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, TypeAlias

Work: TypeAlias = Callable[[Any, Any], Any]
"""Is given the connection and what the write returned. It is awaited where the database's writes are."""


class Joining:
    """What the next write joins to itself: one piece of work for each database that it may go to.

    The first write that goes to one of them takes it. If it fails, nothing was stored, and the next may take it.
    """

    __slots__ = ("_works", "is_open", "is_stored")

    def __init__(self, works: Mapping[Any, Work]) -> None:
        self._works = works
        self.is_open = True
        self.is_stored = False

    def take(self, database: object) -> Work | None:
        """Return the work for a database, if nobody has taken any; it is the caller's now."""
        if not self.is_open or (work := self._works.get(database)) is None:
            return None
        self.is_open = False
        return work

    def settle(self, *, is_stored: bool) -> None:
        """Say what became of the write that took the work."""
        self.is_stored = is_stored
        self.is_open = not is_stored


joining: ContextVar[Joining | None] = ContextVar("joining", default=None)
"""What the writes of this task join to themselves."""
