"""Run one call of a function in a child process of its own, with limits on what it may use."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

import msgspec

from hubbub.connections import sandboxed
from hubbub.connections.confinement import Layers
from hubbub.connections.sandboxed import SandboxLimits, Setup
from hubbub.connections.threads import in_a_thread
from hubbub.core.reasons import Reason, because, checked

__all__ = [
    "Crashed",
    "Failed",
    "Failure",
    "Killed",
    "Layers",
    "NotStarted",
    "OutOfMemory",
    "Returned",
    "Sandbox",
    "SandboxLimits",
    "Setup",
    "TimedOut",
]

T = TypeVar("T")

FILE_GONE = because("file_gone")
KILLED_SECONDS = 5.0
"""How long a killed child may take to be gone; longer means that the kernel holds it (a hung disk)."""


class Returned(msgspec.Struct, Generic[T], frozen=True):
    """The function returned this."""

    value: T


class Failed(msgspec.Struct, frozen=True):
    """The function raised. The code is that of a `HubbubError`, or the name of the exception's class."""

    code: str
    message: str
    detail: str = ""
    """Where it was raised, for a log."""
    why: Reason | None = None
    """The message as a code with values, where it has one."""


class TimedOut(msgspec.Struct, frozen=True):
    """It took too much time, by the clock or of the processor."""

    seconds: float


class OutOfMemory(msgspec.Struct, frozen=True):
    """It asked for more memory than it may have."""

    limit_bytes: int


class Crashed(msgspec.Struct, frozen=True):
    """The child died: of this signal, or by itself (0)."""

    signal: int


class NotStarted(msgspec.Struct, frozen=True):
    """There was no child to call the function: the machine lacks something, such as descriptors or memory."""

    reason: str


class Killed(msgspec.Struct, frozen=True):
    """The child was killed from outside: as a rule by the kernel, when the whole machine's memory ran out."""


Failure: TypeAlias = Failed | TimedOut | OutOfMemory | Crashed | NotStarted | Killed


class Sandbox:
    """Starts children, a few at once; who comes later waits.

    A child has a session of its own, no terminal, no input, no network, a bare environment, a low
    priority, and dies with the thread that started it. It sees no files but the interpreter's and
    those that are handed to it, as far as the kernel has the means: see `layers`. Its functions must
    be ours, or what whoever runs the server has installed; it is their input that is not trusted.
    """

    _layers: ClassVar[Layers | None] = None
    """Those of this machine, which stay as they are while a process runs."""

    def __init__(self, *, at_once: int = 2, limits: SandboxLimits | None = None, setup: Setup | None = None) -> None:
        """Take how many children may be at once, and what each is made ready for."""
        self.limits = limits or SandboxLimits()
        self._setup = setup or Setup()
        self._places = asyncio.Semaphore(at_once)

    async def call(
        self,
        function: str,
        arguments: Mapping[str, Any],
        returns: type[T],
        *,
        files: Mapping[str, Path] | None = None,
        lent: Mapping[str, int] | None = None,
        limits: SandboxLimits | None = None,
    ) -> Returned[T] | Failure:
        """Call a function by its "package.module:name" with arguments that msgspec can write.

        The files are opened here, to be read; each is an argument more, the number of a descriptor. So are the
        descriptors that are lent, which stay the caller's to close. What the function returns is checked to be a
        `returns`. The child is gone when this returns or is cancelled.
        """
        limits = limits or self.limits
        async with self._places:
            try:
                opened = await in_a_thread(lambda: _opened(files or {}))
            except FileNotFoundError:
                return Failed("not_found", FILE_GONE.text, why=FILE_GONE)
            except (OSError, RuntimeError) as error:
                return NotStarted(str(error))
            try:
                shared = {**opened, **(lent or {})}
                request = sandboxed.Request(os.getpid(), function, {**arguments, **shared}, limits, self._setup)
                child = await _start(tuple(shared.values()))
            except (OSError, RuntimeError) as error:  # the latter where the system gives no thread to wait for it
                return NotStarted(str(error))
            finally:
                for descriptor in opened.values():
                    os.close(descriptor)
            return await _run(child, msgspec.msgpack.encode(request), returns, limits)

    async def layers(self) -> Layers | NotStarted:
        """Start a child to see which layers of its confinement hold on this machine: once, then it is known."""
        if Sandbox._layers is None:
            match await self.call("hubbub.connections.confinement:layers", {}, Layers):
                case Returned(value=layers):
                    Sandbox._layers = layers
                case failure:
                    return failure if isinstance(failure, NotStarted) else NotStarted(str(failure))
        return Sandbox._layers


