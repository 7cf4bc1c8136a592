"""Say when what failed for want of something is tried again: after pauses that grow."""

from collections.abc import Sequence

from hubbub.core.documents import Queued


class Rests:
    """Counts failures: of each document, and of all in a row. What the machine lacks, it lacks for all."""

    def __init__(self, first_seconds: float, longest_seconds: float) -> None:
        self._first_seconds = first_seconds
        self._longest_seconds = longest_seconds
        self._tries: dict[str, int] = {}
        self._rested_at: dict[str, float] = {}
        self._in_a_row = 0
        self.until = 0.0
        """When reading may go on at all, on the clock that `failed` is told."""

    def tries(self, document_id: str) -> int:
        """Return how often a document was tried in vain."""
        return self._tries.get(document_id, 0)

    def failed(self, document_id: str, now: float) -> float:
        """Note that a document was tried in vain; return how long it rests."""
        tries = self._tries[document_id] = self.tries(document_id) + 1
        pause = self._pause(tries)
        self._rested_at[document_id] = now + pause
        self._in_a_row += 1
        self.until = max(self.until, now + (self._pause(self._in_a_row - 1) if self._in_a_row > 1 else 0))
        return pause

    def ended(self, document_id: str) -> None:
        """Note that a document was read, or will not be tried again."""
        self._tries.pop(document_id, None)
        self._rested_at.pop(document_id, None)
        self._in_a_row = 0
        self.until = 0.0

    def rested(self, queue: Sequence[Queued], now: float) -> list[Queued]:
        """Return those of a queue that don't rest."""
        return [one for one in queue if self._rested_at.get(one.document.id, 0.0) <= now]

    def _pause(self, failures: int) -> float:
        return min(self._first_seconds * 2 ** min(failures - 1, 20), self._longest_seconds)
