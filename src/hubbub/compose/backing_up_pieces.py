"""Say what a backup is: a folder of pieces, and a manifest with the sum of each."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias

import msgspec

from hubbub.connections.private import make_private_folder, open_private
from hubbub.core.errors import Conflict, NotFound, StoreError

FORMAT = 1
"""A backup of another form is refused."""
MANIFEST = "manifest.json"
SUM = "manifest.sha256"
"""Beside the manifest: its own sum, in the form that `sha256sum --check` reads."""
READ_BYTES = 1024 * 1024
PARTIAL = ".partial"
"""The end of the name of a backup that is not finished."""

Told: TypeAlias = Callable[[str, int], None]
"""Is told what is being done, and how much of it has been done so far."""
Kind: TypeAlias = Literal["sqlite", "postgresql"]


class Piece(msgspec.Struct, frozen=True):
    """A file of a backup."""

    path: str
    bytes: int
    sha256: str


class CopiedTable(msgspec.Struct, frozen=True):
    """A table of a PostgreSQL, whose rows stand in a piece."""

    name: str
    columns: list[str]
    rows: int
    counters: dict[str, int]
    """The numbers that columns are given next."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds."""

    format: int
    version: str
    """Of Hubbub, which made it."""
    made_at: str
    """The time of the state that it holds (ISO 8601, UTC)."""
    kind: Kind
    """Where chats were kept."""
    has_originals: bool
    """Whether the files of documents are in it."""
    schemas: dict[str, dict[str, int]]
    """By database: how many scripts each room has run."""
    counts: dict[str, dict[str, int]]
    """By database: the rows of each table."""
    tables: list[CopiedTable]
    """Those of a PostgreSQL, each behind those that it refers to."""
    left_out: list[str]
    """Tables of a PostgreSQL that are not Hubbub's own."""
    missing: list[str]
    """Files of documents that were damaged or gone already where the backup was made."""
    pieces: list[Piece]


class Output:
    """A piece that is being written, and its sum."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        self._file = file
        self._path = path
        self._hash = hashlib.sha256()
        self._bytes = 0

    def write(self, data: bytes) -> None:
        """Write on."""
        self._file.write(data)
        self._hash.update(data)
        self._bytes += len(data)

    def finish(self) -> Piece:
        """Return the piece, once it is on disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return Piece(self._path, self._bytes, self._hash.hexdigest())

    def drop(self) -> None:
        """Close it unfinished."""
        with contextlib.suppress(OSError):
            self._file.close()


def opened(folder: Path, path: str) -> Output:
    """Open a piece to be written, of its owner's alone."""
    place = folder / path
    make_folders(folder, place.parent)
    return Output(os.fdopen(open_private(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb"), path)


def make_folders(top: Path, folder: Path) -> None:
    """Make a folder and those between it and another one, all of their owner's alone."""
    for one in (*reversed(folder.relative_to(top).parents), folder.relative_to(top)):
        make_private_folder(top / one)


def summed(path: Path, told: Callable[[int], None] = lambda size: None) -> tuple[int, str]:
    """Return the size and the SHA-256 of a file."""
    found, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while data := file.read(READ_BYTES):
            found.update(data)
            size += len(data)
            told(size)
    return size, found.hexdigest()


def piece_at(folder: Path, path: str, told: Callable[[int], None] = lambda size: None) -> Piece:
    """Return a file that something else has written as a piece, once it is on disk."""
    with (folder / path).open("rb") as file:
        os.fsync(file.fileno())
    return Piece(path, *summed(folder / path, told))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and its sum; all else is on disk before."""
    output = opened(folder, MANIFEST)
    output.write(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    made = output.finish()
    output = opened(folder, SUM)
    output.write(f"{made.sha256}  {MANIFEST}\n".encode())
    output.finish()


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup.

    Raises:
        NotFound: there is no backup.
        StoreError: its manifest was damaged or changed.
        Conflict: its form is not known here.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no backup at {folder}. Name the folder that `hubbub backup` made.")
    try:
        data, noted = (folder / MANIFEST).read_bytes(), (folder / SUM).read_text("ascii", "replace")
    except FileNotFoundError as error:
        half = " It was never finished." if folder.name.endswith(PARTIAL) else ""
        raise NotFound(f"{folder} is no whole backup: it has no {Path(error.filename).name}.{half}") from error
    if noted.split()[:1] != [hashlib.sha256(data).hexdigest()]:
        raise StoreError(
            f"{folder / MANIFEST} was damaged or changed: {SUM} has another sum of it. Use another backup."
        )
    try:
        head: Mapping[str, Any] = msgspec.json.decode(data)
        if head.get("format") != FORMAT:
            raise Conflict(
                f"{folder} has the form {head.get('format')} of backups, and this version of Hubbub reads {FORMAT}. "
                "Restore it with the version that made it."
            )
        return msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise StoreError(f"{folder / MANIFEST} can't be read ({error}). Use another backup.") from error


def check_pieces(folder: Path, manifest: Manifest, told: Told) -> None:
    """Return where a backup holds what its manifest says, and nothing else.

    Raises:
        StoreError: a piece is gone, cut, changed or too many; all that is wrong is said, the first ten by name.
    """
    faults: list[str] = []
    done = 0
    for piece in manifest.pieces:
        if is_outside(piece.path):
            faults.append(f"{piece.path} leads out of the backup")
            continue
        try:
            size, sha256 = summed(folder / piece.path)
        except OSError as error:
            faults.append(f"{piece.path} can't be read ({error.strerror})")
            continue
        if size != piece.bytes:
            faults.append(f"{piece.path} has {size:,} bytes in place of {piece.bytes:,}")
        elif sha256 != piece.sha256:
            faults.append(f"{piece.path} was changed")
        done += size
        told("bytes checked", done)
    known = {MANIFEST, SUM, *(piece.path for piece in manifest.pieces)}
    faults += [f"{one} does not belong to it" for one in sorted(_files_in(folder) - known)]
    if faults:
        more = f"; and {len(faults) - 10:,} more" if len(faults) > 10 else ""
        raise StoreError(f"The backup {folder} is not whole: {'; '.join(faults[:10])}{more}. Nothing was restored.")


def is_outside(path: str) -> bool:
    """Tell whether a path leads out of the folder that it starts in."""
    return path.startswith(("/", "\\")) or ".." in Path(path).parts or not path


def _files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}
