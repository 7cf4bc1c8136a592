"""Keep to what may be asked of a deployment in a minute, so that a refusal becomes a short wait in the line."""

import time
from collections import deque
from collections.abc import Callable, Mapping

MINUTE = 60.0
BURST_SECONDS = 10.0
"""What was not asked in this time may be asked at once; services count in windows from 1 s to a minute."""
LEAST_SECONDS = 0.05
"""Nobody looks again before that."""


class Bucket:
    """So much a minute, in one kind of thing: requests, or tokens. It fills evenly and may go below empty."""

    def __init__(self, per_minute: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at = clock()
        self.per_minute = per_minute
        self._level = self._most

    @property
    def _most(self) -> float:
        return max(1.0, self.per_minute * BURST_SECONDS / MINUTE)

    @property
    def level(self) -> float:
        """How much may be taken now; below 0 where too much was."""
        now = self._clock()
        self._level = min(self._most, self._level + (now - self._at) * self.per_minute / MINUTE)
        self._at = now
        return self._level

    @property
    def opens_in_seconds(self) -> float:
        """How long nothing more may be taken; 0 where something may be."""
        missing = min(1.0, self._most) - self.level
        return missing * MINUTE / self.per_minute if missing > 1e-9 else 0.0

    def take(self, amount: float) -> None:
        """Take something, be it more than there is: what follows waits for it."""
        self._level = self.level - amount

    def hold_down(self, level: float) -> None:
        """Let there be no more than this: somebody who counts as well says so."""
        self._level = min(self.level, max(level, 0.0))


class Quota:
    """What may be asked of a deployment in a minute: requests, tokens, both, or as much as you like.

    The limits are what the settings say, or else what the headers of replies tell. Where several
    processes share the machine each has its part. Whoever lets an answer in reserves for it; what is
    asked uses up a reservation, or takes for itself where there is none: for the query of a search.
    """

    def __init__(
        self,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        *,
        share: Callable[[], int] = lambda: 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._share = share
        self._clock = clock
        self._is_set = {"requests": requests_per_minute is not None, "tokens": tokens_per_minute is not None}
        self._limits: dict[str, float] = {}
        self._buckets: dict[str, Bucket] = {}
        self._reserved: deque[int] = deque()
        for what, limit in (("requests", requests_per_minute), ("tokens", tokens_per_minute)):
            if limit is not None:
                self._limit(what, limit)

    @property
    def opens_in_seconds(self) -> float:
        """How long nothing may be asked; 0 where something may be."""
        longest = max((bucket.opens_in_seconds for bucket in self._shared().values()), default=0.0)
        return max(longest, LEAST_SECONDS) if longest else 0.0

    @property
    def takes_now(self) -> bool:
        """Whether something may be asked now, be it because it was reserved before."""
        return bool(self._reserved) or not self.opens_in_seconds

    def reserve(self, tokens: int) -> None:
        """Take what an answer of about so many tokens needs, before it is asked for."""
        self._take(tokens)
        self._reserved.append(tokens)

    def began(self) -> int:
        """Take note of a request and return for how many tokens it was reserved: 0, where it takes for itself."""
        if self._reserved:
            return self._reserved.popleft()
        self._take(0)
        return 0

    def used(self, tokens: int) -> None:
        """Take tokens that nobody had reserved; below 0 gives some back."""
        if bucket := self._shared().get("tokens"):
            bucket.take(tokens)

    def headers(self, headers: Mapping[str, str]) -> None:
        """Learn the limits, where the settings say none, and what the service says is left."""
        for what, is_set in self._is_set.items():
            told = _number(headers.get(f"x-ratelimit-limit-{what}"))
            left = _number(headers.get(f"x-ratelimit-remaining-{what}"))
            if told and not is_set:
                self._limit(what, told)
            if left is not None and (bucket := self._shared().get(what)):
                bucket.hold_down(left / max(1, self._share()))

    def _limit(self, what: str, per_minute: float) -> None:
        self._limits[what] = per_minute
        if what not in self._buckets:
            self._buckets[what] = Bucket(per_minute / max(1, self._share()), self._clock)

    def _shared(self) -> dict[str, Bucket]:
        """Return the buckets, each this process's part: workers come and go."""
        share = max(1, self._share()) if self._buckets else 1
        for what, bucket in self._buckets.items():
            bucket.per_minute = self._limits[what] / share
        return self._buckets

    def _take(self, tokens: int) -> None:
        for what, bucket in self._shared().items():
            bucket.take(1 if what == "requests" else tokens)


def _number(text: str | None) -> float | None:
    text = (text or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
