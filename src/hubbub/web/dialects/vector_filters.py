"""Read the filters of a vector store's search as OpenAI writes them."""

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast

import msgspec

from hubbub.core.documents import Document, Hit
from hubbub.core.errors import BadParam

DEEPEST = 8
MOST_PARTS = 100

Value: TypeAlias = str | float | bool
Holds: TypeAlias = Callable[[Mapping[str, Value]], bool]
"""Takes a document's attributes."""


class RankingOptions(msgspec.Struct, frozen=True):
    """What a result has to reach; how it is ranked is the server's matter."""

    score_threshold: float | None = None
    """From 0 to 1: the share of the best result's score."""
    ranker: str | None = None


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda left, right: left in right,
    "nin": lambda left, right: left not in right,
}


def holds_of(written: Mapping[str, Any], where: str = "filters", depth: int = 0) -> Holds:
    """Return what tells whether a document fulfils a filter.

    An attribute that a document lacks fulfils `ne` and `nin` alone. `where` is the parameter that holds the filter.

    Raises:
        BadParam: it is no filter.
    """
    kind = written.get("type")
    if kind in ("and", "or"):
        parts = written.get("filters")
        if not isinstance(parts, list) or depth >= DEEPEST or len(cast(list[Any], parts)) > MOST_PARTS:
            message = f"A filter's parts are a list of at most {MOST_PARTS}, and stand at most {DEEPEST} deep."
            raise BadParam(message, where)
        inner = [holds_of(_mapping(part, where), where, depth + 1) for part in cast(list[Any], parts)]
        every = all if kind == "and" else any
        return lambda attributes: every(part(attributes) for part in inner)
    compare = _COMPARISONS.get(str(kind))
    key, value = written.get("key"), written.get("value")
    if compare is None or not isinstance(key, str) or (kind in ("in", "nin")) != isinstance(value, list):
        names = ", ".join(_COMPARISONS)
        message = f"A filter is a comparison with type ({names}), key and value, or several in type and, or."
        raise BadParam(message, where)

    def holds(attributes: Mapping[str, Value]) -> bool:
        if key not in attributes:
            return kind in ("ne", "nin")
        try:
            return compare(attributes[key], value)
        except TypeError:
            return False

    return holds


def _mapping(part: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(part, dict):
        raise BadParam("Each part of a filter is an object.", where)
    return cast(Mapping[str, Any], part)


def attributes_of(document: Document) -> dict[str, Value]:
    """Return what filters may ask of a document."""
    added = datetime.fromtimestamp(document.added_at, UTC)
    return {
        "filename": document.name,
        "title": document.title,
        "media_type": document.media_type,
        "size_bytes": document.size_bytes,
        "added_at": int(document.added_at),
        "added_on": added.date().isoformat(),
        "pages": document.pages,
    }


def attributes_of_hit(hit: Hit) -> dict[str, Value]:
    """Return what is told of a passage that was found, besides its text."""
    page: dict[str, Value] = {} if hit.page is None else {"page": hit.page}
    return {"title": hit.title, "heading": hit.heading, **page}
