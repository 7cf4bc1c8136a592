"""The program that a sandbox's child runs: it gives up what it does not need, then makes one call."""

import sys

if __name__ == "__main__":
    sys.path[:0] = sys.argv[1].split(":")

import contextlib
import importlib
import importlib.util
import os
import resource
import traceback
from collections.abc import Callable
from typing import Any

import msgspec

from hubbub.connections.confinement import confine
from hubbub.core.reasons import Reason

OUT_OF_MEMORY = "out_of_memory"
BEGUN = b"\x01"
"""What a child writes first, when it is confined and has loaded the function: what fails from then on is the call's."""
DETAIL_LENGTH = 8000

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


class Setup(msgspec.Struct, frozen=True):
    """What a child is made ready for before each call."""

    function: str = ""
    """Called first, behind the fences, by its "package.module:name"; empty: nothing is."""
    arguments: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    packages: tuple[str, ...] = ()
    """Those that it may read besides the interpreter's and ours, wherever they lie."""
    folders: tuple[str, ...] = ()
    """Folders of data that it may read, too."""


class Request(msgspec.Struct, frozen=True):
    """What the child is to do, and for whom."""

    parent_pid: int
    function: str
    arguments: dict[str, Any]
    limits: SandboxLimits
    setup: Setup = Setup()


class Reply(msgspec.Struct, frozen=True):
    """What came of it: a value, or a code and a message."""

    is_value: bool = False
    value: msgspec.Raw = msgspec.Raw(b"\xc0")
    code: str = ""
    message: str = ""
    detail: str = ""
    """Where it was raised, for a log."""
    why: Reason | None = None


def main() -> None:
    """Read the request from standard input, make the call, write the reply to what was standard output."""
    request = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Request)
    result = _take_standard_output()
    out_of_memory = msgspec.msgpack.encode(Reply(code=OUT_OF_MEMORY))
    try:
        function = _imported(request.function)  # ours, so before the fences
        make_ready = _imported(request.setup.function) if request.setup.function else None
        for package in request.setup.packages:
            importlib.util.find_spec(package)  # the folder that it lies in can't be listed behind them
    except (ImportError, AttributeError) as error:
        reply = msgspec.msgpack.encode(_failure(error))
        os.write(result, BEGUN)
    else:
        _limit_use(request.limits)
        confine(request.parent_pid, request.setup.packages, request.setup.folders)
        sys.addaudithook(_forbid)
        os.write(result, BEGUN)
        try:
            if make_ready is not None:
                make_ready(**request.setup.arguments)
            reply = msgspec.msgpack.encode(_call(function, request.arguments))
        except MemoryError:
            reply = out_of_memory
    with open(result, "wb") as pipe:  # noqa: PTH123 (a descriptor)
        pipe.write(reply)
    # Not by way of the interpreter's end: native libraries have crashed there, after the work was done.
    os._exit(0)


def _imported(place: str) -> Callable[..., object]:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def _call(function: Callable[..., object], arguments: dict[str, Any]) -> Reply:
    from hubbub.core.errors import HubbubError

    try:
        return Reply(is_value=True, value=msgspec.Raw(msgspec.msgpack.encode(function(**arguments))))
    except MemoryError:
        raise
    except HubbubError as error:
        detail = "".join(traceback.format_exception(error.__cause__)) if error.__cause__ else ""
        return Reply(code=error.code, message=error.message, detail=detail[-DETAIL_LENGTH:], why=error.why)
    except Exception as error:  # noqa: BLE001 (the border of the process: whatever it was, the parent is told)
        return _failure(error)


def _failure(error: Exception) -> Reply:
    detail = "".join(traceback.format_exception(error))
    return Reply(code=type(error).__name__, message=str(error)[:1000], detail=detail[-DETAIL_LENGTH:])


def _take_standard_output() -> int:
    """Return a descriptor for the reply alone; what libraries print goes nowhere."""
    result = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return result


def _limit_use(limits: SandboxLimits) -> None:
    os.nice(10)
    # At the soft limit of CPU time the default action of the signal ends the process.
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1)
    _limit(resource.RLIMIT_CORE, 0, 0)
    _limit(resource.RLIMIT_FSIZE, 0, 0)
    _limit(resource.RLIMIT_NOFILE, 64, 64)
    _limit(resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes)


def _limit(kind: int, soft: int, hard: int) -> None:
    _, most = resource.getrlimit(kind)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    with contextlib.suppress(OSError, ValueError):  # a kind that this system does not have
        resource.setrlimit(kind, (soft, hard))


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what no parser needs. A second fence: native code passes it by, Python code does not."""
    is_writing = event == "open" and isinstance(arguments[0], str | bytes) and arguments[2] & _WRITING
    if is_writing or event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event} is not allowed in a sandbox")


if __name__ == "__main__":
    main()
