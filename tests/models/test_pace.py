"""How many answers a deployment can make at once is found out, against a model server that follows a script."""

import functools
import heapq
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pytest

from hubbub.models.pace import Pace
from hubbub.models.retry_after import exhausted_seconds


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def answered(pace: Pace, clock: Clock, seconds: float, count: int = 1) -> None:
    """Let some be asked at once, whose first tokens come after so long."""
    asked = [pace.began() for _ in range(count)]
    clock.now += seconds
    for one in asked:
        one.spoke()
        one.ended()


def test_it_starts_at_the_most(clock: Clock) -> None:
    pace = Pace(clock=clock)
    assert (pace.limit, pace.opens_in_seconds) == (2000, 0)


@pytest.mark.parametrize("others", [0, 39])
def test_a_stray_refusal_says_nothing(clock: Clock, others: int) -> None:
    pace = Pace(clock=clock)
    asked = [pace.began() for _ in range(others + 1)]
    asked[0].refused(503, 0)
    assert (pace.limit, pace.opens_in_seconds) == (2000, 0)


def test_it_closes_for_as_long_as_a_refusal_says(clock: Clock) -> None:
    pace = Pace(clock=clock)
    pace.began().refused(429, 7)
    pace.began().refused(503, 1)
    assert pace.opens_in_seconds == 7  # the longer one holds
    clock.now += 7
    assert pace.opens_in_seconds == 0


def test_a_crowd_of_refusals_says_how_many_are_taken(clock: Clock) -> None:
    pace = Pace(clock=clock)
    asked = [pace.began() for _ in range(60)]
    for one in asked[:20]:
        one.refused(429, 0)
    assert (pace.limit, pace.opens_in_seconds) == (40, 0)


def test_an_outage_leaves_a_few_going_and_is_made_up_for_within_seconds(clock: Clock) -> None:
    pace = Pace(clock=clock)
    for _ in range(20):
        for one in [pace.began() for _ in range(pace.limit)]:
            one.refused(503, 0)
        assert (pace.limit, pace.opens_in_seconds) == (4, 1)
        clock.now += 1
    for _ in range(5):
        answered(pace, clock, 0.3, pace.limit)
    assert pace.limit > 200


def test_one_that_has_fallen_silent_holds_up_nobody(clock: Clock) -> None:
    pace = Pace(1, clock=clock)
    answered(pace, clock, 0.3)
    silent = pace.began()
    assert (pace.limit, pace.has_room) == (1, False)
    clock.now += 7
    assert (pace.limit, pace.has_room) == (2, True)
    silent.ended()
    assert pace.limit == 1


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_other_refusals_say_nothing_about_its_pace(clock: Clock, status: int) -> None:
    pace = Pace(10, clock=clock)
    pace.began().refused(status, 10)
    assert (pace.limit, pace.opens_in_seconds) == (10, 0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "20s"}, 0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20s"}, 20),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, 120),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-requests": "20s"}, 1),
        ({"x-ratelimit-remaining-tokens": "-1", "x-ratelimit-reset-tokens": "-1"}, 1),
        ({"x-ratelimit-remaining-requests": "none"}, 0),
    ],
)
def test_where_nothing_is_left_it_closes(clock: Clock, headers: dict[str, str], seconds: float) -> None:
    assert exhausted_seconds(headers) == seconds
    pace = Pace(clock=clock)
    pace.began().headers(headers)
    assert (pace.limit, pace.opens_in_seconds) == (2000, seconds)


def test_lags_of_our_own_are_not_lateness(clock: Clock) -> None:
    pace = Pace(20, clock=clock)
    for round_number in range(20):
        answered(pace, clock, 0.02 if round_number % 2 else 0.5, 20)
    assert pace.limit == 20


def test_first_tokens_that_never_come_are_late(clock: Clock) -> None:
    pace = Pace(20, clock=clock)
    answered(pace, clock, 0.3, 20)
    hanging = [pace.began() for _ in range(20)]
    clock.now += 60
    for one in hanging:
        one.ended()
    assert pace.limit < 5


def test_it_does_not_grow_while_it_is_not_reached(clock: Clock) -> None:
    pace = Pace(100, clock=clock)
    answered(pace, clock, 0.3, 20)
    asked = [pace.began() for _ in range(20)]
    clock.now += 5
    for one in asked:
        one.spoke()
    for one in asked:
        one.ended()
    low = pace.limit
    assert 4 < low <= 20
    for _ in range(30):
        answered(pace, clock, 0.3, 4)
    assert pace.limit == low
    for _ in range(3):
        answered(pace, clock, 0.3, low)
    assert pace.limit > low


def test_who_shares_a_machine_reaches_the_limit_together(clock: Clock) -> None:
    pace = Pace(100, share=lambda: 4, clock=clock)
    asked = [pace.began() for _ in range(10)]
    for one in asked[:5]:
        one.refused(429, 1)
    for one in asked:
        one.ended()
    assert pace.limit == 20  # forty were under way on the machine
    clock.now += 5
    for _ in range(3):
        answered(pace, clock, 0.3, 5)
    assert pace.limit > 20


def test_an_end_counts_once(clock: Clock) -> None:
    pace = Pace(10, clock=clock)
    one = pace.began()
    for _ in range(3):
        one.spoke()
        one.ended()
    asked = [pace.began() for _ in range(8)]
    for one in asked[:4]:
        one.refused(429, 1)
        one.ended()
    assert pace.limit == 4


