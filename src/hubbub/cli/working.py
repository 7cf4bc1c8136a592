"""Be one of the workers of a server: take the settings and a socket from the parent, serve, end with it.

The parent's job and its orders come through stdin, which it keeps open for as long as it lives; the worker's reports
go through stdout.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable

from hubbub.cli.ending import Ending
from hubbub.cli.logs import logging_to_stderr
from hubbub.cli.loops import new_loop
from hubbub.cli.orders import DRAIN, EXPECT, SUCCEEDED, Alive, Failed, Ready, Report, decode_job, encode_report
from hubbub.cli.serving import serve_on
from hubbub.core.errors import HubbubError, SettingsError
from hubbub.settings import Settings

STDIN, STDOUT, STDERR = 0, 1, 2
REPORT_SECONDS = 0.5
DRAINING_REPORT_SECONDS = 0.1


def work() -> None:
    """Serve until the parent says so, or is gone."""
    for number in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
        signal.signal(number, signal.SIG_IGN)  # Ctrl+C reaches the whole group; the parent decides what it means
    reports = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)  # what is printed must not mix with the reports
    job = decode_job(_read)
    os.set_inheritable(job.descriptor, False)
    os.set_blocking(reports, False)

    def report(what: Report) -> None:
        with contextlib.suppress(BlockingIOError, BrokenPipeError):  # the parent is stopped, or gone
            os.write(reports, encode_report(what))

    server = job.settings.server
    with (
        socket.socket(fileno=job.descriptor) as listener,
        logging_to_stderr(server.log_format, server.log_level, with_pid=True),
        asyncio.Runner(loop_factory=new_loop) as runner,
    ):
        try:
            runner.run(_serve(job.settings, listener, report))
        except SettingsError as error:
            report(Failed(error.for_operators, error.faults))
            raise SystemExit(2) from None
        except HubbubError as error:
            report(Failed(error.for_operators))
            raise SystemExit(1) from None


async def _serve(settings: Settings, listener: socket.socket, report: Callable[[Report], None]) -> None:
    ending = Ending()
    loop = asyncio.get_running_loop()
    reporting: asyncio.Task[None] | None = None

    def heard() -> None:
        order = os.read(STDIN, 1)
        if order == DRAIN:
            ending.drain(waits_for_others=True)
        elif order == EXPECT:
            ending.is_heir_expected.set()
        elif order == SUCCEEDED:
            ending.succeed()
        else:  # END, or the parent is gone
            ending.end_now()
        if not order:
            loop.remove_reader(STDIN)

    def on_ready(is_idle: Callable[[], bool]) -> None:
        nonlocal reporting
        report(Ready())
        reporting = asyncio.create_task(_keep_reporting(report, is_idle, ending), name="heartbeat")

    def told_by_signal() -> None:
        if ending.is_wished.is_set():
            ending.end_now()
        ending.drain()

    loop.add_signal_handler(signal.SIGTERM, told_by_signal)
    loop.add_reader(STDIN, heard)
    try:
        await serve_on(settings, listener, on_ready, ending)
    finally:
        loop.remove_reader(STDIN)
        if reporting is not None:
            reporting.cancel()
            await asyncio.wait({reporting})


async def _keep_reporting(report: Callable[[Report], None], is_idle: Callable[[], bool], ending: Ending) -> None:
    """Say from the event loop that it turns: where it stands still, nothing is said."""
    while not ending.is_wished.is_set():
        report(Alive(is_idle=False))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ending.is_wished.wait(), REPORT_SECONDS)
    while True:
        report(Alive(is_idle()))
        await asyncio.sleep(DRAINING_REPORT_SECONDS)


def _read(length: int) -> bytes:
    data = b""
    while len(data) < length:
        if not (piece := os.read(STDIN, length - len(data))):
            raise SystemExit(1)  # the parent is gone already
        data += piece
    return data
