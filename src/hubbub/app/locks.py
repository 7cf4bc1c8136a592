"""Let requests that are about the same thing in one after the other."""

import asyncio
from weakref import WeakValueDictionary


class Locks:
    """A lock for each thing, by its key."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: str) -> asyncio.Lock:
        """Return the lock of a thing; it is there for as long as somebody uses it."""
        return self._locks.setdefault(key, asyncio.Lock())
