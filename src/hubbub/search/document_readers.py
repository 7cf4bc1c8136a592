"""Say what keeps who may read single documents of a collection; the door, `base`, shows it to other rooms."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from hubbub.core.people import Reader


class Sight(NamedTuple):
    """What somebody sees of the restricted documents of collections."""

    are_any: bool
    """Whether there are any."""
    sees_any: bool
    revision: int
    """The number of the last change of rights."""


class DocumentReaders(Protocol):
    """Keeps which documents are restricted, and to whom.

    Of those who may see a collection, a restricted document is there for its readers alone, and for whoever manages
    the collection. Nobody gets more by it than the collection gives them.
    """

    async def of(self, document_id: str) -> list[str] | None:
        """Return the subjects that a document is restricted to; None where it is not restricted."""
        ...

    async def put(self, document_id: str, subjects: Sequence[str] | None) -> None:
        """Restrict a document to these subjects, in place of those before; None: restrict it no more.

        Raises:
            NotFound: there is no such document.
        """
        ...

    async def closed(self, asked: Sequence[tuple[Reader, Sequence[str]]]) -> list[list[str]]:
        """Return for each reader those of these documents that are there, and restricted to others."""
        ...

    async def given(self, subject: str) -> list[str]:
        """Return the documents that name a subject among their readers."""
        ...