def _opened(files: Mapping[str, Path]) -> dict[str, int]:
    opened: dict[str, int] = {}
    try:
        for name, path in files.items():
            opened[name] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        for descriptor in opened.values():
            os.close(descriptor)
        raise
    return opened


async def _start(descriptors: tuple[int, ...]) -> Process:
    # -I and -S: nothing of the environment, the current folder or site-packages' .pth files is read;
    # the child finds modules where this process does. Starting costs 50 ms instead of 80 (measured).
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-B", "-X", "utf8", str(Path(sandboxed.__file__)), os.pathsep.join(sys.path)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env={},
        start_new_session=True,
        pass_fds=descriptors,
    )


async def _run(child: Process, request: bytes, returns: type[T], limits: SandboxLimits) -> Returned[T] | Failure:
    is_late = False
    frame = bytearray()
    try:
        async with asyncio.timeout(limits.wall_seconds):
            await _converse(child, request, frame, limits.result_bytes + len(sandboxed.BEGUN))
            if len(frame) <= limits.result_bytes:
                await child.wait()  # which ends only when all that it wrote is read
    except TimeoutError:
        is_late = True
    finally:
        await _kill(child)
    if not frame.startswith(sandboxed.BEGUN):
        how = "in time" if is_late else f"and ended with {child.returncode}"
        return NotStarted(f"the child did not begin {how}")
    if is_late:
        return TimedOut(limits.wall_seconds)
    return _outcome(memoryview(frame)[len(sandboxed.BEGUN) :], child.returncode or 0, returns, limits)


async def _converse(child: Process, request: bytes, frame: bytearray, most_bytes: int) -> None:
    """Give the child its request and add what it writes to the frame, at most one byte over `most_bytes`."""
    assert child.stdin is not None and child.stdout is not None  # noqa: S101 (both are pipes)
    try:
        child.stdin.write(request)
        await child.stdin.drain()
        child.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it died before it read; how shows in its exit status
    while len(frame) <= most_bytes and (piece := await child.stdout.read(most_bytes + 1 - len(frame))):
        frame += piece


def _outcome(frame: memoryview, status: int, returns: type[T], limits: SandboxLimits) -> Returned[T] | Failure:
    if len(frame) > limits.result_bytes:
        return Failed("too_large", f"The result is over {limits.result_bytes} bytes.")
    try:
        reply = msgspec.msgpack.decode(frame, type=sandboxed.Reply)
        if reply.is_value:
            return Returned(msgspec.msgpack.decode(reply.value, type=returns))
    except msgspec.DecodeError:
        return _death(-status, limits)
    if reply.code == sandboxed.OUT_OF_MEMORY:
        return OutOfMemory(limits.memory_bytes)
    return Failed(reply.code, reply.message, reply.detail, checked(reply.why, reply.message))


def _death(number: int, limits: SandboxLimits) -> Failure:
    if number == signal.SIGXCPU:
        return TimedOut(limits.cpu_seconds)
    if number == signal.SIGKILL:  # not by us: the kernel's own killer, which picks such children first
        return Killed()
    return Crashed(max(number, 0))


async def _kill(child: Process) -> None:
    """Make sure that the child is gone, also when this is cancelled once more."""
    _signal(child)
    await asyncio.shield(asyncio.wait_for(_buried(child), KILLED_SECONDS))


async def _buried(child: Process) -> None:
    assert child.stdout is not None  # noqa: S101 (a pipe)
    while await child.stdout.read(65536):
        pass
    await child.wait()


def _signal(child: Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):  # it ended just now
            os.killpg(child.pid, signal.SIGKILL)
