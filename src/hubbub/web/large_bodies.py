"""Bound what is held of requests' bodies beyond the usual limit: in a process, and for one address."""

from collections import Counter

from hubbub.core.errors import Overloaded
from hubbub.core.reasons import because

RETRY_SECONDS = 5.0


class LargeBodies:
    """What is held now, while it arrives and until its response has ended."""

    def __init__(self, most_bytes: int, most_of_one_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._most_of_one_bytes = most_of_one_bytes
        self._bytes = 0
        self._by_address: Counter[str] = Counter()

    def holding(self, address: str) -> "Holding":
        """Return what counts one request's body, of which nothing is held yet."""
        return Holding(self, address)

    def change(self, address: str, by_bytes: int) -> None:
        """Count so much more, or less.

        Raises:
            Overloaded: it would be more than may be held.
        """
        if by_bytes > 0:
            if self._by_address[address] + by_bytes > self._most_of_one_bytes:
                raise Overloaded(
                    because("large_requests_from_here"),
                    retry_after_seconds=RETRY_SECONDS,
                )
            if self._bytes + by_bytes > self._most_bytes:
                raise Overloaded(because("large_requests"), retry_after_seconds=RETRY_SECONDS)
        self._bytes += by_bytes
        self._by_address[address] += by_bytes
        if not self._by_address[address]:
            del self._by_address[address]


class Holding:
    """What is held of one request's body."""

    __slots__ = ("_address", "_bodies", "_bytes")

    def __init__(self, bodies: LargeBodies, address: str) -> None:
        self._bodies = bodies
        self._address = address
        self._bytes = 0

    def grow_to(self, size: int) -> None:
        """Hold so much.

        Raises:
            Overloaded: it would be more than may be held; what was held before is held still.
        """
        self._bodies.change(self._address, size - self._bytes)
        self._bytes = size

    def release(self) -> None:
        """Hold nothing any more."""
        if self._bytes:
            self._bodies.change(self._address, -self._bytes)
            self._bytes = 0
