"""Watch the event loop: how late it is, what held it up, how long the garbage collector took."""

import asyncio
import gc
import logging
import os
import sys
import threading
import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self, TypeAlias

logger = logging.getLogger(__name__)

MARK_SECONDS = 0.05
SAMPLE_SECONDS = 0.025
"""The time between two looks at a loop that is held up; longer ones are looked at 40 times a length of their own."""
FRAMES = 40
INCIDENTS = 50
LOG_SECONDS = 10.0
LOGGED_FRAMES = 3
MEMORY_SECONDS = 5.0
ENDING_SECONDS = 1.0

Stack: TypeAlias = tuple[str, ...]
"""One line a frame, `file:line function`, the innermost last."""


@dataclass(frozen=True)
class Incident:
    """The loop was held up. `stack` is the most frequent one of `samples`; empty where nobody could look."""

    at: float
    """When it was over (seconds since 1970)."""
    seconds: float
    stack: Stack
    share: float
    """The part of the samples that had this stack, 0 to 1."""
    samples: int
    gc_seconds: float
    """How long the garbage collector ran meanwhile."""
    delayed: Mapping[str, int]
    """How many were delayed, by what they are."""


@dataclass
class Histogram:
    """How many values were no greater than each bound (in seconds, rising), and beyond the last of them."""

    bounds: Sequence[float]
    counts: list[int] = field(init=False)
    total: float = 0.0
    greatest: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value
        if value > self.greatest:
            self.greatest = value

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self.counts)

    def below(self, part: float) -> float:
        """Return the bound that so large a part of the values (0 to 1) is no greater than; 0.0 where there are none."""
        wanted, seen = part * self.count, 0
        for bound, count in zip([*self.bounds, self.greatest], self.counts, strict=True):
            seen += count
            if seen >= wanted:
                return min(bound, self.greatest)
        return self.greatest


class Watchdog:
    """An async context manager that watches the loop it is entered on, from a thread of its own.

    The loop sets a mark 20 times a second. The thread wakes about 6 times a second to see that there
    is a fresh one; only where there is none for longer than `late_seconds` does it look, many times,
    at what the loop's thread is doing. When the loop goes on, it makes an incident of that.

    C code that keeps the interpreter's lock is seen where it was left, not where it was; a machine
    that is too busy, or was asleep, makes incidents in which the loop itself is innermost.
    """

    def __init__(
        self,
        *,
        late_seconds: float = 0.2,
        delayed: Callable[[], Mapping[str, int]] = dict,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.late_seconds = late_seconds
        self.lag = Histogram((0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0))
        """How late each mark was."""
        self.pauses = Histogram((0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0))
        """How long each run of the garbage collector took."""
        self.incidents: deque[Incident] = deque(maxlen=INCIDENTS)
        """The last ones, the newest last."""
        self.incident_count = 0
        self.longest_seconds = 0.0
        self.resident_bytes = 0
        """The process's memory, a few seconds ago at most; 0 where the system does not tell it."""
        self._delayed = delayed
        self._clock = clock
        self._marked = 0.0
        self._samples: Counter[Stack] = Counter()
        self._gc_began = 0.0
        self._gc_seconds = 0.0
        self._last_logged = float("-inf")
        self._unlogged = 0
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = threading.Event()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._is_over.clear()
        self._marked = self._clock()
        self._timer = loop.call_later(MARK_SECONDS, self._mark, loop)
        gc.callbacks.append(self._on_gc)
        self._ended = asyncio.Event()
        self._thread = threading.Thread(
            target=self._watch, args=(loop, threading.get_ident()), name="watchdog", daemon=True
        )
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        gc.callbacks.remove(self._on_gc)
        self._is_over.set()
        await asyncio.wait_for(self._ended.wait(), ENDING_SECONDS)

    def _mark(self, loop: asyncio.AbstractEventLoop) -> None:
        now = self._clock()
        lag = max(0.0, now - self._marked - MARK_SECONDS)
        self._marked = now
        self._timer = loop.call_later(MARK_SECONDS, self._mark, loop)
        self.lag.add(lag)
        samples, self._samples = self._samples, Counter()
        gc_seconds, self._gc_seconds = self._gc_seconds, 0.0
        if lag > self.late_seconds:
            self._note(lag, samples, gc_seconds)

    def _note(self, seconds: float, samples: Counter[Stack], gc_seconds: float) -> None:
        [(stack, count)] = samples.most_common(1) or [((), 0)]
        share = count / samples.total() if count else 0.0
        incident = Incident(time.time(), seconds, stack, share, samples.total(), gc_seconds, dict(self._delayed()))
        self.incidents.append(incident)
        self.incident_count += 1
        self.longest_seconds = max(self.longest_seconds, seconds)
        now = self._clock()
        if now - self._last_logged < LOG_SECONDS:
            self._unlogged += 1
            return
        more = f" ({self._unlogged} more since the last such line)" if self._unlogged else ""
        self._last_logged, self._unlogged = now, 0
        where = " < ".join(reversed(stack[-LOGGED_FRAMES:])) or "unknown"
        logger.warning("The event loop was held up for %.0f ms%s, at %s", seconds * 1000, more, where)

    def _on_gc(self, phase: str, info: Mapping[str, int]) -> None:
        if phase == "start":
            self._gc_began = time.perf_counter()
        elif self._gc_began:
            pause = time.perf_counter() - self._gc_began
            self.pauses.add(pause)
            self._gc_seconds += pause

    def _watch(self, loop: asyncio.AbstractEventLoop, thread_id: int) -> None:
        try:
            self._look_again_and_again(thread_id)
        finally:
            loop.call_soon_threadsafe(self._ended.set)

    def _look_again_and_again(self, thread_id: int) -> None:
        memory_at = 0.0
        wait_seconds = 0.0
        while not self._is_over.wait(wait_seconds):
            now = self._clock()
            late = now - self._marked - MARK_SECONDS
            if late > self.late_seconds:
                if frame := sys._current_frames().get(thread_id):  # pyright: ignore[reportPrivateUsage] # its door
                    self._samples[_stack(frame)] += 1
                wait_seconds = max(SAMPLE_SECONDS, late / 40)
                continue
            if now >= memory_at:
                memory_at = now + MEMORY_SECONDS
                self.resident_bytes = read_resident_bytes()
            wait_seconds = max(SAMPLE_SECONDS, self.late_seconds - late)


def _stack(frame: FrameType | None) -> Stack:
    lines: list[str] = []
    while frame is not None and len(lines) < FRAMES:
        code = frame.f_code
        lines.append(f"{_short(code.co_filename)}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return tuple(reversed(lines))


def _short(path: str) -> str:
    """Return the last parts of a path, which say where the code belongs and nothing of the machine."""
    return "/".join(path.replace("\\", "/").split("/")[-3:])


def read_resident_bytes() -> int:
    """Return the memory that the process has (Linux; elsewhere 0). Reads a file: not for the loop's thread."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
