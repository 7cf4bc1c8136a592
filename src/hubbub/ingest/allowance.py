"""Bound the bytes of files that are kept: for each who is charged for them, and for the whole disk."""

import shutil
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import StoreFull, TooLarge
from hubbub.core.reasons import because
from hubbub.search.base import Library

LARGEST_SHARE_OF_DISK = 20
"""On a small disk less is left free: one part in so many."""
LOOK_BYTES = 4 * 1024 * 1024
"""After so many bytes of an upload the disk is looked at again."""

Counted: TypeAlias = Callable[[AsyncIterable[bytes]], AsyncIterator[bytes]]


class Allowance:
    """Counts what is kept and what is on its way. What has no payer is the operator's: the disk alone bounds it."""

    def __init__(self, library: Library, folder: Path, *, payer_bytes: int, free_bytes: int) -> None:
        self._library = library
        self._folder = folder
        self._payer_bytes = payer_bytes
        self._free_bytes = free_bytes
        self._coming: Counter[str] = Counter()

    @asynccontextmanager
    async def taking(self, payer: str) -> AsyncGenerator[Counted]:
        """Hand out what counts the pieces of an upload; they stay counted until left, when the library knows them.

        Raises:
            TooLarge: the payer's allowance is used up (`code` is over_allowance).
            StoreFull: the disk has too little room left.
        """
        taken = 0

        async def counted(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
            nonlocal taken
            kept = await self._library.kept_bytes(payer) if payer else 0
            looked_at = 0
            await self._check_disk()
            async for piece in pieces:
                taken += len(piece)
                self._coming[payer] += len(piece)
                self._check(payer, kept)
                if taken - looked_at >= LOOK_BYTES:
                    looked_at = taken
                    await self._check_disk()
                yield piece
            if payer:  # what came in meanwhile, to another process too
                self._check(payer, await self._library.kept_bytes(payer))

        try:
            yield counted
        finally:
            self._coming[payer] -= taken
            if not self._coming[payer]:
                del self._coming[payer]

    async def would_exceed(self, payer: str, more_bytes: int) -> bool:
        """Tell whether somebody would keep more than they may with so many more bytes."""
        return await self._library.kept_bytes(payer) + self._coming[payer] + more_bytes > self._payer_bytes

    def _check(self, payer: str, kept: int) -> None:
        if payer and kept + self._coming[payer] > self._payer_bytes:
            most = self._payer_bytes // 1024**2
            raise TooLarge(
                because("documents_over", megabytes=most),
                code="over_allowance",
            )

    async def _check_disk(self) -> None:
        try:
            disk = await in_a_thread(lambda: shutil.disk_usage(self._folder))
        except OSError:
            return  # writing will say what is wrong
        if disk.free < min(self._free_bytes, disk.total // LARGEST_SHARE_OF_DISK):
            raise StoreFull(
                "The server's disk has too little room left for documents. Delete some, or ask whoever runs the "
                "server to free some space."
            )
