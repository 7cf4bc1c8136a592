"""Serve the application with uvicorn, and end its answers in order when told to stop."""

import asyncio
import socket

import uvicorn
from fastapi import FastAPI
from rich.console import Console

from hubbub.cli.fetching import fetching_shown
from hubbub.cli.logs import logging_to_stderr
from hubbub.compose import application, fetch_weights
from hubbub.core.errors import StoreError
from hubbub.settings import Settings
from hubbub.web.services import Services

BACKLOG = 2048
DRAIN_SECONDS = 5
KEEP_ALIVE_SECONDS = 10

console = Console(soft_wrap=True, highlight=False)


def serve(settings: Settings) -> None:
    """Serve until told to stop (SIGINT or SIGTERM).

    Raises:
        StoreError: the port is in use, or the data folder can't be written.
    """
    with _listening(settings.server.host, settings.server.port) as listener:
        with logging_to_stderr(settings.server.log_format, settings.server.log_level):
            with fetching_shown() as on_fetch:
                asyncio.run(fetch_weights(settings, on_fetch))
            app = application(settings)
            _Server(app, _config(app)).run([listener])


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="auto",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


class _Server(uvicorn.Server):
    """A server that says where it listens, and that ends open answers before it waits for their readers.

    uvicorn waits for connections first and closes the application afterwards; readers of open
    answers would keep it waiting until it cuts them off.
    """

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            console.print(f"Hubbub is ready at http://{_in_url(host)}:{port} (end it with Ctrl+C)")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        services: Services | None = getattr(self._app.state, "services", None)
        if services is not None:
            for listener in sockets or []:
                listener.close()
            await services.desk.close_answers()
        await super().shutdown(sockets)


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
