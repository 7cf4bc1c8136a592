"""Say which documents of a collection are listed; the door, `base`, shows it to other rooms."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from hubbub.core.documents import Document

DocumentOrder: TypeAlias = Literal["name", "added", "size"]
Place: TypeAlias = tuple[str | float, str]
"""Where a document stands in a list: what the list is ordered by, and the document's id."""
Condition: TypeAlias = Literal["", "unfinished", "ready", "partial", "failed"]
"""What a document is like: on its way, read, read but for what was left out, or not to be read; all if empty."""


class Listing(msgspec.Struct, frozen=True):
    """Which documents of a collection are listed, and in what order."""

    words: str = ""
    """What stands in the name or the title; upper and lower case are the same."""
    condition: Condition = ""
    ids: Sequence[str] | None = None
    """These documents alone; all if None."""
    order: DocumentOrder = "name"
    is_descending: bool = False
    after: Place | None = None
    """Behind which place, as the page before says with `next`."""
    limit: int = 100

    @property
    def query(self) -> str:
        """The name of the query that lists in this order."""
        return f"listed_by_{self.order}{'_back' if self.is_descending else ''}"


class DocumentPage(msgspec.Struct, frozen=True):
    """Some of a collection's documents."""

    documents: Sequence[Document]
    next: Place | None
    """What to list `after` for the next ones; None behind the last."""
