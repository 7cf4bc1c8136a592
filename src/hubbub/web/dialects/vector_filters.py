"""Read the filters of a vector store's search as OpenAI writes them."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from hubbub.core.errors import Invalid

DEEPEST = 8
MOST_PARTS = 100

Value: TypeAlias = str | float | bool
Holds: TypeAlias = Callable[[Mapping[str, Value]], bool]
"""Takes a document's attributes."""

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


def holds_of(written: Mapping[str, Any], depth: int = 0) -> Holds:
    """Return what tells whether a document fulfils a filter.

    An attribute that a document lacks fulfils `ne` and `nin` alone.

    Raises:
        Invalid: it is no filter.
    """
    kind = written.get("type")
    if kind in ("and", "or"):
        parts = written.get("filters")
        if not isinstance(parts, list) or depth >= DEEPEST or len(cast(list[Any], parts)) > MOST_PARTS:
            raise Invalid(f"A filter's parts are a list of at most {MOST_PARTS}, and stand at most {DEEPEST} deep.")
        inner = [holds_of(_mapping(part), depth + 1) for part in cast(list[Any], parts)]
        every = all if kind == "and" else any
        return lambda attributes: every(part(attributes) for part in inner)
    compare = _COMPARISONS.get(str(kind))
    key, value = written.get("key"), written.get("value")
    if compare is None or not isinstance(key, str) or (kind in ("in", "nin")) != isinstance(value, list):
        names = ", ".join(_COMPARISONS)
        raise Invalid(f"A filter is a comparison with type ({names}), key and value, or several in type and, or.")

    def holds(attributes: Mapping[str, Value]) -> bool:
        if key not in attributes:
            return kind in ("ne", "nin")
        try:
            return compare(attributes[key], value)
        except TypeError:
            return False

    return holds


def _mapping(part: Any) -> Mapping[str, Any]:
    if not isinstance(part, dict):
        raise Invalid("Each part of a filter is an object.")
    return cast(Mapping[str, Any], part)
