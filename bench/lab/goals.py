"""Say of every goal whether Hubbub reaches it, beside what nginx took in the same run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from bench.lab.fairness import Fairness
from bench.lab.measure import LATE_MS, LATE_OPENS_A_SECOND, MANY_IDLE_STREAMS, Point, Result

NGINX_US = {50: 36.0, 300: 26.0, 1000: 19.0}
"""What nginx took a token, by streams, on the machine on which the goals for CPU were set (µs)."""


@dataclass(frozen=True)
class Goal:
    """One figure that Hubbub is to reach."""

    title: str
    limit: float
    unit: str
    is_at_most: bool = True
    streams: int | None = None
    """The load that it is measured at."""
    of_point: Callable[[Point], float] | None = None
    of_result: Callable[[Result], float | None] | None = None
    of_fairness: Callable[[Fairness], float] | None = None
    is_cpu: bool = False
    """Whether it is processor time a token, for which nginx is the measure of the machine."""


@dataclass(frozen=True)
class Verdict:
    """What became of a goal. No values: it was not measured."""

    goal: Goal
    values: tuple[float, ...] = ()
    nginx: float | None = None
    """The same figure of nginx in the same run; the median where there are several."""
    scaled: float | None = None
    """The value on the machine on which the goals were set, as far as nginx tells."""
    failed_at: int | None = None
    """Not measured, because Hubbub did not carry this smaller load."""

    @property
    def value(self) -> float:
        """The median of what was measured."""
        return median(self.values)

    @property
    def is_reached(self) -> bool:
        """Whether the median is within the limit."""
        return bool(self.values) and (
            self.value <= self.goal.limit if self.goal.is_at_most else self.value >= self.goal.limit
        )

    @property
    def missed_by(self) -> float:
        """How far the median is from the limit, as a share of it; 0 where it is reached."""
        gap = self.value - self.goal.limit if self.goal.is_at_most else self.goal.limit - self.value
        return max(0.0, gap / self.goal.limit) if self.goal.limit else max(0.0, gap)


def _at_loads(
    title: str, unit: str, limits: dict[int, float], of: Callable[[Point], float], **more: bool
) -> list[Goal]:
    return [
        Goal(f"{title}, {streams:,} streams", limit, unit, streams=streams, of_point=of, **more)
        for streams, limit in limits.items()
    ]


def _idle_kilobytes(result: Result) -> float | None:
    return result.idle.kilobytes if result.idle else None


def _many_idle(result: Result) -> float | None:
    return float(result.many_idle.open) if result.many_idle else None


GOALS = (
    *_at_loads(
        "CPU a token",
        "µs",
        {50: 65, 300: 40, 1000: 15, 2000: 12},
        lambda point: point.cpu_us_per_token,
        is_cpu=True,
    ),
    *_at_loads("added delay p99", "ms", {50: 40, 300: 60, 1000: 150, 2000: 250}, lambda point: point.delay_p99_ms),
    Goal(
        f"carried on one core, p99 ≤ {LATE_MS} ms",
        2000,
        "streams",
        is_at_most=False,
        of_result=lambda result: result.capacity,
    ),
    *_at_loads(
        f"added to first token p99, {LATE_OPENS_A_SECOND} opened/s",
        "ms",
        {50: 10, 1000: 120},
        lambda point: point.first_p99_ms,
    ),
    Goal("CPU a request", 600, "µs", of_result=lambda result: result.cpu_us_per_request),
    Goal("memory an idle stream", 30, "kB", of_result=_idle_kilobytes),
    Goal("idle streams at once", MANY_IDLE_STREAMS, "streams", is_at_most=False, of_result=_many_idle),
    Goal("light people beside a heavy one, p95 first word", 1.5, "times", of_fairness=lambda fair: fair.ratio),
    Goal(
        "light people's questions refused or failed",
        0,
        "",
        of_fairness=lambda fair: fair.light_refused + fair.light_failed,
    ),
)


def judge(results: Sequence[Result], fairness: Fairness | None = None) -> list[Verdict]:
    """Return a verdict a goal, in their order."""
    by_name = {result.name: result for result in results}
    hubbub, nginx = by_name.get("hubbub"), by_name.get("nginx")
    verdicts: list[Verdict] = []
    for goal in GOALS:
        values, others = tuple(_values(goal, hubbub, fairness)), tuple(_values(goal, nginx, None))
        beside = median(others) if others else None
        scaled = None
        if goal.is_cpu and values and beside and goal.streams in NGINX_US:
            scaled = median(values) * NGINX_US[goal.streams] / beside
        failed_at = _failed_below(goal, hubbub) if not values else None
        verdicts.append(Verdict(goal, values, beside, scaled, failed_at))
    return verdicts


def _failed_below(goal: Goal, hubbub: Result | None) -> int | None:
    points = hubbub.points if hubbub and goal.streams else ()
    failed = [point.streams for point in points if not point.is_carried and point.streams < (goal.streams or 0)]
    return max(failed, default=None)


def _values(goal: Goal, result: Result | None, fairness: Fairness | None) -> Iterator[float]:
    if goal.of_fairness and fairness:
        yield float(goal.of_fairness(fairness))
    if result is None:
        return
    if goal.of_point:
        yield from (goal.of_point(point) for point in result.points if point.streams == goal.streams)
    elif goal.of_result and (value := goal.of_result(result)) is not None:
        yield value
