"""Keep the files of a source in a folder, with notes of what each was at the source."""

import contextlib
import hashlib
import os
import posixpath
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterable, Mapping
from pathlib import Path

import msgspec

from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import StoreError

PART_CHARACTERS = 80
"""A part of a path may take so much; file systems allow 255 bytes."""

GONE = "gone"


class Kept(msgspec.Struct):
    """A file as it was brought last."""

    path: str
    """Below the folder."""
    etag: str = ""
    """What the source calls this version of it."""
    modified: str = ""
    """When it was changed, as the source says it."""
    stamp: str = ""
    """Its size and time here. Another one was put there by a run that was killed before it noted that."""


class KeptFiles:
    """Files that are put at their place whole, and notes that are replaced whole: a kill at any point is mended."""

    def __init__(self, place: Path, name: str, *, notes: str = "files.json") -> None:
        """Take the place of the source, and the name of the folder in it."""
        self.folder = place / "files" / name
        self._incoming = place / "incoming"
        self._notes = place / notes
        self._taken: set[str] = set()
        self._above: Counter[str] = Counter()

    async def begin(self) -> dict[str, Kept]:
        """Return the files as they are known, and clear away what a kill left."""
        self._taken.clear()
        self._above.clear()
        return await in_a_thread(self._begin)

    async def note(self, known: Mapping[str, Kept]) -> None:
        """Note what is known, for the case that this is the last that is done."""
        await in_a_thread(lambda: self._note(known))

    async def end(self, kept: Mapping[str, Kept]) -> None:
        """Note the files, and delete all others."""
        await in_a_thread(lambda: self._end(kept))

    async def are_whole(self, known: Mapping[str, Kept]) -> set[str]:
        """Return the keys of the files that lie here as they were noted."""
        return await in_a_thread(
            lambda: {key for key, one in known.items() if _is_whole(one, _stamp(self.folder / one.path))}
        )

    def claim(self, path: str) -> None:
        """Say that a path is used, so that no other file gets it."""
        if path in self._taken:
            return
        self._taken.add(path)
        self._above.update(str(above) for above in Path(path).parents)

    def release(self, path: str) -> None:
        """Say that a path is used no more."""
        if path in self._taken:
            self._taken.discard(path)
            self._above.subtract(str(above) for above in Path(path).parents)

    def is_free(self, path: str) -> bool:
        """Tell whether no other file has a path, is a folder on it, or lies below it."""
        is_below_a_file = any(str(above) in self._taken for above in Path(path).parents)
        return not (path in self._taken or self._above[path] > 0 or is_below_a_file)

    def path_for(self, name: str, key: str) -> str:
        """Return a path for a file that no other file has, in folders that no file is; it is claimed."""
        path = "/".join(usable_part(part) for part in name.split("/"))
        if not self.is_free(path):
            stem, suffix = posixpath.splitext(path.replace("/", "_"))
            path = f"{stem} {_digest(key)}{suffix}"
        self.claim(path)
        return path

    async def store(self, path: str, pieces: AsyncIterable[bytes]) -> str:
        """Put a file at its place whole, and return its stamp; one with the same content is left as it is.

        Raises:
            StoreError: it could not be stored.
        """
        incoming = self._incoming / secrets.token_hex(8)
        try:
            with await in_a_thread(lambda: incoming.open("wb")) as file:
                async for piece in pieces:
                    await in_a_thread(lambda piece=piece: file.write(piece))
            return await in_a_thread(lambda: _replaced(incoming, self.folder / path))
        except OSError as error:
            raise StoreError("A file could not be stored.", detail=f"A file could not be stored: {error}") from error
        finally:
            await in_a_thread(lambda: incoming.unlink(missing_ok=True))

    async def move(self, path: str, to: str) -> None:
        """Give a file another path; it stays the same file.

        Raises:
            StoreError: it can't be moved.
        """
        try:
            await in_a_thread(lambda: _put(self.folder / path, self.folder / to))
        except OSError as error:
            raise StoreError("A file could not be moved.", detail=f"A file could not be moved: {error}") from error

    def _begin(self) -> dict[str, Kept]:
        shutil.rmtree(self._incoming, ignore_errors=True)
        for folder in (self.folder, self._incoming):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return msgspec.json.decode(self._notes.read_bytes(), type=dict[str, Kept])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def _note(self, known: Mapping[str, Kept]) -> None:
        incoming = self._notes.with_suffix(".new")
        incoming.write_bytes(msgspec.json.encode(known))
        incoming.replace(self._notes)

    def _end(self, kept: Mapping[str, Kept]) -> None:
        self._note(kept)
        paths = {one.path for one in kept.values()}
        for above, folders, names in os.walk(self.folder, topdown=False):
            for name in names:
                path = Path(above, name)
                if path.relative_to(self.folder).as_posix() not in paths:
                    path.unlink()
            for name in folders:
                with contextlib.suppress(OSError):  # it is not empty
                    Path(above, name).rmdir()


def usable_part(part: str) -> str:
    """Return a part of a path that a file may be named and that a walk does not leave out as hidden."""
    part = f"_{part}" if part.startswith((".", "~$")) else part
    if len(part.encode()) <= 2 * PART_CHARACTERS:
        return part
    stem, suffix = posixpath.splitext(part)
    return f"{stem.encode()[:PART_CHARACTERS].decode(errors='ignore')} {_digest(part)}{suffix[:10]}"


def _replaced(incoming: Path, path: Path) -> str:
    if not (path.is_file() and path.read_bytes() == incoming.read_bytes()):
        _put(incoming, path)
    return _stamp(path)


def _put(file: Path, path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    for above in path.parents:
        if above.is_file():
            above.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    file.replace(path)


def _stamp(path: Path) -> str:
    """Return a file's size and time; `GONE` where it is not there."""
    try:
        found = path.stat()
    except OSError:
        return GONE
    return f"{found.st_size} {found.st_mtime_ns}"


def _is_whole(one: Kept, found: str) -> bool:
    return found != GONE and one.stamp in ("", found)  # a note of an earlier version has no stamp


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:8]
