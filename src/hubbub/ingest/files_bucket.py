"""Keep the original files in an S3 bucket or an Azure container, for all machines."""

import re
import time
from collections.abc import AsyncGenerator, Collection, Generator
from contextlib import contextmanager
from pathlib import Path

from hubbub.connections.object_store import GONE as NO_OBJECT
from hubbub.connections.object_store import ObjectStore
from hubbub.core.errors import Invalid, NotFound, StoreError
from hubbub.ingest.files import YOUNG_SECONDS, Kept
from hubbub.ingest.files_elsewhere import GONE, FilesElsewhere

_SHA256 = re.compile("[0-9a-f]{64}")
STALE_SECONDS = YOUNG_SECONDS / 2
"""An object that is older is written anew when its content is kept again: so no sweep takes it meanwhile."""


class BucketFiles(FilesElsewhere):
    """Files in a bucket: objects named by their content. What else lies there is left alone."""

    def __init__(self, store: ObjectStore, folder: Path, *, most_bytes: int = 200 * 1024 * 1024) -> None:
        super().__init__(folder, most_bytes=most_bytes)
        self._there = store
        self._prefix = f"{store.prefix}/" if store.prefix else ""

    def _key(self, sha256: str) -> str:
        return f"{self._prefix}{sha256[:2]}/{sha256}"

    async def _content(self, sha256: str) -> tuple[float, AsyncGenerator[bytes]]:
        with _told():
            known, pieces = await self._there.get(self._key(sha256))
        return known.modified_at, _told_of(pieces)

    async def _store(self, kept: Kept) -> None:
        key = self._key(kept.sha256)
        with _told():
            known = await self._there.head(key)
            if known is not None and known.size == kept.size_bytes and known.modified_at > time.time() - STALE_SECONDS:
                return
            await self._there.put(key, await self.here(kept.sha256))

    async def _drop_there(self, sha256: str) -> None:
        with _told():
            await self._there.delete(self._key(sha256))

    async def sweep(self, used: Collection[str], *, young_seconds: float = YOUNG_SECONDS) -> int:
        before = time.time() - young_seconds
        dropped = 0
        with _told():
            async for one in self._there.listed(self._prefix.rstrip("/")):
                sha256 = one.key.rpartition("/")[2]
                is_ours = _SHA256.fullmatch(sha256) is not None and one.key == self._key(sha256)
                if not is_ours or sha256 in used or one.modified_at >= before:
                    continue
                again = await self._there.head(one.key)  # it may have been kept again since it was listed
                if again is not None and again.modified_at < before:
                    await self._there.delete(one.key)
                    dropped += 1
        await self._drop_idle(before)
        return dropped


async def _told_of(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    with _told():
        async for piece in pieces:
            yield piece


@contextmanager
def _told() -> Generator[None]:
    """Tell people that a file is gone or can't be had, and the operator why."""
    try:
        yield
    except Invalid as error:
        if error.code == NO_OBJECT:
            raise NotFound(GONE) from error
        raise StoreError("The file could not be stored or fetched. Try again.", detail=error.message) from error
