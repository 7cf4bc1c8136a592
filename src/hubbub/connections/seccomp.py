"""Let a process make only the system calls that reading a document takes (seccomp, Linux).

An allow-list: what a later kernel adds is refused too. A refused call returns EPERM, so that the
interpreter goes on; calls that the C library tries in a newer form first return ENOSYS, so that it
falls back to the older one, whose arguments a filter can see.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Sequence

_WRITING = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000 | 0o20000000
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND and O_TMPFILE; the same on both architectures."""
_CLONE_THREAD = 0x00010000
_CLONE_NEW_ANYTHING = 0x7E020080
_TCGETS, _FIONCLEX, _FIOCLEX = 0x5401, 0x5450, 0x5451
_DUPFD, _GETFD, _SETFD, _GETFL, _DUPFD_CLOEXEC = 0, 1, 2, 3, 1030
_PR_SET_NAME = 15

# audit architecture, column in _CALLS (linux/audit.h; asm/unistd_64.h, asm-generic/unistd.h)
_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

_CALLS: dict[str, tuple[int | None, int | None]] = {
    # files that are open, and what is at a path
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "preadv": (295, 69),
    "lseek": (8, 62),
    "close": (3, 57),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "fadvise64": (221, 223),
    "poll": (7, None),
    "ppoll": (271, 73),
    "fstat": (5, 80),
    "stat": (4, None),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getdents64": (217, 61),
    "getcwd": (79, 17),
    # memory
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "mprotect": (10, 226),
    "brk": (12, 214),
    "madvise": (28, 233),
    # threads, time, signals to itself, the end
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "membarrier": (324, 283),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "exit": (60, 93),
    "exit_group": (231, 94),
    # what it is and where
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getppid": (110, 173),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getresuid": (118, 148),
    "getresgid": (120, 150),
    "getgroups": (115, 158),
    "getsid": (124, 156),
    "getpriority": (140, 141),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "getrandom": (318, 278),
    "uname": (63, 160),
    "sysinfo": (99, 179),
}
_OPEN, _OPENAT, _OPENAT2 = (2, None), (257, 56), (437, 437)
_CLONE, _CLONE3 = (56, 220), (435, 435)
_FCNTL, _IOCTL, _PRCTL, _PRLIMIT64 = (72, 25), (16, 29), (157, 167), (302, 261)
_KILL, _TGKILL = (62, 129), (234, 131)
_FIRST_UNKNOWN = 1024
"""Numbers from here on are no calls of these architectures; x32's begin at 2³⁰."""

# linux/bpf_common.h, linux/seccomp.h: operations of the filter's machine, and what it may return
_LOAD, _AND, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_ALLOW, _KILL_PROCESS = 0x7FFF0000, 0x80000000
_REFUSE, _NOT_THERE = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

Instruction = tuple[int, int, int, int]
"""Operation; how many to skip if true, if false; operand."""


def filter_calls() -> str:
    """Refuse all but the calls of the list from now on, in every thread. Return "" or why it can't be done."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _ARCHITECTURES:
        return f"no list of system calls for {sys.platform} on {machine}"
    program = _assembled(machine, os.getpid())
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    held = ctypes.create_string_buffer(code)
    # struct sock_fprog, with the pointer aligned as C does
    request = struct.pack("@HP", len(program), ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    set_seccomp, filter_mode = 22, 2
    arguments = (
        ctypes.c_ulong(filter_mode),
        ctypes.create_string_buffer(request),
        ctypes.c_ulong(0),
        ctypes.c_ulong(0),
    )
    if libc.prctl(set_seccomp, *arguments) != 0:
        return f"the kernel refuses a seccomp filter ({os.strerror(ctypes.get_errno())})"
    return ""


def _assembled(machine: str, pid: int) -> list[Instruction]:
    architecture, column = _ARCHITECTURES[machine]
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL_PROCESS),  # another ABI in the same process: i386's numbers mean other calls
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, _FIRST_UNKNOWN),
        (_RETURN, 0, 0, _NOT_THERE),
    ]

    def when(numbers: tuple[int | None, int | None], then: Sequence[Instruction]) -> None:
        if (number := numbers[column]) is not None:
            program.extend([(_IF_EQUAL, 0, len(then), number), *then])

    for numbers in _CALLS.values():
        when(numbers, [(_RETURN, 0, 0, _ALLOW)])
    for numbers in (_OPENAT2, _CLONE3):  # their flags lie in memory, where a filter can't look
        when(numbers, [(_RETURN, 0, 0, _NOT_THERE)])
    when(_OPEN, _unless(1, _WRITING, (0,)))
    when(_OPENAT, _unless(2, _WRITING, (0,)))
    when(_CLONE, _unless(0, _CLONE_THREAD | _CLONE_NEW_ANYTHING, (_CLONE_THREAD,)))
    when(_FCNTL, _unless(1, 0xFFFFFFFF, (_DUPFD, _GETFD, _SETFD, _GETFL, _DUPFD_CLOEXEC)))
    when(_IOCTL, _unless(1, 0xFFFFFFFF, (_TCGETS, _FIONCLEX, _FIOCLEX)))
    when(_PRCTL, _unless(0, 0xFFFFFFFF, (_PR_SET_NAME,)))
    when(_PRLIMIT64, _unless(0, 0xFFFFFFFF, (0,)))  # its own alone
    when(_KILL, _unless(0, 0xFFFFFFFF, (pid,)))  # abort() signals the process itself
    when(_TGKILL, _unless(0, 0xFFFFFFFF, (pid,)))
    program.append((_RETURN, 0, 0, _REFUSE))
    return program


def _unless(argument: int, mask: int, allowed: Sequence[int]) -> list[Instruction]:
    """Refuse a call unless an argument's lower half, masked, has one of these values."""
    offset = _ARGUMENTS + 8 * argument + (4 if sys.byteorder == "big" else 0)
    checks = [(_IF_EQUAL, len(allowed) - place, 0, value) for place, value in enumerate(allowed)]
    return [(_LOAD, 0, 0, offset), (_AND, 0, 0, mask), *checks, (_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
