"""Bring the objects of an S3 bucket or an Azure container into a folder."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import msgspec

from hubbub.connections.object_store import GONE, SILENCE_SECONDS, Listed, ObjectStore, Place
from hubbub.core.errors import HubbubError, StoreError, TooLarge
from hubbub.core.tasks import Tasks
from hubbub.ingest.globs import Globs
from hubbub.ingest.sources.base import Refreshed, Tell, tell_nobody
from hubbub.ingest.sources.kept import Kept, KeptFiles
from hubbub.ingest.walk import HIDDEN

AT_ONCE = 8
MOST_FAILURES = 5
"""After so many objects one after another that can't be fetched, the bucket is left alone until the next round."""
NOTE_OBJECTS = 200

LEFT_OUT = "the patterns leave it out"
TOO_MANY = "there are more files than are taken (most_files)"
TOO_MUCH = "the files before it have the size that is taken (most_bytes)"


class Bucket:
    """A bucket, whose objects are kept in a folder. What has the same ETag as before is not fetched again."""

    def __init__(
        self,
        where: Place,
        place: Path,
        *,
        globs: Globs | None = None,
        most_files: int = 50_000,
        most_bytes: int = 10 * 1024**3,
        document_bytes: int = 50 * 1024 * 1024,
        silence_seconds: float = SILENCE_SECONDS,
        tell: Tell | None = None,
    ) -> None:
        """Take where the bucket is, and the place where the objects and what is known of them are.

        Raises:
            Invalid: the URL names no bucket.
        """
        self._store = ObjectStore(where, silence_seconds=silence_seconds)
        self._prefix = self._store.prefix
        self._files = KeptFiles(place, self._store.name)
        self._globs = globs or Globs()
        self._most_files = most_files
        self._most_bytes = most_bytes
        self._document_bytes = document_bytes
        self._tell = tell or tell_nobody

    @property
    def folder(self) -> Path:
        """The folder that holds the objects."""
        return self._files.folder

    async def refresh(self) -> Refreshed:
        """Fetch what is new and changed, and delete what the bucket no longer has.

        Raises:
            Invalid: the library is not installed, or the bucket can't be read; it says why.
        """
        done = Refreshed()
        listed = await self._listed(done)
        known = await self._files.begin()
        whole = await self._files.are_whole(known)
        kept = {key: known[key] for key, one in listed.items() if key in whole and known[key].etag == one.version}
        for key in kept:
            self._files.claim(kept[key].path)
        fetching = _Fetching([(key, self._path(key, known)) for key in listed if key not in kept], len(kept))
        async with Tasks() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._fetch_all(fetching, known, kept, done))
        if fetching.error is not None:
            await self._files.note({**known, **kept})
            raise fetching.error
        await self._files.end(kept)
        return done

    def _path(self, key: str, known: Mapping[str, Kept]) -> str:
        before = known.get(key)
        if before is not None and self._files.is_free(before.path):
            self._files.claim(before.path)
            return before.path
        return self._files.path_for(self._inside(key), key)

    def _inside(self, key: str) -> str:
        return key.removeprefix(f"{self._prefix}/") if self._prefix else key

    async def _listed(self, done: Refreshed) -> dict[str, Listed]:
        """Return the objects that are to be taken, by their keys."""
        found: dict[str, Listed] = {}
        size = 0
        async for one in self._store.listed(self._prefix):
            why = self._why_not(self._inside(one.key), one.size)
            if not why:
                why = TOO_MANY if len(found) >= self._most_files else ""
                why = TOO_MUCH if not why and size + one.size > self._most_bytes else why
            if why:
                done.skipped.append((one.key, why))
                continue
            size += one.size
            found[one.key] = one
        return found

    def _why_not(self, name: str, length: int) -> str:
        if any(part.startswith((".", "~$")) for part in name.split("/")):
            return HIDDEN
        if not self._globs.takes(name):
            return LEFT_OUT
        if length > self._document_bytes:
            return f"it is larger than {self._document_bytes // 1024**2} MB"
        return ""

    async def _fetch_all(
        self, fetching: "_Fetching", known: Mapping[str, Kept], kept: dict[str, Kept], done: Refreshed
    ) -> None:
        """Fetch what is left, one object after the other, until one fails for all."""
        while fetching.left and fetching.error is None:
            key, path = fetching.left.pop()
            try:
                kept[key] = await self._fetch(key, path)
                fetching.failures = 0
            except StoreError as error:
                fetching.error = error
            except HubbubError as error:
                if error.code != GONE:  # else it was deleted since it was listed
                    fetching.failures += 1
                    fetching.error = error if fetching.failures >= MOST_FAILURES else None
                    done.refused.append((key, error.message))
                    if key in known:
                        kept[key] = known[key]
            fetching.done += 1
            self._tell(fetching.done, fetching.total)
            if fetching.done % NOTE_OBJECTS == 0:
                await self._files.note({**known, **kept})

    async def _fetch(self, key: str, path: str) -> Kept:
        listed, pieces = await self._store.get(key)
        return Kept(path, listed.version, stamp=await self._files.store(path, self._bounded(pieces)))

    async def _bounded(self, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        size = 0
        async for piece in pieces:
            size += len(piece)
            if size > self._document_bytes:
                raise TooLarge(f"It is larger than {self._document_bytes // 1024**2} MB.")
            yield piece


class _Fetching(msgspec.Struct):
    """What is still to be fetched, and how that goes."""

    left: list[tuple[str, str]]
    done: int
    failures: int = 0
    error: HubbubError | None = None
    total: int = 0

    def __post_init__(self) -> None:
        self.total = self.done + len(self.left)
        self.left.reverse()
