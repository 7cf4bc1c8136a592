"""Note what is asked of models while an answer is made, wherever that is: who began it pays for it."""

from collections.abc import Sequence
from contextvars import ContextVar

from hubbub.core.messages import Turn
from hubbub.core.tokens import BYTES_PER_TOKEN, picture_tokens


class Call:
    """One request to a model or an embedder: what its server counted, or what is guessed where it did not."""

    __slots__ = (
        "cached_tokens",
        "input_tokens",
        "is_counted",
        "is_whole",
        "model",
        "output_tokens",
        "reasoning_tokens",
    )

    def __init__(self, model: str, input_tokens: int = 0) -> None:
        self.model = model
        self.input_tokens = input_tokens
        self.cached_tokens = 0
        """Those of the input that the server had read before."""
        self.output_tokens = 0
        self.reasoning_tokens = 0
        """Those of the output that nobody is shown."""
        self.is_counted = False
        """Whether the server has counted them."""
        self.is_whole = True
        """Whether nothing is to be added: where text came that nobody counted, its tokens are still to be guessed."""


class Spending:
    """What an answer, or whatever else somebody began, has asked of models so far."""

    __slots__ = ("__weakref__", "calls")

    def __init__(self) -> None:
        self.calls: list[Call] = []


spending: ContextVar[Spending | None] = ContextVar("spending", default=None)
"""Where what this task asks of models is noted; None: nowhere."""


def note_counted(model: str, input_tokens: int, cached_tokens: int, output_tokens: int, reasoning_tokens: int) -> None:
    """Note what a model's server counted for one request."""
    if (spent := spending.get()) is not None:
        call = Call(model, input_tokens)
        call.cached_tokens, call.output_tokens, call.reasoning_tokens = cached_tokens, output_tokens, reasoning_tokens
        call.is_counted = True
        spent.calls.append(call)


def note_uncounted(model: str, turns: Sequence[Turn], *, has_output: bool) -> None:
    """Note one request that no server counted: it doesn't count, or the reply was broken off."""
    if (spent := spending.get()) is not None:
        call = Call(model, sum(map(_estimated, turns)))
        call.is_whole = not has_output
        spent.calls.append(call)


def _estimated(turn: Turn) -> int:
    called = sum(estimated_tokens(call.arguments) for call in turn.calls)
    return estimated_tokens(turn.text) + called + picture_tokens(len(turn.images), turn.details)


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text has, in any script: by its bytes, since tokenizers go by them."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return -(-size // BYTES_PER_TOKEN)
