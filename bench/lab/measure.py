"""Measure one stack: points of load, the load it carries, what a request costs, what an idle stream holds."""

import dataclasses
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bench.lab.ends import ModelServer, Plan, read_streams
from bench.lab.processes import Cores, Tree, busy_seconds, free_port, pinned, wait_until_listening
from bench.lab.stacks import Stack, full_environment

T = TypeVar("T")
RESULTS = Path(__file__).resolve().parents[1] / "results"
LATE_MS = 250
"""A server carries a load as long as 99 of 100 tokens come no later than this behind their sending."""
SOUND_MS = 10
TRIES = 2
OPENS_A_SECOND = 200
"""How fast streams are opened until all but the late ones flow."""
LATE_OPENS_A_SECOND = 40
MOST_LATE = 100
"""The streams that are opened last, at a rate of their own, while all others flow: their first tokens are the ones that
count. Those of the ramp tell how fast questions are taken in, not how long one of them waits."""
IDLE_STREAMS = 200
MANY_IDLE_STREAMS = 10_000
IDLE_OPENS_A_SECOND = 400
IDLE_PATIENCE_SECONDS = 60
SPARE_FILES = 200
"""What a server has open beside its streams, and then some."""
REQUESTS = 400
MOST_STREAMS = 3000


@dataclass(frozen=True)
class Point:
    """What one load came to. Shares are of one core; times are milliseconds that the stack adds to the model's own."""

    streams: int
    open_streams: int
    """Streams that received anything in the window."""
    cpu_us_per_token: float
    server_share: float
    tokens_per_second: float
    delay_p50_ms: float
    delay_p99_ms: float
    delay_max_ms: float
    first_p50_ms: float
    """Of the streams that were opened LATE_OPENS_A_SECOND, while all others flowed."""
    first_p99_ms: float
    ramp_first_p99_ms: float
    """Of the others, which were opened OPENS_A_SECOND."""
    all_open_streams: int
    """Streams that had spoken and were open when the window opened."""
    complete: int
    failed: int
    """Streams that were refused, broke off, or ended before their last token."""
    missing: int
    doubled: int
    still_open: int
    """Streams that the model server still fed a second after their readers had seen the end."""
    late_p99_ms: float
    """How late the model server itself was: the figures are worth nothing where this is large."""
    model_share: float
    readers_share: float
    other_share: float
    """What others took of the server's core; their work makes a token look cheaper and later."""
    other_share_of_ends: float

    @property
    def is_carried(self) -> bool:
        """Whether everybody was served in time."""
        return self.is_open and self.delay_p99_ms <= LATE_MS and not self.failed

    @property
    def is_open(self) -> bool:
        """Whether all streams flowed when the window opened, and went on flowing."""
        return min(self.open_streams, self.all_open_streams) == self.streams

    @property
    def is_sound(self) -> bool:
        """Whether the model server kept its pace, so that delays are the stack's own."""
        return self.late_p99_ms <= SOUND_MS


@dataclass(frozen=True)
class Idle:
    """What streams that are open and silent came to."""

    asked: int
    """How many were to be opened."""
    open: int
    """How many were open, and had spoken, at the same time."""
    kilobytes: float
    """Resident memory a stream."""
    left_open: int
    """Those that were still open at the model server two seconds after their readers had left."""


@dataclass(frozen=True)
class Result:
    """All figures of one stack."""

    name: str
    title: str
    points: tuple[Point, ...] = ()
    capacity: int | None = None
    """The most streams that were carried."""
    cpu_us_per_request: float | None = None
    idle: Idle | None = None
    many_idle: Idle | None = None


@dataclass(frozen=True)
class Bench:
    """What all measurements share."""

    programs: Path
    cores: Cores
    model: ModelServer
    rate: float = 30.0
    """Tokens a second and stream."""
    seconds: float = 4.0
    """How long tokens are counted."""


