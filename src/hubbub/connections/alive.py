"""Name a process so that others on the same machine can tell that it has ended, without waiting for its silence."""

import os
from pathlib import Path

_PROC = Path("/proc")


def _read_place() -> str | None:
    """Return what a process id here belongs to: the machine since its start, and the space of ids there.

    None where that can't be told, which is everywhere but on Linux.
    """
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return None


_PLACE = _read_place()


def this_process() -> str | None:
    """Return the name of this process, which no other one has while it lives; None where its end could not be told."""
    return None if _PLACE is None else f"{_PLACE}/{os.getpid()}"


def has_ended(process: str | None) -> bool:
    """Tell whether a process has ended; False where that can't be told, as of one on another machine.

    An id that another process got since counts as living, too, and so does one whose parent has not heard of its end.
    """
    place, _, pid = (process or "").rpartition("/")
    if _PLACE is None or place != _PLACE or not pid.isdecimal() or int(pid) == 0:
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # it is there, and somebody else's; or there are no such ids
        return False
    return False
