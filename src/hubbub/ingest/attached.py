"""Read a file that is sent along with a question as one text, in the sandbox."""

import asyncio
import tempfile
from pathlib import Path

from hubbub.connections.sandbox import Returned, Sandbox
from hubbub.connections.threads import in_a_thread
from hubbub.ingest.reading import reason

READER = "hubbub.ingest.reader:text_here"


async def text_of(sandbox: Sandbox, data: bytes, name: str) -> str:
    """Return what a file says, in reading order.

    Raises:
        Invalid, Unsupported, TooLarge, NotInstalled, NotNow, ReaderFault: as `read` in `reading` does.
    """
    path = await in_a_thread(lambda: _written(data))
    try:
        outcome = await sandbox.call(READER, {"name": name}, str, files={"file": path})
    finally:
        await asyncio.shield(in_a_thread(path.unlink))
    if isinstance(outcome, Returned):
        return outcome.value
    raise reason(outcome)


def _written(data: bytes) -> Path:
    descriptor, name = tempfile.mkstemp(prefix="hubbub-")
    with open(descriptor, "wb") as file:  # noqa: PTH123 # a descriptor
        file.write(data)
    return Path(name)
