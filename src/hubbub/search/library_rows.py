"""Make collections and documents of a database's rows, whichever database it is."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from hubbub.core.documents import Collection, Completeness, Document, DocumentState, progress_of
from hubbub.core.errors import Invalid
from hubbub.core.people import Reader, Right
from hubbub.search.base import Condition, DocumentPage

COLLECTION_NAME_LENGTH = 100
UNFINISHED: frozenset[DocumentState] = frozenset({"waiting", "reading", "embedding"})


def usable_name(name: str) -> str:
    """Return a collection's name without the white space around it.

    Raises:
        Invalid: nothing is left of it, or it is over 100 characters.
    """
    name = name.strip()
    if not name:
        raise Invalid("A collection needs a name.")
    if len(name) > COLLECTION_NAME_LENGTH:
        raise Invalid(f"A collection's name may have up to {COLLECTION_NAME_LENGTH} characters. Shorten it.")
    return name


def collection_of(row: Sequence[Any]) -> Collection:
    """Return the collection of a row: its fields, and last what may be done with it."""
    id, name, owner_id, is_shared, *rest, right = row  # noqa: A001 (the column's name)
    return Collection(id, name, owner_id, bool(is_shared), *rest, right=Right(right))


def most_of(reader: Reader | None) -> int:
    """Return what may be done with all collections: by a reader who reads all, or by nobody in particular."""
    return (Right.NONE if reader is None else Right.MANAGE).value


def document_of(row: Sequence[Any]) -> Document:
    """Return the document of a row: its fields, how whole it was read as JSON, which part is read, if restricted."""
    *known, completeness, read, is_restricted = row
    whole = msgspec.json.decode(completeness or "{}", type=Completeness)
    document = Document(*known, completeness=whole, is_restricted=bool(is_restricted))
    progress = progress_of(document.state, read, document.passages, document.embedded)
    return replace(document, progress=progress) if progress else document


def page_of(rows: Sequence[Sequence[Any]], limit: int) -> DocumentPage:
    """Return a page of rows, each a document's and its place in the order; one row over the limit: more come."""
    shown = [document_of(row[:-1]) for row in rows[:limit]]
    return DocumentPage(shown, (rows[limit - 1][-1], shown[-1].id) if len(rows) > limit else None)


def conditions_of(rows: Sequence[Sequence[Any]]) -> Mapping[Condition, int]:
    """Return how many documents are of each condition, by rows of a state, whether it is partial, and how many."""
    counts: dict[Condition, int] = {"unfinished": 0, "ready": 0, "partial": 0, "failed": 0}
    for state, is_partial, count in rows:
        condition = "unfinished" if state in UNFINISHED else cast(Condition, state)
        counts[condition] += count
        if condition == "ready" and is_partial:
            counts["partial"] += count
    return counts
