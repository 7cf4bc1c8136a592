"""Back up everything while servers run: databases from one moment, and the files of documents that they name."""

import asyncio
import contextlib
import os
import shutil
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import hubbub
from hubbub.compose.backends import has_documents_in_folder
from hubbub.compose.backing_up_pieces import (
    FORMAT,
    PARTIAL,
    READ_BYTES,
    CopiedTable,
    Manifest,
    Piece,
    Told,
    make_folders,
    opened,
    piece_at,
    summed,
    write_manifest,
)
from hubbub.compose.databases import chats_of
from hubbub.compose.one_folder import MARK
from hubbub.connections.lock import FolderLock
from hubbub.connections.private import close_to_others, make_private_folder
from hubbub.connections.sqlite import Sqlite
from hubbub.connections.sqlite_copy import HeldFile, WriteLock
from hubbub.core.errors import Conflict, HubbubError, Invalid, NotFound, SettingsError, StoreError, StoreFull
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.connections.postgres import Postgres

T = TypeVar("T")

CHATS_FILE, LIBRARY_FILE = "hubbub.db", "library.db"
FILES = "files"
TRIES = 5
"""So often a new moment is taken where a file that the databases name is gone by the time it is copied."""
LOCK = "backup.lock"
LOCK_SECONDS = 2.0
_NAMED = "select distinct sha256 from document where is_kept"


class Halted(Exception):
    """The work in a thread is wanted no more."""


