"""The door of sources: each brings a folder up to date with what it holds, and the folder is synced."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import msgspec

from hubbub.ingest.sync import FolderSync, Round

Locked: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]
"""Makes what is held while something is done that one process of a data folder does at a time."""

Tell: TypeAlias = Callable[[int, int], None]
"""Told how many of how many files are here. It returns at once."""


def tell_nobody(done: int, total: int) -> None:
    """Do nothing."""


class Refreshed(msgspec.Struct):
    """What a source could not bring."""

    skipped: list[tuple[str, str]] = msgspec.field(default_factory=list[tuple[str, str]])
    """What is left out on purpose, and why."""
    refused: list[tuple[str, str]] = msgspec.field(default_factory=list[tuple[str, str]])
    """What could not be brought now, and why; what was there of it stays."""


class Source(Protocol):
    """Where documents come from."""

    @property
    def folder(self) -> Path:
        """The folder that is synced. What is in it is whole at any time, so that a kill leaves no half of a file."""
        ...

    async def refresh(self) -> Refreshed:
        """Bring the folder up to date: what is new, changed or gone at the source is so in the folder.

        Raises:
            HubbubError: the source can't be read now; the folder stays as it was.
        """
        ...


class FolderSource:
    """A folder of this machine, which is as it is."""

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self.folder = folder

    async def refresh(self) -> Refreshed:
        """Do nothing."""
        return Refreshed()


class SourceSync:
    """Compares a source with its collection, round by round, as `FolderSync` does for a folder."""

    def __init__(self, source: Source, syncing: FolderSync, fetching: Locked, comparing: Locked) -> None:
        """Take the source, what keeps the collection equal to its folder, and the locks for both steps."""
        self._source = source
        self._syncing = syncing
        self._fetching = fetching
        self._comparing = comparing

    async def once(self, collection_id: str) -> Round:
        """Bring the folder up to date and make the collection equal to it.

        Raises:
            HubbubError: the source can't be read, and nothing was removed; or as `FolderSync.once` does.
        """
        async with self._fetching():
            refreshed = await self._source.refresh()
            async with self._comparing():
                done = await self._syncing.once(collection_id)
        done.skipped += len(refreshed.skipped)
        done.skips += refreshed.skipped
        done.refused += refreshed.refused
        return done
