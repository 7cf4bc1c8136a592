"""Hide every file from a process but the folders that it names (Landlock, Linux 5.13 and later)."""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""By the version of the interface: execute, write, read, make, remove; refer; truncate; ioctl."""
_NETWORK_RIGHTS = 0b11  # bind and connect TCP; since version 4
_SCOPES = 0b11  # abstract Unix sockets and signals stay inside; since version 6
_PATH_BENEATH = 1
_O_PATH = 0o10000000


def version() -> int:
    """Return the version of the kernel's Landlock; 0 where it has none or has it switched off."""
    if sys.platform != "linux":
        return 0
    return max(0, _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1)))


def hide_files(readable: Iterable[str]) -> str:
    """Hide everything but what is at and below these paths, which can be read. Return "" or why it can't be done.

    Descriptors that are open stay so. The process must have given up gaining privileges.
    """
    known = version()
    if not known:
        return "the kernel has no Landlock, or it is switched off"
    rights = max(mask for since, mask in _FILE_RIGHTS.items() if since <= known)
    fields = [rights] + [_NETWORK_RIGHTS] * (known >= 4) + [_SCOPES] * (known >= 6)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = _call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))
    if ruleset < 0:
        return f"the kernel refuses Landlock ({os.strerror(ctypes.get_errno())})"
    try:
        for path in readable:
            _allow(ruleset, path)
        if _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0)) != 0:
            return f"the kernel refuses Landlock ({os.strerror(ctypes.get_errno())})"
    finally:
        os.close(ruleset)
    return ""


def _allow(ruleset: int, path: str) -> None:
    try:
        place = os.open(path, _O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not there, so nothing to read
    try:
        rights = _READ_FILE | _READ_DIR if os.path.isdir(path) else _READ_FILE  # noqa: PTH112 (no pathlib in a child)
        rule = struct.pack("=Qi", rights, place)  # packed in C, too
        _call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint(0))
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return int(libc.syscall(ctypes.c_long(number), *arguments))
