"""The seam between what makes vectors and what searches with them."""

from collections.abc import Sequence
from typing import Protocol

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