class Steps:
    """Runs blocking work in one thread, and ends it soon where whoever waits for it is cancelled."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="backup")
        self._is_halted = threading.Event()

    def check(self, _done: int = 0) -> None:
        """Go on; raise Halted where the work is wanted no more. The work calls it now and then."""
        if self._is_halted.is_set():
            raise Halted

    async def run(self, work: Callable[[], T]) -> T:
        """Return what the work returns; it has ended when this raises.

        Raises:
            StoreFull, StoreError: a file can't be read or written.
        """
        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._is_halted.set()
            while not running.done():  # however often it is cancelled: what is cleaned up next needs it to have ended
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([running])
            running.exception()
            self._is_halted.clear()
            raise
        except OSError as error:
            raise _mapped(error) from error

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=False)


async def back_up(settings: Settings, target: Path, *, without_originals: bool = False, told: Told) -> Manifest:
    """Make a backup at a path where nothing is, while servers may run; return what it holds.

    It is there as a whole or not at all. What a kill left half of it is used by the next run to the same path.

    Raises:
        Conflict: something is there, or another backup is being made there.
        NotFound: there is nothing to back up.
        Invalid: the path is in the data folder.
        SettingsError, StoreError: something can't be read or written.
    """
    if settings.database.files == "bucket" and not without_originals:
        raise SettingsError(
            [
                "database.files: the files of documents lie in a bucket, which a backup does not copy. Keep copies of "
                "the bucket by its own means (versions, replication), and say --without-originals"
            ]
        )
    steps = Steps()
    try:
        target = await steps.run(lambda: _place(settings, target))
        partial = target.with_name(target.name + PARTIAL)
        await steps.run(lambda: make_private_folder(partial))
        async with AsyncExitStack() as stack:
            lock = FolderLock(partial / LOCK, retry_seconds=0.1)
            try:
                async with asyncio.timeout(LOCK_SECONDS):
                    await stack.enter_async_context(lock)
            except TimeoutError:
                raise Conflict(
                    f"Another backup to {target} is being made. Wait for it, or name another path."
                ) from None
            try:
                manifest = await _BackingUp(settings, partial, steps, told, without_originals=without_originals).run()
                await steps.run(lambda: _finish(partial, target, manifest))
            except BaseException:
                await asyncio.shield(steps.run(lambda: shutil.rmtree(partial, ignore_errors=True)))
                raise
            return manifest
    finally:
        steps.close()


@dataclass
class _Moment:
    """One state of all databases."""

    files: dict[str, HeldFile] = field(default_factory=dict[str, HeldFile])
    postgres: "tuple[Postgres, object] | None" = None
    named: set[str] = field(default_factory=set[str])
    """The files of documents that are named there."""
    made_at: str = ""


class _BackingUp:
    """A backup that is being made in a folder."""

    def __init__(self, settings: Settings, folder: Path, steps: Steps, told: Told, *, without_originals: bool) -> None:
        self._settings = settings
        self._folder = folder
        self._steps = steps
        self._told = told
        self._data = settings.server.data_folder
        self._without_originals = without_originals
        has_library = has_documents_in_folder(settings)
        chats = [CHATS_FILE] if settings.database.url is None else []
        self._names = [*chats, *([LIBRARY_FILE] if has_library else [])]
        self._has_files = not without_originals and (has_library or settings.database.files == "folder")
        """Whether files of documents lie in a folder, and are wanted."""
        self._there = self._data / FILES
        self._sums: dict[str, Piece] = {}
        """The files of documents that were copied so far."""

    async def run(self) -> Manifest:
        """Fill the folder, and return its manifest, which is not written yet."""
        async with AsyncExitStack() as stack:
            database = None
            if self._settings.database.url is not None:
                database = await stack.enter_async_context(chats_of(self._settings))
            if isinstance(database, Sqlite):
                raise TypeError("database.url names no PostgreSQL")
            if self._has_files:
                await self._steps.run(self._copy_all_files)
            moment, missing = await self._moment(stack, database)
            pieces = [self._sums[sha256] for sha256 in sorted(moment.named & self._sums.keys())]
            if self._has_files:
                await self._steps.run(lambda: self._drop_files_but(moment.named))
            schemas: dict[str, dict[str, int]] = {}
            counts: dict[str, dict[str, int]] = {}
            for name, file in moment.files.items():
                schemas[name] = await self._steps.run(file.schemas)
                counts[name] = await self._steps.run(lambda file=file: self._counts(file))
                pieces.append(await self._steps.run(lambda name=name, file=file: self._copy_database(name, file)))
            tables: list[CopiedTable] = []
            left_out: list[str] = []
            if moment.postgres is not None:
                from hubbub.compose.backing_up_postgres import copy_tables

                found = await copy_tables(
                    moment.postgres[1], self._folder, self._steps.run, self._told, without_files=self._without_originals
                )
                tables, left_out, schemas["postgresql"], made = found
                counts["postgresql"] = {table.name: table.rows for table in tables}
                pieces += made
            mark = await self._steps.run(self._copy_mark) if self._settings.database.url is not None else None
            pieces += [mark] if mark is not None else []
        return Manifest(
            format=FORMAT,
            version=hubbub.__version__,
            made_at=moment.made_at,
            kind="sqlite" if self._settings.database.url is None else "postgresql",
            has_originals=not self._without_originals,
            schemas=schemas,
            counts=counts,
            tables=tables,
            left_out=left_out,
            missing=sorted(missing),
            pieces=pieces,
        )

    async def _moment(self, stack: AsyncExitStack, database: "Postgres | None") -> tuple[_Moment, set[str]]:
        """Return a moment whose files of documents are all copied, and those that are missing in the original itself.

        A file that was there a moment ago may go with its document. Then a later moment doesn't name it any more.
        """
        before: set[str] | None = None
        for left in reversed(range(TRIES)):
            async with AsyncExitStack() as held:
                moment = await held.enter_async_context(self._held(database))
                missing = await self._steps.run(lambda moment=moment: self._copy_files(moment.named))
                if not missing or (before is not None and missing <= before) or left == 0:
                    stack.push_async_callback(held.pop_all().aclose)
                    return moment, missing
                before = missing
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def _held(self, database: "Postgres | None") -> AsyncGenerator[_Moment]:
        """Hold the state of all databases of one moment: for it nobody writes to the library."""
        run = self._steps.run
        moment = _Moment()
        async with AsyncExitStack() as stack:
            for name in self._names:
                file = await run(lambda name=name: HeldFile(self._data / name))
                stack.push_async_callback(run, file.close)
                moment.files[name] = file
            lock: WriteLock | None = None
            if LIBRARY_FILE in moment.files:
                lock = await run(lambda: WriteLock(self._data / LIBRARY_FILE))
                stack.push_async_callback(run, lock.close)
                await run(lock.take)
            moment.made_at = datetime.now(UTC).isoformat(timespec="seconds")
            try:
                for file in moment.files.values():
                    await run(file.hold)
                if database is not None:
                    from hubbub.compose.backing_up_postgres import named_files
                    from hubbub.connections.postgres_copy import one_state

                    connection = await stack.enter_async_context(one_state(database))
                    moment.named |= await named_files(connection)
                    moment.postgres = database, connection
            finally:
                if lock is not None:
                    await asyncio.shield(run(lock.free))
            for file in moment.files.values():
                if "document" in await run(file.tables):
                    moment.named |= {str(row[0]) for row in await run(lambda file=file: file.all(_NAMED))}
            if not self._has_files:
                moment.named.clear()
            yield moment

    def _copy_all_files(self) -> None:
        """Copy what is there before the moment, so that little is left to be copied after it."""
        self._copy_files({path.name for path in self._there.glob("??/*")})

    def _copy_files(self, named: set[str]) -> set[str]:
        """Copy those files of documents that are not copied yet; return those that are gone or damaged."""
        missing: set[str] = set()
        for sha256 in sorted(named - self._sums.keys()):
            self._steps.check()
            piece = self._copy_file(sha256)
            if piece is None:
                missing.add(sha256)
                continue
            self._sums[sha256] = piece
            self._told("files of documents", len(self._sums))
        return missing

    def _copy_file(self, sha256: str) -> Piece | None:
        path = f"{FILES}/{sha256[:2]}/{sha256}"
        there = self._folder / path
        if there.exists():  # of a run that was killed
            size, found = summed(there, self._steps.check)
            if found == sha256:
                return Piece(path, size, sha256)
        try:
            source = (self._there / sha256[:2] / sha256).open("rb")
        except FileNotFoundError:
            there.unlink(missing_ok=True)
            return None
        with source:
            output = opened(self._folder, path)
            try:
                while data := source.read(READ_BYTES):
                    self._steps.check()
                    output.write(data)
                piece = output.finish()
            finally:
                output.drop()
        if piece.sha256 != sha256:
            there.unlink()
            return None
        return piece

    def _drop_files_but(self, named: Sequence[str] | set[str]) -> None:
        """Remove the files that no document has any more: what was deleted stays in no backup."""
        for path in (self._folder / FILES).glob("*/*"):
            if path.name not in named:
                path.unlink()

    def _counts(self, file: HeldFile) -> dict[str, int]:
        found: dict[str, int] = {}
        for table in file.tables():
            self._steps.check()
            found[table] = file.count(table)
        return found

    def _copy_database(self, name: str, file: HeldFile) -> Piece:
        def copied(size: int) -> None:
            self._steps.check()
            self._told(f"bytes of {name}", size)

        file.copy(self._folder / name, copied)
        close_to_others(self._folder / name)
        return piece_at(self._folder, name, self._steps.check)

    def _copy_mark(self) -> Piece | None:
        """Copy what ties a PostgreSQL to this data folder."""
        if not (self._data / MARK).exists():
            return None
        output = opened(self._folder, MARK)
        output.write((self._data / MARK).read_bytes())
        return output.finish()


def _place(settings: Settings, wanted: Path) -> Path:
    """Return where a backup is to be, from the root."""
    target = wanted.absolute()
    data = settings.server.data_folder
    if target.exists() or target.is_symlink():
        raise Conflict(f"{target} is there already, and a backup overwrites nothing. Name a path where nothing is.")
    if data.resolve() in target.resolve().parents:
        raise Invalid(f"{target} lies in the data folder: it would be lost with it. Name a path elsewhere.")
    if not target.parent.is_dir():
        raise NotFound(f"There is no folder {target.parent}. Make it first, or mount its disk.")
    if settings.database.url is None and not (data / CHATS_FILE).exists():
        raise NotFound(f"There is nothing to back up: {data} holds no {CHATS_FILE}. Name the data folder with --data.")
    if has_documents_in_folder(settings) and not (data / LIBRARY_FILE).exists():
        raise NotFound(
            f"There is nothing to back up: {data} holds no {LIBRARY_FILE}. Name the data folder with --data."
        )
    return target


def _finish(partial: Path, target: Path, manifest: Manifest) -> None:
    for piece in manifest.pieces:
        make_folders(partial, (partial / piece.path).parent)
    known = {piece.path for piece in manifest.pieces} | {LOCK}
    for path in sorted(partial.rglob("*"), reverse=True):  # what an earlier run has left, and folders that are empty
        if path.is_dir():
            with contextlib.suppress(OSError):
                path.rmdir()
        elif path.relative_to(partial).as_posix() not in known:
            path.unlink()
    write_manifest(partial, manifest)
    (partial / LOCK).unlink(missing_ok=True)
    for folder in (*(path for path in partial.rglob("*") if path.is_dir()), partial):
        sync_folder(folder)
    if target.exists():
        raise Conflict(f"{target} was made by somebody else meanwhile. Name a path where nothing is.")
    partial.rename(target)
    sync_folder(target.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder outlive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mapped(error: OSError) -> HubbubError:
    import errno

    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(f"The disk is full{where}. Free some space, or name a path on another disk.")
    return StoreError(
        f"A file can't be read or written: {error.strerror}{where}. Check its rights, or name another path."
    )
