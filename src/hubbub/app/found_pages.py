"""Search some documents of collections, page by page."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import NamedTuple

import msgspec

from hubbub.conversation.finding import DEEPEST, find_in
from hubbub.core.documents import Document, Hit
from hubbub.core.errors import Invalid
from hubbub.core.people import Reader
from hubbub.core.reasons import because
from hubbub.search.base import Explains, Library, Search, Why


class Narrow(msgspec.Struct, frozen=True):
    """Which documents are searched: those that fulfil all that is given here."""

    kinds: Sequence[str] = ()
    """How the names of files end, without the point: "pdf"."""
    name: str = ""
    """A file's name, with `*` for any characters; upper and lower case are the same."""
    added_from: datetime | None = None
    added_before: datetime | None = None
    also: Callable[[Document], bool] | None = None
    """What else must hold of a document."""

    @property
    def is_open(self) -> bool:
        """Whether it leaves all documents."""
        return not (self.kinds or self.name or self.added_from or self.added_before or self.also)

    def leaves(self, document: Document) -> bool:
        """Tell whether a document is searched."""
        added = datetime.fromtimestamp(document.added_at, UTC)
        return (
            (not self.kinds or kind_of(document.name) in {kind.lower().lstrip(".") for kind in self.kinds})
            and (not self.name or fnmatchcase(document.name.lower(), self.name.lower()))
            and (self.added_from is None or added >= _with_zone(self.added_from))
            and (self.added_before is None or added < _with_zone(self.added_before))
            and (self.also is None or self.also(document))
        )


class Page(NamedTuple):
    """Some of the passages that were found."""

    hits: Sequence[Hit]
    next_offset: int | None
    """Where the next page begins; None after the last."""
    kinds: Mapping[str, int]
    """How many of the best passages, of all pages, are of each kind of file."""
    collections: Mapping[str, int]
    """The same by collection."""
    why: Mapping[str, Why] = {}
    """Why those of this page are found, by their ids, where it was asked for and the search can tell."""


def kind_of(name: str) -> str:
    """Return how a file's name ends, without the point, in lower case."""
    return PurePosixPath(name).suffix[1:].lower()


async def page_of(
    library: Library,
    search: Search,
    query: str,
    collection_ids: Sequence[str],
    narrow: Narrow,
    *,
    offset: int,
    limit: int,
    reader: Reader | None,
    with_reasons: bool = False,
) -> Page:
    """Return a page of what is found in collections that the reader may use.

    Raises:
        Invalid: that far no ranking goes.
        SearchError: the search could not answer.
    """
    if not 0 <= offset < DEEPEST:
        raise Invalid(because("too_deep", most=DEEPEST))
    if not collection_ids:
        return Page([], None, {}, {})
    ids: list[str] | None = None
    if not narrow.is_open:
        ids = await left_of(library, collection_ids, narrow)
    hits = await find_in(search, query, collection_ids, ids, limit=DEEPEST, reader=reader)
    end = offset + limit
    why: dict[str, Why] = {}
    if with_reasons and isinstance(search, Explains):
        shown = [hit.passage_id for hit in hits[offset:end]]
        why = await search.explain(query, collection_ids, shown, document_ids=ids, depth=DEEPEST, reader=reader)
    return Page(
        hits[offset:end],
        end if end < len(hits) else None,
        Counter(kind_of(hit.name) for hit in hits),
        Counter(hit.collection_id for hit in hits),
        why,
    )


async def left_of(library: Library, collection_ids: Sequence[str], narrow: Narrow) -> list[str]:
    """Return the ids of the documents of collections that are searched."""
    return [one.id for id_ in collection_ids for one in await library.documents(id_) if narrow.leaves(one)]


def _with_zone(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
