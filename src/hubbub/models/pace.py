"""Find how many answers a deployment can make at once, from what it shows."""

import time
from collections.abc import Callable, Mapping

import msgspec

from hubbub.models.quota import Quota
from hubbub.models.retry_after import exhausted_seconds

MOST = 2000
TOLERANCE = 2.0
TOLERANCE_SECONDS = 0.5
"""A first token is late at twice the shortest time and half a second more: our own loop's lag is far below that."""
EVENNESS = 0.5
"""A queue delays all by about as much: the earliest by at least so much of what it delays the latest."""
GROUP = 10
SMALLEST_GROUP = 5
SPAN_SECONDS = 1.0
"""Judged are ten first tokens together, or those of a second if they are five at least."""
KNOWN, KNOWN_RAISE = 0.8, 0.2
STEADY_RAISES, LARGEST_RAISE = 6, 0.05
"""The limit grows by a fifth up to four fifths of where it was too high last; then six times by 1, then faster."""
BUSY = frozenset({429, 503, 529})
SHORT_SECONDS = 1.0
"""For how long it closes where a refusal doesn't say; and refusals that come so soon after one are of one crowd."""


class FixedPace(msgspec.Struct, frozen=True):
    """A limit that is known and stays."""

    limit: int
    opens_in_seconds: float = 0.0

    @property
    def takes_now(self) -> bool:
        return True

    def reserve(self, tokens: int) -> None:
        """Nothing is counted here."""


