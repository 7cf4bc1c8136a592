"""What holds for every server outside: how long we wait, what can go wrong, how its replies' bodies are read."""

import asyncio
from abc import ABC, abstractmethod

CONNECT_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 4.0
"""Below the 5 s after which common servers close an idle connection: a request must not meet the closing."""


class Unreachable(ConnectionError):
    """No connection came about; the text says whether name, port or certificate was at fault."""


class BrokenOff(ConnectionError):
    """The connection ended, or stopped making sense, before its answer was complete."""


class Body(ABC):
    """A reply's body, which comes in chunks."""

    @abstractmethod
    async def chunk(self) -> bytes:
        """Return what has arrived, at least one byte; empty once the body is complete.

        Raises:
            BrokenOff: the connection ended first.
        """

    async def body(self, limit_bytes: int) -> bytes:
        """Return the body, cut off after `limit_bytes`.

        Raises:
            BrokenOff: the connection ended first.
        """
        parts: list[bytes] = []
        size = 0
        while size < limit_bytes and (chunk := await self.chunk()):
            parts.append(chunk)
            size += len(chunk)
        return b"".join(parts)[:limit_bytes]

    async def drain(self, seconds: float = 0.05) -> None:
        """Wait a moment for the body's end, so that the connection can be used again."""
        try:
            async with asyncio.timeout(seconds):
                while await self.chunk():
                    pass
        except (TimeoutError, BrokenOff):
            return
