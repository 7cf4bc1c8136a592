"""Know who holds how many connections, so that the one with the most makes room when all are taken."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Shares(Generic[T]):
    """Things that are held, by who holds them. Each step takes the same time, however many there are."""

    def __init__(self) -> None:
        self._held: dict[str, dict[T, None]] = {}
        self._levels: dict[int, dict[str, None]] = {}
        self._most = 0

    def __len__(self) -> int:
        return len(self._held)

    def add(self, who: str, thing: T) -> None:
        """Let somebody hold one thing more."""
        held = self._held.setdefault(who, {})
        held[thing] = None
        self._move(who, len(held) - 1, len(held))

    def remove(self, who: str, thing: T) -> None:
        """Let somebody hold a thing no more; nothing happens where they don't."""
        held = self._held.get(who, {})
        if thing not in held:
            return
        del held[thing]
        if not held:
            del self._held[who]
        self._move(who, len(held) + 1, len(held))

    def count(self, who: str) -> int:
        """Return how many things somebody holds."""
        return len(self._held.get(who, ()))

    def newest_of_the_most(self, least: int) -> T | None:
        """Return what was taken last by who holds the most, if those are more than `least`."""
        if self._most <= least:
            return None
        who = next(iter(self._levels[self._most]))
        return next(reversed(self._held[who]))

    def _move(self, who: str, before: int, after: int) -> None:
        if before:
            level = self._levels[before]
            del level[who]
            if not level:
                del self._levels[before]
        if after:
            self._levels.setdefault(after, {})[who] = None
        if after > self._most:
            self._most = after
        elif self._most not in self._levels:
            self._most = after  # who had the most has one less, and nobody is between
