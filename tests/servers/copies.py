"""Start `hubbub` without importing it each time: a process that has imported it is copied.

Each copy is a process of its own, with the arguments, variables, folder and pipes of a `python -m hubbub`, and runs
what that runs. What Python takes to find and load the modules, most of a second for a server, is spent once. Where a
copy serves by several workers, they are copies of it: its children, as always, and told by the same pipes what to do.
"""

import asyncio
import atexit
import gc
import json
import logging
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Self

import hubbub.cli
from hubbub.cli import worker
from hubbub.cli.members import PROGRAM
from hubbub.connections.streams import trusting_the_system

NAME = "tests.servers.copies"
ROOT = Path(__file__).parents[2]
ORDER_BYTES = 1024 * 1024
READ_AT_THE_START = ("PYTHON", "LD_")
"""Variables that begin so are read when an interpreter starts: whoever needs others can't be a copy."""


def can_be_copied(variables: Mapping[str, str]) -> bool:
    """Return whether a process with these variables starts as this one did."""

    def read_at_the_start(of: Mapping[str, str]) -> dict[str, str]:
        return {name: value for name, value in of.items() if name.startswith(READ_AT_THE_START)}

    return read_at_the_start(variables) == read_at_the_start(os.environ)


class Copy:
    """A running copy, for an event loop: with what is used here of `asyncio.subprocess.Process`."""

    def __init__(
        self, pid: int, stdout: asyncio.StreamReader, ending: asyncio.Task[int], pipes: Sequence[asyncio.BaseTransport]
    ) -> None:
        self.pid = pid
        self.stdout = stdout
        self._ending = ending
        self._pipes = pipes

    @property
    def returncode(self) -> int | None:
        """How it ended, below 0 if by a signal; None while it runs."""
        return self._ending.result() if self._ending.done() else None

    async def wait(self) -> int:
        """Return how it ended, once it has."""
        return await asyncio.shield(self._ending)

    async def end(self) -> None:
        """End it as a crash would, if need be, and close its pipes."""
        self.kill()
        await self.wait()
        for pipe in self._pipes:
            pipe.close()
        await asyncio.sleep(0)  # they are closed when the loop comes to it

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it is known to have ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):  # it ended just now
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a crash would."""
        self.send_signal(signal.SIGKILL)


class Command:
    """A running copy, beside no event loop: with what is used here of `subprocess.Popen[str]`."""

    def __init__(self, arguments: Sequence[str], variables: Mapping[str, str], folder: Path) -> None:
        """Start `hubbub` with these arguments and pipes for what it writes."""
        out, stdout = os.pipe()
        err, stderr = os.pipe()
        self.stdout: IO[str] = os.fdopen(out)
        self.stderr: IO[str] = os.fdopen(err)
        self._news = _order(arguments, variables, folder, [stdout, stderr])
        self.pid = int(self._news.readline())
        self.returncode: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None:
            self.kill()  # what has failed tells it nothing more, and is not to wait for it
        self.stdout.close()
        self.stderr.close()
        self.wait()

    def poll(self) -> int | None:
        """Return how it ended, or None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended, once it has.

        Raises:
            subprocess.TimeoutExpired: it takes longer than so many seconds.
        """
        if self.returncode is None:
            if not select.select([self._news], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("hubbub", timeout or 0)
            self.returncode = int(self._news.readline())
            self._news.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Return all that it writes to its standard output and error until it ends.

        Raises:
            subprocess.TimeoutExpired: it takes longer than so many seconds.
        """
        said = {self.stdout: "", self.stderr: ""}

        def read(pipe: IO[str]) -> None:
            said[pipe] = pipe.read()

        readers = [threading.Thread(target=read, args=(pipe,), daemon=True) for pipe in said]
        for reader in readers:
            reader.start()
        self.wait(timeout)
        for reader in readers:
            reader.join()
        self.stdout.close()
        self.stderr.close()
        return said[self.stdout], said[self.stderr]

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it ended just now
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a crash would."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Tell it to end."""
        self.send_signal(signal.SIGTERM)


