"""Refuse archives that unpack to too much, before anything of them is unpacked."""

import zipfile

from hubbub.core.errors import Invalid, TooLarge
from hubbub.core.reasons import because

MOST_PARTS = 10_000
MOST_UNPACKED_BYTES = 256 * 1024 * 1024
MOST_RATIO = 200
"""Sheets of spreadsheets reach 40; what unpacks to little may have any ratio."""
SMALL_BYTES = 16 * 1024 * 1024


def check_archive(archive: zipfile.ZipFile) -> None:
    """Check an archive's own list of its parts. Reading stops at the sizes that it declares, so they bind.

    Raises:
        TooLarge: it unpacks to too much, or has too many parts.
        Invalid: it is encrypted.
    """
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise Invalid(because("encrypted"), code="encrypted")
    if len(parts) > MOST_PARTS:
        raise TooLarge(because("too_many_parts", parts=MOST_PARTS), code="bomb")
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if unpacked > MOST_UNPACKED_BYTES or unpacked > max(SMALL_BYTES, packed * MOST_RATIO):
        most = min(MOST_UNPACKED_BYTES, max(SMALL_BYTES, packed * MOST_RATIO)) // (1024 * 1024)
        raise TooLarge(because("bomb", megabytes=most), code="bomb")
