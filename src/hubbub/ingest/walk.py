"""Find the files below the paths that a person names."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from msgspec.structs import replace

from hubbub.core.errors import NotFound
from hubbub.ingest.globs import Globs
from hubbub.ingest.names import shown_name, told_apart

_JUNK = frozenset(("thumbs.db", "desktop.ini", "__pycache__", "node_modules", "__macosx", "$recycle.bin"))
_JUNK_PREFIXES = (".", "~$")
_JUNK_SUFFIXES = ("~", ".tmp", ".swp", ".part", ".crdownload", ".pyc")


MOST_SKIPS = 1000
"""So many are told by name; all are counted."""
HIDDEN = "it is hidden, or a program's own"
LEADS_OUT = "it is a link that leads out of the folder"
LINKED_FOLDER = "it is a link to a folder"
NOT_ORDINARY = "it is no ordinary file"
LEFT_OUT = "the patterns leave it out"


class Found(msgspec.Struct, frozen=True):
    """A file to ingest, and the name that it gets: its path below the folder that was named, with '/'."""

    name: str
    path: Path
    source: str = ""
    """The folder that was named, or that holds the file that was, by its real path."""
    inside: str = ""
    """Its path below that folder, with '/'; no two files of a source have the same."""


class PassedBy(msgspec.Struct):
    """What a walk found and did not return."""

    skipped: int = 0
    """Hidden files and usual junk, links that lead elsewhere, and what is no ordinary file. A folder counts as one."""
    unreadable: list[Path] = msgspec.field(default_factory=list[Path])
    """Folders that could not be listed."""
    empty: list[Path] = msgspec.field(default_factory=list[Path])
    """Folders that were named and hold no file to ingest."""
    skips: list[tuple[str, str]] = msgspec.field(default_factory=list[tuple[str, str]])
    """The first of what was skipped: paths below what was named, each with the reason."""

    def skip(self, path: str, why: str) -> None:
        """Count something that is skipped."""
        self.skipped += 1
        if len(self.skips) < MOST_SKIPS:
            self.skips.append((path, why))


async def walk(paths: Sequence[Path], passed_by: PassedBy | None = None, globs: Globs | None = None) -> list[Found]:
    """Return the files among the paths and below the folders among them, folder by folder, by name.

    Where several folders are named, the names of the files begin with the folder's. No two files get one name.
    Hidden files and usual junk are left out, unless they are named themselves; so are links that
    lead out of their folder, or to a folder, and what the patterns leave out below a folder. What is left out is
    counted in `passed_by`.

    Raises:
        NotFound: a path is not there.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="walk")
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, _walk, paths, passed_by or PassedBy(), globs)
    finally:
        pool.shutdown(wait=False)


def source_of(path: Path) -> str:
    """Return the source of the files that a path leads to: its real path, or that of the folder that holds the file."""
    real = path.resolve()
    return shown_name(str(real if real.is_dir() else real.parent))


def _walk(paths: Sequence[Path], passed_by: PassedBy, globs: Globs | None) -> list[Found]:
    roots: dict[Path, Path] = {}  # each once, however it is written
    for path in paths:
        if not path.exists():
            raise NotFound(f"There is no file or folder “{path}”.")
        roots.setdefault(path.resolve(), path)
    leads = _leads(roots)
    found: dict[Path, Found] = {}  # a file may be named twice, or lie in two of the folders
    for real, path in roots.items():
        if path.is_dir():
            files = list(_below(path, passed_by, globs))
            if not files:
                passed_by.empty.append(path)
            source = source_of(real)
            insides = told_apart(shown_name(inside.as_posix()) for inside, _ in files)
            for (inside, file), shown in zip(files, insides, strict=True):
                found.setdefault(real / inside, Found(leads[real] + shown, file, source, shown))
        else:
            found.setdefault(real, Found(leads[real], path, source_of(real), shown_name(real.name)))
    names = told_apart(file.name for file in found.values())
    return [replace(file, name=name) for name, file in zip(names, found.values(), strict=True)]


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


def _below(root: Path, passed_by: PassedBy, globs: Globs | None) -> Iterator[tuple[Path, Path]]:
    """Yield the files below a folder: their paths below it, and their paths."""
    real_root = root.resolve()

    def note(error: OSError) -> None:
        passed_by.unreadable.append(Path(error.filename or root))

    for folder, folders, files in os.walk(root, onerror=note):
        folders.sort()
        for name in list(folders):
            path = Path(folder, name)
            if _is_junk(name) or path.is_symlink():
                folders.remove(name)
                passed_by.skip(_shown(path, root), HIDDEN if _is_junk(name) else LINKED_FOLDER)
        for name in sorted(files):
            path = Path(folder, name)
            if why := _why_not(path, root, real_root, globs):
                passed_by.skip(_shown(path, root), why)
            else:
                yield path.relative_to(root), path


def _why_not(path: Path, root: Path, real_root: Path, globs: Globs | None) -> str:
    """Return why a file is not taken; "" where it is."""
    if _is_junk(path.name):
        return HIDDEN
    if path.is_symlink() and not path.resolve().is_relative_to(real_root):
        return LEADS_OUT
    if not path.is_file():
        return NOT_ORDINARY
    return "" if globs is None or globs.takes(_shown(path, root)) else LEFT_OUT


def _shown(path: Path, root: Path) -> str:
    return shown_name(path.relative_to(root).as_posix())


def _is_junk(name: str) -> bool:
    lowered = name.lower()
    return lowered in _JUNK or lowered.startswith(_JUNK_PREFIXES) or lowered.endswith(_JUNK_SUFFIXES)
