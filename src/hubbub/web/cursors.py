"""Write down the place where a page of a list ends, and read it again."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Annotated, TypeAlias, TypeVar

import msgspec
from fastapi import Query

from hubbub.core.errors import Invalid

T = TypeVar("T")

MOST = 1000
"""How much of a list is told at once."""
Limit: TypeAlias = Annotated[int, Query(ge=1, le=MOST)]
After: TypeAlias = Annotated[str | None, Query(max_length=4000, description="`next` of the page before")]
Place: TypeAlias = tuple[str | float, str]
"""Where a thing stands in a list: what the list is ordered by, and an id."""


def cursor_of(at: float, key: str) -> str:
    """Return what gives what stands behind a thing, by its time and its id."""
    return f"{at!r}.{key}"


def cursor(text: str) -> tuple[float, str]:
    """Return the time and the id that a place was written down from.

    Raises:
        Invalid: it is no such place.
    """
    at, _, key = text.rpartition(".")
    try:
        return float(at), key
    except ValueError as error:
        raise Invalid("`after` is not what `next` of the page before was.") from error


def place_cursor_of(place: Place) -> str:
    """Return what gives what stands behind a place in a list: what it is ordered by, and an id."""
    return urlsafe_b64encode(msgspec.json.encode(place)).decode()


def place_of(text: str, kind: type[str] | type[float]) -> Place:
    """Return the place that a cursor was made of, in a list that is ordered by texts or numbers.

    Raises:
        Invalid: it is no such place.
    """
    try:
        key, id_ = msgspec.json.decode(urlsafe_b64decode(text.encode()), type=tuple[kind, str])
    except (ValueError, msgspec.DecodeError) as error:
        raise Invalid("`after` is not what `next` of the page before was.") from error
    return key, id_


def page_of(
    things: Iterable[T], place: Callable[[T], Place], after: str | None, limit: int
) -> tuple[list[T], str | None]:
    """Return the things behind a place, in order and so many at most, and what gives those behind them.

    For lists that are read whole, as they hold what one person or one team has made by hand.

    Raises:
        Invalid: `after` is no place of such a list.
    """
    ordered = sorted(things, key=place)
    if after is not None and ordered:
        begun = place_of(after, str if isinstance(place(ordered[0])[0], str) else float)
        ordered = [one for one in ordered if place(one) > begun]
    page = ordered[:limit]
    return page, place_cursor_of(place(page[-1])) if len(ordered) > limit else None