async def copied(
    arguments: Sequence[str], variables: Mapping[str, str], folder: Path, errors: Path | int | None = None
) -> Copy:
    """Start `hubbub` with these arguments, and a pipe for its standard output.

    Its errors go to the end of a file, with `subprocess.STDOUT` to the same pipe, or else where ours go.
    """
    out, there = os.pipe()
    outputs = [there]
    if errors == subprocess.STDOUT:
        outputs.append(os.dup(there))
    elif isinstance(errors, Path):
        outputs.append(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    else:
        outputs.append(os.dup(2))
    file = _order(arguments, variables, folder, outputs)
    stdout, stdout_pipe = await _reader(os.fdopen(out, "rb"))
    news, news_pipe = await _reader(file)
    pid = int(await news.readline())

    async def ending() -> int:
        return int(await news.readline())

    return Copy(pid, stdout, asyncio.create_task(ending(), name=f"end of {pid}"), [stdout_pipe, news_pipe])


async def said_by(
    arguments: Sequence[str], variables: Mapping[str, str], folder: Path, seconds: float = 60
) -> tuple[int, str]:
    """Run `hubbub` with these arguments to its end; returns its exit code and what it printed, errors included.

    Raises:
        TimeoutError: it takes longer than so many seconds; it is ended.
    """
    process = await copied(arguments, variables, folder, subprocess.STDOUT)
    try:
        async with asyncio.timeout(seconds):
            said = await process.stdout.read()
            return await process.wait(), said.decode()
    finally:
        await process.end()


async def _reader(pipe: IO[Any]) -> tuple[asyncio.StreamReader, asyncio.BaseTransport]:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader, transport


def _order(arguments: Sequence[str], variables: Mapping[str, str], folder: Path, outputs: list[int]) -> IO[str]:
    """Have a copy made that takes these outputs; returns where its process id and then its exit code are read."""
    news, telling = os.pipe()
    order = json.dumps({"arguments": arguments, "variables": dict(variables), "folder": str(folder)}).encode()
    assert len(order) < ORDER_BYTES
    socket.send_fds(_original()[0], [order], [telling, *outputs])
    for file in (telling, *outputs):
        os.close(file)
    return os.fdopen(news)


@cache
def _original() -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    """Start what is copied, which ends with this process; returns where it takes orders, too."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with there:
        process = subprocess.Popen(
            (sys.executable, "-m", NAME, str(there.fileno())),
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "200"},
        )
    atexit.register(_end, here, process)
    return here, process


def _end(orders: socket.socket, original: "subprocess.Popen[bytes]") -> None:
    """Give no more orders: with that it ends."""
    orders.close()
    original.wait()


def _serve(orders: socket.socket) -> bool:
    """Make copies until the last order; returns in each copy, and at the end, and tells which."""
    for found in pkgutil.iter_modules(hubbub.cli.__path__, "hubbub.cli."):
        import_module(found.name)
    trusting_the_system()
    if sys.platform == "linux":
        assert len(list(Path("/proc/self/task").iterdir())) == 1, "what has threads can't be copied"
    gc.collect()
    gc.freeze()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, _noted)
    signal.set_wakeup_fd(wake)
    listeners: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([orders, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _tell_ends(listeners)
        if orders not in ready:
            continue
        order, files, _, _ = socket.recv_fds(orders, ORDER_BYTES, 3)
        if not order:
            return False
        news, *outputs = files
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for number, output in enumerate(outputs, start=1):
                os.dup2(output, number)
            for file in (*files, woken, wake, *listeners.values()):
                os.close(file)
            orders.close()
            _become(**json.loads(order))
            return True
        for output in outputs:
            os.close(output)
        os.write(news, f"{pid}\n".encode())
        listeners[pid] = news


def _noted(number: int, frame: object) -> None:
    """Do nothing: what was written on the way here wakes us."""


def _tell_ends(listeners: dict[int, int]) -> None:
    while listeners:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        news = listeners.pop(pid)
        with suppress(BrokenPipeError):  # nobody wants to know
            os.write(news, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(news)


def _become(arguments: list[str], variables: dict[str, str], folder: str) -> None:
    _call_oneself("hubbub")
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    sys.path[0] = folder
    sys.argv = ["hubbub", *arguments]
    _copy_workers()


def _call_oneself(module: str) -> None:
    """Change the name of the module in the command line, by which others tell what a process is (Linux)."""
    if sys.platform != "linux":
        return
    start = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[45])
    place = Path("/proc/self/cmdline").read_bytes().index(b"\0-m\0") + len("\0-m\0")
    with Path("/proc/self/mem").open("r+b", buffering=0) as memory:
        memory.seek(start + place)
        memory.write(module.encode().ljust(len(NAME), b"\0"))


def _copy_workers() -> None:
    """Let each worker that this process starts be a copy of it, if it does not serve itself.

    What serves itself has threads and open databases, and runs on a loop of uvloop's, which starts processes otherwise.
    """
    start = asyncio.create_subprocess_exec

    async def start_or_copy(*program: str, **how: Any) -> Process:
        if program == PROGRAM and isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop):
            how["preexec_fn"] = partial(_work, how["env"], how["pass_fds"])
        return await start(*program, **how)

    asyncio.create_subprocess_exec = start_or_copy


def _work(variables: Mapping[str, str], files: Sequence[int]) -> None:
    """Be a worker to the end, in a process that is about to become another program."""
    code: Any = 1
    try:
        gc.freeze()  # what the parent had open and is closed here must not be closed again
        os.environ.clear()
        os.environ.update(variables)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        logging.getLogger().handlers.clear()
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__  # else they are shown below the parent's progress
        _close_all_but((0, 1, 2, *files))
        _call_oneself(PROGRAM[-1])
        sys.argv = [PROGRAM[-1]]
        worker.main()
        code = 0
    except SystemExit as error:
        code = error.code or 0
    except BaseException:  # noqa: BLE001 (the parent's stack must never be gone on with)
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _close_all_but(files: Sequence[int]) -> None:
    last = -1
    for file in (*sorted(files), os.sysconf("SC_OPEN_MAX")):
        if last + 1 < file:  # Python closes all there are where none is meant
            os.closerange(last + 1, file)
        last = file


def _run() -> None:
    """Be `hubbub` to the end, and leave its memory to the system.

    To take an interpreter apart that has imported so much costs twice what a server's start does. What Python does
    before that is done: threads are waited for, what is registered for the end is called, and pipes are flushed.
    """
    try:
        runpy.run_module("hubbub", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            raise
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code or 0)


if __name__ == "__main__" and _serve(socket.socket(fileno=int(sys.argv[1]))):
    _run()
