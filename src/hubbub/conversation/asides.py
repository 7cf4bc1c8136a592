"""Let a model write a short text that is not the answer, such as a query for the search."""

from collections.abc import Sequence

from hubbub.core.events import Reclassified
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.base import Model, Piece


async def written(model: Model, prompt: Sequence[Turn], how: Generation, most_characters: int) -> str:
    """Return what the model writes, without its thoughts; no more than so many characters and the piece they end in.

    Raises:
        ModelError: it could not.
    """
    pieces: list[str] = []

    def keep(piece: Piece) -> None:
        if isinstance(piece, str) and sum(map(len, pieces)) <= most_characters:
            pieces.append(piece[: most_characters + 1])
        elif isinstance(piece, Reclassified):
            pieces.clear()

    await model.complete(prompt, keep, how)
    return "".join(pieces)
