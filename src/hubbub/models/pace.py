"""Find how many answers a deployment can make at once, from what it shows."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

import msgspec

from hubbub.models.quota import Quota
from hubbub.models.retry_after import exhausted_seconds

MOST = 2000
LEAST = 4
"""Refusals never take the limit below so many: one silent answer is not to hold up all others."""
TOLERANCE = 2.0
TOLERANCE_SECONDS = 0.5
"""A first token is late at twice the shortest time and half a second more: our own loop's lag is far below that."""
EVENNESS = 0.5
"""A queue delays all by about as much: the earliest by at least so much of what it delays the latest."""
GROUP = 10
SMALLEST_GROUP = 5
SPAN_SECONDS = 1.0
"""Judged are ten first tokens together, or those of a second if they are five at least."""
DELAY, DELAY_SECONDS, DELAY_EVENNESS, PAUSE, MOST_DELAYS = 1.25, 0.1, 0.4, 2, 5
"""A quarter more and a tenth of a second is a delay: the last raise is undone, and none is tried for two groups.
Five in a row are lateness: either a queue stands, or first tokens take longer than they did."""
KNOWN, KNOWN_RAISE = 0.8, 0.2
"""After lateness the limit grows by a fifth up to four fifths of where it was too high."""
STEADY_RAISES, LARGEST_RAISE = 3, 0.25
"""Then it grows by 1 for so many groups, by twice as many each time after that, and by a quarter at most."""
BUSY = frozenset({429, 503, 529})
SHORT_SECONDS = 1.0
"""Refusals that come so soon after one are of one crowd; and for so long an outage that says no time closes."""
CROWD, CROWD_SHARE = 2, 0.1
"""A crowd counts where it is two at least, and a tenth of what was asked: fewer are strays, and say nothing."""
RECOVERY = 2
"""What each first token in time adds to the limit after an outage."""
SILENT_TIMES, SILENT_SECONDS, MOST_SILENT = 4.0, 5.0, 4
"""Silent is who has not spoken for four times the shortest time and 5 s more; so many are not counted as under way."""


class FixedPace(msgspec.Struct, frozen=True):
    """A limit that is known and stays."""

    limit: int
    opens_in_seconds: float = 0.0

    @property
    def takes_now(self) -> bool:
        return True

    @property
    def has_room(self) -> bool:
        return True

    def reserve(self, tokens: int) -> None:
        """Nothing is counted here."""


