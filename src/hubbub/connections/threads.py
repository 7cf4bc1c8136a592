"""Do blocking work while the event loop goes on: others may be served by it already."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

BEHIND = 5
"""How much nicer than others those threads are that search: each step is a quarter less of a busy processor."""


async def in_a_thread(work: Callable[[], T]) -> T:
    """Return what the work returns, done in a thread of its own: the pool that everybody shares may be stuck."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="apart")
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, work)
    finally:
        pool.shutdown(wait=False)


def stand_back(niceness: int = BEHIND) -> None:
    """Let this thread have what the event loop and the writing thread leave, on Linux, which ranks threads one by one.

    Elsewhere nothing changes: it would be the whole process.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
