"""Find the files below the paths that a person names."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from hubbub.core.errors import NotFound
from hubbub.ingest.names import shown_name, told_apart

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

    Where several folders are named, the names of the files begin with the folder's. No two files get one name.
    Hidden files and usual junk are left out, unless they are named themselves; so are links that
    lead out of their folder, or to a folder. What is left out is counted in `passed_by`.

    Raises:
        NotFound: a path is not there.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="walk")
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, _walk, paths, passed_by or PassedBy())
    finally:
        pool.shutdown(wait=False)


def _walk(paths: Sequence[Path], passed_by: PassedBy) -> list[Found]:
    roots: dict[Path, Path] = {}  # each once, however it is written
    for path in paths:
        if not path.exists():
            raise NotFound(f"There is no file or folder “{path}”.")
        roots.setdefault(path.resolve(), path)
    leads = _leads(roots)
    found: dict[Path, Found] = {}  # a file may be named twice, or lie in two of the folders
    for real, path in roots.items():
        if path.is_dir():
            files = list(_below(path, passed_by))
            if not files:
                passed_by.empty.append(path)
            for inside, file in files:
                found.setdefault(real / inside, Found(leads[real] + shown_name(inside.as_posix()), file))
        else:
            found.setdefault(real, Found(leads[real], path))
    names = told_apart(file.name for file in found.values())
    return [Found(name, file.path) for name, file in zip(names, found.values(), strict=True)]


def _leads(roots: Mapping[Path, Path]) -> dict[Path, str]:
    """Return what the names below each folder begin with, and the name of each file: as short as tells them apart."""
    leads: dict[Path, str] = {}
    named = {
        real: (*real.parent.parts, path.name if path.name not in ("", "..") else real.name)
        for real, path in roots.items()
    }
    for kind in (True, False):
        same = [real for real, path in roots.items() if path.is_dir() is kind]
        for real in same:
            if kind and len(same) == 1:
                leads[real] = ""
                continue
            parts, count = named[real], 1
            while count < len(parts) - 1 and any(
                other != real and named[other][-count:] == parts[-count:] for other in same
            ):
                count += 1
            lead = shown_name("/".join(parts[-count:]))
            leads[real] = f"{lead}/" if kind else lead
    return leads


def _below(root: Path, passed_by: PassedBy) -> Iterator[tuple[Path, Path]]:
    """Yield the files below a folder: their paths below it, and their paths."""
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
                yield path.relative_to(root), path


def _is_junk(name: str) -> bool:
    lowered = name.lower()
    return lowered in _JUNK or lowered.startswith(_JUNK_PREFIXES) or lowered.endswith(_JUNK_SUFFIXES)
