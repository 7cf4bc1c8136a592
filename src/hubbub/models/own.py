"""Ask models and embedders of somebody's own: hold them to limits, name what goes wrong, and count what they use."""

import asyncio
from collections.abc import Sequence
from typing import cast

from hubbub.core.documents import Vector
from hubbub.core.embedding import Embedder, OfLanguages
from hubbub.core.errors import HubbubError, ModelError
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.core.tracing import CLIENT, step
from hubbub.core.usage import note_counted, note_uncounted
from hubbub.models import traced
from hubbub.models.base import Completion, Limits, Model, ModelCard, Piece, SendPiece
from hubbub.models.pace import FixedPace

BYTES_PER_NUMBER = 4


class OwnModel:
    """A `Model` of somebody's own, as the others are: it may take only so long, and fails by a `ModelError` alone."""

    def __init__(self, model: Model, limits: Limits, *, running: int) -> None:
        """Take the model, and how many answers it is asked for at once; it may say that itself, by a `pace`."""
        self._model = model
        self._limits = limits
        self._facts = {
            "gen_ai.provider.name": "own",
            "gen_ai.request.model": model.card.name,
            "hubbub.deployment": model.card.name,
        }
        self.pace = getattr(model, "pace", None) or FixedPace(running)

    @property
    def card(self) -> ModelCard:
        return self._model.card

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        name = self.card.name
        with step(f"chat {name}", CLIENT) as attempt:
            traced.asked(attempt, self._facts, turns, how)
            heard = traced.Heard(send) if attempt.takes_texts else None
            saying = _Saying(heard or send, self._limits)
            try:
                completion = await self._counted(saying, turns, how)
            finally:
                if heard is not None:
                    heard.note(attempt)
            traced.answered(attempt, completion, saying.first_seconds)
            return completion

    async def _counted(self, saying: "_Saying", turns: Sequence[Turn], how: Generation | None) -> Completion:
        name = self.card.name
        try:
            completion = await self._within(saying, turns, how)
        except BaseException as error:
            if saying.has_spoken or not isinstance(error, ModelError):
                note_uncounted(name, turns, has_output=saying.has_spoken)
            raise
        counted = completion.prompt_tokens, completion.cached_tokens, completion.completion_tokens
        if any(counted):
            note_counted(name, *counted, completion.reasoning_tokens)
        else:
            note_uncounted(name, turns, has_output=saying.has_spoken)
        return completion

    async def _within(self, saying: "_Saying", turns: Sequence[Turn], how: Generation | None) -> Completion:
        limits, name = self._limits, self.card.name
        try:
            async with asyncio.timeout(limits.total_seconds), asyncio.timeout(limits.first_token_seconds) as silence:
                saying.silence = silence
                completion = cast(object, await self._model.complete(turns, saying, how))
        except HubbubError:
            raise
        except TimeoutError as error:
            if error is saying.mishap:
                raise
            raise ModelError(
                "The model took too long. Ask again, or choose another one.",
                code="silent" if saying.has_spoken else "too_long",
                detail=f"{name} said nothing for too long, or took too long in all.",
            ) from error
        except Exception as error:  # whatever the code of others raises
            if error is saying.mishap:
                raise
            raise ModelError(
                "The model failed. Ask again, or choose another one.",
                code="broke_off",
                detail=f"{name} raised {type(error).__name__}: {error}",
            ) from error
        if not isinstance(completion, Completion):
            raise ModelError(
                "The model failed. Ask again, or choose another one.",
                code="bad_answer",
                detail=f"{name} returned {type(completion).__name__} in place of a Completion.",
            )
        return completion


class _Saying:
    """Hands on what a model says, as long as it is not too much."""

    def __init__(self, send: SendPiece, limits: Limits) -> None:
        self._send = send
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._left = limits.answer_bytes
        self._began = self._loop.time()
        self.first_seconds: float | None = None
        self.silence: asyncio.Timeout | None = None
        self.has_spoken = False
        self.mishap: Exception | None = None
        """What the listener raised: that is nothing that the model does wrong."""

    def __call__(self, piece: Piece) -> None:
        if isinstance(piece, str):
            if not piece:
                return
            self._left -= len(piece)
            if self._left < 0:
                raise ModelError("The model said too much. Ask for less.", code="too_large")
        if not self.has_spoken:
            self.has_spoken = True
            self.first_seconds = self._loop.time() - self._began
        if self.silence is not None and not self.silence.expired():
            self.silence.reschedule(self._loop.time() + self._limits.silence_seconds)
        try:
            self._send(piece)
        except Exception as mishap:
            self.mishap = mishap
            raise


class OwnEmbedder:
    """An `Embedder` of somebody's own, which fails by a `ModelError` alone, and whose vectors have their length."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
        try:
            vectors = await self._embedder.embed(texts, is_urgent=is_urgent)
        except HubbubError:
            raise
        except Exception as error:  # whatever the code of others raises
            raise self._wrong(f"raised {type(error).__name__}: {error}") from error
        if len(vectors) != len(texts) or any(len(one) != self.dimensions * BYTES_PER_NUMBER for one in vectors):
            raise self._wrong(f"did not return {len(texts)} vectors of {self.dimensions} numbers, 4 bytes each")
        return vectors

    def _wrong(self, what: str) -> ModelError:
        return ModelError("The embedder failed. Words alone are searched.", detail=f"{self.name} {what}")


class OwnEmbedderOfLanguages(OwnEmbedder):
    """One that was made for some languages only."""

    def __init__(self, embedder: Embedder, languages: frozenset[str]) -> None:
        super().__init__(embedder)
        self.languages = languages


def own_embedder(embedder: Embedder) -> OwnEmbedder:
    """Return an embedder of somebody's own as the others are."""
    if isinstance(embedder, OfLanguages):
        return OwnEmbedderOfLanguages(embedder, embedder.languages)
    return OwnEmbedder(embedder)
