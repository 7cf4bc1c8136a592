"""Take a model's pieces, a long one in portions, so that no piece keeps the event loop from everybody else."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from hubbub.core.events import Reasoning, ToolCall
from hubbub.models.base import Piece

PORTION_CHARACTERS = 2048
"""Whatever they are, so many are looked through within about 5 ms: see `Prose`."""
UNREAD_CHARACTERS = 16 * 1024
"""So many are handed on at a time where nobody looks through them."""
UNREAD_AT_ONCE = 4
"""So many of these are handed on in one turn of the loop, as much as one read of a socket brings."""


class Portions:
    """Hands pieces on in order: at once, or a portion a turn of the loop. An async context manager.

    Once it is left everything has been handed on; if it is left by a cancellation, what waits is dropped.
    """

    def __init__(
        self,
        take: Callable[[Piece], None],
        turn: asyncio.Lock,
        *,
        characters: int = PORTION_CHARACTERS,
        at_once: int = 1,
    ) -> None:
        """Take where pieces go, how long a portion is, and how many portions may be handed on in one turn of the loop.

        Of all that share a `turn` one has a portion taken at a time.
        """
        self._most = characters
        self._at_once = at_once
        self._take = take
        self._turn = turn
        self.has_begun = False
        """Whether there was any piece."""
        self._waiting: deque[Piece] = deque()
        self._working: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        working = self._working
        if working is None:
            return
        try:
            if not isinstance(error, asyncio.CancelledError):
                await asyncio.wait({working})
        finally:
            if not working.done():
                working.cancel()
                await asyncio.wait({working})
        if not working.cancelled():
            working.result()

    def add(self, piece: Piece) -> None:
        """Take the next piece.

        Raises:
            Exception: what taking an earlier one has raised.
        """
        self.has_begun = True
        if self._working is None:
            size = len(piece) if type(piece) is str else _characters(piece)
            if size <= self._most:
                self._take(piece)
                return
            if size <= self._at_once * self._most:
                for portion in _portions(piece, self._most):
                    self._take(portion)
                return
        elif self._working.done():
            self._working.result()
            self._working = None
            self.add(piece)
            return
        self._waiting.append(piece)
        self._working = self._working or asyncio.create_task(self._work(), name="portions")

    async def _work(self) -> None:
        while self._waiting:
            for portion in _portions(self._waiting.popleft(), self._most):
                async with self._turn:
                    self._take(portion)
                    await asyncio.sleep(0)  # others have their turn on the loop


def _characters(piece: Piece) -> int:
    match piece:
        case str():
            return len(piece)
        case Reasoning(text=text):
            return len(text)
        case ToolCall(arguments=arguments):
            return len(arguments)
        case _:
            return 0


def _portions(piece: Piece, most: int) -> Iterator[Piece]:
    for begin in range(0, max(1, _characters(piece)), most):
        end = begin + most
        match piece:
            case str():
                yield piece[begin:end]
            case Reasoning(text=text):
                yield Reasoning(text[begin:end])
            case ToolCall(arguments=arguments):
                part = replace(piece, arguments=arguments[begin:end])
                yield ToolCall(part.index, part.arguments) if begin else part
            case _:
                yield piece
