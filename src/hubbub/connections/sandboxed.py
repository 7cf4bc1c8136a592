"""The program that a sandbox's child runs: it gives up what it does not need, then makes one call."""

import sys

if __name__ == "__main__":
    sys.path[:0] = sys.argv[1].split(":")

import contextlib
import importlib
import os
import resource
import signal
from typing import Any, NoReturn

import msgspec

OUT_OF_MEMORY = "out_of_memory"

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_FORBIDDEN = (
    *("socket.", "subprocess.", "pty.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.kill"),
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate"),
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class SandboxLimits(msgspec.Struct, frozen=True):
    """What a call may use."""

    memory_bytes: int = 512 * 1024 * 1024
    """Of address space, so shared libraries count too (about 50 MB for any parser here)."""
    cpu_seconds: int = 30
    wall_seconds: float = 60.0
    result_bytes: int = 64 * 1024 * 1024


class Request(msgspec.Struct, frozen=True):
    """What the child is to do, and for whom."""

    parent_pid: int
    function: str
    arguments: dict[str, Any]
    limits: SandboxLimits


class Reply(msgspec.Struct, frozen=True):
    """What came of it: a value, or a code and a message."""

    is_value: bool = False
    value: msgspec.Raw = msgspec.Raw(b"\xc0")
    code: str = ""
    message: str = ""


def main() -> None:
    """Read the request from standard input, make the call, write the reply to what was standard output."""
    request = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Request)
    result = _take_standard_output()
    out_of_memory = msgspec.msgpack.encode(Reply(code=OUT_OF_MEMORY))
    _give_up_rights(request)
    try:
        reply = msgspec.msgpack.encode(_call(request))
    except MemoryError:
        reply = out_of_memory
    with open(result, "wb") as pipe:  # noqa: PTH123 (a descriptor)
        pipe.write(reply)
    # Not by way of the interpreter's end: native libraries have crashed there, after the work was done.
    os._exit(0)


def _call(request: Request) -> Reply:
    from hubbub.core.errors import HubbubError

    try:
        module, _, name = request.function.partition(":")
        value = getattr(importlib.import_module(module), name)(**request.arguments)
        return Reply(is_value=True, value=msgspec.Raw(msgspec.msgpack.encode(value)))
    except MemoryError:
        raise
    except HubbubError as error:
        return Reply(code=error.code, message=error.message)
    except Exception as error:  # noqa: BLE001 (the border of the process: whatever it was, the parent is told)
        return Reply(code=type(error).__name__, message=str(error)[:1000])


def _take_standard_output() -> int:
    """Return a descriptor for the reply alone; what libraries print goes nowhere."""
    result = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return result


def _give_up_rights(request: Request) -> None:
    limits = request.limits
    os.nice(10)
    if sys.platform == "linux":
        _give_up_rights_on_linux(request.parent_pid)
    # At the soft limit of CPU time the default action of the signal ends the process.
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1)
    _limit(resource.RLIMIT_CORE, 0, 0)
    _limit(resource.RLIMIT_FSIZE, 0, 0)
    _limit(resource.RLIMIT_NOFILE, 64, 64)
    _limit(resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes)
    sys.addaudithook(_forbid)


def _limit(kind: int, soft: int, hard: int) -> None:
    _, most = resource.getrlimit(kind)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    with contextlib.suppress(OSError, ValueError):  # a kind that this system does not have
        resource.setrlimit(kind, (soft, hard))


def _give_up_rights_on_linux(parent_pid: int) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent_pid:
        _die()  # the parent was gone before it could be asked for
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123
        score.write("1000")
    # A network of its own, without interfaces. Where the system refuses, the audit hook remains.
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _die() -> NoReturn:
    os._exit(1)


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what no parser needs. A second fence: native code passes it by, Python code does not."""
    is_writing = event == "open" and isinstance(arguments[0], str | bytes) and arguments[2] & _WRITING
    if is_writing or event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event} is not allowed in a sandbox")


if __name__ == "__main__":
    main()
