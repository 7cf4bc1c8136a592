"""Delete what was left behind: temporary chats that nobody closed, pictures and files without a question."""

import asyncio
import logging
import time

from hubbub.app.application import Application
from hubbub.core.errors import StoreError
from hubbub.core.lasting import Lasting

logger = logging.getLogger(__name__)

LOOK_SECONDS = 300.0
UNSENT_SECONDS = 7 * 86400.0
"""A draft that is so old has lost its pictures and files."""


async def sweep(app: Application, now: float) -> None:
    """Delete what was left behind by this time.

    Raises:
        StoreError: it could not be deleted.
    """
    await app.chats.sweep(now)
    await app.attachments.sweep(now - UNSENT_SECONDS)


async def keep_sweeping(app: Application) -> None:
    """Sweep now and then, until cancelled. Any number of processes may do so at once."""
    trouble = Lasting(logger)
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await sweep(app, time.time())
            trouble.over()
        except StoreError as error:
            trouble.met("temporary chats and unsent files are not deleted", error.for_operators)
