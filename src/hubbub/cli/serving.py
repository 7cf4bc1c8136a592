"""Serve the application in this process with uvicorn, and end its answers in order."""

import asyncio
import math
import signal
import socket
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, cast

import uvicorn

from hubbub.answers.runner import Runner
from hubbub.cli.collecting import collecting_at_rest
from hubbub.cli.ending import Ending
from hubbub.compose import clients_for
from hubbub.compose.web import open_web_application
from hubbub.settings import Settings
from hubbub.web.acceptor import Acceptor
from hubbub.web.clients import Clients
from hubbub.web.protocol import is_silent, protocol_for

FLUSH_SECONDS = 5
"""How long readers may take to read the endings of their answers."""
HEARING_SECONDS = 0.5
"""How long a connection that has just come may take to say what it wants, once the server is told to end."""
TURN_SECONDS = 0.05


async def serve_on(
    settings: Settings, listener: socket.socket, on_ready: Callable[[Callable[[], bool]], None], ending: Ending
) -> None:
    """Serve on a socket until the ending is wished. `on_ready` is given what says whether nothing is open here."""
    async with open_web_application(settings) as (app, runner):
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
            timeout_graceful_shutdown=FLUSH_SECONDS,
        )
        async with collecting_at_rest(lambda: runner.open_count):
            server = Server(
                config,
                lambda: runner,
                settings.server.drain_seconds,
                on_ready=lambda: on_ready(lambda: runner.is_idle and not runner.is_needed),
                ending=ending,
                clients=clients,
            )
            await server.serve([listener])


class Server(uvicorn.Server):
    """A server that says when it listens, and that drains before it closes anything.

    uvicorn waits for connections first and closes the application afterwards; readers of open
    answers would keep it waiting until it cuts them off.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        runner: Callable[[], Runner],
        drain_seconds: float,
        *,
        on_ready: Callable[[], None] = lambda: None,
        ending: Ending | None = None,
        clients: Clients | None = None,
    ) -> None:
        """Take how to find the runner, once the application has begun. Without an ending it goes by signals."""
        super().__init__(config)
        self._runner = runner
        self._drain_seconds = drain_seconds
        self._clients = clients
        self._on_ready = on_ready
        self._has_signals = ending is None
        self._ending = ending or Ending()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take signals as the wish to end. uvicorn raises them again at last, before the rest could be closed."""
        with self._captured() if self._has_signals else nullcontext():
            yield

    @contextmanager
    def _captured(self) -> Generator[None]:
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self.handle_exit)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: object) -> None:
        """Drain at the first signal, and end at the second. Others may serve on this socket: it is left at once."""
        if self.should_exit:
            self._ending.is_now.set()
        self._ending.is_succeeded.set()
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if sockets is None or self._clients is None:
            await super().startup(sockets)
        else:
            await super().startup([])
            make = partial(self.config.http_protocol_class, self.config, self.server_state, self.lifespan.state)
            self.servers = cast(Any, [Acceptor(one, make, self._clients) for one in sockets])
        if self.started:
            self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        """Say whether to end now; asked ten times a second."""
        return await super().on_tick(counter) or self._ending.is_wished.is_set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        runner = self._runner()
        await self._drain(runner, sockets or [])
        self._leave_port(sockets or [])
        await self._hear_newcomers()
        await runner.hand_over()
        await super().shutdown(sockets)

    async def _drain(self, runner: Runner, sockets: Sequence[socket.socket]) -> None:
        """Go on until nothing is open here, or the time is up."""
        ending, clock = self._ending, asyncio.get_running_loop().time
        until, turn = clock() + self._drain_seconds, 0
        runner.drain()
        while not ending.is_now.is_set() and clock() < until:
            if ending.is_succeeded.is_set():
                self._leave_port(sockets)
            if ending.is_heir_expected.is_set():  # else the runner finds out by the store
                runner.has_successor.set()
            if not ending.waits_for_others and runner.is_idle:
                return
            await asyncio.sleep(TURN_SECONDS)
            turn += 1
            await super().on_tick(turn // 2)  # it keeps the header with the date

    def _leave_port(self, sockets: Sequence[socket.socket]) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets:
            listener.close()

    async def _hear_newcomers(self) -> None:
        """Give a moment to connections that were taken but have said nothing yet: else they would be cut off."""
        clock = asyncio.get_running_loop().time
        until = clock() + HEARING_SECONDS
        while clock() < until and not self._ending.is_now.is_set():
            if not any(is_silent(one) for one in self.server_state.connections):
                return
            await asyncio.sleep(0.02)