class Pace:
    """A deployment's limit, which adapts. Fed by its adapter; asked by who lets answers in.

    `limit` is that of the machine: where several processes share it, each takes its part, and `share`
    says how many they are.

    It starts at the most, and goes by two signs.

    **Lateness.** First tokens are judged in groups: one is late when even its earliest is. Prompts and
    thoughts of different lengths make single ones late, but only a queue in the server delays all of
    them, and about alike (the idea of CoDel, RFC 8289). Then the limit falls to as many as are speaking:
    these the server can surely work on. So nothing queues, and what the next group takes is the new
    measure: a queue can never become what is usual.

    **Refusals.** A single one, or few among many, says nothing about what the server can do: it is that
    question's to wait. A crowd of them says how many were taken: the limit falls to those. Where none
    were, it is an outage, which says nothing either: a few go on asking, and as soon as they are answered
    the limit is what it was before.

    While the limit is reached and nothing is late or refused it grows, the faster the longer that goes well;
    a raise by which first tokens are delayed, be it that they are not late, is undone.
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
        self._settled = float(most)
        """The limit before the last raise, at which nothing was delayed."""
        self._raises = 0
        self._delays = 0
        self._known = 0.0
        self._is_recovering = False
        """Whether first tokens in time have raised the limit after an outage, and not yet to where it was."""
        self._goal = 0.0
        """What the limit was before an outage, and is to be again."""
        self._under_way = 0
        self._silent: OrderedDict[Asked, float] = OrderedDict()
        """What has not spoken yet, with when it was asked; the oldest first."""
        self._speaking = 0
        self._is_full = False
        """Whether the limit was reached since the last group was judged."""
        self._group: list[float] = []
        self._group_began = self._judged_from = clock()
        """What began before it isn't judged: it says nothing about the limit that holds now."""
        self._shortest_seconds = float("inf")
        self._is_renewing = False
        """Whether the next group says anew how short a first token can be: nothing queues when it is asked."""
        self._closed_until = self._crowd_began = float("-inf")
        self._crowd = 0
        self._was_refused = False
        """Whether anything was refused since the last group was judged."""

    @property
    def limit(self) -> int:
        """How many answers may be made at once, those that have fallen silent not counted; 1 at least."""
        silent = self._silent_count()
        return max(1, int(self._limit)) + (silent * self._share() if silent else 0)

    @property
    def opens_in_seconds(self) -> float:
        """How long nothing may be asked; 0 where it may be."""
        return max(0.0, self._closed_until - self._clock(), self._quota.opens_in_seconds)

    @property
    def takes_now(self) -> bool:
        """Whether it may be asked now, be it because that was reserved before."""
        return self._closed_until <= self._clock() and self._quota.takes_now

    @property
    def has_room(self) -> bool:
        """Whether fewer are under way than this process's part of the limit."""
        return self._under_way < max(1, self.limit // max(1, self._share()))

    def reserve(self, tokens: int) -> None:
        """Take an answer of about so many tokens into account that was let in, and will be asked for."""
        self._quota.reserve(tokens)

    def seconds_since(self, began: float) -> float:
        """Return how long ago something began, by the pace's clock."""
        return self._clock() - began

    def began(self) -> "Asked":
        """Take note that something is asked; whoever asks tells what becomes of it."""
        self._under_way += 1
        self._see_whether_full()
        asked = Asked(self, self._clock(), self._quota.began())
        self._silent[asked] = asked.began
        return asked

    def headers(self, headers: Mapping[str, str]) -> None:
        """Read the headers of a reply: where nothing is left of what may be asked, it closes until there is."""
        self._close(exhausted_seconds(headers))
        self._quota.headers(headers)

    def refused(self, asked: "Asked", status: int, retry_after_seconds: float) -> None:
        """Take a refusal, which is the end of what was asked; 0 seconds: the server doesn't say for how long."""
        self._end(asked)
        if status not in BUSY:
            return
        self._close(retry_after_seconds)
        now = self._clock()
        if now - self._crowd_began >= SHORT_SECONDS:
            self._crowd_began, self._crowd = now, 0
        self._crowd += 1
        self._was_refused = True
        if self._crowd < max(CROWD, CROWD_SHARE * (self._crowd + self._under_way)):
            return
        taken, least = self._under_way * self._share(), max(LEAST, 2 * self._share())
        if taken < least:
            self._close(SHORT_SECONDS)
        # In an outage what was taken before ends, so that fewer and fewer seem to be taken. What is refused on the
        # way back, after others were answered, was too much.
        goal = 0.0 if self._is_recovering else max(self._goal, self._limit)
        self._settle(min(self._limit, max(taken, least)))
        self._goal, self._known = goal, 0.0

    def spoke(self, asked: "Asked") -> None:
        """Take the first token of what was asked."""
        self._silent.pop(asked, None)
        self._speaking += 1
        seconds = self._clock() - asked.began
        self._shortest_seconds = min(self._shortest_seconds, seconds)
        if self._limit < self._goal and asked.began >= self._judged_from and not self._is_late(seconds):
            self._limit = self._settled = min(self._limit + RECOVERY, self._goal)
            self._is_recovering = self._limit < self._goal
        self._take(asked.began)

    def used(self, tokens: int) -> None:
        """Take so many more tokens into account than were reserved; below 0: so many fewer."""
        self._quota.used(tokens)

    def ended(self, asked: "Asked", *, has_spoken: bool) -> None:
        """Take note that something has ended, in whichever way."""
        self._end(asked)
        if has_spoken:
            self._speaking -= 1
        elif self._is_late(self._clock() - asked.began):  # given up
            self._take(asked.began)

    def _end(self, asked: "Asked") -> None:
        self._under_way -= 1
        self._silent.pop(asked, None)

    def _silent_count(self) -> int:
        """Return how many are silent, up to so many as are looked for."""
        if not self._silent:
            return 0
        since = self._clock() - SILENT_SECONDS
        if self._shortest_seconds < float("inf"):
            since -= SILENT_TIMES * self._shortest_seconds
        count = 0
        for began in self._silent.values():  # in the order in which they began
            if began >= since or count == MOST_SILENT:
                break
            count += 1
        return count

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
        was_refused, self._was_refused = self._was_refused, False
        self._see_whether_full()
        if self._is_renewing:
            self._shortest_seconds, self._is_renewing = group[0], False
        known = KNOWN * min(self._limit, self._under_way * self._share())
        shortest, earliest, latest = self._shortest_seconds, group[0], group[-1]
        evenness = (earliest - shortest) / (latest - shortest) if latest > shortest else 0.0
        is_delayed = evenness >= DELAY_EVENNESS and earliest > DELAY * shortest + DELAY_SECONDS
        self._delays = self._delays + 1 if is_delayed else 0
        if (evenness >= EVENNESS and self._is_late(earliest)) or self._delays >= MOST_DELAYS:
            self._settle(min(self._speaking * self._share(), self._limit - 1))
            self._known, self._is_renewing = known, True
        elif is_delayed:
            self._raises = -PAUSE
            if self._settled < self._limit:
                self._change(self._settled)
        elif was_full and not was_refused and self._goal <= self._limit < self._most:
            self._settled = self._limit
            self._raise()

    def _raise(self) -> None:
        share = self._share()
        if self._limit < self._known:
            self._change(min(self._limit + max(share, KNOWN_RAISE * self._limit), self._known))
        elif self._raises < 0:  # it was too much a moment ago
            self._raises += 1
        else:
            faster = share * 2.0 ** min(max(0, self._raises - STEADY_RAISES), 12)
            self._change(self._limit + max(share, min(faster, LARGEST_RAISE * self._limit)))
            self._raises += 1

    def _is_late(self, seconds: float) -> bool:
        return seconds > TOLERANCE * self._shortest_seconds + TOLERANCE_SECONDS

    def _see_whether_full(self) -> None:
        self._is_full = self._is_full or not self.has_room

    def _settle(self, limit: float) -> None:
        """Let this be the limit, and find out from here what the server can do."""
        self._goal, self._raises, self._delays, self._is_recovering = 0.0, 0, 0, False
        self._change(limit)
        self._settled = self._limit

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
        self.began = began
        self.has_spoken = False
        """Whether there was text."""
        self.first_seconds: float | None = None
        """After how long the first of it came."""
        self._has_ended = False

    def headers(self, headers: Mapping[str, str]) -> None:
        """Tell the headers of the reply."""
        self._pace.headers(headers)

    def refused(self, status: int, retry_after_seconds: float) -> None:
        """Tell that it was refused, and how long the server wants to be left alone; 0 where it doesn't say."""
        if not self._has_ended:
            self._has_ended = True
            self._pace.refused(self, status, retry_after_seconds)

    def spoke(self) -> None:
        """Tell that there is text; the first time counts."""
        if not self.has_spoken:
            self.has_spoken = True
            self.first_seconds = self._pace.seconds_since(self.began)
            self._pace.spoke(self)

    def used(self, tokens: int) -> None:
        """Tell how many tokens it took in all, where the server has said so."""
        self._pace.used(tokens - self._reserved_tokens)

    def ended(self) -> None:
        """Tell that it is over; the first time counts."""
        if not self._has_ended:
            self._has_ended = True
            self._pace.ended(self, has_spoken=self.has_spoken)
