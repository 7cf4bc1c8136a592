"""Own a child process from its start to its end."""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

LINE_BYTES = 1024 * 1024
LAST_WORDS_LINES = 20
_LAUNCHER = str(Path(__file__).with_name("launch.py"))


class Child:
    """A running program; an async context manager that starts it and sees to it that it ends.

    It runs in a session of its own, so that Ctrl-C in the terminal doesn't reach it. Leaving the
    context asks its process group to terminate and kills it after `stop_seconds`. On Linux it is
    killed when this process dies in whatever way; elsewhere it can watch for the end of its input.
    What it writes to stdout must be read, or it stands still once the pipe is full.
    """

    def __init__(
        self, program: Sequence[str], *, environment: Mapping[str, str] | None = None, stop_seconds: float = 5.0
    ) -> None:
        self._program = tuple(program)
        self._environment = environment
        self._stop_seconds = stop_seconds
        self._last_words: deque[str] = deque(maxlen=LAST_WORDS_LINES)

    async def __aenter__(self) -> Self:
        program = self._program
        if sys.platform == "linux":  # done in the child, since a preexec_fn is not safe beside threads
            program = (sys.executable, "-I", "-S", _LAUNCHER, str(os.getpid()), *program)
        self._process = await asyncio.create_subprocess_exec(
            *program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
            limit=LINE_BYTES,
        )
        self._listening = asyncio.create_task(self._listen(), name=f"stderr of {self._program[0]}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _to_its_end(self._stop())

    @property
    def pid(self) -> int:
        """Its process id, which is its process group's too."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended, below 0 if by a signal; None while it runs."""
        return self._process.returncode

    @property
    def last_words(self) -> str:
        """The last lines that it wrote to stderr."""
        return "\n".join(self._last_words)

    async def wait(self) -> int:
        """Return its exit code once it has ended. May be awaited by several at once, and be cancelled."""
        return await self._process.wait()

    async def write_line(self, line: bytes) -> None:
        """Send it a line.

        Raises:
            ConnectionError: it has ended or closed its input.
        """
        stdin = _there(self._process.stdin)
        stdin.write(line + b"\n")
        await stdin.drain()

    async def read_line(self) -> bytes:
        """Return the next line of its stdout without its end; empty once it has closed it. At most 1 MiB.

        Raises:
            ValueError: the line is longer.
        """
        stdout = _there(self._process.stdout)
        while line := await stdout.readline():
            if text := line.rstrip(b"\r\n"):
                return text
        return b""

    async def _listen(self) -> None:
        stderr = _there(self._process.stderr)
        rest = b""
        while chunk := await stderr.read(LINE_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            self._last_words.extend(line.decode("utf-8", "replace") for line in lines)
            rest = rest[-LINE_BYTES:]
        if rest:
            self._last_words.append(rest.decode("utf-8", "replace"))

    async def _stop(self) -> None:
        try:
            _there(self._process.stdin).close()
            self._signal(signal.SIGTERM)
            async with asyncio.timeout(self._stop_seconds):
                await self._process.wait()
                await self._listening
        except TimeoutError:
            pass
        finally:
            self._kill()
            await self._process.wait()
            self._listening.cancel()
            await asyncio.wait([self._listening])

    def _kill(self) -> None:
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))

    def _signal(self, number: int) -> None:
        try:
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, number)  # its own children too, even where it has ended itself
            else:
                self._process.terminate()
        except (ProcessLookupError, PermissionError):
            return


def _there(pipe: T | None) -> T:
    if pipe is None:
        raise RuntimeError("the child was started without its pipes")
    return pipe


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Await bounded work to its end, also when cancelled meanwhile; the cancellation goes on afterwards."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()
