"""However a server's capacity changes, the limit follows within seconds: it is simulated, beside the best fixed limit.

The server queues what it has no slot for, or refuses it. Its slots or its times change fourfold, first tokens come
with noise, and some questions are refused for no reason. There is always more to ask. Who is refused waits a second
and asks again, before all others. Good is an answer whose first token was in time after it was asked.
"""

import functools
import heapq
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from hubbub.models.pace import Asked, Pace

WAIT_SECONDS = 1.0
SETTLING_SECONDS = 30.0


@dataclass(frozen=True)
class Phase:
    """For so long the server works on so many at once, each so long before and after its first token."""

    seconds: float
    slots: int
    first_seconds: float = 0.3
    rest_seconds: float = 4.0


@dataclass(frozen=True)
class World:
    phases: tuple[Phase, ...]
    backlog: int | None = None
    """How many wait in the server at most, before it refuses; None: all."""
    stray_share: float = 0.0
    spread: float = 0.3
    workers: int = 1
    most: int = 200


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Simulation:
    """Lets as many in as the limits allow, for as long as the phases last. A fixed limit is in place of paces."""

    def __init__(self, world: World, *, fixed: int | None = None, seed: int = 1) -> None:
        self.world = world
        self.clock = Clock()
        self.paces = [Pace(world.most, share=lambda: world.workers, clock=self.clock) for _ in range(world.workers)]
        self.good: list[float] = []
        """When answers ended that were in time."""
        self.limits: list[tuple[float, int]] = []
        self._fixed = fixed
        self._chance = random.Random(seed)
        self._ends: list[float] = []
        for phase in world.phases:
            self._ends.append((self._ends[-1] if self._ends else 0.0) + phase.seconds)
        self._steps: list[tuple[float, int, Callable[[], None]]] = []
        self._queue: deque[Callable[[], None]] = deque()
        self._count = self._busy = 0
        self._let_in = [0] * world.workers
        self._asked = [0] * world.workers
        self._again: list[deque[float]] = [deque() for _ in self.paces]
        """Per worker who was refused: from when on they may ask again."""

    def run(self) -> "Simulation":
        for tenth in range(int(self._ends[-1] * 10)):
            self._at(tenth / 10, lambda: None)
        while self._steps and self.clock.now < self._ends[-1]:
            self.clock.now, _, step = heapq.heappop(self._steps)
            step()
            self._go_on()
            self.limits.append((self.clock.now, sum(map(self._part, range(self.world.workers)))))
        return self

    def good_between(self, begin: float, end: float) -> float:
        """How many good answers a second."""
        return sum(begin <= time < end for time in self.good) / (end - begin)

    def _phase(self) -> Phase:
        return next(
            (phase for phase, end in zip(self.world.phases, self._ends, strict=True) if self.clock.now < end),
            self.world.phases[-1],
        )

    def _at(self, when: float, step: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._steps, (when, self._count, step))

    def _after(self, seconds: float, step: Callable[[], None]) -> None:
        self._at(self.clock.now + seconds, step)

    def _part(self, worker: int) -> int:
        limit = self.paces[worker].limit if self._fixed is None else self._fixed
        return max(1, limit // self.world.workers)

    def _go_on(self) -> None:
        is_anybody = True
        while is_anybody:  # workers take turns
            is_anybody = False
            for worker, pace in enumerate(self.paces):
                if pace.opens_in_seconds > 0 and self._fixed is None:
                    continue
                again = self._again[worker]
                if again and again[0] <= self.clock.now and self._asked[worker] < self._part(worker):
                    again.popleft()
                    self._ask(worker)
                    is_anybody = True
                elif self._let_in[worker] < self._part(worker):
                    self._let_in[worker] += 1
                    self._ask(worker)
                    is_anybody = True
        while self._queue and self._busy < self._phase().slots:
            self._busy += 1
            self._queue.popleft()()

    def _ask(self, worker: int) -> None:
        asked, began = self.paces[worker].began(), self.clock.now
        self._asked[worker] += 1
        backlog = self.world.backlog
        is_full = backlog is not None and self._busy + len(self._queue) >= self._phase().slots + backlog
        if is_full or self._chance.random() < self.world.stray_share:
            self._after(0.01, functools.partial(self._refuse, worker, asked))
            return

        def begin() -> None:
            phase = self._phase()
            first = phase.first_seconds * self._chance.uniform(1 - self.world.spread, 1 + self.world.spread)
            self._after(first, speak)
            self._after(first + phase.rest_seconds * self._chance.uniform(0.7, 1.3), end)

        is_in_time = False

        def speak() -> None:
            nonlocal is_in_time
            is_in_time = self.clock.now - began <= 2 * self._phase().first_seconds + 1
            asked.spoke()

        def end() -> None:
            self._busy -= 1
            self._let_in[worker] -= 1
            self._asked[worker] -= 1
            asked.ended()
            if is_in_time:
                self.good.append(self.clock.now)

        self._queue.append(begin)

    def _refuse(self, worker: int, asked: Asked) -> None:
        self._asked[worker] -= 1
        asked.refused(503, 0)
        self._again[worker].append(self.clock.now + WAIT_SECONDS)


@functools.cache
def best_fixed(phase: Phase, backlog: int | None, stray_share: float, spread: float) -> float:
    """The most good answers a second that any fixed limit gives."""
    world = World((Phase(60, phase.slots, phase.first_seconds, phase.rest_seconds),), backlog, stray_share, spread)
    parts = (0.8, 0.9, 1.0, 1.1, 1.25)
    return max(
        Simulation(world, fixed=max(1, round(phase.slots * part)), seed=9).run().good_between(25, 60) for part in parts
    )


def shares(world: World, seed: int) -> Sequence[float]:
    """What is given of the best fixed limit's goodput, phase by phase, from half a minute after each change."""
    simulation, begin, found = Simulation(world, seed=seed).run(), 0.0, []
    for phase in world.phases:
        end = begin + phase.seconds
        good = simulation.good_between(begin + SETTLING_SECONDS, end)
        found.append(good / best_fixed(phase, world.backlog, world.stray_share, world.spread))
        begin = end
    return found


QUICK, SLOW = (0.3, 2.0), (1.2, 8.0)
SLOTS = (Phase(60, 200, *QUICK), Phase(60, 50, *QUICK), Phase(60, 200, *QUICK))
TIMES = (Phase(60, 120, *QUICK), Phase(60, 120, *SLOW), Phase(60, 120, *QUICK))


@pytest.mark.parametrize(("backlog", "workers"), [(None, 1), (0, 1), (20, 1), (None, 4), (0, 4)])
def test_slots_that_change_fourfold_are_used(backlog: int | None, workers: int) -> None:
    found = shares(World(SLOTS, backlog, 0.02, workers=workers, most=400), 1)
    assert all(0.8 <= share <= 1.2 for share in found), found


@pytest.mark.parametrize("backlog", [None, 0])
def test_times_that_change_fourfold_are_followed(backlog: int | None) -> None:
    found = shares(World(TIMES, backlog, 0.01, most=400), 1)
    assert all(0.8 <= share <= 1.2 for share in found), found


def test_recovery_takes_seconds_after_an_outage() -> None:
    calm = Phase(20, 40, 0.3, 2.0)
    simulation = Simulation(World((calm, Phase(10, 0, 0.3, 2.0), calm), backlog=0, most=40)).run()
    assert dict(simulation.limits)[max(time for time, _ in simulation.limits if time < 30)] == 4
    assert simulation.good_between(34, 50) >= 0.9 * simulation.good_between(5, 20)
