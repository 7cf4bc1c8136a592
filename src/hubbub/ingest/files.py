"""Keep the original files, each under the hash of its content."""

import asyncio
import contextlib
import errno
import hashlib
import logging
import os
import secrets
import stat
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

import msgspec

from hubbub.connections.private import OTHERS, close_to_others, make_private_folder, open_private
from hubbub.core.errors import Invalid, NotFound, StoreError, StoreFull, TooLarge
from hubbub.core.reasons import because

T = TypeVar("T")
_log = logging.getLogger(__name__)

PIECE_BYTES = 256 * 1024
THREADS = 2
YOUNG_SECONDS = 3600.0
"""Files that nobody refers to are dropped when they are older: between storing and recording one, time passes."""


class Kept(msgspec.Struct, frozen=True):
    """A content that is on disk."""

    sha256: str
    size_bytes: int


class Files:
    """A folder of files named by their content; the same content is there once. Enter it before use."""

    def __init__(self, folder: Path, *, most_bytes: int = 200 * 1024 * 1024) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        self._most_bytes = most_bytes
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="files")

    def _make_folders(self) -> None:
        for folder in (self._folder, self._incoming):  # made as a parent it would have the usual rights
            make_private_folder(folder)
            close_to_others(folder)
        for folder in self._folder.iterdir():
            # Earlier versions left them open. Folders are closed last: what is in a closed one is closed.
            if folder == self._incoming or (folder.is_dir() and folder.stat().st_mode & OTHERS):
                for path in folder.iterdir():
                    close_to_others(path)
                close_to_others(folder)

    async def __aenter__(self) -> Self:
        await self._run(self._make_folders)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False)

    def path(self, sha256: str) -> Path:
        """Return where a content is, if it is there."""
        return self._folder / sha256[:2] / sha256

    async def here(self, sha256: str) -> Path:
        """Return where a content is on this machine, once it is there.

        Raises:
            NotFound: it is known to be nowhere.
        """
        return self.path(sha256)

    async def stat(self, sha256: str) -> os.stat_result:
        """Return size and times of a content.

        Raises:
            NotFound: it is not there, or not any more.
        """

        def look() -> os.stat_result | None:
            with contextlib.suppress(FileNotFoundError):
                return self.path(sha256).stat()
            return None

        if (found := await self._run(look)) is None:
            raise NotFound(because("file_gone"))
        return found

    async def keep(self, source: AsyncIterable[bytes]) -> Kept:
        """Store what a source yields; when this returns it is on disk, when it raises nothing is left.

        Raises as `keeping` does.
        """
        async with self.keeping(source) as kept:
            return kept

    @asynccontextmanager
    async def keeping(self, source: AsyncIterable[bytes]) -> AsyncGenerator[Kept]:
        """Store what a source yields: on disk inside, and still when left, whoever drops the same content meanwhile.

        Inside is the place to record that it is used.

        Raises:
            TooLarge: it is over the limit; the source is read no further.
            StoreFull: the disk is full.
        """
        incoming = _Incoming(self._incoming / secrets.token_hex(16))
        try:
            await self._run(incoming.open)
            async for piece in source:
                if incoming.size_bytes + len(piece) > self._most_bytes:
                    limit = self._most_bytes // (1024 * 1024)
                    raise TooLarge(because("file_too_large", megabytes=limit))
                if piece:
                    await self._run(lambda piece=piece: incoming.write(piece))
            kept = await self._run(lambda: incoming.finish(self.path))
            yield kept
            await self._run(lambda: incoming.link(self.path(kept.sha256)))
        finally:
            await asyncio.shield(self._run(incoming.drop))

    async def drop(self, sha256: str, is_used: Callable[[], Awaitable[bool]]) -> None:
        """Drop a content unless it is used. It is put aside before it is looked once more who uses it.

        So it is either seen here that somebody began to use it, or `keeping` sees that it is away, and puts it back.
        """
        if await is_used():
            return
        path, aside = self.path(sha256), self._incoming / secrets.token_hex(16)
        if not await self._run(lambda: _moved(path, aside)):
            return
        must_stay = True
        try:
            must_stay = await is_used()
        finally:
            await asyncio.shield(self._run(lambda: _moved(aside, path) if must_stay else aside.unlink()))

    async def read(self, path: Path, check: Callable[[int], None] | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of any file of this machine, for `keep`. Its descriptor is checked before and after.

        Raises:
            NotFound: it is not there.
            Invalid: it may not be read, or is no ordinary file.
        """
        file = await self._run(lambda: _open(path))
        try:
            if check is not None:
                await self._run(lambda: check(file.fileno()))
            while piece := await self._run(lambda: file.read(PIECE_BYTES)):
                yield piece
            if check is not None:
                await self._run(lambda: check(file.fileno()))
        finally:
            await asyncio.shield(self._run(file.close))

    async def sweep(self, used: Collection[str], *, young_seconds: float = YOUNG_SECONDS) -> int:
        """Drop the contents that are not among the used ones, and uploads that broke off; return how many.

        Young ones are left.
        """
        return await self._run(lambda: self._sweep(used, time.time() - young_seconds))

    def _sweep(self, used: Collection[str], before: float) -> int:
        dropped = 0
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                if path.name not in used and path.stat().st_mtime < before:
                    path.unlink()
                    dropped += 1
        return dropped

    async def _run(self, work: Callable[[], T]) -> T:
        """Run blocking work in the files' own threads. It has ended when this raises, cancelled or not."""
        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise
        except OSError as error:
            raise _mapped(error) from error


class _Incoming:
    """A file that is being written, under a name of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened = contextlib.ExitStack()
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def open(self) -> None:
        self._file = self._opened.enter_context(
            os.fdopen(open_private(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb")
        )

    def write(self, piece: bytes) -> None:
        self._file.write(piece)
        self._hash.update(piece)
        self.size_bytes += len(piece)

    def finish(self, path_of: Callable[[str], Path]) -> Kept:
        kept = Kept(self._hash.hexdigest(), self.size_bytes)
        path = path_of(kept.sha256)
        try:
            os.utime(path)  # it is there already: make it young, so that no sweep takes it
        except FileNotFoundError:
            self._file.flush()
            os.fsync(self._file.fileno())
            make_private_folder(path.parent)
            self.link(path)
        return kept

    def link(self, path: Path) -> None:
        """See that it is at its place too; it stays here until it is dropped."""
        try:
            os.link(self._path, path)
        except FileExistsError:
            return
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOENT):
                raise
            if not self._path.exists():
                return
            self._path.replace(path)  # a file system without links
        _sync_folder(path.parent)
        _sync_folder(path.parent.parent)

    def drop(self) -> None:
        """Remove what was not finished."""
        with contextlib.suppress(OSError):
            self._opened.close()  # on a full disk it can't write what it still holds
        self._path.unlink(missing_ok=True)


def _moved(source: Path, target: Path) -> bool:
    try:
        source.rename(target)
    except FileNotFoundError:
        return False
    return True


def _sync_folder(path: Path) -> None:
    """Make a name in a folder outlive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path) -> BinaryIO:
    try:
        # Not blocking: opening a named pipe would wait for its other end.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise NotFound(f"There is no file “{path.name}”.") from error
    except OSError as error:
        raise Invalid(f"The file “{path.name}” can't be read ({error.strerror}).") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Invalid(f"“{path.name}” is no ordinary file.")
    return os.fdopen(descriptor, "rb")


def _mapped(error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull("The disk that holds the data folder is full. Free some space and try again.")
    if error.errno in (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
        return StoreFull(
            "The server can't store anything now. Tell whoever runs it.",
            detail=f"The data folder could not be used: {error}",
        )
    return StoreError("The file could not be stored. Try again.", detail=f"The data folder could not be used: {error}")
