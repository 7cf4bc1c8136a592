"""Find what Outlook's items other than mails say of themselves: appointments, tasks, contacts (MS-OXPROPS)."""

import struct
import uuid
from collections.abc import Callable

from hubbub.ingest.loaders.ole import Ole

_FOLDER = "__nameid_version1.0/__substg1.0_"
_APPOINTMENT = uuid.UUID("00062002-0000-0000-C000-000000000046")
_TASK = uuid.UUID("00062003-0000-0000-C000-000000000046")
_ADDRESS = uuid.UUID("00062004-0000-0000-C000-000000000046")
_NAMED = {
    "Start": (_APPOINTMENT, 0x820D),
    "End": (_APPOINTMENT, 0x820E),
    "Location": (_APPOINTMENT, 0x8208),
    "Recurrence": (_APPOINTMENT, 0x8232),
    "Starts": (_TASK, 0x8104),
    "Due": (_TASK, 0x8105),
    "Mail": (_ADDRESS, 0x8083),
    "Second mail": (_ADDRESS, 0x8093),
}
"""What has no number of its own, but one that each file gives it."""
_NUMBERED = {
    "Name": 0x3001,
    "Company": 0x3A16,
    "Job title": 0x3A17,
    "Business telephone": 0x3A08,
    "Mobile telephone": 0x3A1C,
    "Home telephone": 0x3A09,
    "Address": 0x3A15,
}
_FIRST = 0x8000


def told(ole: Ole, kind: str, shown: Callable[[int], str]) -> list[tuple[str, str]]:
    """Return what an item of a kind says beside its subject and its text; `shown` reads a property by its number."""
    found = [(name, shown(number)) for name, number in _NUMBERED.items()] if kind.startswith("IPM.Contact") else []
    wanted = {identity: name for name, identity in _NAMED.items()}
    sets = ole.read(f"{_FOLDER}00020102")
    entries = ole.read(f"{_FOLDER}00030102")
    by_name: dict[str, str] = {}
    for place in range(0, len(entries) - 7, 8):
        number, where, index = struct.unpack_from("<IHH", entries, place)
        start = ((where >> 1) - 3) * 16
        if where & 1 or not 0 <= start <= len(sets) - 16:
            continue
        if (name := wanted.get((uuid.UUID(bytes_le=sets[start : start + 16]), number))) is not None:
            by_name[name] = shown(_FIRST + index)
    return found + [(name, by_name[name]) for name in _NAMED if name in by_name]
