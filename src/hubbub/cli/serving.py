"""Serve the application in this process with uvicorn, and end its answers in order."""

import asyncio
import math
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import uvicorn

from hubbub.cli.collecting import collecting_at_rest
from hubbub.compose import clients_for, open_application
from hubbub.settings import Settings
from hubbub.web.acceptor import Acceptor
from hubbub.web.clients import Clients
from hubbub.web.protocol import is_silent, protocol_for

DRAIN_SECONDS = 5
HEARING_SECONDS = 0.5
"""How long a connection that has just come may take to say what it wants, once the server is told to end."""


async def serve_on(
    settings: Settings, listener: socket.socket, on_ready: Callable[[], None], until: asyncio.Event | None = None
) -> None:
    """Serve on a socket until a signal comes, or until the event is set."""
    async with open_application(settings) as (app, desk):
        clients = clients_for(settings)
        config = uvicorn.Config(
            app,
            http=protocol_for(clients),
            proxy_headers=False,  # the application reads them itself
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=math.ceil(settings.clients.idle_seconds),
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        async with collecting_at_rest(lambda: desk.open_count):
            await Server(config, desk.close_answers, on_ready, until, clients).serve([listener])


class Server(uvicorn.Server):
    """A server that says when it listens, and that ends open answers before it waits for their readers.

    uvicorn waits for connections first and closes the application afterwards; readers of open
    answers would keep it waiting until it cuts them off.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        close_answers: Callable[[], Awaitable[None]],
        on_ready: Callable[[], None] | None = None,
        until: asyncio.Event | None = None,
        clients: Clients | None = None,
    ) -> None:
        super().__init__(config)
        self._clients = clients
        self._close_answers = close_answers
        self._on_ready = on_ready
        self._until = until

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take signals as the wish to end. uvicorn raises them again at last, before the rest could be closed."""
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self.handle_exit)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if sockets is None or self._clients is None:
            await super().startup(sockets)
        else:
            await super().startup([])
            make = partial(self.config.http_protocol_class, self.config, self.server_state, self.lifespan.state)
            self.servers = cast(Any, [Acceptor(one, make, self._clients) for one in sockets])
        if self.started and self._on_ready is not None:
            self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        """Say whether to end now; asked ten times a second."""
        return await super().on_tick(counter) or (self._until is not None and self._until.is_set())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()  # no new connections from here on
        await self._hear_newcomers()
        await self._close_answers()
        await super().shutdown(sockets)

    async def _hear_newcomers(self) -> None:
        """Give a moment to connections that were taken but have said nothing yet: else they would be cut off."""
        clock = asyncio.get_running_loop().time
        until = clock() + HEARING_SECONDS
        while any(is_silent(one) for one in self.server_state.connections) and clock() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def new_loop() -> asyncio.AbstractEventLoop:
    """Return a loop of the fastest kind that there is."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()
