"""Estimate how many tokens a text has, by its script, and learn from what models have counted."""

from collections.abc import Sequence

from hubbub.core.messages import Turn
from hubbub.core.tokens import picture_tokens

TOKENS_PER_TURN = 8
TOKENS_PER_CHARACTER = 1 / 3.5
"""Of English: there it is nearer to a quarter. Rather too many than too few."""
TOKENS_PER_EXTRA_BYTE = 1.0
"""For each byte of UTF-8 beyond a character's first: a tokenizer that does not know a script falls back to its bytes.

So a Chinese character is 2.3 tokens, which is what Llama 2's has; those of later models have 0.7 to 1.4.
"""
LEAST_PER_CHARACTER, MOST_PER_CHARACTER = 1 / 8, 1.0
LEAST_PER_EXTRA_BYTE, MOST_PER_EXTRA_BYTE = 0.05, 1.5
LEARNED_FROM_TOKENS = 200
"""A shorter prompt says little: in it what a template adds weighs as much as the text."""
SMOOTHING = 0.3
MARGIN = 1.1


class Rates:
    """What a model's tokens are, as far as it is known by now: a guess at first, then what it counted."""

    def __init__(self, *, reads_images: bool = True) -> None:
        """Take whether the model is given pictures."""
        self.reads_images = reads_images
        self.per_character = TOKENS_PER_CHARACTER
        self.per_extra_byte = TOKENS_PER_EXTRA_BYTE

    def tokens(self, text: str) -> int:
        """Return about how many tokens a turn with this text has."""
        characters, extra = _sizes(text)
        return int(characters * self.per_character + extra * self.per_extra_byte) + TOKENS_PER_TURN

    def of_turn(self, turn: Turn) -> int:
        """Return about how many tokens a turn has, with its pictures and with what it asks of functions."""
        tokens = self.tokens(turn.text)
        if turn.images:
            tokens += self.of_pictures(len(turn.images), turn.details)
        return tokens + sum(self.tokens(call.arguments) for call in turn.calls)

    def of_pictures(self, pictures: int, details: Sequence[str] = ()) -> int:
        """Return about how many tokens pictures have: none where the model is given none."""
        return picture_tokens(pictures, details) if self.reads_images else 0

    def characters(self, text: str, tokens: int) -> int:
        """Return about how many characters of a text make so many tokens."""
        return int(len(text) * max(0, tokens - TOKENS_PER_TURN) / max(1, self.tokens(text) - TOKENS_PER_TURN))

    def learn(self, turns: Sequence[Turn], counted_tokens: int) -> None:
        """Take what a model counted for these turns. Too many is learned at once, too few bit by bit."""
        if counted_tokens < LEARNED_FROM_TOKENS or any(turn.images or turn.calls for turn in turns):
            return
        sizes = [_sizes(turn.text) for turn in turns]
        characters, extra = sum(one for one, _ in sizes), sum(more for _, more in sizes)
        counted = (counted_tokens - TOKENS_PER_TURN * len(turns)) * MARGIN
        if extra > characters / 2:  # mostly in another script
            rate = (counted - characters * self.per_character) / extra
            rate = min(MOST_PER_EXTRA_BYTE, max(LEAST_PER_EXTRA_BYTE, rate))
            self.per_extra_byte = _nearer(self.per_extra_byte, rate)
        elif characters:
            rate = (counted - extra * self.per_extra_byte) / characters
            rate = min(MOST_PER_CHARACTER, max(LEAST_PER_CHARACTER, rate))
            self.per_character = _nearer(self.per_character, rate)


def _nearer(rate: float, seen: float) -> float:
    return seen if seen > rate else rate + SMOOTHING * (seen - rate)


def _sizes(text: str) -> tuple[int, int]:
    """Return how many characters a text has, and how many bytes more than that in UTF-8."""
    if text.isascii():
        return len(text), 0
    return len(text), len(text.encode("utf-8", "replace")) - len(text)


USUAL = Rates()
"""What is guessed of a model that has not counted yet. Not to be taught."""


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has, rather too many than too few (English: 4 characters a token)."""
    return USUAL.tokens(text)
