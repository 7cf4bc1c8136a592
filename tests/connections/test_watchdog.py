"""The watch over the event loop: blocked for real, and by hand on a clock of its own."""

import asyncio
import gc
import hashlib
import logging
import threading
import time

import pytest

from hubbub.connections.watchdog import INCIDENTS, MARK_SECONDS, Histogram, Watchdog
from tests.patience import patience


def hold_up(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        hashlib.sha256(b"x" * 1000).digest()


async def test_what_held_the_loop_up_is_noted() -> None:
    async with Watchdog(late_seconds=0.1, delayed=lambda: {"readers": 3}) as watchdog:
        await asyncio.sleep(0.2)
        before = time.time()
        hold_up(0.5)
        await asyncio.sleep(0.1)
        incident = max(watchdog.incidents, key=lambda one: one.seconds)  # other work holds this process up, too
    assert 0.3 < incident.seconds < 10
    assert before + 0.4 < incident.at < time.time()
    assert incident.samples > 3
    assert incident.share > 0
    assert "hold_up" in incident.stack[-1]
    assert any("test_what_held_the_loop_up_is_noted" in line for line in incident.stack)
    assert incident.stack[-1].startswith("tests/connections/test_watchdog.py:")
    assert incident.delayed == {"readers": 3}
    assert watchdog.incident_count == len(watchdog.incidents)
    assert watchdog.longest_seconds == incident.seconds
    assert watchdog.lag.greatest == incident.seconds


async def test_a_loop_that_goes_on_is_left_alone() -> None:
    async with Watchdog(late_seconds=5) as watchdog:
        for _ in range(10):
            hold_up(0.02)
            await asyncio.sleep(0.03)
    assert not watchdog.incidents
    assert watchdog.lag.count > 3


def watching() -> int:
    return sum(thread.name == "watchdog" for thread in threading.enumerate())


async def until_gone() -> None:
    """It says that it ends, and ends right after."""
    async with patience():
        while watching():
            await asyncio.sleep(0.001)


async def test_its_thread_ends_with_it_and_so_does_all_else() -> None:
    await until_gone()
    callbacks = len(gc.callbacks)
    watchdog = Watchdog()
    for _ in range(3):
        async with watchdog:
            assert watching() == 1
            assert len(gc.callbacks) == callbacks + 1
        await until_gone()
        assert len(gc.callbacks) == callbacks
    marks = watchdog.lag.count
    await asyncio.sleep(3 * MARK_SECONDS)
    assert watchdog.lag.count == marks


async def test_runs_of_the_garbage_collector_are_counted() -> None:
    async with Watchdog() as watchdog:
        before = watchdog.pauses.count
        for _ in range(3):
            gc.collect()
        assert watchdog.pauses.count >= before + 3
        assert 0 < watchdog.pauses.greatest < 5
        assert watchdog.resident_bytes >= 0


async def test_incidents_are_bounded_and_the_log_is_not_flooded(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    watchdog = Watchdog(late_seconds=0.2, clock=lambda: now)
    loop = asyncio.get_running_loop()
    with caplog.at_level(logging.WARNING, "hubbub.connections.watchdog"):
        for _ in range(INCIDENTS + 20):
            now += 1.0
            watchdog._mark(loop)
            assert watchdog._timer is not None
            watchdog._timer.cancel()
    assert len(watchdog.incidents) == INCIDENTS
    assert watchdog.incident_count == INCIDENTS + 20
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 7  # one in ten seconds
    assert lines[0].startswith("The event loop was held up for 950 ms, at ")
    assert lines[1].startswith("The event loop was held up for 950 ms (9 more since")


def test_histograms() -> None:
    histogram = Histogram((0.01, 0.1))
    assert histogram.below(0.99) == 0.0
    for _ in range(98):
        histogram.add(0.01)
    histogram.add(0.05)
    histogram.add(7.0)
    assert histogram.counts == [98, 1, 1]
    assert histogram.count == 100
    assert histogram.total == pytest.approx(8.03)
    assert [histogram.below(part) for part in (0.5, 0.98, 0.99, 1.0)] == [0.01, 0.01, 0.1, 7.0]
