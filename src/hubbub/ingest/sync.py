"""Keep a collection equal to a folder: what is added, changed, renamed and deleted there, here too."""

import contextlib
import os
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

import msgspec

from hubbub.connections.threads import in_a_thread
from hubbub.core.documents import Document
from hubbub.core.errors import HubbubError, Invalid, NotFound, StoreError
from hubbub.ingest.files import Files
from hubbub.ingest.globs import Globs
from hubbub.ingest.naming import claimed
from hubbub.ingest.origins import Origin, Origins
from hubbub.ingest.pipeline import Pipeline
from hubbub.ingest.walk import Found, PassedBy, source_of, walk
from hubbub.search.base import Library

QUIET_SECONDS = 2.0
CHECK_ROUNDS = 20
"""Every so many rounds the documents are compared one by one; in between their number alone, which costs nothing."""
NOTE_FILES = 64
"""So many files are noted as stored at once; after a kill as many may be read from the folder again."""
OPEN_FILES = Path("/proc/self/fd")

CHANGING = "changing"
STILL_WRITTEN = "it is still being written"


class Round(msgspec.Struct):
    """What one comparison of a folder with its collection did."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    moved: int = 0
    """Documents that have another name now, and were not read again."""
    unchanged: int = 0
    pending: list[str] = msgspec.field(default_factory=list[str])
    """Files that are left for the next round, since they are still being written."""
    skipped: int = 0
    skips: list[tuple[str, str]] = msgspec.field(default_factory=list[tuple[str, str]])
    """The first of what was skipped, and why."""
    refused: list[tuple[str, str]] = msgspec.field(default_factory=list[tuple[str, str]])
    """Files that could not be stored, and why."""
    held_back: str = ""
    """Why documents were not removed whose files are not there; empty where none was held back."""

    @property
    def did_something(self) -> bool:
        """Whether the collection is another one now."""
        return bool(self.added or self.changed or self.removed or self.moved)

    @property
    def counts(self) -> str:
        """What was done, in words."""
        parts = [f"{self.added} added", f"{self.changed} changed", f"{self.removed} removed"]
        parts += [f"{self.moved} moved"] if self.moved else []
        parts += [f"{self.unchanged} unchanged"]
        parts += [f"{len(self.pending)} still being written"] if self.pending else []
        parts += [f"{self.skipped} skipped"] if self.skipped else []
        parts += [f"{len(self.refused)} refused"] if self.refused else []
        return ", ".join(parts)


class FolderSync:
    """Compares a folder with its collection, round by round, and mends the collection.

    Files are told apart from what they were by size and times, and by content where these differ. A file is taken
    once it has been quiet for a while, and stored only if it did not change meanwhile. Killed at any point it goes on.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        library: Library,
        files: Files,
        origins: Origins,
        folder: Path,
        *,
        globs: Globs | None = None,
        quiet_seconds: float = QUIET_SECONDS,
        removes_all: bool = False,
    ) -> None:
        """Take what keeps documents, and the folder; `removes_all` lets an empty one empty its collection."""
        self._pipeline = pipeline
        self._library = library
        self._files = files
        self._origins = origins
        self._folder = folder
        self._globs = globs
        self._quiet_seconds = quiet_seconds
        self._removes_all = removes_all
        self._rounds = 0
        self._count = -1
        self._seen: dict[str, tuple[str, float]] = {}
        self._refused: dict[str, tuple[str, str]] = {}
        self._carried: dict[str, list[str]] = {}
        """Of files that are added anew under another name: who alone may see their documents."""

    async def once(self, collection_id: str) -> Round:
        """Make a collection equal to the folder, except for the files that are still being written.

        Raises:
            NotFound: the folder is not there; nothing was removed.
            StoreError: something could not be stored; the next round goes on.
        """
        done = Round()
        passed_by = PassedBy()
        found = await self._walked(passed_by)
        done.skipped, done.skips = passed_by.skipped, passed_by.skips
        source = await in_a_thread(lambda: source_of(self._folder))
        known = await self._origins.known(collection_id, source)
        lost = await self._lost(collection_id, known)
        stamps = await in_a_thread(lambda: {file.inside: _stamp_at(file.path) for file in found})
        new: list[Found] = []
        for file in found:
            stamp, origin = stamps[file.inside], known.get(file.inside)
            if origin is not None and origin.stamp == stamp and file.inside not in lost:
                done.unchanged += 1
            elif refused := self._was_refused(file, stamp):
                done.refused.append((file.name, refused))
            elif self._is_quiet(file.inside, stamp):
                new.append(file)
            else:
                done.pending.append(file.inside)
        named = await claimed(self._origins, collection_id, new)
        left = await self._move(collection_id, source, named, stamps, known, done)
        await self._add(collection_id, source, left, done)
        await self._remove(collection_id, source, known, {file.inside for file in found}, passed_by, done)
        self._forget_gone(stamps)
        self._count = await self._documents(collection_id)
        return done

    async def _walked(self, passed_by: PassedBy) -> list[Found]:
        if not await in_a_thread(self._folder.is_dir):
            raise NotFound(
                f"There is no folder “{self._folder}”, so nothing was removed. Is its disk or share mounted?"
            )
        return await walk([self._folder], passed_by, self._globs)

    async def _lost(self, collection_id: str, known: Mapping[str, Origin]) -> set[str]:
        """Return the files whose documents are not what was stored of them: somebody removed or replaced them."""
        self._rounds += 1
        if self._rounds % CHECK_ROUNDS != 1 and await self._documents(collection_id) == self._count:
            return set()
        kept = {document.name: document.sha256 for document in await self._library.documents(collection_id)}
        return {path for path, origin in known.items() if kept.get(origin.name) != origin.sha256}

    async def _documents(self, collection_id: str) -> int:
        states = await self._library.progress(collection_id)
        return states.waiting + states.reading + states.embedding + states.ready + states.failed

    def _is_quiet(self, inside: str, stamp: str) -> bool:
        """Tell whether a file has not changed for a while: by the time of its change, or as it was seen here."""
        now = time.monotonic()
        seen, since = self._seen.get(inside, ("", now))
        if seen != stamp:
            since = now
        self._seen[inside] = stamp, since
        return bool(stamp) and (
            now - since >= self._quiet_seconds or self._quiet_seconds <= time.time() - _changed_at(stamp)
        )

    def _was_refused(self, file: Found, stamp: str) -> str:
        refused, why = self._refused.get(file.inside, ("", ""))
        return why if refused == stamp else ""

    async def _move(
        self,
        collection_id: str,
        source: str,
        files: Sequence[Found],
        stamps: Mapping[str, str],
        known: dict[str, Origin],
        done: Round,
    ) -> list[Found]:
        """Rename the documents whose files were renamed; return the files for which that could not be done.

        Killed at any point, the next round finds the same files, and documents of one of both names.
        """
        gone = {_same(origin.stamp): origin for path, origin in known.items() if path not in stamps and origin.stamp}
        left: list[Found] = []
        for file in files:
            stamp = stamps[file.inside]
            origin = gone.pop(_same(stamp), None) if stamp else None
            if origin is None or not await self._renamed(collection_id, origin, file):
                left.append(file)
                if origin is not None:
                    await self._carry(collection_id, origin, file)
                continue
            await self._origins.note(collection_id, source, [Origin(file.inside, file.name, stamp, origin.sha256)])
            await self._origins.forget(collection_id, source, origin.path)
            del known[origin.path]
            done.moved += 1
        return left

    async def _carry(self, collection_id: str, origin: Origin, file: Found) -> None:
        """Note who alone may see a document that is added anew under another name: it stays so."""
        document = await self._library.named(collection_id, origin.name)
        if document is not None and document.is_restricted:
            self._carried[file.inside] = await self._library.readers.of(document.id) or []

    async def _renamed(self, collection_id: str, origin: Origin, file: Found) -> bool:
        document = await self._library.named(collection_id, origin.name)
        if document is not None and document.sha256 == origin.sha256:
            return await self._pipeline.rename(document, file.name)
        moved = await self._library.named(collection_id, file.name)
        return document is None and moved is not None and moved.sha256 == origin.sha256

    async def _add(self, collection_id: str, source: str, files: Sequence[Found], done: Round) -> None:
        stored: list[Origin] = []
        try:
            for file in files:
                stamp = await in_a_thread(lambda file=file: _stamp_at(file.path))
                before = await self._library.named(collection_id, file.name)
                try:
                    readers = self._carried.get(file.inside)
                    pieces = self._pieces(file, stamp)
                    document = await self._pipeline.add(collection_id, file.name, pieces, readers=readers)
                except StoreError:
                    raise
                except HubbubError as error:
                    if error.code == CHANGING or isinstance(error, NotFound):
                        done.pending.append(file.inside)
                    else:
                        self._refused[file.inside] = stamp, error.for_operators
                        done.refused.append((file.name, error.for_operators))
                    continue
                self._carried.pop(file.inside, None)
                stored.append(Origin(file.inside, file.name, stamp, document.sha256))
                _count(done, before, document)
                if len(stored) >= NOTE_FILES:
                    await self._origins.note(collection_id, source, stored)
                    stored.clear()
        finally:
            with contextlib.suppress(StoreError):  # then these files are read again, which changes nothing
                await self._origins.note(collection_id, source, stored)

    async def _pieces(self, file: Found, stamp: str) -> AsyncGenerator[bytes]:
        root = file.source

        def check(descriptor: int) -> None:
            if _stamp(os.fstat(descriptor)) != stamp:
                raise Invalid(f"“{file.name}” changed while it was read.", code=CHANGING)
            # Somebody may have put a link in its place since it was found.
            if OPEN_FILES.is_dir() and not Path(OPEN_FILES, str(descriptor)).readlink().is_relative_to(root):
                raise Invalid(f"“{file.name}” leads out of the folder.", code=CHANGING)

        async for piece in self._files.read(file.path, check):
            yield piece

    async def _remove(
        self,
        collection_id: str,
        source: str,
        known: Mapping[str, Origin],
        there: set[str],
        passed_by: PassedBy,
        done: Round,
    ) -> None:
        """Remove the documents whose files are gone, unless it can't be told that they are."""
        gone = [origin for path, origin in known.items() if path not in there]
        if gone and not there and not self._removes_all:
            done.held_back = (
                "The folder holds no files any more, so nothing was removed. Is its disk or share mounted? If its "
                "documents are to go, say so: --even-if-empty, or removes_all in the settings."
            )
            return
        unread = [folder.relative_to(self._folder).as_posix() for folder in passed_by.unreadable]
        kept = [one for one in gone if any(one.path.startswith(f"{folder}/") or folder == "." for folder in unread)]
        if kept:
            done.held_back = f"“{unread[0]}” can't be read, so what was below it was not removed."
        for origin in gone:
            if origin in kept:
                continue
            document = await self._library.named(collection_id, origin.name)
            if document is not None:
                await self._pipeline.remove(document.id)
                done.removed += 1
            await self._origins.forget(collection_id, source, origin.path)

    def _forget_gone(self, stamps: Mapping[str, str]) -> None:
        for memory in (self._seen, self._refused, self._carried):
            for inside in memory.keys() - stamps.keys():
                del memory[inside]


def _count(done: Round, before: Document | None, now: Document) -> None:
    if before is None:
        done.added += 1
    elif before.sha256 != now.sha256:
        done.changed += 1
    else:
        done.unchanged += 1


def _stamp(found: os.stat_result) -> str:
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_dev} {found.st_ino}"


def _same(stamp: str) -> str:
    """Return the part of a stamp that a file keeps when it gets another name: all but when that was changed."""
    size, written, _, device, inode = stamp.split()
    return f"{size} {written} {device} {inode}"


def _stamp_at(path: Path) -> str:
    """Return a file's stamp; "" where it is gone."""
    try:
        return _stamp(path.stat())
    except OSError:
        return ""


def _changed_at(stamp: str) -> float:
    """Return when a file was changed last, by the clock of its disk: nobody sets that time."""
    return int(stamp.split()[2]) / 1e9
