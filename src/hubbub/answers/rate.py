"""Measure how fast a line moves, to say how long somebody will wait in it."""

from collections.abc import Callable

MEMORY_SECONDS = 30.0
"""What was so long ago counts half."""
PRIOR = 4.0
"""What the lengths of answers promise counts as much as so many that were seen to be let in."""
SMOOTHING = 0.1


class Rate:
    """How many a second are let in while others wait.

    Until enough were seen, it goes by how long answers take and how many are made at once.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()
        self._count = 0.0
        self._seconds = 0.0
        self.answer_seconds: float | None = None
        """How long an answer takes, on a moving average; None as long as none has ended."""

    def pass_time(self, *, is_moving: bool) -> None:
        """Count the time since this was called last, if the line could move in it."""
        now = self._clock()
        if is_moving:
            seconds = now - self._last
            fading = 0.5 ** (seconds / MEMORY_SECONDS)
            self._count *= fading
            self._seconds = self._seconds * fading + seconds
        self._last = now

    def let_in(self) -> None:
        """Count one that was let in out of the line."""
        self._count += 1

    def ended(self, seconds: float) -> None:
        """Take how long an answer took that has ended."""
        before = self.answer_seconds
        self.answer_seconds = seconds if before is None else before + SMOOTHING * (seconds - before)

    def per_second(self, at_once: int) -> float | None:
        """Return how many are let in a second, where so many are made at once; None where nothing is known yet."""
        count, seconds = self._count, self._seconds
        if self.answer_seconds is not None:
            count += PRIOR
            seconds += PRIOR * max(self.answer_seconds, 0.001) / at_once
        return count / seconds if count > 0 and seconds > 0 else None
