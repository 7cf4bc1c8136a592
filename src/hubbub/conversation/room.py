"""Say how long a prompt and an answer may be."""

from collections.abc import Sequence

from hubbub.conversation.tokens import Rates
from hubbub.core.errors import ModelTooLong
from hubbub.core.events import LimitedBy
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.base import Model

ANSWER_TOKENS = 1024
"""So much of a model's context a prompt leaves for the answer, where nobody has said how long that may get."""
LESS, MUCH_LESS = 0.9, 0.5
"""How much of what was too long is sent then: where the server has said how long it was, and where it has not."""


def wish_of(model: Model, how: Generation) -> tuple[int | None, LimitedBy]:
    """Return how long an answer may get, and whose limit that is; None: as long as the model makes it."""
    wish = how.max_tokens or model.card.max_tokens
    most = model.card.context_tokens // 2
    if wish is None or wish > most:
        return (None if wish is None else most), "model"
    return wish, "question" if how.max_tokens else "setting"


def answer_tokens(model: Model, how: Generation) -> int:
    """Return how much of the context is left for an answer."""
    return wish_of(model, how)[0] or min(ANSWER_TOKENS, model.card.context_tokens // 3)


def prompt_tokens(model: Model, how: Generation = Generation()) -> int:  # noqa: B008 # frozen
    """Return how much of the context a prompt may take."""
    return model.card.prompt_tokens or model.card.context_tokens - answer_tokens(model, how)


def less(budget_tokens: int, error: ModelTooLong, turns: Sequence[Turn], rates: Rates) -> int:
    """Return how many tokens a prompt may have after one was refused as too long."""
    limit, sent = error.limit_tokens, error.sent_tokens
    if sent is not None:
        rates.learn(turns, sent)
    if limit is not None and sent is not None and 0 < limit < sent:
        return int(min(budget_tokens, sum(map(rates.of_turn, turns))) * limit / sent * LESS)
    return int(min(budget_tokens, sum(map(rates.of_turn, turns))) * MUCH_LESS)
