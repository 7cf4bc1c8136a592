"""Say whose document is read next: people take turns, and nobody's slow files hold up another's."""

from collections import Counter
from collections.abc import Sequence

from hubbub.core.documents import Queued

RESERVED = 2
"""Places over the usual ones: one for an owner, one for a payer, of whom nothing is being read."""


class Turns:
    """Knows what is being read.

    Payers take turns (a person, or all who come from one address without an account), and owners take
    turns within them: a new cookie makes a new owner, but no new payer.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._reading: dict[str, Queued] = {}
        self._by_payer: Counter[str] = Counter()
        self._by_owner: Counter[str] = Counter()
        self._turn = 0
        self._last_turns: dict[str, int] = {}

    def __contains__(self, document_id: str) -> bool:
        return document_id in self._reading

    def choose(self, queue: Sequence[Queued]) -> Queued | None:
        """Return the one of the queue (oldest first) to begin now; None where all have to wait."""
        allowed = [one for one in queue if one.document.id not in self._reading and self._has_place(one)]
        return min(allowed, key=self._rank, default=None)

    def begin(self, one: Queued) -> None:
        """Note that it is being read."""
        self._reading[one.document.id] = one
        self._by_payer[one.payer] += 1
        self._by_owner[one.owner_id] += 1
        self._turn += 1
        self._last_turns[one.payer] = self._last_turns[one.owner_id] = self._turn

    def end(self, one: Queued) -> None:
        """Note that it was read."""
        del self._reading[one.document.id]
        self._by_payer -= Counter([one.payer])
        self._by_owner -= Counter([one.owner_id])
        if not self._reading:
            self._last_turns.clear()  # nobody waits behind anybody: no memory of all who ever came

    def _has_place(self, one: Queued) -> bool:
        taken = len(self._reading)
        if not self._by_payer[one.payer]:
            return taken < self._places + RESERVED
        if not self._by_owner[one.owner_id]:
            return taken < self._places + RESERVED - 1
        return taken < self._places

    def _rank(self, one: Queued) -> tuple[int, ...]:
        return (
            self._by_payer[one.payer],
            self._by_owner[one.owner_id],
            self._last_turns.get(one.payer, 0),
            self._last_turns.get(one.owner_id, 0),
        )
