"""Keep what comes in pieces in a file for as long as it is worked on."""

import asyncio
import errno
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import asynccontextmanager
from pathlib import Path

from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import StoreFull, TooLarge
from hubbub.core.reasons import because

GATHERED_BYTES = 1024 * 1024


@asynccontextmanager
async def spooled(pieces: AsyncIterable[bytes], *, most_bytes: int) -> AsyncGenerator[Path]:
    """Yield the path of a file that holds what came; nothing stays of it.

    Raises:
        TooLarge: it is over the limit; no more of it is read.
        StoreFull: the disk is full.
    """
    descriptor, name = await in_a_thread(lambda: tempfile.mkstemp(prefix="hubbub-"))  # nobody else may read it
    path = Path(name)
    try:
        try:
            await _write(descriptor, pieces, most_bytes)
        finally:
            os.close(descriptor)
        yield path
    finally:
        await asyncio.shield(in_a_thread(path.unlink))


async def _write(descriptor: int, pieces: AsyncIterable[bytes], most_bytes: int) -> None:
    size, waiting = 0, bytearray()
    async for piece in pieces:
        size += len(piece)
        if size > most_bytes:
            raise TooLarge(because("file_too_large", megabytes=most_bytes // 1024**2))
        waiting += piece
        if len(waiting) >= GATHERED_BYTES:
            await _append(descriptor, bytes(waiting))
            waiting.clear()
    await _append(descriptor, bytes(waiting))


async def _append(descriptor: int, data: bytes) -> None:
    def write() -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    try:
        await in_a_thread(write)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull("The disk is full. Whoever runs the server has to make room.") from error
        raise
