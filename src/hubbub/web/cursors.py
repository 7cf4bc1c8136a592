"""Write down the place where a page of a list ends, and read it again."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from hubbub.core.errors import Invalid


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


def place_cursor_of(place: tuple[str | float, str]) -> str:
    """Return what gives what stands behind a place in a list: what it is ordered by, and an id."""
    return urlsafe_b64encode(msgspec.json.encode(place)).decode()


def place_of(text: str, kind: type[str] | type[float]) -> tuple[str | float, str]:
    """Return the place that a cursor was made of, in a list that is ordered by texts or numbers.

    Raises:
        Invalid: it is no such place.
    """
    try:
        key, id_ = msgspec.json.decode(urlsafe_b64decode(text.encode()), type=tuple[kind, str])
    except (ValueError, msgspec.DecodeError) as error:
        raise Invalid("`after` is not what `next` of the page before was.") from error
    return key, id_
