"""Read ZIP archives of documents: each document under its path."""

import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from hubbub.core.errors import Invalid, Unsupported
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Loaded
from hubbub.ingest.loaders.encoding import decode
from hubbub.ingest.loaders.nested import inner_blocks

_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_UTF8 = 0x800


def load(file: BinaryIO) -> Loaded:
    """Return the documents of an archive.

    Raises:
        Invalid: it is damaged, or none of its files can be read.
        TooLarge: it unpacks to too much.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            blocks, omitted = inner_blocks(_files(archive), of=len(archive.infolist()))
    except (zipfile.BadZipFile, ValueError, zlib.error, EOFError, NotImplementedError) as error:
        raise Invalid(because("archive_damaged"), code="corrupt") from error
    if not blocks and omitted:
        raise Unsupported(f"Nothing in the archive can be read ({omitted[0].text}).")
    return Loaded(blocks, omitted=omitted)


def _files(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    for part in archive.infolist():
        name = _name(part)
        if not part.is_dir() and not any(junk in name for junk in _JUNK):
            yield name, archive.read(part)


def _name(part: zipfile.ZipInfo) -> str:
    """Return a part's name; those that are not marked as UTF-8 were taken for DOS's encoding."""
    if part.flag_bits & _UTF8 or part.filename.isascii():
        return part.filename
    try:
        return decode(part.filename.encode("cp437"))
    except (UnicodeEncodeError, Unsupported):
        return part.filename
