"""Let one process at a time do the work of a data folder."""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from hubbub.connections.private import open_private

RETRY_SECONDS = 0.5


class FolderLock:
    """A lock on a file, held while this is entered; entering waits until it is free.

    Whoever waits goes on to wait where the folder is gone.

    The system frees it when its holder dies, however that happens. The lock is on the open file,
    so two of these in one process exclude each other as well.
    """

    def __init__(self, path: Path, *, retry_seconds: float = RETRY_SECONDS) -> None:
        self._path = path
        self._retry_seconds = retry_seconds
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="lock")
        self._descriptor: int | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        try:
            is_first = True
            while True:
                # Shielded: a try that was cancelled may still take the lock, and is waited for below.
                trying = loop.run_in_executor(self._pool, self._try)
                try:
                    if await asyncio.shield(trying):
                        return self
                except OSError:
                    if is_first:
                        raise
                is_first = False
                await asyncio.sleep(self._retry_seconds)
        except BaseException:
            self._pool.submit(self._free)  # its one thread runs this after any try
            self._pool.shutdown(wait=False)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        freeing = asyncio.get_running_loop().run_in_executor(self._pool, self._free)
        self._pool.shutdown(wait=False)
        await asyncio.shield(freeing)

    def _try(self) -> bool:
        descriptor = open_private(self._path, os.O_RDWR | os.O_CREAT)
        try:
            if _lock(descriptor):
                self._descriptor, descriptor = descriptor, None
        finally:
            if descriptor is not None:
                os.close(descriptor)
        return self._descriptor is not None

    def _free(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
