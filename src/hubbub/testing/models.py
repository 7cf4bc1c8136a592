"""What every model promises, whichever serves it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from hubbub.core.errors import ModelError
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.core.tasks import Tasks
from hubbub.models.base import Completion, Model, Piece

QUESTION = (Turn("system", "You are brief."), Turn("user", "Count from one to fifty."))


class Heard(list[Any]):
    """Collects pieces; `begun` is set with the first."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    def __call__(self, piece: Piece) -> None:
        self.append(piece)
        self.begun.set()


async def ask(
    model: Model, turns: Sequence[Turn] = QUESTION, *, max_tokens: int | None = 40
) -> tuple[Heard, Completion]:
    """Ask a model, and return its pieces and how its text ended."""
    heard = Heard()
    return heard, await model.complete(turns, heard, Generation(max_tokens=max_tokens))


class ModelContract:
    """Subclasses give a fixture `model`, which says more than three tokens to `QUESTION`."""

    counts_tokens = True
    """Whether its completions say how many tokens there were."""

    async def test_it_has_a_card(self, model: Model) -> None:
        assert model.card.name
        assert model.card.provider
        assert model.card.context_tokens > 0

    async def test_it_answers_in_pieces_and_says_how_it_ended(self, model: Model) -> None:
        heard, completion = await ask(model)
        assert all(heard)
        assert "".join(heard).strip()
        assert completion.finish_reason in ("stop", "length")
        if self.counts_tokens:
            assert completion.prompt_tokens > 0
            assert completion.completion_tokens > 0

    async def test_it_stops_at_the_limit(self, model: Model) -> None:
        _, completion = await ask(model, max_tokens=2)
        assert completion.finish_reason == "length"
        if self.counts_tokens:
            assert completion.completion_tokens == 2

    async def test_it_answers_many_at_once(self, model: Model) -> None:
        async with Tasks() as group:
            tasks = [group.create_task(ask(model, max_tokens=3)) for _ in range(8)]
        assert all("".join(task.result()[0]) for task in tasks)

    async def test_a_cancelled_answer_leaves_the_model_usable(self, model: Model) -> None:
        heard = Heard()
        answering = asyncio.create_task(model.complete(QUESTION, heard))
        await heard.begun.wait()
        answering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await answering
        pieces = len(heard)
        again, _ = await ask(model, max_tokens=3)
        assert again
        assert len(heard) == pieces

    async def test_an_error_of_the_listener_goes_through(self, model: Model) -> None:
        class Mishap(Exception):
            pass

        def send(piece: Piece) -> None:
            raise Mishap

        with pytest.raises(Mishap):
            await model.complete(QUESTION, send, Generation(max_tokens=3))
        heard, _ = await ask(model, max_tokens=3)
        assert heard


class FailingModelContract:
    """For models that can be made to fail: `failing_model` says "one " and then fails."""

    async def test_what_was_said_before_a_failure_stands(self, failing_model: Model) -> None:
        for _ in range(2):
            heard = Heard()
            with pytest.raises(ModelError) as caught:
                await failing_model.complete(QUESTION, heard)
            assert heard == ["one "]
            assert caught.value.message