class Pace:
    """A deployment's limit, which adapts. Fed by its adapter; asked by who lets answers in.

    `limit` is that of the machine: where several processes share it, each takes its part, and `share`
    says how many they are.

    It starts at the most. First tokens are judged in groups: one is late when even its earliest is.
    Prompts and thoughts of different lengths make single ones late, but only a queue in the server
    delays all of them, and about alike (the idea of CoDel, RFC 8289). Then the limit falls to as many as
    are speaking: these the server can surely work on. So nothing queues, and what the next group takes
    is the new measure: a queue can never become what is usual. While the limit is reached and nothing
    is late it grows.
    """

    def __init__(
        self,
        most: int = MOST,
        *,
        quota: Quota | None = None,
        share: Callable[[], int] = lambda: 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._quota = quota or Quota(share=share, clock=clock)
        self._most = most
        self._share = share
        self._clock = clock
        self._limit = float(most)
        self._raises = 0
        self._too_high = 0.0
        self._under_way = 0
        self._speaking = 0
        self._is_full = False
        """Whether the limit was reached since the last group was judged."""
        self._group: list[float] = []
        self._group_began = self._judged_from = clock()
        """What began before it isn't judged: it says nothing about the limit that holds now."""
        self._shortest_seconds = float("inf")
        self._is_renewing = False
        """Whether the next group says anew how short a first token can be: nothing queues when it is asked."""
        self._closed_until = self._halved_at = float("-inf")

    @property
    def limit(self) -> int:
        """How many answers may be made at once; 1 at least."""
        return max(1, int(self._limit))

    @property
    def opens_in_seconds(self) -> float:
        """How long nothing may be asked; 0 where it may be."""
        return max(0.0, self._closed_until - self._clock(), self._quota.opens_in_seconds)

    @property
    def takes_now(self) -> bool:
        """Whether it may be asked now, be it because that was reserved before."""
        return self._closed_until <= self._clock() and self._quota.takes_now

    def reserve(self, tokens: int) -> None:
        """Take an answer of about so many tokens into account that was let in, and will be asked for."""
        self._quota.reserve(tokens)

    def began(self) -> "Asked":
        """Take note that something is asked; whoever asks tells what becomes of it."""
        self._under_way += 1
        self._see_whether_full()
        return Asked(self, self._clock(), self._quota.began())

    def headers(self, headers: Mapping[str, str]) -> None:
        """Read the headers of a reply: where nothing is left of what may be asked, it closes until there is."""
        self._close(exhausted_seconds(headers))
        self._quota.headers(headers)

    def refused(self, status: int, retry_after_seconds: float) -> None:
        """Take a refusal. One because it is busy halves what may be asked at once, and closes for so long."""
        if status not in BUSY:
            return
        self._close(retry_after_seconds)
        now = self._clock()
        if now - self._halved_at >= SHORT_SECONDS:
            self._halved_at = now
            self._change(min(self._limit, self._under_way * self._share()) / 2)
            self._too_high, self._raises = 0.0, 0

    def spoke(self, began: float) -> None:
        """Take the first token of what was asked at this time."""
        self._speaking += 1
        self._shortest_seconds = min(self._shortest_seconds, self._clock() - began)
        self._take(began)

    def used(self, tokens: int) -> None:
        """Take so many more tokens into account than were reserved; below 0: so many fewer."""
        self._quota.used(tokens)

    def ended(self, began: float, *, has_spoken: bool) -> None:
        """Take note that what was asked at this time has ended, in whichever way."""
        self._under_way -= 1
        if has_spoken:
            self._speaking -= 1
        elif self._is_late(self._clock() - began):  # given up
            self._take(began)

    def _take(self, began: float) -> None:
        if began < self._judged_from:
            return
        now = self._clock()
        self._group.append(now - began)
        span_seconds = now - self._group_began
        if len(self._group) >= GROUP or (len(self._group) >= SMALLEST_GROUP and span_seconds >= SPAN_SECONDS):
            self._judge()

    def _judge(self) -> None:
        group, self._group, self._group_began = sorted(self._group), [], self._clock()
        was_full, self._is_full = self._is_full, False
        self._see_whether_full()
        if self._is_renewing:
            self._shortest_seconds, self._is_renewing = group[0], False
        shortest = self._shortest_seconds
        if self._is_late(group[0]) and group[0] - shortest >= EVENNESS * (group[-1] - shortest):
            self._too_high, self._raises = min(self._limit, self._under_way * self._share()), 0
            self._change(min(self._speaking * self._share(), self._limit - 1))
            self._is_renewing = True
        elif was_full and self._limit < self._most:
            known = KNOWN * self._too_high
            if self._limit < known:
                self._change(min(self._limit + max(1.0, KNOWN_RAISE * self._limit), known))
            else:
                faster = min(2.0 ** max(0, self._raises - STEADY_RAISES), LARGEST_RAISE * self._limit)
                self._change(self._limit + max(1.0, faster))
                self._raises += 1

    def _is_late(self, seconds: float) -> bool:
        return seconds > TOLERANCE * self._shortest_seconds + TOLERANCE_SECONDS

    def _see_whether_full(self) -> None:
        self._is_full = self._is_full or self._under_way * self._share() >= self.limit

    def _change(self, limit: float) -> None:
        self._limit = min(max(1.0, limit), float(self._most))
        self._group = []
        self._group_began = self._judged_from = self._clock()

    def _close(self, seconds: float) -> None:
        if seconds > 0:
            self._closed_until = max(self._closed_until, self._clock() + seconds)


class Asked:
    """One thing that was asked of a deployment: tells its pace what becomes of it."""

    def __init__(self, pace: Pace, began: float, reserved_tokens: int) -> None:
        self._pace = pace
        self._reserved_tokens = reserved_tokens
        self._began = began
        self._has_spoken = False
        self._has_ended = False

    def headers(self, headers: Mapping[str, str]) -> None:
        """Tell the headers of the reply."""
        self._pace.headers(headers)

    def refused(self, status: int, retry_after_seconds: float) -> None:
        """Tell that it was refused, and how long the server wants to be left alone."""
        self._pace.refused(status, retry_after_seconds)

    def spoke(self) -> None:
        """Tell that there is text; the first time counts."""
        if not self._has_spoken:
            self._has_spoken = True
            self._pace.spoke(self._began)

    def used(self, tokens: int) -> None:
        """Tell how many tokens it took in all, where the server has said so."""
        self._pace.used(tokens - self._reserved_tokens)

    def ended(self) -> None:
        """Tell that it is over; the first time counts."""
        if not self._has_ended:
            self._has_ended = True
            self._pace.ended(self._began, has_spoken=self._has_spoken)
