"""Decide from what became of the last attempts whether a deployment is asked at all."""

import time
from collections import deque
from collections.abc import Callable
from typing import Literal, TypeAlias

BreakerState: TypeAlias = Literal["closed", "open", "half_open"]
"""closed: it is asked · open: it is left alone · half_open: one attempt may find out whether it is well again."""

IN_A_ROW = 5
SHARE = 0.5
LEAST = 10
SPAN_SECONDS = 30.0
"""It opens after five failures in a row, or where half of ten attempts or more within 30 s have failed."""
OPEN_SECONDS = 5.0
LONGEST_OPEN_SECONDS = 60.0
"""So long it is open the first time; twice as long after each probe that fails, up to a minute."""


class Breaker:
    """Leaves a deployment alone that fails, and lets one attempt at a time find out when it is back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._in_a_row = 0
        self._opened_times = 0
        self._open_until = 0.0
        self._is_probing = False

    @property
    def state(self) -> BreakerState:
        if not self._opened_times:
            return "closed"
        return "open" if self.opens_in_seconds > 0 or self._is_probing else "half_open"

    @property
    def opens_in_seconds(self) -> float:
        """How long nothing may be asked; 0 where it may be, be it as a probe."""
        return max(0.0, self._open_until - self._clock()) if self._opened_times else 0.0

    @property
    def is_proven(self) -> bool:
        """Whether the last attempt went well."""
        return bool(self._outcomes) and self._outcomes[-1][1]

    def began(self) -> None:
        """Take note of an attempt, which is the probe where one is due."""
        self._is_probing = self._is_probing or bool(self._opened_times)

    def went_well(self) -> None:
        """Take note that an attempt went well: all is forgotten."""
        if self._opened_times:
            self._outcomes.clear()
        self._in_a_row = self._opened_times = 0
        self._is_probing = False
        self._note(is_well=True)

    def failed(self) -> None:
        """Take note that an attempt failed by the deployment's fault."""
        self._in_a_row += 1
        self._note(is_well=False)
        failures = sum(not is_well for _, is_well in self._outcomes)
        is_bad = len(self._outcomes) >= LEAST and failures >= SHARE * len(self._outcomes)
        if self._is_probing or (not self._opened_times and (self._in_a_row >= IN_A_ROW or is_bad)):
            seconds = min(OPEN_SECONDS * 2**self._opened_times, LONGEST_OPEN_SECONDS)
            self._opened_times += 1
            self._open_until = self._clock() + seconds
            self._is_probing = False

    def said_nothing(self) -> None:
        """Take note that an attempt has ended without telling anything of the deployment: it was cancelled."""
        self._is_probing = False

    def _note(self, *, is_well: bool) -> None:
        now = self._clock()
        self._outcomes.append((now, is_well))
        while self._outcomes[0][0] < now - SPAN_SECONDS or len(self._outcomes) > 1000:
            self._outcomes.popleft()
