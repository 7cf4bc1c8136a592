"""Find the documents that lie within documents of Office: whole packages, and objects of other programs."""

import posixpath
import struct
from collections.abc import Iterable, Iterator

import msgspec

from hubbub.core.documents import Omission
from hubbub.core.errors import HubbubError
from hubbub.ingest.blocks import Block, Loaded
from hubbub.ingest.loaders.nested import Inner, inner_blocks
from hubbub.ingest.loaders.ole import MAGIC, Ole
from hubbub.ingest.loaders.ooxml import Package, Relation, damaged

KINDS = ("oleObject", "package", "aFChunk")
"""The relationships that lead to another document."""
MOST_FILES = 200


def inner(package: Package, relations: Iterable[Relation]) -> tuple[list[Block], tuple[Omission, ...]]:
    """Return what the documents say that these relationships lead to, each under its name."""
    parts = dict.fromkeys(relation.target for relation in relations if relation.kind in KINDS)
    blocks, omitted = inner_blocks(_files(package, list(parts)[:MOST_FILES]), lead="Embedded: ", of=len(parts))
    return blocks, tuple(map(_named, omitted))


def _files(package: Package, parts: Iterable[str]) -> Iterator[tuple[str, Inner]]:
    for part in parts:
        name, data = posixpath.basename(part), package.data(part)
        yield unwrapped(name, data) if data else (name, _missing)


def _missing() -> Loaded:
    raise damaged()


def unwrapped(name: str, data: bytes) -> tuple[str, bytes]:
    """Return the document that an object of OLE holds, and its name; other files as they are."""
    if not data.startswith(MAGIC):
        return name, data
    try:
        ole = Ole(data)
    except HubbubError:
        return name, data
    if whole := ole.read("Package"):
        return name, whole
    if native := _native(ole.read("\x01Ole10Native")):
        return native
    for stream in ("CONTENTS", "Contents"):  # as Acrobat and others keep theirs
        if held := ole.read(stream):
            return name, held
    return name, data


def _native(data: bytes) -> tuple[str, bytes] | None:
    """Return the file that the packager of Windows wrapped, and its name (MS-OLEDS 2.3.6, and what it leaves open)."""
    try:
        place = 6
        label, place = _string(data, place)
        path, place = _string(data, place)
        place += 4
        (skipped,) = struct.unpack_from("<I", data, place)
        place += 4 + skipped
        (length,) = struct.unpack_from("<I", data, place)
    except (struct.error, ValueError):
        return None
    held = data[place + 4 : place + 4 + length]
    name = (label or path).replace("\\", "/").rpartition("/")[2]
    return (name or "object", held) if held else None


def _string(data: bytes, place: int) -> tuple[str, int]:
    end = data.index(b"\0", place)
    return data[place:end].decode("cp1252", errors="replace"), end + 1


def _named(omission: Omission) -> Omission:
    if omission.kind != "files":
        return omission
    count, named = omission.count, omission.text.partition(": ")[2]
    said = "1 embedded document was not read" if count == 1 else f"{count} embedded documents were not read"
    return msgspec.structs.replace(omission, kind="embedded_documents", text=f"{said}: {named}")
