"""What a parser might do that has been taken over: deeds of native code, past all that Python could forbid.

Each function returns "done" where the deed succeeded, else the name of what refused it.
"""

import ctypes
import errno
import mmap
import os
import platform
import struct
from collections.abc import Callable

_LIBC = ctypes.CDLL(None, use_errno=True)
_CALLS = {
    "x86_64": {"fork": 57, "process_vm_readv": 310, "io_uring_setup": 425, "bpf": 321, "keyctl": 250}
    | {"memfd_create": 319, "openat2": 437, "clone3": 435, "userfaultfd": 323, "perf_event_open": 298, "mount": 165}
    | {"pidfd_open": 434, "unshare": 272, "execve": 59, "rename": 82, "tkill": 200, "setuid": 105, "shmget": 29},
    "aarch64": {"process_vm_readv": 270, "io_uring_setup": 425, "bpf": 280, "keyctl": 219, "memfd_create": 279}
    | {"openat2": 437, "clone3": 435, "userfaultfd": 282, "perf_event_open": 241, "mount": 40, "pidfd_open": 434}
    | {"unshare": 97, "execve": 221, "tkill": 130, "setuid": 146, "shmget": 194},
}


def _said(value: int) -> str:
    return "done" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def _call(name: str, *arguments: object) -> str:
    number = _CALLS[platform.machine()].get(name)
    return "ENOSYS" if number is None else _said(_LIBC.syscall(ctypes.c_long(number), *arguments))


def open_file(path: str, flags: int) -> str:
    return _said(_LIBC.open(path.encode(), flags, 0o600))


def unlink(path: str) -> str:
    return _said(_LIBC.unlink(path.encode()))


def rename(path: str) -> str:
    return _said(_LIBC.rename(path.encode(), f"{path}.away".encode()))


def truncate(path: str) -> str:
    return _said(_LIBC.truncate(path.encode(), ctypes.c_long(0)))


def chmod(path: str) -> str:
    return _said(_LIBC.chmod(path.encode(), 0o777))


def change_file_handed_over(file: int) -> str:
    return _said(_LIBC.fchmod(file, 0o777))


def open_again_to_write(file: int) -> str:
    return open_file(f"/proc/self/fd/{file}", os.O_RDWR)


def socket_pair() -> str:
    return _said(_LIBC.socketpair(1, 1, 0, (ctypes.c_int * 2)()))


def signal(pid: int, number: int) -> str:
    return _said(_LIBC.kill(pid, number))


def signal_thread(pid: int) -> str:
    return _call("tkill", pid, 19)


def fork() -> str:
    pid = _LIBC.fork()
    if pid == 0:
        os._exit(0)
    return _said(pid)


def sockets() -> dict[str, str]:
    families = {"unix": 1, "ipv4": 2, "ipv6": 10, "netlink": 16, "packet": 17, "alg": 38, "vsock": 40}
    kinds = {"stream": 1, "datagram": 2, "raw": 3}
    return {
        f"{family} {kind}": _said(_LIBC.socket(families[family], kinds[kind], 0))
        for family in families
        for kind in kinds
    }


def calls() -> dict[str, str]:
    return {name: _numbered(name) for name in _CALLS[platform.machine()] if name != "fork"}


def _numbered(name: str) -> str:
    """Make a call by its number, with arguments that a kernel without a fence takes or finds fault with."""
    words = {"unshare": (0x00020000,), "setuid": (0,), "memfd_create": (b"x", 0), "shmget": (0, 4096, 0o1600)}
    return _call(name, *words.get(name, (0, 0, 0, 0, 0)))


def ptrace(pid: int) -> str:
    attach = 0x4206  # PTRACE_SEIZE
    return _said(_LIBC.ptrace(ctypes.c_long(attach), pid, None, None))


def set_limits_of(pid: int) -> str:
    return _said(_LIBC.prlimit(pid, 7, struct.pack("QQ", 64, 64), None))


def owner_of_signals(file: int, pid: int) -> str:
    return _said(_LIBC.fcntl(file, 8, pid))  # F_SETOWN


def shared_memory() -> str:
    return open_file("/dev/shm/hubbub-compromised", os.O_RDWR | os.O_CREAT)


def call_of_another_abi() -> None:
    """Make i386's call `getpid` (x86_64 alone): the process is ended, or goes on with what it returned."""
    code = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"  # mov eax, 20; int 0x80; ret
    memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    function: Callable[[], int] = ctypes.CFUNCTYPE(ctypes.c_int)(address)
    function()


def call_x32() -> str:
    return _said(_LIBC.syscall(ctypes.c_long(0x40000000 + 41), 1, 1, 0))  # socket


def user_and_groups() -> list[int]:
    return [*os.getresuid(), *os.getresgid(), *os.getgroups()]


def thread_runs() -> str:
    import threading

    done: list[str] = []
    thread = threading.Thread(target=lambda: done.append("done"))
    thread.start()
    thread.join()
    return done[0]
