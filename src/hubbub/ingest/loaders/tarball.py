"""Read what is packed by gzip, and archives of tar: each document under its path."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from hubbub.core.errors import Invalid, TooLarge, Unsupported
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Loaded
from hubbub.ingest.loaders.archive import MOST_PARTS, MOST_RATIO, MOST_UNPACKED_BYTES, SMALL_BYTES
from hubbub.ingest.loaders.kinds import kind_of
from hubbub.ingest.loaders.nested import inner_blocks

_BROKEN = (tarfile.TarError, EOFError, OSError, zlib.error, ValueError)


def load(file: BinaryIO) -> Loaded:
    """Return the documents of an archive, or the one that is packed.

    Raises:
        Invalid: it is damaged.
        TooLarge: it unpacks to too much.
        Unsupported: none of its files can be read.
    """
    data = file.read()
    try:
        name, unpacked = _unpacked(data) if data.startswith(b"\x1f\x8b") else ("", data)
        if unpacked.startswith(b"\x1f\x8b"):
            raise Unsupported("The file is packed twice. Unpack it and add it again.")
        if unpacked[257:262] != b"ustar":
            return kind_of(io.BytesIO(unpacked), name).loader().load(io.BytesIO(unpacked))
        with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
            blocks, omitted = inner_blocks(_files(archive))
    except _BROKEN as error:
        raise Invalid(because("archive_damaged"), code="corrupt") from error
    if not blocks and omitted:
        raise Unsupported(f"Nothing in the archive can be read ({omitted[0].text}).")
    return Loaded(blocks, omitted=omitted)


def _unpacked(data: bytes) -> tuple[str, bytes]:
    """Return what is packed by gzip, and the name that it had where that is told."""
    most = min(MOST_UNPACKED_BYTES, max(SMALL_BYTES, len(data) * MOST_RATIO))
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as opened:
        unpacked = opened.read(most + 1)
    if len(unpacked) > most:
        raise TooLarge(because("bomb", megabytes=most // 1024**2), code="bomb")
    return _name(data), unpacked


def _name(data: bytes) -> str:
    """Return the name in a header of gzip (RFC 1952, 2.3)."""
    flags = data[3] if len(data) > 10 else 0
    place = 10
    if flags & 4:
        place += 2 + int.from_bytes(data[10:12], "little")
    end = data.find(b"\0", place, place + 4096)
    return data[place:end].decode("latin-1") if flags & 8 and end > 0 else ""


def _files(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for number, part in enumerate(archive):
        if number >= MOST_PARTS:
            raise TooLarge(because("too_many_parts", parts=MOST_PARTS), code="bomb")
        opened = archive.extractfile(part) if part.isreg() and not part.issparse() else None
        if opened is not None and not PurePosixPath(part.name).name.startswith("._"):
            yield part.name, opened.read()
