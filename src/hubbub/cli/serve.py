"""Serve the application with uvicorn, and end its answers in order when told to stop."""

import asyncio
import math
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from rich.console import Console

from hubbub.answers.desk import Desk
from hubbub.cli.collecting import collecting_at_rest
from hubbub.cli.fetching import fetching_shown
from hubbub.cli.logs import logging_to_stderr
from hubbub.compose import clients_for, fetch_weights, open_application, prepare_folder
from hubbub.core.errors import StoreError
from hubbub.settings import Settings
from hubbub.web.protocol import protocol_for

BACKLOG = 2048
DRAIN_SECONDS = 5

console = Console(soft_wrap=True, highlight=False)


def serve(settings: Settings) -> None:
    """Serve until told to stop (SIGINT or SIGTERM).

    Raises:
        StoreError: the port is in use, or the data folder can't be written.
        Conflict: another server works on the data folder.
    """
    server = settings.server
    prepare_folder(server.data_folder)
    with (
        _listening(server.host, server.port) as listener,
        logging_to_stderr(server.log_format, server.log_level),
        asyncio.Runner(loop_factory=_new_loop) as runner,
    ):
        runner.run(_serve(settings, listener))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    with fetching_shown() as on_fetch:
        await fetch_weights(settings, on_fetch)
    async with open_application(settings) as (app, desk):
        config = uvicorn.Config(
            app,
            http=protocol_for(clients_for(settings)),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=math.ceil(settings.clients.idle_seconds),
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        async with collecting_at_rest(lambda: desk.open_count):
            await _Server(config, desk).serve([listener])


class _Server(uvicorn.Server):
    """A server that says where it listens, and that ends open answers before it waits for their readers.

    uvicorn waits for connections first and closes the application afterwards; readers of open
    answers would keep it waiting until it cuts them off.
    """

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        super().__init__(config)
        self._desk = desk

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take signals as the wish to end. uvicorn raises them again at last, before the rest could be closed."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            console.print(f"Hubbub is ready at http://{_in_url(host)}:{port} (end it with Ctrl+C)")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()  # no new questions from here on
        await self._desk.close_answers()
        await super().shutdown(sockets)


def _new_loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)  # now, so that a second server is told at once that the port is in use
    except OSError as error:
        listener.close()
        raise StoreError(
            f"Can't listen on {_in_url(host)}:{port} ({error.strerror}). Is another server running there? "
            "Choose another port with --port."
        ) from error
    listener.set_inheritable(True)
    return listener


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
