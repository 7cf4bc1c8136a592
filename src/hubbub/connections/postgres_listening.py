"""Hear what other workers send over PostgreSQL, and notice when it says nothing any more."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from hubbub.connections.postgres_faults import Unreachable, store_errors
from hubbub.core.lasting import Lasting

logger = logging.getLogger(__name__)

CHANNEL = "hubbub"
AGAIN_SECONDS = 1.0
CHECK_SECONDS = 2.0
SILENT_SECONDS = 4.0
"""A server that does not answer `select 1` for so long is stopped where it is, or the network to it is cut."""

REST_SECONDS = 0.05
"""So long whoever comes rests before being told that it is silent, or trying all the same: who does so again and again
does not take the processor, and connections that were ended are closed by then."""

Connect = Callable[[], Awaitable[Any]]
Hear = Callable[[str], None]


class Silence:
    """Whether the server is known to say nothing. Then nobody waits for it: all are told soon, until it is heard."""

    def __init__(self) -> None:
        self.is_known = False
        self._waits: set[asyncio.Timeout] = set()

    @contextlib.asynccontextmanager
    async def waiting(self, seconds: float, *, tries: bool) -> AsyncGenerator[None]:
        """Let what is done here take so long, and, unless it `tries`, no longer than until the server is silent.

        Raises:
            TimeoutError: it took longer, or the server is silent.
        """
        if self.is_known:
            await asyncio.sleep(REST_SECONDS)
            if not tries:
                raise TimeoutError("it has been silent for a while")
        async with asyncio.timeout(seconds) as wait:
            if not tries:
                self._waits.add(wait)
            try:
                yield
            finally:
                self._waits.discard(wait)

    def note(self) -> None:
        """Note that the server does not answer."""
        self.is_known = True
        now = asyncio.get_running_loop().time()
        for wait in self._waits:
            wait.reschedule(now)
        self._waits.clear()

    def over(self) -> None:
        """Note that it does."""
        self.is_known = False


async def listen(connect: Connect, hear: Hear, on_silence: Callable[[], None], on_word: Callable[[], None]) -> None:
    """Call `hear` with what is sent to `CHANNEL`, with "" where something may have been missed, until cancelled.

    A network that is cut, or a machine that stands still, tells nobody: whoever waits for it would wait for as long as
    a statement may take. `on_silence` is called each time that nothing is answered, and `on_word` when it is again, or
    is refused, which is an answer as well.
    """
    deaf = Lasting(logger)
    while True:
        raw: Any = None
        try:
            with store_errors():
                raw = await connect()
                await _hear(raw, hear, deaf, on_word)
        except Unreachable as error:
            deaf.met("Other workers are not heard at once", error.for_operators)
            if isinstance(error.__cause__, TimeoutError):
                on_silence()
            else:
                on_word()
        except Exception:  # whoever listens looks by itself as well: a bug here makes it slower only
            logger.exception("Listening to other workers failed.")
        finally:
            if raw is not None:
                raw.terminate()
        await asyncio.sleep(AGAIN_SECONDS)


async def _hear(raw: Any, hear: Hear, deaf: Lasting, on_word: Callable[[], None]) -> None:
    """Hear until the connection has ended, and look now and then whether it lives."""
    ended = asyncio.Event()

    def end(_raw: Any) -> None:
        ended.set()

    def take(_raw: Any, _pid: int, _channel: str, payload: str) -> None:
        hear(payload)

    raw.add_termination_listener(end)
    await raw.add_listener(CHANNEL, take)
    deaf.over()
    on_word()
    hear("")
    while not ended.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CHECK_SECONDS):
                await ended.wait()
        # A connection that was cut without a word is found dead only by being used.
        await raw.fetchval("select 1", timeout=SILENT_SECONDS)
