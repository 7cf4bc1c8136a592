"""Delete what was left behind: temporary chats that nobody closed, pictures and files without a question."""

import asyncio
import logging
import time

from hubbub.app.application import Application
from hubbub.app.attachments import UNSENT_SECONDS
from hubbub.core.errors import StoreError
from hubbub.core.lasting import Lasting

logger = logging.getLogger(__name__)

LOOK_SECONDS = 300.0


async def sweep(app: Application, now: float) -> None:
    """Delete what was left behind by this time, but for what is held.

    Raises:
        StoreError: it could not be deleted.
    """
    held = await app.personal.held_owners() if app.personal is not None else ()
    await app.chats.sweep(now, held=held)
    await app.attachments.sweep(now - UNSENT_SECONDS, held=held)


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
