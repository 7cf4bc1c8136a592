"""Make the event loop that a process serves on."""

import asyncio
import sys


def new_loop() -> asyncio.AbstractEventLoop:
    """Return a loop of the fastest kind that there is."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()
