"""Say whose question is next: deficit round robin over parties, weighed in tokens, and turns by person within each."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from math import ceil, inf
from typing import Generic, TypeVar

from hubbub.answers.base import Party

T = TypeVar("T")

QUANTUM_TOKENS = 256
"""What each party may spend more with each round. Small, so that nobody's turn brings in many questions at once."""
LARGEST_TOKENS = 4096
"""What the longest question is counted as: it waits for sixteen rounds at most."""


class _Line(Generic[T]):
    """What one party waits for: of each of its persons in the order in which it came; and what it has saved."""

    def __init__(self) -> None:
        self.persons: OrderedDict[Party, deque[tuple[T, int]]] = OrderedDict()
        """The person whose turn it is stands first."""
        self.saved_tokens = 0

    def first(self, is_held_back: Callable[[Party], bool]) -> Party | None:
        """Return the first person who isn't held back; None where all are."""
        return next((party for party in self.persons if not is_held_back(party)), None)

    def take(self, party: Party) -> T:
        """Take this person's first, and let the others of the party have their turns before the next."""
        items = self.persons[party]
        item, _ = items.popleft()
        if items:
            self.persons.move_to_end(party)
        else:
            del self.persons[party]
        return item

    def in_turns(self, is_held_back: Callable[[Party], bool]) -> Iterator[tuple[T, int, int, bool]]:
        """Yield what waits in the order of its turns: each with its tokens, its number and whether it is held back."""
        for is_last in (False, True):
            left = [(party, iter(items)) for party, items in self.persons.items() if is_held_back(party) == is_last]
            number = 0
            while left:
                number += 1
                going: list[tuple[Party, Iterator[tuple[T, int]]]] = []
                for party, items in left:
                    if (entry := next(items, None)) is not None:
                        yield *entry, number, is_last
                        going.append((party, items))
                left = going


class FairQueue(Generic[T]):
    """Holds what waits. A person's things keep their order; parties take turns, and so do the persons of each.

    In each round a party is given so many tokens and may take what these pay for; what it doesn't
    spend it keeps for the next round, until nothing of its own waits any more. So short questions go
    before long ones of others, and who has many waits no longer and no less than who has one.
    Shreedhar and Varghese, "Efficient Fair Queuing using Deficit Round Robin", 1996.

    A party is a person; or, for people for whom nothing vouches, the address that they come from:
    so whoever makes a thousand persons up has the turns of one.
    """

    def __init__(self, quantum_tokens: int = QUANTUM_TOKENS) -> None:
        self._quantum_tokens = quantum_tokens
        self._lines: OrderedDict[str, _Line[T]] = OrderedDict()
        self._has_been_given = False
        """Whether the party at the front has got what this round gives."""
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, party: Party, item: T, tokens: int) -> None:
        """Put something of a person at the end of what they wait for."""
        line = self._lines.get(party.key)
        if line is None:
            line = self._lines[party.key] = _Line()
        line.persons.setdefault(party, deque()).append((item, min(max(tokens, 1), LARGEST_TOKENS)))
        self._length += 1

    def remove(self, party: Party, item: T) -> None:
        """Take something out of the line, wherever it stands.

        Raises:
            KeyError: it isn't there.
        """
        line = self._lines[party.key]
        items = line.persons[party]
        for index, (other, _) in enumerate(items):
            if other == item:
                del items[index]
                if not items:
                    del line.persons[party]
                self._length -= 1
                self._drop_if_empty(party.key, line)
                return
        raise KeyError(item)

    def take(self, is_held_back: Callable[[Party], bool]) -> T | None:
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
            key, line = next(iter(self._lines.items()))
            if (party := line.first(is_held_back)) is not None:
                if not self._has_been_given:
                    line.saved_tokens += self._quantum_tokens
                    self._has_been_given = True
                tokens = line.persons[party][0][1]
                if tokens <= line.saved_tokens:
                    line.saved_tokens -= tokens
                    self._length -= 1
                    item = line.take(party)
                    self._drop_if_empty(key, line)
                    return item
                missing = min(missing, tokens - line.saved_tokens)
            self._lines.move_to_end(key)
            self._has_been_given = False
            visits += 1
        return None

    def order(self, is_held_back: Callable[[Party], bool]) -> list[tuple[T, int]]:
        """Return what waits, the next first, each with its number (from 1) among those of its person.

        It is the order in which `take` would return them if nobody came; who is held back comes last.
        """
        keyed: list[tuple[tuple[bool, int, int, int], T, int]] = []
        for position, line in enumerate(self._lines.values()):
            rounds_had = int(position == 0 and self._has_been_given)
            needed_tokens = -line.saved_tokens
            for turn, (item, tokens, number, is_last) in enumerate(line.in_turns(is_held_back)):
                needed_tokens += tokens
                rounds = max(ceil(needed_tokens / self._quantum_tokens) + rounds_had, 1)
                keyed.append(((is_last, rounds, position, turn), item, number))
        keyed.sort(key=lambda entry: entry[0])
        return [(item, number) for _, item, number in keyed]

    def _give_rounds(self, rounds: int, is_held_back: Callable[[Party], bool]) -> None:
        """Give everybody what they would get in rounds in which nobody could take anything."""
        for line in self._lines.values():
            if line.first(is_held_back) is not None:
                line.saved_tokens += rounds * self._quantum_tokens

    def _drop_if_empty(self, key: str, line: _Line[T]) -> None:
        if line.persons:
            return
        if next(iter(self._lines)) == key:
            self._has_been_given = False
        del self._lines[key]
