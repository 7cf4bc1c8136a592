"""Join what a model goes on with to what it had said before it was cut off."""

from collections.abc import Callable

from hubbub.core.questions import Question
from hubbub.models.base import Piece


class Join:
    """Gives back a continuation piece by piece so that it can follow the text: with a space where words would touch."""

    def __init__(self, text: str) -> None:
        self._end = text[-1:]

    def __call__(self, piece: str) -> str:
        """Return a piece as it follows what came before."""
        end, self._end = self._end, ""
        if end and piece[:1].isalnum() and (end.isalnum() or end in ".,;:!?)") and end.isascii() and piece[0].isascii():
            return f" {piece}"
        return piece


def joined(question: Question, take: Callable[[Piece], None]) -> Callable[[Piece], None]:
    """Return what takes a model's pieces; where an answer is continued, they follow its text."""
    if question.continues is None:
        return take
    join = Join(question.continues.text)
    return lambda piece: take(join(piece) if isinstance(piece, str) else piece)
