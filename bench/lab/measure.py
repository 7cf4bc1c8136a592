"""Measure one stack: points of load, the load it carries, what a request costs, what an idle stream holds."""

import dataclasses
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.lab.ends import ModelServer, Plan, read_streams
from bench.lab.processes import Cores, Tree, busy_seconds, free_port, pinned, wait_until_listening
from bench.lab.stacks import Stack, full_environment

RESULTS = Path(__file__).resolve().parents[1] / "results"
LATE_MS = 250
"""A server carries a load as long as 99 of 100 tokens come no later than this behind their sending."""
SOUND_MS = 10
TRIES = 2
OPENS_A_SECOND = 200
MARGIN_SECONDS = 2.0
IDLE_STREAMS = 200
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
    first_p99_ms: float
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
        return self.open_streams == self.streams and self.delay_p99_ms <= LATE_MS and not self.failed

    @property
    def is_sound(self) -> bool:
        """Whether the model server kept its pace, so that delays are the stack's own."""
        return self.late_p99_ms <= SOUND_MS


@dataclass(frozen=True)
class Result:
    """All figures of one stack."""

    name: str
    title: str
    points: tuple[Point, ...] = ()
    capacity: int | None = None
    """The most streams that were carried."""
    cpu_us_per_request: float | None = None
    idle_stream_kilobytes: float | None = None
    left_open: int | None = None
    """Of the idle streams, those that were still open at the model server two seconds after their readers had left."""


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

    def point(self, streams: int, *, trace: Path | None = None) -> Point:
        """Measure one load."""
        bench = self._bench
        ramp = max(1.0, streams / OPENS_A_SECOND)
        plan = Plan(streams, 0, ramp=ramp, window=bench.seconds, grace=ramp + MARGIN_SECONDS + 2)
        tokens = int(bench.rate * (ramp + plan.settle + plan.window + MARGIN_SECONDS))
        plan = dataclasses.replace(plan, tokens=tokens)
        bench.model.script(tokens=tokens, rate=bench.rate)
        clock, met = self._read(plan, trace)
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
            **{f"first_{name}_ms": met["first_us"][name] / 1e3 for name in ("p50", "p99")},
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
        points: list[Point] = []
        while len(points) < TRIES and not (points and points[-1].is_sound):
            points.append(self.point(streams))
        return min(points, key=lambda point: point.late_p99_ms)

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

    def idle_streams(self) -> tuple[float, int]:
        """Return the memory of a stream that is open and silent, and how many stay open when their readers leave.

        Only a server that has carried nothing before shows the memory: others have room left from earlier loads.
        """
        streams = min(IDLE_STREAMS, self._stack.most_streams or IDLE_STREAMS)
        self._bench.model.script(tokens=1, rate=100, hold=True)
        before = self.tree.resident_kilobytes()
        plan = Plan(streams, 2, ramp=streams / OPENS_A_SECOND, window=0.5, grace=0)
        sizes: list[int] = []
        self._read(plan, on_window=lambda: sizes.append(self.tree.resident_kilobytes()))
        return (sizes[-1] - before) / streams, self._seen_at_last(2)["open"]

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


@contextmanager
def running(bench: Bench, stack: Stack) -> Iterator[Running]:
    """Run a stack on its core, with a fresh folder on the disk, and warm it up.

    Raises:
        RuntimeError: it did not come up; the end of its log is in the text.
    """
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{stack.name}-", dir=RESULTS, ignore_cleanup_errors=True) as place:
        folder, port = Path(place), free_port()
        environment = full_environment(stack, port, bench.model.base_url, folder)
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


def measure(bench: Bench, stack: Stack, loads: list[int], *, has_search: bool) -> Iterator[Result]:
    """Yield the stack's figures, more of them each time."""
    result = Result(stack.name, stack.title)
    if stack.most_streams and stack.most_streams < loads[0]:
        loads = [stack.most_streams, *loads]
    with running(bench, stack) as server:
        for streams in loads:
            point = server.sound_point(streams)
            result = dataclasses.replace(result, points=(*result.points, point))
            yield result
            if not point.is_carried:
                break
        carried = [point for point in result.points if point.is_carried]
        if has_search and carried:
            result = dataclasses.replace(result, capacity=server.capacity(carried[-1]))
        result = dataclasses.replace(result, cpu_us_per_request=server.cpu_us_per_request())
        yield result
    with running(bench, stack) as server:
        kilobytes, left = server.idle_streams()
        yield dataclasses.replace(result, idle_stream_kilobytes=kilobytes, left_open=left)
