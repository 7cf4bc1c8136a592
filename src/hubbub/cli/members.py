"""The processes that serve under one parent, as that parent sees them: workers of its own, or the parent itself."""

import asyncio
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, Self

import hubbub
from hubbub.cli.ending import Ending
from hubbub.cli.orders import DRAIN, END, EXPECT, SUCCEEDED, Alive, Failed, Job, Report, decode_report, encode_job
from hubbub.settings import Settings

PROGRAM = (sys.executable, "-m", "hubbub.cli.worker")
START_SECONDS = 120.0
STOP_SECONDS = 15.0
"""Once a member is to end now it gives its answers 5 s and their readers 5 s; who is later is killed."""

logger = logging.getLogger(__name__)


class Member(Protocol):
    """One that serves."""

    over: asyncio.Event
    """Set once it has ended, or has a successor."""

    @property
    def is_idle(self) -> bool:
        """Whether it drains and nothing is open there any more."""
        ...

    @property
    def silent_seconds(self) -> float:
        """How long nothing was heard of it, as far as that was counted."""
        ...

    def count_silence(self, seconds: float) -> None:
        """Note that so much time has gone by."""
        ...

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        ...

    async def wait(self) -> int:
        """Return its exit code, below 0 if a signal ended it, once it has ended."""
        ...

    def drain(self) -> None:
        """Tell it to drain, and to serve on until it is told to end."""
        ...

    def expect(self) -> None:
        """Tell it that a successor is being started."""
        ...

    def succeed(self) -> None:
        """Tell it that it has a successor: it drains, and ends."""
        ...

    def end_now(self) -> None:
        """Tell it to end what is open."""
        ...

    def kill(self) -> None:
        """End it without a word."""
        ...


class Worker:
    """A process that serves on a socket of its parent's."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._listening: asyncio.Task[None] | None = None
        self.over = asyncio.Event()
        self.is_idle = False
        self.silent_seconds = 0.0

    def count_silence(self, seconds: float) -> None:
        """Note that so much time has gone by."""
        self.silent_seconds += seconds

    @classmethod
    async def start(cls, listener: socket.socket, program: Sequence[str] = PROGRAM) -> Self:
        """Start a process that inherits a socket.

        Raises:
            OSError: the system has no room for it.
        """
        package = str(Path(hubbub.__file__).parent.parent)
        search = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        process = await asyncio.create_subprocess_exec(
            *program,
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=[listener.fileno()],
            env={**os.environ, "PYTHONPATH": search},
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    async def order(self, job: Job) -> Report:
        """Tell it what to do and return how its start went."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the worker was started without its pipes")
        try:
            async with asyncio.timeout(START_SECONDS):
                stdin.write(encode_job(job))  # stdin stays open: when it ends, so does the worker
                if line := await stdout.readline():
                    self._listening = asyncio.create_task(self._listen(stdout), name=f"reports of worker {self.pid}")
                    return decode_report(line)
                return Failed(f"A worker ended while it started ({manner_of(await self.wait())}).")
        except TimeoutError:
            self.kill()
            return Failed(f"A worker did not start within {START_SECONDS:g} s.")

    async def wait(self) -> int:
        """Return its exit code, below 0 if a signal ended it, once it has ended."""
        return await self._process.wait()

    def drain(self) -> None:
        """Tell it to drain, and to serve on until it is told to end."""
        self._tell(DRAIN)

    def expect(self) -> None:
        """Tell it that a successor is being started."""
        self._tell(EXPECT)

    def succeed(self) -> None:
        """Tell it that it has a successor: it drains, and ends."""
        self.over.set()
        self._tell(SUCCEEDED)

    def end_now(self) -> None:
        """Tell it to end what is open; one that has not started yet is killed."""
        if self._listening is None:
            self.kill()
        self._tell(END)

    def kill(self) -> None:
        """End it without a word."""
        if self.is_alive:
            self._process.kill()

    def _tell(self, order: bytes) -> None:
        if self.is_alive and self._process.stdin is not None:
            self._process.stdin.write(order)

    async def _listen(self, stdout: asyncio.StreamReader) -> None:
        while line := await stdout.readline():
            report = decode_report(line)
            self.silent_seconds = 0.0
            if isinstance(report, Alive):
                self.is_idle = report.is_idle
        await self.wait()
        self.is_idle = True
        self.over.set()


class Itself:
    """This process, which serves as the first of its own members. Nobody here can see whether it hangs."""

    def __init__(self) -> None:
        self._ending = Ending()
        self._task: asyncio.Task[None] | None = None
        self._is_idle: Callable[[], bool] | None = None
        self.over = asyncio.Event()

    @property
    def pid(self) -> int:
        """Its process id."""
        return os.getpid()

    @property
    def is_alive(self) -> bool:
        """Whether it serves still."""
        return self._task is not None and not self._task.done()

    @property
    def is_idle(self) -> bool:
        """Whether it drains and nothing is open any more; it knows that at once."""
        return self._is_idle is not None and self._is_idle()

    @property
    def silent_seconds(self) -> float:
        """None: who asks is alive."""
        return 0.0

    def count_silence(self, seconds: float) -> None:
        """Do nothing."""

    async def start(self, settings: Settings, listener: socket.socket) -> None:
        """Begin to serve.

        Raises:
            HubbubError: it can't.
        """
        from hubbub.cli.serving import serve_on  # a parent that never serves itself does without all of it

        ready = asyncio.Event()

        def on_ready(is_idle: Callable[[], bool]) -> None:
            self._is_idle = is_idle
            ready.set()

        async def serve() -> None:
            with listener:  # it is this one's own, also where the start fails
                await serve_on(settings, listener, on_ready, self._ending)

        self._task = asyncio.create_task(serve(), name="serving")
        self._task.add_done_callback(lambda _: self.over.set())
        waiting = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if self._task.done():
            self._task.result()

    async def wait(self) -> int:
        """Return 0 once it has ended; what made it end is raised."""
        if self._task is not None:
            await asyncio.wait({self._task})
            if not self._task.cancelled():
                self._task.result()
        return 0

    def drain(self) -> None:
        """Let it drain, and serve on until it is told to end."""
        self._ending.drain(waits_for_others=True)

    def expect(self) -> None:
        """Note that a successor is being started."""
        self._ending.is_heir_expected.set()

    def succeed(self) -> None:
        """Let it drain and end: it has a successor."""
        self.over.set()
        self._ending.succeed()

    def end_now(self) -> None:
        """End what is open; where it has not started yet, the start."""
        self._ending.end_now()
        if self._is_idle is None and self._task is not None:
            self._task.cancel()

    def kill(self) -> None:
        """End the process, without a word where the loop does not come to it."""
        if self._task is not None:
            self._task.cancel()


def manner_of(exit_code: int) -> str:
    """Say how a process ended."""
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"