class Running:
    """A stack that serves."""

    def __init__(self, bench: Bench, stack: Stack, tree: Tree, port: int) -> None:
        self._bench = bench
        self._stack = stack
        self.tree = tree
        self.port = port

    def point(self, streams: int, *, trace: Path | None = None, look: Callable[[], object] = lambda: None) -> Point:
        """Measure one load. `look` is called when the window opens and when it closes."""
        bench = self._bench
        ramp = max(1.0, streams / OPENS_A_SECOND)
        plan = Plan(
            streams,
            0,
            ramp=ramp,
            # What the ramp has left behind is worked off before anything is counted.
            settle=min(2.0, max(0.5, ramp / 5)),
            window=bench.seconds,
            late=min(MOST_LATE, streams // 2),
            late_rate=LATE_OPENS_A_SECOND,
        )
        bench.model.script(tokens=0, rate=bench.rate)
        looks = iter((lambda: None, bench.model.finish))

        def on_window() -> None:
            look()
            next(looks)()

        clock, met = self._read(plan, trace, on_window)
        seen = self._seen_at_last()
        used = clock.between()
        expected = streams - met["complete"]
        counted = max(1, met["window_tokens"])
        return Point(
            streams=streams,
            open_streams=met["active"],
            cpu_us_per_token=1e6 * used["server"] / counted,
            server_share=used["server"] / used["seconds"],
            tokens_per_second=counted / used["seconds"],
            **{f"delay_{name}_ms": met["delay_us"][name] / 1e3 for name in ("p50", "p99", "max")},
            **{f"first_{name}_ms": met["late_first_us"][name] / 1e3 for name in ("p50", "p99")},
            ramp_first_p99_ms=met["first_us"]["p99"] / 1e3,
            all_open_streams=met["open"],
            complete=met["complete"],
            failed=expected,
            missing=met["missing"],
            doubled=met["doubled"],
            still_open=seen["open"],
            late_p99_ms=seen["late_us"]["p99"] / 1e3,
            model_share=used["model"] / used["seconds"],
            readers_share=met["cpu_share"],
            other_share=max(0.0, (used["server_core"] - used["server"]) / used["seconds"]),
            other_share_of_ends=max(0.0, (used["ends_core"] - used["model"]) / used["seconds"] - met["cpu_share"]),
        )

    def sound_point(self, streams: int) -> Point:
        """Measure one load, again if the model server was held up; return the soundest."""
        return soundest(lambda: (self.point(streams), None))[0]

    def cpu_us_per_request(self) -> float:
        """Return what a whole request costs that is answered with one token at once."""
        slots = min(20, self._stack.most_streams or 20)
        self._bench.model.script(tokens=1, rate=1000)
        plan = Plan(slots, 1, times=REQUESTS // slots, ramp=0.2, window=0)
        clock, met = self._read(plan)
        if met["complete"] != REQUESTS // slots * slots:
            raise RuntimeError(
                f"{met['complete']} of {REQUESTS} requests were answered (last status {met['last_status']})"
            )
        return 1e6 * clock.between()["server"] / met["complete"]

    def idle_streams(self, streams: int = IDLE_STREAMS) -> Idle:
        """Open streams that speak once and are silent from then on; then leave them.

        Only a server that has carried nothing before shows the memory: others have room left from earlier loads.
        """
        streams = min(streams, self._stack.most_streams or streams)
        self._bench.model.script(tokens=1, rate=100, hold=True)
        before = self.tree.resident_kilobytes()
        ramp = streams / IDLE_OPENS_A_SECOND
        plan = Plan(streams, 2, ramp=ramp, window=0.5, grace=0, patience=IDLE_PATIENCE_SECONDS)
        sizes: list[int] = []
        _, met = self._read(plan, on_window=lambda: sizes.append(self.tree.resident_kilobytes()))
        kilobytes = (sizes[-1] - before) / max(1, met["open"])
        return Idle(streams, met["open"], kilobytes, self._seen_at_last(2)["open"])

    def capacity(self, known: Point) -> int:
        """Return the most streams that are carried, up to MOST_STREAMS: a short search from a load that was."""
        limit = self._stack.most_streams or MOST_STREAMS
        low, high = known.streams, None
        guess = int(known.streams / max(known.server_share, 0.01) * 0.9)
        for _ in range(5):
            streams = min(guess, limit)
            if streams <= low:
                break
            if self.sound_point(streams).is_carried:
                low = streams
                guess = int(streams * 1.25) if high is None else (low + high) // 2
            else:
                high = streams
                guess = (low + high) // 2
            if low == limit or (high is not None and high - low <= low * 0.1):
                break
        return low

    def _read(self, plan: Plan, trace: Path | None = None, on_window: Any = None) -> tuple["_Clock", dict[str, Any]]:
        bench = self._bench
        clock = _Clock(bench, self.tree)

        def look() -> None:
            clock.look()
            if on_window:
                on_window()

        met = read_streams(
            bench.programs, bench.cores.ends, self.port, self._stack.ask, plan, on_window=look, trace=trace
        )
        return clock, met

    def _seen_at_last(self, seconds: float = 1) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while (seen := self._bench.model.seen())["open"] and time.monotonic() < deadline:
            time.sleep(0.05)
        return seen


class _Clock:
    """Looks at the processor times when the window opens and when it closes."""

    def __init__(self, bench: Bench, tree: Tree) -> None:
        self._bench = bench
        self._tree = tree
        self._looks: list[dict[str, float]] = []

    def look(self) -> None:
        cores = self._bench.cores
        self._looks.append(
            {
                "seconds": time.monotonic(),
                "server": self._tree.cpu_seconds(),
                "model": self._bench.model.tree.cpu_seconds(),
                "server_core": busy_seconds(cores.server),
                "ends_core": busy_seconds(cores.ends),
            }
        )

    def between(self) -> dict[str, float]:
        if len(self._looks) != 2:
            raise RuntimeError("the streams had ended before they could be counted")
        first, last = self._looks
        return {name: last[name] - first[name] for name in last}


def soundest(measure: Callable[[], tuple[Point, T]]) -> tuple[Point, T]:
    """Measure one load with something else, again if the model server was held up; return the soundest."""
    found: list[tuple[Point, T]] = []
    while len(found) < TRIES and not (found and found[-1][0].is_sound):
        found.append(measure())
    return min(found, key=lambda one: one[0].late_p99_ms)


@contextmanager
def running(bench: Bench, stack: Stack, variables: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Run a stack on its core, with a fresh folder on the disk, and warm it up.

    Raises:
        RuntimeError: it did not come up; the end of its log is in the text.
    """
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{stack.name}-", dir=RESULTS, ignore_cleanup_errors=True) as place:
        folder, port = Path(place), free_port()
        environment = full_environment(stack, port, bench.model, folder) | dict(variables or {})
        command, log = stack.command(port, folder), folder / "server.log"
        with pinned(command, bench.cores.server, environment=environment, folder=folder, log=log) as process:
            tree = Tree(process.pid)
            try:
                wait_until_listening(tree, process, port)
                bench.model.script(tokens=10, rate=bench.rate)
                warm_up = Plan(min(10, stack.most_streams or 10), 10, times=3, window=0)
                met = read_streams(bench.programs, bench.cores.ends, port, stack.ask, warm_up)
                if not met["complete"]:
                    raise RuntimeError(f"no answer was complete (last status {met['last_status']})")
                yield Running(bench, stack, tree, port)
            except RuntimeError as error:
                raise RuntimeError(f"{stack.title}: {error}\n{log.read_text()[-2000:]}") from error


def most_idle_streams() -> int:
    """Return how many idle streams a server may hold: each takes two of its files, one to each side."""
    return min(MANY_IDLE_STREAMS, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES) // 2)


def measure(
    bench: Bench,
    stack: Stack,
    loads: Sequence[int],
    *,
    repeat: int = 1,
    has_search: bool = False,
    has_many: bool = False,
) -> Iterator[Result]:
    """Yield the stack's figures, more of them each time. Each load is measured `repeat` times."""
    result = Result(stack.name, stack.title)
    with running(bench, stack) as server:
        # First: a stack that was overloaded goes on with what its readers have left, and would be charged for that.
        result = dataclasses.replace(result, cpu_us_per_request=server.cpu_us_per_request())
        yield result
        for streams in _loads_for(stack, loads):
            points = [server.sound_point(streams) for _ in range(repeat)]
            result = dataclasses.replace(result, points=(*result.points, *points))
            yield result
            if not any(point.is_carried for point in points):
                break
        carried = [point for point in result.points if point.is_carried]
        capacity = max((point.streams for point in carried), default=None)
        if has_search and carried:
            capacity = server.capacity(carried[-1])
        result = dataclasses.replace(result, capacity=capacity)
        yield result
    with running(bench, stack) as server:
        result = dataclasses.replace(result, idle=server.idle_streams())
        yield result
    if has_many:
        with running(bench, stack) as server:
            yield dataclasses.replace(result, many_idle=server.idle_streams(most_idle_streams()))


def _loads_for(stack: Stack, loads: Sequence[int]) -> Sequence[int]:
    """Return the loads, and in place of those that are over a stack's fixed limit, the limit."""
    limit = stack.most_streams
    if stack.loads:
        return [load for load in loads if load in stack.loads]
    return loads if limit is None else [*(load for load in loads if load < limit), limit]
