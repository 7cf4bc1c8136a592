"""Keep the workers of a server running: start, watch, replace, restart and end them."""

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from pathlib import Path

import hubbub
from hubbub.cli.listening import Listeners
from hubbub.cli.orders import Failed, Job, Report, decode_report, encode_job
from hubbub.cli.restarts import Restarts
from hubbub.core.errors import HubbubError, SettingsError
from hubbub.settings import Settings

PROGRAM = (sys.executable, "-m", "hubbub.cli.worker")
START_SECONDS = 120.0
STOP_SECONDS = 15.0
"""A worker gives its answers 5 s and their readers 5 s; who is later is killed."""
STDIN = 0

logger = logging.getLogger(__name__)


class Worker:
    """A process that serves on a socket of its parent's."""

    def __init__(self, process: Process) -> None:
        self._process = process

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
                    return decode_report(line)
                return Failed(f"A worker ended while it started ({manner_of(await self.wait())}).")
        except TimeoutError:
            self.kill()
            return Failed(f"A worker did not start within {START_SECONDS:g} s.")

    async def wait(self) -> int:
        """Return its exit code, below 0 if a signal ended it, once it has ended."""
        return await self._process.wait()

    async def end(self) -> None:
        """Tell it to end, and kill it when it is late."""
        if self.is_alive:
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.wait()
        except TimeoutError:
            logger.warning("worker %d did not end within %g s and is killed", self.pid, STOP_SECONDS)
            self.kill()
            await self.wait()

    def kill(self) -> None:
        """End it now."""
        if self.is_alive:
            self._process.kill()


class Workers:
    """So many workers, until told to end.

    SIGTERM and SIGINT end them in order, a second one at once. SIGHUP replaces them one after the
    other: each goes on until its successor serves on the same socket. One that dies is replaced at
    once, unless that happens again and again.
    """

    def __init__(
        self, settings: Settings, listeners: Listeners, number: int, *, program: Sequence[str] = PROGRAM
    ) -> None:
        self._settings = settings
        self._listeners = listeners
        self._program = tuple(program)
        self._serving: dict[int, Worker] = {}
        self._starting = [asyncio.Lock() for _ in range(number)]
        self._alive: set[Worker] = set()
        self._is_ending = asyncio.Event()
        self._is_restarting = asyncio.Event()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Run them; tells once when they serve.

        Raises:
            HubbubError: none of them can be started.
        """
        loop = asyncio.get_running_loop()
        is_in_terminal = os.isatty(STDIN)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._tell_to_end)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._hang_up(is_in_terminal))
        running = asyncio.create_task(self._run(on_ready), name="workers")
        ending = asyncio.create_task(self._is_ending.wait(), name="end of the workers")
        try:
            await asyncio.wait({running, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            running.cancel()
            ending.cancel()
            await asyncio.wait({running, ending})
            self._listeners.close()
            await asyncio.gather(*(worker.end() for worker in self._alive))
        if not running.cancelled():
            running.result()

    async def _run(self, on_ready: Callable[[], None]) -> None:
        numbers = range(len(self._starting))
        reports = await asyncio.gather(*(self._start(number) for number in numbers))
        failures = [report for report in reports if isinstance(report, Failed)]
        if len(failures) == len(reports):
            raise SettingsError(failures[0].faults) if failures[0].faults else HubbubError(failures[0].message)
        for failure in failures:
            logger.error("%s", failure.message)
        on_ready()
        async with asyncio.TaskGroup() as group:
            for number in numbers:
                group.create_task(self._keep(number), name=f"keeper of worker {number + 1}")
            group.create_task(self._restart_when_told(), name="restarts")

    async def _keep(self, number: int) -> None:
        """Replace a worker whenever it has died."""
        clock = asyncio.get_running_loop().time
        restarts = Restarts()
        began = clock()
        while True:
            worker = self._serving.get(number)
            if worker is not None:
                code = await worker.wait()
                if self._serving.get(number) is not worker:  # it had a successor, and ended in order
                    began = clock()
                    continue
                logger.warning("worker %d ended (%s)", worker.pid, manner_of(code))
                del self._serving[number]
            pause_seconds = restarts.pause_after(clock() - began, has_served=worker is not None)
            if pause_seconds:
                self._listeners.give_up(number)
                level = logging.ERROR if restarts.is_hopeless else logging.WARNING
                times = restarts.quick_deaths
                logger.log(
                    level,
                    "worker %d of %d failed %d times in a row, right after its start; it is tried again in %g s",
                    number + 1,
                    len(self._starting),
                    times,
                    pause_seconds,
                )
                await asyncio.sleep(pause_seconds)
            began = clock()
            async with self._starting[number]:
                if number in self._serving:  # a restart was quicker
                    continue
                report = await self._start(number)
            if isinstance(report, Failed):
                logger.error("%s", report.message)

    async def _restart_when_told(self) -> None:
        while True:
            await self._is_restarting.wait()
            self._is_restarting.clear()
            for number, lock in enumerate(self._starting):
                async with lock:
                    before = self._serving.get(number)
                    if before is None:
                        continue  # it is being started anyhow
                    report = await self._start(number)
                if isinstance(report, Failed):
                    logger.error("The restart is given up, the workers go on as they are. %s", report.message)
                    break
                await before.end()
            else:
                logger.info("all workers were restarted")

    async def _start(self, number: int) -> Report:
        """Start a worker in the place of the one that has this number; where it fails, that one stays."""
        package = str(Path(hubbub.__file__).parent.parent)
        search = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        try:
            listener = self._listeners.of(number)
            process = await asyncio.create_subprocess_exec(
                *self._program,
                stdin=PIPE,
                stdout=PIPE,
                pass_fds=[listener.fileno()],
                env={**os.environ, "PYTHONPATH": search},
            )
        except HubbubError as error:
            return Failed(error.message)
        except OSError as error:
            return Failed(f"A worker can't be started ({error.strerror}).")
        worker = Worker(process)
        self._alive = {one for one in self._alive if one.is_alive} | {worker}
        report = await worker.order(Job(self._settings, listener.fileno()))
        if isinstance(report, Failed):
            await worker.end()
        else:
            logger.info("worker %d serves", worker.pid)
            self._serving[number] = worker
        return report

    def _tell_to_end(self) -> None:
        if self._is_ending.is_set():
            for worker in self._alive:
                worker.kill()
        self._is_ending.set()

    def _hang_up(self, is_in_terminal: bool) -> None:
        """Restart the workers; but end where the terminal was closed."""
        try:
            if is_in_terminal:
                os.tcgetpgrp(STDIN)
        except OSError:
            self._is_ending.set()
        else:
            self._is_restarting.set()


def manner_of(exit_code: int) -> str:
    """Say how a process ended."""
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"
