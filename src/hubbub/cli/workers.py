"""Keep what serves running: start, watch, replace, restart and end it."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence

from hubbub.cli.listening import Listeners
from hubbub.cli.members import PROGRAM, STOP_SECONDS, Itself, Member, Worker, manner_of
from hubbub.cli.notifying import STOPPING, notify
from hubbub.cli.orders import Failed, Job, Ready, Report
from hubbub.cli.restarts import Restarts
from hubbub.cli.succession import Succession
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import HubbubError, SettingsError
from hubbub.core.tasks import Tasks
from hubbub.settings import Settings

STDIN = 0
TICK_SECONDS = 0.5
"""How often it is looked who was heard of."""
DRAIN_TICK_SECONDS = 0.1
BLOCKED_SECONDS = 3.0
"""A silent worker that may hold a lock which its successor needs is killed before that has started."""
MOST_LEAVING = 4
"""So many former members a place may still drain; a restart waits for the oldest where there are more."""

logger = logging.getLogger(__name__)


class Workers:
    """So many workers, until told to end; where there is one only, it begins as this process itself.

    SIGTERM and SIGINT let them drain; a second one ends them at once, a third kills. SIGHUP replaces them one after
    the other: each serves until its successor does on the same socket, and then drains. One that dies, or of whose
    event loop nothing is heard, is replaced at once, unless that happens again and again.
    """

    def __init__(
        self,
        settings: Settings,
        listeners: Listeners,
        number: int,
        *,
        reload: Callable[[], Settings] | None = None,
        begins_itself: bool = False,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        """Take how settings are read again at a restart: those that are there, if not said."""
        self._settings = settings
        self._listeners = listeners
        self._reload = reload or (lambda: settings)
        self._begins_itself = begins_itself
        self._program = tuple(program)
        self._serving: dict[int, Member] = {}
        self._starting = [asyncio.Lock() for _ in range(number)]
        self._leaving: list[Member] = []
        self._alive: set[Member] = set()
        self._unready: set[Member] = set()
        """Those of them that are being started."""
        self._is_ending = asyncio.Event()
        self._is_ending_now = asyncio.Event()
        self._is_restarting = asyncio.Event()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Run them; tells once when they serve.

        Raises:
            HubbubError: none of them can be started.
        """
        self._take_signals()
        running = asyncio.create_task(self._run(on_ready), name="workers")
        ending = asyncio.create_task(self._is_ending.wait(), name="end of the workers")
        try:
            await asyncio.wait({running, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            running.cancel()
            ending.cancel()
            await asyncio.wait({running, ending})
            if not self._is_ending.is_set():
                self._is_ending_now.set()
            await self._drain()
            await asyncio.gather(*(self._end(member) for member in self._alive))
        if not running.cancelled():
            running.result()

    async def _run(self, on_ready: Callable[[], None]) -> None:
        numbers = range(len(self._starting))
        reports = await asyncio.gather(*(self._start(number, is_first=True) for number in numbers))
        failures = [report for report in reports if isinstance(report, Failed)]
        if len(failures) == len(reports):
            raise SettingsError(failures[0].faults) if failures[0].faults else HubbubError(failures[0].message)
        for failure in failures:
            logger.error("%s", failure.message)
        self._listeners.tell_predecessor()
        on_ready()
        async with Tasks() as group:
            for number in numbers:
                group.create_task(self._keep(number), name=f"keeper of worker {number + 1}")
            group.create_task(self._restart_when_told(group), name="restarts")
            group.create_task(self._watch(group), name="watch over the workers")

    async def _keep(self, number: int) -> None:
        """Replace a worker whenever it has died."""
        clock = asyncio.get_running_loop().time
        restarts = Restarts()
        began = clock()
        while True:
            member = self._serving.get(number)
            if member is not None:
                await member.over.wait()
                if self._serving.get(number) is not member:  # it has a successor
                    began = clock()
                    continue
                code = await member.wait()
                logger.warning("worker %d ended (%s)", member.pid, manner_of(code))
                del self._serving[number]
            pause_seconds = restarts.pause_after(clock() - began, has_served=member is not None)
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

    async def _watch(self, group: asyncio.TaskGroup) -> None:
        """Replace workers of which nothing is heard. Time in which this process was stopped itself does not count."""
        clock = asyncio.get_running_loop().time
        replaced: set[Member] = set()
        while True:
            before = clock()
            await asyncio.sleep(TICK_SECONDS)
            passed = min(clock() - before, 2 * TICK_SECONDS)
            for number, member in self._serving.items():
                member.count_silence(passed)
                if self._is_silent(member) and member not in replaced:
                    replaced.add(member)
                    group.create_task(self._replace(number, member), name=f"successor of worker {member.pid}")
            replaced &= set(self._serving.values())

    async def _replace(self, number: int, member: Member) -> None:
        """Start the successor of a silent worker on its socket; then kill that, unless it was heard of meanwhile."""
        pid = member.pid
        async with self._starting[number]:
            if self._serving.get(number) is not member or not member.is_alive:
                return
            logger.error("worker %d has said nothing for %.1f s; it is replaced", pid, member.silent_seconds)
            starting = asyncio.create_task(self._start(number), name=f"successor of worker {pid}")
            try:
                await asyncio.wait({starting}, timeout=BLOCKED_SECONDS)
                if is_silent := self._is_silent(member):
                    logger.error("worker %d still says nothing and is killed; others take its answers over", pid)
                    member.kill()
                report = await starting
            finally:
                starting.cancel()
        if isinstance(report, Failed):
            logger.error("%s", report.message)
        elif not is_silent:
            logger.warning("worker %d was held up but lives; it drains", pid)
            await self._see_off(member)

    async def _restart_when_told(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._is_restarting.wait()
            self._is_restarting.clear()
            if not await self._read_settings():
                continue
            for number, lock in enumerate(self._starting):
                while len(self._leaving) >= MOST_LEAVING * len(self._starting):
                    await self._leaving[0].wait()
                async with lock:
                    before = self._serving.get(number)
                    if before is None:
                        continue  # it is being started anyhow
                    report = await self._start(number)
                if isinstance(report, Failed):
                    logger.error("The restart is given up, the workers go on as they are. %s", report.message)
                    break
                self._leaving.append(before)
                group.create_task(self._see_off(before), name=f"drain of worker {before.pid}")
            else:
                logger.info("all workers were restarted")

    async def _read_settings(self) -> bool:
        """Read the settings anew; where they are wrong, say so and stay with the old ones."""
        try:
            settings = await in_a_thread(self._reload)
        except SettingsError as error:
            for fault in error.faults:
                logger.error("The restart is given up, the server goes on as it is. settings: %s", fault)
            return False
        old = self._settings.server
        fixed = {name: getattr(old, name) for name in ("host", "port", "workers", "data_folder")}
        for name, value in fixed.items():
            if getattr(settings.server, name) != value:
                logger.warning("server.%s can't change while the server runs; end it and start it anew", name)
        self._settings = settings.model_copy(update={"server": settings.server.model_copy(update=fixed)})
        return True

    async def _see_off(self, member: Member) -> None:
        """Let a member that has a successor drain, and end it when it is late."""
        member.succeed()
        try:
            async with asyncio.timeout(self._settings.server.drain_seconds + STOP_SECONDS):
                await member.wait()
        except TimeoutError:
            self._kill(member)
        finally:
            if member in self._leaving:
                self._leaving.remove(member)

    async def _start(self, number: int, *, is_first: bool = False) -> Report:
        """Start a worker in the place of the one that has this number; where it fails, that one stays."""
        try:
            listener = self._listeners.of(number)
            if is_first and self._begins_itself:
                itself = Itself()
                self._alive.add(itself)
                self._unready.add(itself)
                await itself.start(self._settings, listener.dup())
                self._unready.discard(itself)
                self._serving[number] = itself
                return Ready()
            worker = await Worker.start(listener, self._program)
        except SettingsError as error:
            return Failed(error.message, tuple(error.faults))
        except HubbubError as error:
            return Failed(error.message)
        except OSError as error:
            return Failed(f"A worker can't be started ({error.strerror}).")
        self._alive = {one for one in self._alive if one.is_alive} | {worker}
        self._unready = {one for one in self._unready if one.is_alive} | {worker}
        report = await worker.order(Job(self._settings, listener.fileno()))
        self._unready.discard(worker)
        if isinstance(report, Failed):
            worker.end_now()
            await self._end(worker)
        else:
            logger.info("worker %d serves", worker.pid)
            self._serving[number] = worker
        return report

    async def _drain(self) -> None:
        """Let all that is open go on to its end, or until the time is up, or a successor has taken the port."""
        notify(STOPPING)
        clock = asyncio.get_running_loop().time
        limit_seconds = self._settings.server.drain_seconds
        until = clock() + limit_seconds
        for member in self._alive:
            if member in self._serving.values():
                member.drain()
            elif member in self._unready:
                member.end_now()
            else:
                member.succeed()  # it drains already, unless the end came before it could be told
        is_told = is_expected = is_succeeded = False
        async with Succession(self._settings.server.data_folder, self._listeners.sockets) as succession:
            while not self._is_ending_now.is_set() and clock() < until:
                if succession.is_expected.is_set() and not is_expected:
                    is_expected = True
                    for member in self._alive:
                        member.expect()
                if succession.is_done.is_set() and not is_succeeded:
                    is_succeeded = True
                    self._listeners.close()
                    for member in self._alive:
                        member.succeed()
                for member in self._alive:
                    member.count_silence(DRAIN_TICK_SECONDS)
                is_drained = all(self._has_drained(member) for member in self._alive)
                if is_drained and not succession.is_expected.is_set():  # else its start would be waited for by all
                    break
                if not is_told and until - clock() < limit_seconds - 1:
                    logger.info("open answers may go on for up to %g s; a second signal ends them", limit_seconds)
                    is_told = True
                await asyncio.sleep(DRAIN_TICK_SECONDS)
        self._listeners.close()  # what is open may end after the port is free
        for member in self._alive:
            member.end_now()

    def _has_drained(self, member: Member) -> bool:
        return member.is_idle or not member.is_alive or self._is_silent(member)

    def _is_silent(self, member: Member) -> bool:
        return member.silent_seconds > self._settings.server.silent_seconds

    async def _end(self, member: Member) -> None:
        """Wait for the end of a member that was told to end, and kill it when it is late, or was silent before."""
        try:
            async with asyncio.timeout(0 if self._is_silent(member) else STOP_SECONDS):
                await member.wait()
        except TimeoutError:
            self._kill(member)
            await member.wait()

    def _kill(self, member: Member) -> None:
        logger.warning("worker %d did not end in time and is killed", member.pid)
        member.kill()

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        if sys.platform == "win32":
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._tell_to_end))
            return
        is_in_terminal = os.isatty(STDIN)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._tell_to_end)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._hang_up(is_in_terminal))

    def _tell_to_end(self) -> None:
        if self._is_ending_now.is_set():
            for member in self._alive:
                member.kill()
        elif self._is_ending.is_set():
            self._is_ending_now.set()
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
