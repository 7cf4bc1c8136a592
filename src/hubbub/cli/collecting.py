"""Let Python's garbage collector go through everything when nobody waits, not in the middle of a thousand answers."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

YOUNG = 10_000
"""So many new objects are gone through at a time: under a millisecond."""
NEVER = 1_000_000
LOOK_SECONDS = 5.0
LONGEST_SECONDS = 600.0
"""Under load that never pauses, everything is gone through after so long all the same."""


@asynccontextmanager
async def collecting_at_rest(open_answers: Callable[[], int]) -> AsyncGenerator[None]:
    """Collect while nothing is open, and else as seldom as can be.

    With 1,000 open answers a full collection held everybody up for 130 ms, every four seconds.
    What is there when this begins is left out for good. Until then there may have been none: what is imported stays,
    and going through it again and again is a fifth of a start.
    """
    before = gc.get_threshold()
    was_left_out = gc.get_freeze_count() > 0
    if gc.isenabled():
        gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(YOUNG, 20, NEVER)
    task = asyncio.create_task(_collect(open_answers), name="collecting")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        gc.set_threshold(*before)
        if not was_left_out:  # by whoever has this process: that stays so
            gc.unfreeze()


async def _collect(open_answers: Callable[[], int]) -> None:
    clock = asyncio.get_running_loop().time
    collected_at = clock()
    was_busy = False
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        is_busy = bool(open_answers())
        if (was_busy and not is_busy) or clock() - collected_at > LONGEST_SECONDS:
            gc.collect()
            collected_at = clock()
        was_busy = is_busy
