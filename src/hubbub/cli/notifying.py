"""Tell systemd how the server does (sd_notify): that it is ready, that it lives, that it ends."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

READY, ALIVE, STOPPING = b"READY=1", b"WATCHDOG=1", b"STOPPING=1"


def notify(state: bytes) -> None:
    """Tell a state. Nothing happens where nobody wants to know."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
        sending.setblocking(False)
        sending.connect(address)
        sending.send(state)


@asynccontextmanager
async def watched_by_system() -> AsyncGenerator[None]:
    """Tell twice in each time that the system grants (`WatchdogSec`) that the event loop turns, while entered."""
    if not (microseconds := int(os.environ.get("WATCHDOG_USEC") or 0)):
        yield
        return

    async def tell() -> None:
        while True:
            notify(ALIVE)
            await asyncio.sleep(microseconds / 2e6)

    task = asyncio.create_task(tell(), name="signs of life to the system")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
