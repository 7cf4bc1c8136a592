"""Answer by a script, for tests and for trying things out without a model."""

import asyncio
from collections import deque
from collections.abc import Sequence

from hubbub.core.errors import ModelError
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.core.usage import note_counted, note_uncounted
from hubbub.models.base import Completion, ModelCard, Piece, SendPiece

DEFAULT_PIECES = ("This ", "is ", "a ", "scripted ", "answer.")
HEARD_REQUESTS = 100


class ScriptedModel:
    """Says its pieces to everybody. `heard` keeps what it was asked of late, the last request last.

    With an `error` it fails after `error_after` pieces. `max_tokens` cuts the pieces short.
    """

    def __init__(
        self,
        pieces: Sequence[Piece] = DEFAULT_PIECES,
        *,
        name: str = "scripted",
        can_ground: bool = True,
        context_tokens: int = 8192,
        seconds_before_first: float = 0.0,
        seconds_between: float = 0.0,
        finish_reason: str = "stop",
        error: ModelError | None = None,
        error_after: int = 0,
    ) -> None:
        self._pieces = tuple(pieces)
        self._card = ModelCard(name, "scripted", context_tokens, can_ground, "it follows a script")
        self._seconds_before_first = seconds_before_first
        self._seconds_between = seconds_between
        self._finish_reason = finish_reason
        self._error = error
        self._error_after = error_after
        self.heard: deque[tuple[Turn, ...]] = deque(maxlen=HEARD_REQUESTS)
        self.open_answers = 0

    @property
    def card(self) -> ModelCard:
        return self._card

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        self.heard.append(tuple(turns))
        self.open_answers += 1
        said: list[Piece] = []

        def say(piece: Piece) -> None:
            said.append(piece)
            send(piece)

        try:
            completion = await self._say(turns, say, how.max_tokens if how else None)
        except BaseException as error:
            if said or not isinstance(error, ModelError):
                note_uncounted(self._card.name, turns, has_output=bool(said))
            raise
        else:
            note_counted(self._card.name, completion.prompt_tokens, 0, completion.completion_tokens, 0)
            return completion
        finally:
            self.open_answers -= 1

    async def _say(self, turns: Sequence[Turn], send: SendPiece, max_tokens: int | None) -> Completion:
        pieces = self._pieces if max_tokens is None else self._pieces[:max_tokens]
        await asyncio.sleep(self._seconds_before_first)
        for number, piece in enumerate(pieces):
            if self._error is not None and number == self._error_after:
                raise _again(self._error)
            send(piece)
            await asyncio.sleep(self._seconds_between)
        if self._error is not None:
            raise _again(self._error)
        words = sum(len(turn.text.split()) for turn in turns)
        is_cut = len(pieces) < len(self._pieces)
        return Completion("length" if is_cut else self._finish_reason, words, len(pieces))


def _again(error: ModelError) -> ModelError:
    """Return a fresh error each time: a raised one keeps its traceback."""
    return ModelError(
        error.message,
        detail=error.detail,
        code=error.code,
        retryable=error.retryable,
        retry_after_seconds=error.retry_after_seconds,
        is_of_deployment=error.is_of_deployment,
    )
