"""The seam between what makes vectors and what searches with them."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from hubbub.core.documents import Vector


class Embedder(Protocol):
    """Something that turns texts into vectors, so that like meanings lie near each other."""

    @property
    def name(self) -> str:
        """Identifies model and version: vectors of different names can't be compared."""
        ...

    @property
    def dimensions(self) -> int: ...

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
        """Return a vector a text, in order. Urgent ones (a person waits) pass the others by.

        Raises:
            ModelError: the embedder is not to be had.
        """
        ...


@runtime_checkable
class OfLanguages(Protocol):
    """An embedder that was made for some languages only: what it makes of others says little."""

    @property
    def languages(self) -> frozenset[str]:
        """Their codes (ISO 639-1)."""
        ...


def speaks(embedder: Embedder, language: str) -> bool:
    """Tell whether an embedder was made for a language; one that isn't known (empty) is given the benefit."""
    return not language or not isinstance(embedder, OfLanguages) or language in embedder.languages