# A simulated model server, which always has more to do than it can.


class Limited(Protocol):
    @property
    def limit(self) -> int: ...


@dataclass
class Phase:
    """Until a time the server works on so many at once, each so long before and after its first token."""

    until: float
    slots: int
    first_seconds: float
    rest_seconds: float


class Simulation:
    """Asks as many at once as the pace allows, for as long as the phases last. Times differ by the spread."""

    def __init__(
        self,
        phases: Sequence[Phase],
        make: Callable[[Clock], Pace] | None,
        fixed: int = 0,
        *,
        spread: float = 0.3,
        seed: int = 11,
    ) -> None:
        self.clock = Clock()
        self.pace = make(self.clock) if make else None
        self._fixed = fixed
        self._phases = phases
        self._chance = random.Random(seed)
        self._spread = spread
        self._steps: list[tuple[float, int, Callable[[], None]]] = []
        self._queue: deque[Callable[[], None]] = deque()
        self._count = self._busy = self._under_way = 0
        self.limits: list[tuple[float, int]] = []
        self.good: list[float] = []
        """When answers ended whose first token was in time."""
        self._run()

    @property
    def limit(self) -> int:
        return self.pace.limit if self.pace else self._fixed

    def _run(self) -> None:
        self._go_on()
        while self._steps and self.clock.now < self._phases[-1].until:
            self.clock.now, _, step = heapq.heappop(self._steps)
            step()
            self._go_on()
            self.limits.append((self.clock.now, self.limit))

    def _phase(self) -> Phase:
        return next((phase for phase in self._phases if self.clock.now < phase.until), self._phases[-1])

    def _at(self, seconds: float, step: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._steps, (self.clock.now + seconds, self._count, step))

    def _go_on(self) -> None:
        while self._under_way < self.limit:
            self._under_way += 1
            self._ask()
        while self._queue and self._busy < self._phase().slots:
            self._busy += 1
            self._queue.popleft()()

    def _ask(self) -> None:
        asked, began = self.pace.began() if self.pace else None, self.clock.now

        def begin() -> None:
            phase = self._phase()
            first = phase.first_seconds * self._chance.uniform(1 - self._spread, 1 + self._spread)
            self._at(first, speak)
            self._at(first + phase.rest_seconds * self._chance.uniform(0.7, 1.3), end)

        in_time = False

        def speak() -> None:
            nonlocal in_time
            in_time = self.clock.now - began <= 2 * self._phase().first_seconds + 1
            if asked:
                asked.spoke()

        def end() -> None:
            self._busy -= 1
            self._under_way -= 1
            if in_time:
                self.good.append(self.clock.now)
            if asked:
                asked.ended()

        self._queue.append(begin)

    def limit_between(self, begin: float, end: float) -> float:
        """The limit on average over time."""
        points = [(time, limit) for time, limit in self.limits if begin <= time < end]
        spans = zip(points, [*points[1:], (end, 0)], strict=True)
        return sum(limit * (later - time) for (time, limit), (later, _) in spans) / (end - points[0][0])

    def good_between(self, begin: float, end: float) -> int:
        return sum(begin <= time < end for time in self.good)


@functools.cache
def best_fixed(slots: int, first_seconds: float, rest_seconds: float) -> tuple[int, float]:
    """The limit that gives the most answers in time, and how many a second."""
    found: dict[int, float] = {}
    for limit in sorted({round(slots * part / 10) for part in range(5, 21)}):
        simulation = Simulation([Phase(160, slots, first_seconds, rest_seconds)], None, limit)
        found[limit] = simulation.good_between(60, 160) / 100
    most = max(found.values())
    return min(limit for limit, good in found.items() if good >= 0.98 * most), most


FAST, SLOW = (0.3, 4.0), (1.2, 16.0)
PHASES = [
    Phase(120, 50, *FAST),
    Phase(220, 50, *SLOW),
    Phase(280, 50, *FAST),
    Phase(340, 20, *FAST),
    Phase(440, 50, 0.6, 8.0),
]
"""Four changes: four times slower and back, fewer slots, more and slower."""


@pytest.mark.parametrize("most", [100, 300])
@pytest.mark.parametrize("seed", range(4))
def test_within_thirty_seconds_it_is_near_the_best_fixed_limit(most: int, seed: int) -> None:
    simulation = Simulation(PHASES, lambda clock: Pace(most, clock=clock), seed=seed)
    begin = in_time = could_be = 0.0
    for phase in PHASES:
        best, good = best_fixed(phase.slots, phase.first_seconds, phase.rest_seconds)
        settled = begin + 30
        if begin == 0:  # what was asked before anything was known has to be served first
            settled += (most - phase.slots) / phase.slots * (phase.first_seconds + phase.rest_seconds)
        limit = simulation.limit_between(settled, phase.until)
        assert 0.8 * best <= limit <= 1.2 * best, phase
        in_time += simulation.good_between(settled, phase.until)
        could_be += good * (phase.until - settled)
        begin = phase.until
    assert in_time >= 0.8 * could_be


@pytest.mark.parametrize("seed", range(4))
def test_thoughts_of_all_lengths_are_rarely_taken_for_a_queue(seed: int) -> None:
    """First tokens after two to twenty seconds, from a server that always has room."""
    phases = [Phase(600, 1000, 11, 10)]
    simulation = Simulation(phases, lambda clock: Pace(100, clock=clock), spread=0.8, seed=seed)
    assert simulation.limit_between(0, 600) > 65
