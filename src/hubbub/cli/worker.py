"""Be one of the workers of a server: take the settings and a socket from the parent, serve, end with it.

The parent's order comes through stdin, which it keeps open for as long as it lives; the worker's report goes
through stdout.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Callable

from hubbub.cli.logs import logging_to_stderr
from hubbub.cli.orders import Failed, Ready, Report, decode_job, encode_report
from hubbub.cli.serving import new_loop, serve_on
from hubbub.core.errors import HubbubError, SettingsError
from hubbub.settings import Settings

STDIN, STDOUT, STDERR = 0, 1, 2


def main() -> None:
    """Serve until the parent says so, or is gone."""
    for number in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
        signal.signal(number, signal.SIG_IGN)  # Ctrl+C reaches the whole group; the parent decides what it means
    reports = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)  # what is printed must not mix with the one line
    job = decode_job(_read)
    os.set_inheritable(job.descriptor, False)

    def report(what: Report) -> None:
        os.write(reports, encode_report(what))

    server = job.settings.server
    with (
        socket.socket(fileno=job.descriptor) as listener,
        logging_to_stderr(server.log_format, server.log_level, with_pid=True),
        asyncio.Runner(loop_factory=new_loop) as runner,
    ):
        try:
            runner.run(_serve(job.settings, listener, lambda: report(Ready())))
        except SettingsError as error:
            report(Failed(error.for_operators, error.faults))
            raise SystemExit(2) from None
        except HubbubError as error:
            report(Failed(error.for_operators))
            raise SystemExit(1) from None


async def _serve(settings: Settings, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    parent_is_gone = asyncio.Event()
    loop = asyncio.get_running_loop()

    def heard() -> None:
        if not os.read(STDIN, 1):
            loop.remove_reader(STDIN)
            parent_is_gone.set()

    loop.add_reader(STDIN, heard)
    try:
        await serve_on(settings, listener, on_ready, parent_is_gone)
    finally:
        loop.remove_reader(STDIN)


def _read(length: int) -> bytes:
    data = b""
    while len(data) < length:
        if not (piece := os.read(STDIN, length - len(data))):
            raise SystemExit(1)  # the parent is gone already
        data += piece
    return data


if __name__ == "__main__":
    main()
