"""Make files and folders that nobody but their owner may use, whatever the umask is, and close those that others may.

On Windows rights are lists that a folder has from the one above it: there nothing is changed.
"""

import contextlib
import os
import stat
import sys
from pathlib import Path

FILE = 0o600
FOLDER = 0o700
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def open_private(path: Path, flags: int) -> int:
    """Open a file as `os.open` does; it is its owner's alone, whether it is made here or was there.

    Raises:
        OSError: it can't be opened.
    """
    descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0), FILE)
    if sys.platform != "win32":
        try:
            mode = os.fstat(descriptor).st_mode
            if stat.S_IMODE(mode) & OTHERS or mode & FILE != FILE:  # the umask may have taken even the owner's rights
                os.fchmod(descriptor, FILE)
        except PermissionError:
            pass  # it is somebody else's, who says who may read it
        except BaseException:
            os.close(descriptor)
            raise
    return descriptor


def make_private_folder(path: Path) -> None:
    """Make a folder, and those above it with the usual rights; one that is there stays as it is.

    Raises:
        OSError: it can't be made, or is no folder.
    """
    if path.is_dir():
        return
    path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    if sys.platform != "win32" and stat.S_IMODE(path.stat().st_mode) != FOLDER:
        path.chmod(FOLDER)


def close_to_others(path: Path) -> bool:
    """Take others' rights to a file, folder or socket of ours; returns whether they had any. Links are left alone."""
    if sys.platform == "win32":
        return False
    with contextlib.suppress(OSError):  # it is gone by now, or on a disk that knows no rights
        found = path.lstat()
        is_ours = found.st_uid == os.geteuid() or os.geteuid() == 0
        if is_ours and not stat.S_ISLNK(found.st_mode) and found.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
            return True
    return False
