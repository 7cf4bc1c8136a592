"""Look at the header of a file's WAL index where SQLite has it in memory: it is another one after each commit."""

import ctypes
import os
from pathlib import Path
from typing import Self

_COPY = 48
"""So many bytes a copy has; two stand one behind the other (sqlite.org/walformat.html#the_wal_index_file_format)."""
_FORM = (3007000).to_bytes(4, "little")
_HAS_CONTENT = 12
"""Where a byte tells whether the header holds for the file: not while the index is made anew."""


class WalIndex:
    """The header of one file's WAL index. It may be looked at as long as a connection of this process to it is open.

    SQLite itself tells by these bytes whether what it has read still holds. To ask it would be 4 µs, and the thread
    would let go of the interpreter meanwhile: among busy threads it costs 100 to 250 µs to get that back.
    """

    def __init__(self, address: int) -> None:
        self._memory = (ctypes.c_char * (2 * _COPY)).from_address(address)

    @classmethod
    def of(cls, path: str) -> Self | None:
        """Return that of a database which a connection of this process has read; None where it can't be found."""
        place = f"{os.path.realpath(path)}-shm"
        try:
            mapped = Path("/proc/self/maps").read_text()
        except OSError:  # not on Linux
            return None
        for line in mapped.splitlines():
            span, _, offset, _, _, *name = line.split(maxsplit=5)
            if name == [place] and int(offset, 16) == 0:
                found = cls(int(span.partition("-")[0], 16))
                return found if found.is_known else None
        return None

    @property
    def is_known(self) -> bool:
        """Whether the index has the form that is known here."""
        return self._memory.raw.startswith(_FORM)

    def now(self) -> bytes | None:
        """Return what is another one after each commit; None: it is just being changed."""
        seen = self._memory.raw
        first = seen[:_COPY]
        return first if seen[_COPY:] == first and first[_HAS_CONTENT] else None
