"""Keep the original files in a place that all machines share; a folder holds those that are needed here now."""

import contextlib
import os
import secrets
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from hubbub.connections.private import make_private_folder, open_private
from hubbub.core.errors import NotFound, StoreError
from hubbub.core.reasons import because
from hubbub.ingest.files import Files, Kept

GONE = because("file_gone")


class FilesElsewhere(Files):
    """Files in a place that all machines share; the same content is there once. Enter it before use.

    What is read here lies in the folder for a while: it is fetched again when it is needed again.
    """

    @abstractmethod
    async def _content(self, sha256: str) -> tuple[float, AsyncGenerator[bytes]]:
        """Return when a content was stored, in seconds since the epoch, and its pieces.

        Raises:
            NotFound: it is not there. The pieces raise it, too, where it goes meanwhile.
        """

    @abstractmethod
    async def _store(self, kept: Kept) -> None:
        """See that a content that is here is there as well, and young there."""

    @abstractmethod
    async def _drop_there(self, sha256: str) -> None:
        """Drop a content there, if it is there."""

    async def here(self, sha256: str) -> Path:
        path = self.path(sha256)
        if await self._run(lambda: _used(path)):
            return path
        stored_at, pieces = await self._content(sha256)
        coming = self._incoming / secrets.token_hex(16)
        try:
            async with aclosing(pieces):
                with contextlib.ExitStack() as opened:
                    descriptor = await self._run(lambda: open_private(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
                    file = opened.enter_context(os.fdopen(descriptor, "wb"))
                    async for piece in pieces:
                        await self._run(lambda data=piece: file.write(data))
                    await self._run(file.flush)
            await self._run(lambda: make_private_folder(path.parent))
            await self._run(lambda: os.utime(coming, (time.time(), stored_at)))  # the same time on all machines
            await self._run(lambda: coming.replace(path))
        finally:
            await self._run(lambda: coming.unlink(missing_ok=True))
        return path

    @asynccontextmanager
    async def keeping(self, source: AsyncIterable[bytes]) -> AsyncGenerator[Kept]:
        async with super().keeping(source) as kept:
            await self._store(kept)
            yield kept
            await self._store(kept)  # somebody may have dropped it meanwhile

    async def drop(self, sha256: str, is_used: Callable[[], Awaitable[bool]]) -> None:
        if await is_used():
            return
        await self._drop_there(sha256)
        if await is_used():  # somebody began to use it meanwhile, and may not look again: it is still here
            with contextlib.suppress(NotFound, StoreError, FileNotFoundError):
                size = (await self._run(self.path(sha256).stat)).st_size
                await self._store(Kept(sha256, size))
            return
        await self._run(lambda: self.path(sha256).unlink(missing_ok=True))

    async def _drop_idle(self, before: float) -> None:
        """Drop what was not needed here since a time, and uploads that broke off."""
        await self._run(lambda: _drop_idle(self._folder, before))


def _drop_idle(folder: Path, before: float) -> None:
    for path in folder.glob("*/*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_atime < before:
                path.unlink()


def _used(path: Path) -> bool:
    """Note that a file is used, so that no sweep takes it now; False where it is not there.

    When it was changed stays: browsers ask for that.
    """
    try:
        os.utime(path, (time.time(), path.stat().st_mtime))
    except FileNotFoundError:
        return False
    return True
