"""Find the files below the paths that a person names."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from hubbub.core.errors import Conflict, NotFound

_JUNK = frozenset(("thumbs.db", "desktop.ini", "__pycache__", "node_modules", "__macosx", "$recycle.bin"))
_JUNK_PREFIXES = (".", "~$")
_JUNK_SUFFIXES = ("~", ".tmp", ".swp", ".part", ".crdownload", ".pyc")


class Found(msgspec.Struct, frozen=True):
    """A file to ingest, and the name that it gets: its path below the folder that was named, with '/'."""

    name: str
    path: Path


class PassedBy(msgspec.Struct):
    """What a walk found and did not return."""

    skipped: int = 0
    """Hidden files and usual junk, links that lead elsewhere, and what is no ordinary file. A folder counts as one."""
    unreadable: list[Path] = msgspec.field(default_factory=list[Path])
    """Folders that could not be listed."""
    empty: list[Path] = msgspec.field(default_factory=list[Path])
    """Folders that were named and hold no file to ingest."""


async def walk(paths: Sequence[Path], passed_by: PassedBy | None = None) -> list[Found]:
    """Return the files among the paths and below the folders among them, folder by folder, by name.

    Hidden files and usual junk are left out, unless they are named themselves; so are links that
    lead out of their folder, or to a folder. What is left out is counted in `passed_by`.

    Raises:
        NotFound: a path is not there.
        Conflict: two files would get the same name.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="walk")
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, _walk, paths, passed_by or PassedBy())
    finally:
        pool.shutdown(wait=False)


def _walk(paths: Sequence[Path], passed_by: PassedBy) -> list[Found]:
    found: dict[str, Found] = {}
    for path in paths:
        if not path.exists():
            raise NotFound(f"There is no file or folder “{path}”.")
        files = list(_below(path, passed_by)) if path.is_dir() else [Found(path.name, path)]
        if not files:
            passed_by.empty.append(path)
        for file in files:
            other = found.setdefault(file.name, file)
            if not other.path.samefile(file.path):
                raise Conflict(
                    f"“{other.path}” and “{file.path}” would both be named “{file.name}”. "
                    "Ingest a folder that holds both, or one after the other into two collections."
                )
    return list(found.values())


def _below(root: Path, passed_by: PassedBy) -> Iterator[Found]:
    real_root = root.resolve()

    def note(error: OSError) -> None:
        passed_by.unreadable.append(Path(error.filename or root))

    for folder, folders, files in os.walk(root, onerror=note):
        kept = sorted(name for name in folders if not _is_junk(name) and not Path(folder, name).is_symlink())
        passed_by.skipped += len(folders) - len(kept)
        folders[:] = kept
        for name in sorted(files):
            path = Path(folder, name)
            is_outside = path.is_symlink() and not path.resolve().is_relative_to(real_root)
            if _is_junk(name) or is_outside or not path.is_file():
                passed_by.skipped += 1
            else:
                yield Found(path.relative_to(root).as_posix(), path)


def _is_junk(name: str) -> bool:
    lowered = name.lower()
    return lowered in _JUNK or lowered.startswith(_JUNK_PREFIXES) or lowered.endswith(_JUNK_SUFFIXES)
