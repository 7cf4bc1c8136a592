"""Estimate what a question will cost, before any model is asked."""

from sys import maxsize
from typing import NamedTuple

import msgspec

from hubbub.conversation.room import answer_tokens, prompt_tokens
from hubbub.conversation.thorough import QUERIES, Budget
from hubbub.conversation.tokens import Rates
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation, Question
from hubbub.models.base import Model

EXPECTED_TOKENS = 256
"""What an answer is counted as before it is known how long it is."""
PASSAGE_TOKENS = 250
"""What a passage is counted as before it is found."""


class Estimate(NamedTuple):
    """About how many tokens models will be given, and will write, for an answer."""

    read: int
    written: int = 0

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.read + self.written


def estimate(
    question: Question,
    model: Model | None,
    rates: Rates,
    *,
    passages: int,
    budget: Budget,
    is_whole: bool = False,
) -> Estimate:
    """Return what a question will cost over so many passages, with what a thorough search may take.

    Where no model answers it is what the question is long. Unless `is_whole`, no more is read than the model can.
    """
    said = [*question.turns, *question.since]
    if not (question.is_verbatim and said):
        said.append(Turn("user", question.text, images=question.images))
    if question.continues is not None:
        said.append(Turn("assistant", question.continues.text))
    if question.instructions is not None:
        said.append(Turn("system", question.instructions.text))
    read = sum(map(rates.of_turn, said)) + _described(question.generation, rates)
    if model is None:
        return Estimate(read)
    most = maxsize if is_whole else prompt_tokens(model)
    written = min(EXPECTED_TOKENS, answer_tokens(model, question.generation))
    if not question.collection_ids:
        return Estimate(min(read, most), written)
    if not question.is_thorough or question.continues is not None:
        return Estimate(min(read + passages * PASSAGE_TOKENS, most), written)
    read = min(read + max(passages, budget.hits) * PASSAGE_TOKENS, most)
    queries = min(budget.tokens, budget.rounds * (QUERIES.max_tokens or 0))
    return Estimate(read + budget.tokens - queries, written + queries)


def _described(how: Generation, rates: Rates) -> int:
    """Return about how many tokens the tools and the form of the answer have, which are sent as JSON."""
    return sum(rates.tokens(msgspec.json.encode(one).decode()) for one in (how.tools, how.response_format) if one)
