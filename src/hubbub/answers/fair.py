"""Say whose question is next: deficit round robin over persons, weighed in tokens."""

from collections import OrderedDict, deque
from collections.abc import Callable
from math import ceil, inf
from typing import Generic, TypeVar

T = TypeVar("T")

QUANTUM_TOKENS = 256
"""What each person may spend more with each round. Small, so that nobody's turn brings in many questions at once."""
LARGEST_TOKENS = 4096
"""What the longest question is counted as: it waits for sixteen rounds at most."""


class _Line(Generic[T]):
    """What one person waits for, in the order in which it came, and what they have saved."""

    def __init__(self) -> None:
        self.items: deque[tuple[T, int]] = deque()
        self.saved_tokens = 0


class FairQueue(Generic[T]):
    """Holds what waits. A person's things keep their order; persons take turns.

    In each round a person is given so many tokens and may take what these pay for; what they don't
    spend they keep for the next round, until nothing of theirs waits any more. So short questions go
    before long ones of others, and who has many waits no longer and no less than who has one.
    Shreedhar and Varghese, "Efficient Fair Queuing using Deficit Round Robin", 1996.
    """

    def __init__(self, quantum_tokens: int = QUANTUM_TOKENS) -> None:
        self._quantum_tokens = quantum_tokens
        self._lines: OrderedDict[str, _Line[T]] = OrderedDict()
        self._has_been_given = False
        """Whether the person at the front has got what this round gives."""
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, person_id: str, item: T, tokens: int) -> None:
        """Put something of a person at the end of what they wait for."""
        line = self._lines.get(person_id)
        if line is None:
            line = self._lines[person_id] = _Line()
        line.items.append((item, min(max(tokens, 1), LARGEST_TOKENS)))
        self._length += 1

    def remove(self, person_id: str, item: T) -> None:
        """Take something out of the line, wherever it stands.

        Raises:
            KeyError: it isn't there.
        """
        line = self._lines[person_id]
        for index, (other, _) in enumerate(line.items):
            if other == item:
                del line.items[index]
                self._length -= 1
                self._drop_if_empty(person_id, line)
                return
        raise KeyError(item)

    def take(self, is_held_back: Callable[[str], bool]) -> T | None:
        """Return what is next of those who aren't held back; None where there is nothing.

        Looks at each person twice at most, however long the questions are.
        """
        visits, missing = 0, inf
        while self._lines:
            if visits == len(self._lines):
                if missing == inf:
                    return None
                self._give_rounds(ceil(missing / self._quantum_tokens) - 1, is_held_back)
                visits, missing = 0, inf
            person_id, line = next(iter(self._lines.items()))
            if not is_held_back(person_id):
                if not self._has_been_given:
                    line.saved_tokens += self._quantum_tokens
                    self._has_been_given = True
                item, tokens = line.items[0]
                if tokens <= line.saved_tokens:
                    line.items.popleft()
                    line.saved_tokens -= tokens
                    self._length -= 1
                    self._drop_if_empty(person_id, line)
                    return item
                missing = min(missing, tokens - line.saved_tokens)
            self._lines.move_to_end(person_id)
            self._has_been_given = False
            visits += 1
        return None

    def order(self, is_held_back: Callable[[str], bool]) -> list[tuple[T, int]]:
        """Return what waits, the next first, each with its number (from 1) among those of its person.

        It is the order in which `take` would return them if nobody came; who is held back comes last.
        """
        keyed: list[tuple[tuple[bool, int, int, int], T]] = []
        for position, (person_id, line) in enumerate(self._lines.items()):
            is_last = is_held_back(person_id)
            rounds_had = int(position == 0 and self._has_been_given)
            needed_tokens = -line.saved_tokens
            for number, (item, tokens) in enumerate(line.items, start=1):
                needed_tokens += tokens
                rounds = max(ceil(needed_tokens / self._quantum_tokens) + rounds_had, 1)
                keyed.append(((is_last, rounds, position, number), item))
        keyed.sort(key=lambda entry: entry[0])
        return [(item, key[3]) for key, item in keyed]

    def _give_rounds(self, rounds: int, is_held_back: Callable[[str], bool]) -> None:
        """Give everybody what they would get in rounds in which nobody could take anything."""
        for person_id, line in self._lines.items():
            if not is_held_back(person_id):
                line.saved_tokens += rounds * self._quantum_tokens

    def _drop_if_empty(self, person_id: str, line: _Line[T]) -> None:
        if line.items:
            return
        if next(iter(self._lines)) == person_id:
            self._has_been_given = False
        del self._lines[person_id]
